/**
 * What the order-book family costs an event: features alone, one prediction, and both on the default clock of 100 ms.
 *
 *   node --expose-gc --conditions=@gatehouse/source --import tsx packages/models/order-book/bench/order-book.bench.ts [--json]
 *
 * Input: half an hour of the synthetic market's book, seed 1, about 60,000 events, in memory. Best of forty rounds: the compiler takes some hundred thousand events to settle. Allocation is heap growth over a round
 * between two collections; without `--expose-gc` it is not measured.
 */
import { syntheticMarket, type Batch } from '@gatehouse/core'
import { orderBook } from '@gatehouse/model-order-book'
import { feedDataset } from '@gatehouse/model-kit/testing'

const market = syntheticMarket({ seed: 1, symbols: ['ALFA'], from: '2020-01-02', to: '2020-01-03' })
const from = BigInt(Date.parse('2020-01-02T14:30:00Z')) * 1_000_000n
const range = { from, to: from + 1_800_000_000_000n }
const dataset = feedDataset({
  name: 'books',
  source: 'synthetic',
  instruments: market.instruments,
  range,
  feeds: { 'mbp-10': market.book() },
})
const family = orderBook({ epochs: 1 })
const model = await family.load(await family.train(dataset, { seed: 1 }))
const batches: Batch[] = []
let events = 0
for await (const batch of dataset.batches('mbp-10')) {
  batches.push(batch.retain())
  events += batch.length
}

const stepNs = 100_000_000
const rounds = 40
const collect = (globalThis as { gc?: () => void }).gc
const now = (): number => Number(process.hrtime.bigint())

/** Walks all events; `each` gets the view. @returns nanoseconds and bytes an event, the least of all rounds */
function walk(open: () => (view: ReturnType<Batch['view']>) => void): { ns: number; bytes: number } {
  let [ns, bytes] = [Infinity, Infinity]
  for (let round = 0; round < rounds; round++) {
    const each = open()
    const views = batches.map((batch) => batch.view())
    collect?.()
    const heap = process.memoryUsage().heapUsed
    const started = now()
    batches.forEach((batch, b) => {
      const view = views[b]
      for (view.row = 0; view.row < batch.length; view.row++) each(view)
    })
    ns = Math.min(ns, (now() - started) / events)
    bytes = Math.min(bytes, (process.memoryUsage().heapUsed - heap) / events)
  }
  return { ns, bytes }
}

const features = walk(() => {
  const follower = model.open(market.instruments)
  return (view) => follower.update(view)
})
let predictions = 0
const emit = (): void => void predictions++
const clocked = walk(() => {
  const predictor = model.open(market.instruments)
  // Times as float64: the clock of a run compares keys, not bigints.
  const times = new Map(batches.map((batch) => [batch, Float64Array.from(batch.availableAt, Number)]))
  let [b, row, due] = [0, 0, 0]
  predictions = 0
  return (view) => {
    const time = times.get(batches[b])![row]
    if (++row === batches[b].length) [b, row] = [b + 1, 0]
    if (time >= due) {
      if (predictor.isWarm) predictor.predict(view.availableAt, emit)
      due = (Math.floor(time / stepNs) + 1) * stepNs
    }
    predictor.update(view)
  }
})
const perRound = predictions

const taken: number[] = []
const predictor = model.open(market.instruments)
for (const batch of batches) {
  const view = batch.view()
  for (view.row = 0; view.row < batch.length; view.row++) {
    predictor.update(view)
    if (view.row % 7 !== 0 || !predictor.isWarm) continue
    const started = now()
    predictor.predict(view.availableAt, emit)
    taken.push(now() - started)
  }
}
taken.sort((x, y) => x - y)
const quantile = (q: number): number => taken[Math.floor(q * taken.length)] / 1000
const us = (q: number): string => quantile(q).toFixed(1)
const line = (name: string, { ns, bytes }: { ns: number; bytes: number }): void =>
  console.log(`${name.padEnd(46)} ${(ns / 1000).toFixed(2)} µs an event${collect ? `, ${bytes.toFixed(1)} bytes allocated` : ''}`)
if (process.argv.includes('--json'))
  console.log(
    JSON.stringify({
      events,
      predictions: perRound,
      features: features.ns / 1000,
      both: clocked.ns / 1000,
      p50: quantile(0.5),
      p99: quantile(0.99),
    }),
  )
else {
  console.log(`${events} events, ${model.inputs[0].source}, ${predictions} predictions timed`)
  line('features followed', features)
  line(`features, and the network every 100 ms (${perRound})`, clocked)
  console.log(`one prediction (vector, network, calibration)   p50 ${us(0.5)} µs, p99 ${us(0.99)} µs; asked for: 100, 200`)
}
