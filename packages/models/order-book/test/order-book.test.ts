import { run, simulatedBroker, type Artifact, type Batch, type Candidate } from '@gatehouse/core'
import { modelCases } from '@gatehouse/core/testing'
import { decilesOf } from '@gatehouse/model-kit'
import { bookColumns, bookFeatures, orderBook, type OrderBookPrediction } from '@gatehouse/model-order-book'
import { beforeAll, describe, expect, test } from 'vitest'
import { heapBytes } from '../../kit/test/heap-bytes.js'
import { batchesOf, bookMarket, each, minutesOf, time } from './world.js'

const market = bookMarket()
const [instrument] = market.instruments
const dataset = minutesOf(market, 60)
const until = time('2020-01-02T15:10:00Z')
// Half seconds: of every second of this market one look comes before its quotes move.
const options = { step: { ms: 500 }, horizon: 4, direction: 'end', epochs: 10 } as const
const family = orderBook(options)
const artifactOf = ({ files, digest }: Candidate): Artifact => ({ files, digest }) as Artifact
let candidate: Candidate
let batches: readonly Batch<'mbp-10'>[]

beforeAll(async () => {
  candidate = await family.train(dataset, { seed: 1, until })
  batches = await batchesOf(minutesOf(market, 2))
}, 60_000)

describe('order-book is a Model', () => {
  const open = async () => ({ model: await family.load(artifactOf(candidate)), instruments: [instrument], batches: () => batches })
  for (const { name, run: check } of modelCases(open)) test(name, check)
})

test('it learns the planted signal, which a linear model does not see', async () => {
  const { evaluation, judging } = await family.judge(candidate, dataset, { trials: 1 })
  const { metrics, baselines } = evaluation
  const logistic = baselines.find(({ name }) => name === 'logistic')!
  expect(metrics['auc'].value).toBeGreaterThan(0.6)
  expect(logistic.metrics['auc']).toBeLessThan(metrics['auc'].value - 0.05)
  expect(metrics['spreadMacroF1'].value).toBeGreaterThan(0.4)
  expect(metrics['ece'].value).toBeLessThan(0.1)
  const { score, outcome } = family.definition.deciles!(judging)
  const tenths = decilesOf(score, outcome)
  expect(tenths[0].outcome, 'where waiting is expected to cost, it costs').toBeLessThan(0)
  expect(tenths[9].outcome, 'and it saves where it should').toBeGreaterThan(0)
}, 60_000)

test('of labels in random order it learns nothing', async () => {
  const twin = orderBook({ ...options, epochs: 3, shuffleLabels: true })
  const shuffled = await twin.train(dataset, { seed: 1, until })
  const { metrics } = await twin.evaluate(shuffled, dataset, { trials: 1 })
  expect(Math.abs(metrics['auc'].value - 0.5)).toBeLessThan(0.06)
}, 60_000)

test('the same data and seed give the same artifact, another seed another', async () => {
  const quick = orderBook({ ...options, epochs: 1 })
  const [one, two, three] = [await quick.train(dataset, { seed: 1, until }), await quick.train(dataset, { seed: 1, until }), await quick.train(dataset, { seed: 2, until })] // prettier-ignore
  expect([two.digest === one.digest, three.digest === one.digest]).toEqual([true, false])
}, 60_000)

test('what a run predicts from is what training saw, bit for bit', async () => {
  const minutes = minutesOf(market, 4)
  const model = await family.load(artifactOf(candidate))
  const rows = await family.definition.readRows(minutes, { features: bookFeatures('synthetic') })
  const said: { at: bigint; values: Float32Array }[] = []
  await run({
    time: 'backtest',
    feeds: [market.book()],
    range: minutes.range,
    models: [model],
    broker: simulatedBroker({ cash: 1_000 }),
    strategy: () => ({ name: 'listener', onPrediction: ({ at, values }) => void said.push({ at, values: values.slice() }) }),
  })
  expect(said.length).toBeGreaterThan(400)
  expect(said.map(({ at }) => at)).toEqual(Array.from(rows.t0))
  // The impact head is not calibrated: it is the network's own word on the vector.
  said.forEach(({ values }, row) => {
    expect(values[6]).toBe(model.compute(rows.table.slice(row * rows.width, (row + 1) * rows.width))[6])
  })
}, 60_000)

test('predictions carry the book they were made at, and a copy stays', async () => {
  const predictor = (await family.load(artifactOf(candidate))).open([instrument])
  const said: OrderBookPrediction[] = []
  each(batches[0], (view) => {
    predictor.update(view)
    if (predictor.isWarm && view.row % 500 === 0) predictor.predict(view.availableAt, (prediction) => void said.push(prediction.copy()))
  })
  expect(said.length).toBeGreaterThan(2)
  for (const { directionProbabilities, spreadProbabilities, spreadTicks, usualMoveBp, driftBp, impactBp } of said) {
    for (const sum of [directionProbabilities, spreadProbabilities].map((p) => p.reduce((a, b) => a + b, 0))) expect(sum).toBeCloseTo(1, 5)
    expect(spreadTicks).toBeGreaterThan(0)
    expect([usualMoveBp, driftBp, impactBp].every(Number.isFinite)).toBe(true)
  }
  expect(new Set(said.map(({ at }) => at)).size).toBe(said.length)
})

test('a stale book is not predicted', async () => {
  const predictor = (await family.load(artifactOf(candidate))).open([instrument])
  let [now, count] = [0n, 0]
  each(batches[0], (view) => {
    predictor.update(view)
    now = view.availableAt
  })
  predictor.predict(now + 3_000_000_000n, () => count++)
  expect([predictor.isWarm, count]).toEqual([true, 0])
  predictor.predict(now + 1_000_000_000n, () => count++)
  expect(count).toBe(1)
})

test('data that no pin names is refused', async () => {
  await expect(family.train(minutesOf(market, 60, { pinned: false }))).rejects.toMatchObject({ code: 'MODEL_DATA_NOT_PINNED' })
})

test('too little data is refused', async () => {
  await expect(family.train(minutesOf(market, 2))).rejects.toMatchObject({ code: 'MODEL_TOO_LITTLE_DATA' })
})

test('a range in which nothing warms up is refused', async () => {
  const seconds = { ...minutesOf(market, 1), range: { from: time('2020-01-02T14:30:00Z'), to: time('2020-01-02T14:30:02Z') } }
  const short = { ...seconds, batches: (schema: 'mbp-10') => minutesOf(market, 1).batches(schema, seconds.range) }
  await expect(family.train(short)).rejects.toMatchObject({ code: 'MODEL_FEATURE_NEVER_WARM' })
})

test('data of another source is refused in training, and by the loaded model', async () => {
  const rows = family.definition.readRows({ ...dataset, source: 'XNAS.ITCH' }, { features: bookFeatures('synthetic') })
  await expect(rows).rejects.toMatchObject({ code: 'MODEL_FEATURES_MISMATCH' })
  const { inputs } = await family.load(artifactOf(candidate))
  expect(inputs.map(({ source }) => source)).toEqual(['synthetic', 'synthetic'])
})

test('a flipped byte of the weights is refused', async () => {
  const weights = candidate.files.get('weights.safetensors')!.slice()
  weights[weights.length - 3] ^= 1
  const files = new Map([...candidate.files, ['weights.safetensors', weights]])
  await expect(family.load(artifactOf({ ...candidate, files }))).rejects.toMatchObject({ code: 'MODEL_ARTIFACT_INVALID' })
})

test('an artifact without its tendencies is refused when it is opened', async () => {
  const model = JSON.parse(new TextDecoder().decode(candidate.files.get('model.json'))) as { extra: Record<string, unknown> }
  const { meanMove: _meanMove, ...extra } = model.extra
  const files = new Map([...candidate.files, ['model.json', new TextEncoder().encode(JSON.stringify({ ...model, extra }))]])
  const loaded = await family.load(artifactOf({ ...candidate, files }))
  expect(() => loaded.open([instrument])).toThrow(expect.objectContaining({ code: 'MODEL_ARTIFACT_INVALID' }))
})

test('a candidate is judged with the horizon it was trained for only', async () => {
  await expect(orderBook({ ...options, horizon: 8 }).evaluate(candidate, dataset, { trials: 1 })).rejects.toMatchObject({
    code: 'MODEL_INPUT_INVALID',
  })
})

test.each([
  ['three bytes', Uint8Array.of(1, 2, 3)],
  ['a length beyond its end', Uint8Array.of(255, 255, 0, 0, 1)],
])('a state of %s is refused', async (_what, state) => {
  const predictor = (await family.load(artifactOf(candidate))).open([instrument])
  expect(() => predictor.restore(state)).toThrow(expect.objectContaining({ code: 'MODEL_STATE_INVALID' }))
})

test('every feature has a name of its own, and says what it is', () => {
  expect(new Set(bookColumns.map(({ name }) => name)).size).toBe(bookColumns.length)
  expect(bookColumns.every(({ definition, unit }) => definition.length > 0 && unit.length > 0)).toBe(true)
})

// What the compiler has settled on by the time of the measuring differs from process to process; once settled nothing is left, so one such process shows it.
test('neither an event nor a prediction leaves anything on the heap', { retry: 2, timeout: 180_000 }, () => {
  const { event, prediction, predictions } = heapBytes<{ event: number; prediction: number; predictions: number }>(
    new URL('allocation.ts', import.meta.url),
    { files: candidate.files, digest: candidate.digest },
  )
  expect(predictions).toBeGreaterThan(10_000)
  // A boxed number is 16 bytes: what is left, if anything, is the measuring itself.
  expect(event).toBeLessThan(1)
  expect(prediction).toBeLessThan(1)
})
