/* Run with --expose-gc as a process of its own, on a file that holds a candidate: prints the bytes that a bar, and a prediction, leave on the heap. */
import { readFileSync } from 'node:fs'
import { deserialize } from 'node:v8'
import { equity, type Artifact, type BarView } from '@gatehouse/core'
import { macroRegime } from '@gatehouse/model-macro-regime'
import { bytesPer } from '../../kit/test/bytes-per.js'

const instrument = equity('ALFA')
const { options, candidate } = deserialize(readFileSync(process.argv[2])) as {
  options: Parameters<typeof macroRegime>[0]
  candidate: Artifact
}
const predictor = (await macroRegime(options).load(candidate)).open([instrument])

const rows = 4096
const hour = 3_600_000_000_000n
// Seven bars a day, as a session has them.
const times = Array.from({ length: rows }, (_, i) => 1_600_000_000_000_000_000n + BigInt(Math.floor(i / 7) * 24 + (i % 7)) * hour)
const closes = Float64Array.from({ length: rows }, (_, i) => 100 + 0.1 * ((i * 7) % 37))
const volumes = Float64Array.from({ length: rows }, (_, i) => 1000 + ((i * 13) % 500))
/** A bar that allocates nothing itself: what is left on the heap is the predictor's. */
class Bar {
  readonly schema = 'ohlcv-1h'
  readonly source = 'synthetic'
  readonly instrument = instrument
  row = 0
  get availableAt() {
    return times[this.row]
  }
  get close() {
    return closes[this.row]
  }
  get open() {
    return closes[this.row] + 0.05
  }
  get high() {
    return closes[this.row] + 0.2
  }
  get low() {
    return closes[this.row] - 0.2
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
// The compiler takes some hundred thousand calls to settle.
bytesPer(rows, updateAndPredict)
const event = bytesPer(rows, update)
const both = bytesPer(rows, updateAndPredict)
console.log(JSON.stringify({ event, prediction: both - event, predictions }))
