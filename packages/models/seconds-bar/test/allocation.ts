/* Run with --expose-gc as a process of its own, on a file that holds a candidate: prints the bytes that a bar, a prediction, and a quote with its bar's features leave on the heap. */
import { readFileSync } from 'node:fs'
import { deserialize } from 'node:v8'
import { equity, type Artifact, type BarView, type QuoteView } from '@gatehouse/core'
import { SecondGrid, secondsBar, secondsFeatures } from '@gatehouse/model-seconds-bar'
import { bytesPer } from '../../kit/test/bytes-per.js'

const instrument = equity(process.argv[3])
const model = await secondsBar().load(deserialize(readFileSync(process.argv[2])) as Artifact)
const predictor = model.open([instrument])

const rows = 4096
let second = 1_600_000_000
const times = new Array<bigint>(rows)
const closes = Float64Array.from({ length: rows }, (_, i) => 100 + 0.01 * ((i * 7) % 37))
const volumes = Float64Array.from({ length: rows }, (_, i) => 100 + ((i * 13) % 50))
/** A bar that allocates nothing itself: what is left on the heap is the predictor's. */
class Bar {
  readonly schema = 'ohlcv-1s'
  readonly source = 'synthetic'
  readonly instrument = instrument
  row = 0
  get tsEvent() {
    return times[this.row]
  }
  get open() {
    return closes[this.row]
  }
  get high() {
    return closes[this.row] + 0.01
  }
  get low() {
    return closes[this.row] - 0.01
  }
  get close() {
    return closes[this.row]
  }
  get volume() {
    return volumes[this.row]
  }
}
const bar = new Bar()
let predictions = 0
const emit = (): void => void predictions++

const update = (row: number): void => {
  bar.row = row
  predictor.update(bar as unknown as BarView)
}
const updateAndPredict = (row: number): void => {
  update(row)
  predictor.predict(times[row], emit)
}
const prepare = (): void => {
  for (let row = 0; row < rows; row++) times[row] = BigInt(second++) * 1_000_000_000n
}
// The compiler takes some hundred thousand calls to settle.
bytesPer(rows, updateAndPredict, prepare)
const event = bytesPer(rows, update, prepare)
const both = bytesPer(rows, updateAndPredict, prepare)

/** A quote that allocates nothing itself, of the bar's row. */
class Quote {
  readonly schema = 'bbo-1s'
  readonly instrument = instrument
  get bidPrice() {
    return closes[bar.row] - 0.005
  }
  get askPrice() {
    return closes[bar.row] + 0.005
  }
  get bidSize() {
    return volumes[bar.row]
  }
  get askSize() {
    return volumes[(bar.row + 1) % rows]
  }
}
const quote = new Quote() as unknown as QuoteView
const stream = secondsFeatures('synthetic', { quotes: 'bbo-1s' }).open(instrument)
const grid = new SecondGrid(instrument, (row) => void stream.update(row), 'bbo-1s')
const quoted = bytesPer(
  rows,
  (row) => {
    bar.row = row
    grid.update(quote)
    grid.update(bar as unknown as BarView)
  },
  prepare,
)
if (!stream.isWarm) throw new Error(`never warm: ${stream.cold().join(', ')}`)
console.log(JSON.stringify({ event, prediction: both - event, quoted, predictions }))
