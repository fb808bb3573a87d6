/* Run with --expose-gc as a process of its own, on a file that holds a candidate: prints the bytes that a bar, and a prediction, leave on the heap. */
import { readFileSync } from 'node:fs'
import { deserialize } from 'node:v8'
import { equity, type Artifact, type BarView } from '@gatehouse/core'
import { macroRegime } from '@gatehouse/model-macro-regime'

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
const bar = {
  schema: 'ohlcv-1h',
  source: 'synthetic',
  instrument,
  row: 0,
  get availableAt() {
    return times[this.row]
  },
  get close() {
    return closes[this.row]
  },
  get open() {
    return closes[this.row] + 0.05
  },
  get high() {
    return closes[this.row] + 0.2
  },
  get low() {
    return closes[this.row] - 0.2
  },
  get volume() {
    return volumes[this.row]
  },
}
let predictions = 0
const emit = (): void => void predictions++

function bytesPer(act: (row: number) => void): number {
  let least = Infinity
  for (let round = 0; round < 40; round++) {
    ;(globalThis as { gc?: () => void }).gc!()
    const before = process.memoryUsage().heapUsed
    for (let row = 0; row < rows; row++) act(row)
    least = Math.min(least, (process.memoryUsage().heapUsed - before) / rows)
  }
  return least
}
const update = (row: number): void => {
  bar.row = row
  predictor.update(bar as unknown as BarView)
}
const event = bytesPer(update)
const both = bytesPer((row) => {
  update(row)
  predictor.predict(times[row], emit)
})
console.log(JSON.stringify({ event, prediction: both - event, predictions }))
