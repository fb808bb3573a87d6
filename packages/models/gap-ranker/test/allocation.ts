/* Run with --expose-gc as a process of its own, on a file that holds a candidate: prints the bytes that a prediction leaves on the heap, a name's share of its morning. */
import { readFileSync } from 'node:fs'
import { deserialize } from 'node:v8'
import { type Artifact } from '@gatehouse/core'
import { gapRanker } from '@gatehouse/model-gap-ranker'
import { mergeViews } from '@gatehouse/model-kit'
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
const calls = 2000
let least = Infinity
names = 0
for (let round = 0; round < 60; round++) {
  ;(globalThis as { gc?: () => void }).gc!()
  const before = process.memoryUsage().heapUsed
  for (let call = 0; call < calls; call++) predictor.predict(now, emit)
  least = Math.min(least, (process.memoryUsage().heapUsed - before) / calls)
}
const ranked = names / (60 * calls)
console.log(JSON.stringify({ prediction: least / ranked, names: ranked }))
