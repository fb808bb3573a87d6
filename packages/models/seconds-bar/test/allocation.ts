/* Run with --expose-gc as a process of its own, on a file that holds a candidate: prints the bytes that a bar, and a prediction, leave on the heap. */
import { readFileSync } from 'node:fs'
import { deserialize } from 'node:v8'
import { equity, type Artifact, type BarView } from '@gatehouse/core'
import { secondsBar } from '@gatehouse/model-seconds-bar'
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
console.log(JSON.stringify({ event, prediction: both - event, predictions }))
