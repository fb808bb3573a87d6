/*
 * Run with --expose-gc as a process of its own, on a file that holds a candidate: prints the bytes that an event, and a prediction, leave on the heap. It sees one kind of
 * book only: with several, the engine may box what their methods return.
 */
import { readFileSync } from 'node:fs'
import { deserialize } from 'node:v8'
import { equity, type Artifact, type BookView } from '@gatehouse/core'
import { orderBook } from '@gatehouse/model-order-book'
import { bytesPer } from '../../kit/test/bytes-per.js'

const instrument = equity('BRAV')
const model = await orderBook().load(deserialize(readFileSync(process.argv[2])) as Artifact)
const predictor = model.open([instrument])

const rows = 4096
const times = Array.from({ length: rows }, (_, i) => 1_600_000_000_000_000_000n + BigInt(i) * 50_000_000n)
const middles = Float64Array.from({ length: rows }, (_, i) => 100 + 0.01 * ((i * 7) % 37))
const sizes = Float64Array.from({ length: rows }, (_, i) => 100 + ((i * 13) % 50))
/** A book that allocates nothing itself: what is left on the heap is the predictor's. */
const book = {
  schema: 'mbp-10',
  source: 'synthetic',
  instrument,
  row: 0,
  get availableAt() {
    return times[this.row]
  },
  bidPrice(level: number) {
    return middles[this.row] - 0.01 * level
  },
  askPrice(level: number) {
    return middles[this.row] + 0.01 * (level + 1)
  },
  bidSize(level: number) {
    return sizes[(this.row + level) & (rows - 1)]
  },
  askSize(level: number) {
    return sizes[(this.row + 3 * level) & (rows - 1)]
  },
  get size() {
    return sizes[this.row]
  },
  get action() {
    return this.row % 5 === 0 ? 'T' : 'A'
  },
  get side() {
    return this.row % 3 === 0 ? 'A' : 'B'
  },
}
let predictions = 0
const emit = (): void => void predictions++

const update = (row: number): void => {
  book.row = row
  predictor.update(book as unknown as BookView)
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
