/**
 * Cost of one second: the streamed network alone, and a whole update with features and prediction; bytes that a second leaves on the heap; one training step.
 * One synthetic name, seed 7; run alone: `node --expose-gc --conditions=@gatehouse/source --import tsx packages/models/seconds-bar/bench/inference.ts`
 */
import { syntheticMarket, type Batch } from '@gatehouse/core'
import {
  compilePlan,
  compileStreamingPlan,
  initialWeights,
  random,
  resolveNetwork,
  trainNetwork,
  windowSamples,
} from '@gatehouse/model-kit'
import { feedDataset } from '@gatehouse/model-kit/testing'
import { everySecond, secondsBar, secondsNetwork, windowRows } from '@gatehouse/model-seconds-bar'

const market = syntheticMarket({ seed: 7, symbols: ['SPY'], from: '2021-02-01', to: '2021-02-04' })
const feeds = { 'ohlcv-1s': market.bars('ohlcv-1s') }
const dataset = feedDataset({ name: 'bench', source: 'synthetic', instruments: market.instruments, range: market.range, feeds })
const family = secondsBar({ strideSeconds: 60, epochs: 1 })
const features = family.features('synthetic').items.length
const network = secondsNetwork(features)
const weights = initialWeights(resolveNetwork(network), 1)

/** Microseconds of a call, p50 and p99 of the round whose p50 is best of several. */
function times(label: string, calls: number, act: (i: number) => void): void {
  for (let i = 0; i < 20_000; i++) act(i)
  let best: readonly [number, number] = [Infinity, Infinity]
  for (let round = 0; round < 5; round++) {
    const taken = new Float64Array(calls)
    for (let i = 0; i < calls; i++) {
      const before = performance.now()
      act(i)
      taken[i] = 1000 * (performance.now() - before)
    }
    taken.sort()
    const [p50, p99] = [taken[calls >> 1], taken[Math.floor(0.99 * calls)]]
    if (p50 < best[0]) best = [p50, p99]
  }
  const bytes = heapOf(calls, act)
  console.log(`${label.padEnd(44)} p50 ${best[0].toFixed(2)} µs   p99 ${best[1].toFixed(2)} µs   ${bytes} bytes on the heap a call`)
}

/** Bytes a call leaves on the heap before anything is collected. */
function heapOf(calls: number, act: (i: number) => void): string {
  if (globalThis.gc === undefined) return 'unknown (--expose-gc)'
  globalThis.gc()
  const before = process.memoryUsage().heapUsed
  for (let i = 0; i < calls; i++) act(i)
  return ((process.memoryUsage().heapUsed - before) / calls).toFixed(1)
}

const draw = random(1)
const rows = Array.from({ length: 512 }, () => Float32Array.from({ length: features }, () => draw.normal()))
const stream = compileStreamingPlan({ network: everySecond(network), weights })
times('streamed network, one second', 20_000, (i) => void stream.push(rows[i & 511]))
const plan = compilePlan({ network, weights })
const window = Float32Array.from({ length: windowRows * features }, () => draw.normal())
times('full window of 31 rows', 5_000, () => void plan.compute(window))

const candidate = await family.train(dataset, { seed: 1 })
const predictor = (await family.load({ ...candidate })).open(market.instruments)
const batches: Batch<'ohlcv-1s'>[] = []
for await (const batch of dataset.batches('ohlcv-1s')) batches.push(batch.retain() as Batch<'ohlcv-1s'>)
// Seconds go on and on: the same session again, days later, would be a pause; so the bars are told one after the other under rising times.
const bars = batches.flatMap((batch) => {
  const view = batch.view()
  return Array.from({ length: batch.length }, (_, row) => {
    view.row = row
    return { schema: 'ohlcv-1s', source: 'synthetic', instrument: market.instruments[0], open: view.open, high: view.high, low: view.low, close: view.close, volume: view.volume, tsEvent: 0n, availableAt: 0n } // prettier-ignore
  })
})
const starts = BigInt64Array.from({ length: 400_000 }, (_, i) => BigInt(1_700_000_000 + i) * 1_000_000_000n)
let second = 0
let said = 0
const emit = (): void => void said++
const update = (): void => {
  const bar = bars[second % 23_400]
  bar.tsEvent = bar.availableAt = starts[second++]
  predictor.update(bar as never)
  predictor.predict(bar.availableAt, emit)
}
times('bar to prediction, features included', 40_000, update)
const at = 0n
times('prediction alone', 40_000, () => predictor.predict(at, emit))
if (said < 100_000) throw new Error(`only ${said} predictions were made`)

const [batch, count] = [256, 8192]
const series = Float32Array.from({ length: (count + windowRows) * features }, () => draw.normal())
const samples = windowSamples(series, { features, steps: windowRows, ends: Int32Array.from({ length: count }, (_, i) => i + windowRows) })
const labels = new Map(
  ['touch', 'direction'].map((head) => [head, Float32Array.from({ length: count }, () => (draw.uniform() < 0.5 ? 0 : 1))]),
)
let step = Infinity
for (let round = 0; round < 5; round++) {
  const before = performance.now()
  await trainNetwork({ network, training: { samples, labels }, epochs: 2, batch, seed: 1 })
  step = Math.min(step, (performance.now() - before) / ((2 * count) / batch))
}
console.log(`training step, ${batch} windows of ${windowRows} x ${features}`.padEnd(44), `${step.toFixed(2)} ms`)
