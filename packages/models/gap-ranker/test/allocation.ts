/* Run with --expose-gc as a process of its own, on a file that holds a candidate: prints the bytes that a minute, and a prediction, a name's share of its morning, leave on the heap. */
import { readFileSync } from 'node:fs'
import { deserialize } from 'node:v8'
import { type Artifact, type BarView } from '@gatehouse/core'
import { gapRanker } from '@gatehouse/model-gap-ranker'
import { mergeViews } from '@gatehouse/model-kit'
import { bytesPer } from '../../kit/test/bytes-per.js'
import { morningsOf, worldOf } from './world.js'

const world = worldOf({ to: '2018-03-01', gapNames: 40 })
const model = await gapRanker().load(deserialize(readFileSync(process.argv[2])) as Artifact)
const predictor = model.open(world.gapInstruments)
let names = 0
const emit = (): void => void names++

/** Follows the world to a morning that has names to rank. */
async function morning(): Promise<bigint> {
  for await (const view of mergeViews((await morningsOf(world))(), ['ohlcv-1d', 'ohlcv-1m', 'news', 'fundamentals'])) {
    predictor.update(view)
    if (view.schema !== 'ohlcv-1m' || !predictor.isWarm) continue
    const now = view.availableAt
    predictor.predict(now, emit)
    if (names > 0) return now
  }
  throw new Error('no morning of this world has names to rank')
}

const now = await morning()
/** A minute before that morning's ranking that allocates nothing itself: what is left on the heap is the predictor's. */
class Minute {
  readonly schema = 'ohlcv-1m'
  readonly source = 'synthetic'
  readonly tsEvent = now - 600_000_000_000n
  row = 0
  get instrument() {
    return world.gapInstruments[this.row & 7]
  }
  get open() {
    return closes[this.row]
  }
  get high() {
    return closes[this.row] + 0.2
  }
  get low() {
    return closes[this.row] - 0.2
  }
  get close() {
    return closes[this.row]
  }
  get volume() {
    return closes[this.row] + 10
  }
}
const calls = 4096
const closes = Float64Array.from({ length: calls }, (_, i) => 20 + 0.01 * ((i * 7) % 37))
const minute = new Minute()
const update = (row: number): void => {
  minute.row = row
  predictor.update(minute as unknown as BarView)
}
names = 0
const morningBytes = bytesPer(calls, () => predictor.predict(now, emit))
const ranked = names / (60 * calls)
bytesPer(calls, update)
console.log(JSON.stringify({ event: bytesPer(calls, update), prediction: morningBytes / ranked, names: ranked }))
