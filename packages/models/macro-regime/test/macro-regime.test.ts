import { syntheticMarket, type Artifact, type Batch, type Candidate } from '@gatehouse/core'
import { modelCases } from '@gatehouse/core/testing'
import { macroRegime, posture, regimeFeatures, signals, type MacroRegimePrediction } from '@gatehouse/model-macro-regime'
import { beforeAll, describe, expect, test } from 'vitest'
import { heapBytes } from '../../kit/test/heap-bytes.js'
import { barsUntil, batchOf, datasetOf, datasetUntil, day, market, plainBars, type PlainBar } from './world.js'

const options = { horizon: 14, epochs: 3, hidden: [16] }
const family = macroRegime(options)
const until = day('2020-01-01')
let candidate: Candidate
let bars: readonly Batch<'ohlcv-1h'>[]
let plain: readonly PlainBar[]

const artifactOf = ({ files, digest }: Pick<Candidate, 'files' | 'digest'>): Artifact => ({ files, digest }) as Artifact

beforeAll(async () => {
  candidate = await family.train(datasetUntil('2021-01-01'), { seed: 1, until })
  bars = await barsUntil('2018-09-01')
  plain = await plainBars(datasetUntil('2021-01-01'))
}, 60_000)

describe('macro-regime is a Model', () => {
  const open = async () => {
    const [one] = market.instruments
    const own = batchOf(plain.filter(({ instrument, availableAt }) => instrument === one && availableAt < day('2018-09-01')))
    return { model: await family.load(artifactOf(candidate)), instruments: [one], batches: () => [own] }
  }
  for (const { name, run } of modelCases(open)) test(name, run)
})

describe('macro-regime with a context series is a Model', () => {
  const wide = macroRegime({ ...options, context: ['BRAV'], detail: 'full' })
  let trained: Candidate
  beforeAll(async () => {
    trained = await wide.train(datasetUntil('2020-01-01'), { seed: 1 })
  }, 60_000)
  const open = async () => ({ model: await wide.load(artifactOf(trained)), instruments: market.instruments, batches: () => bars })
  for (const { name, run } of modelCases(open)) test(name, run, 60_000)
  test('its context must be among the instruments', async () => {
    await expect(macroRegime({ ...options, context: ['SPY'] }).train(datasetUntil('2020-01-01'))).rejects.toMatchObject({
      code: 'MODEL_FEATURE_INVALID',
    })
  })
})

test('features of training are those of live, bit for bit, and after a restart in the middle', async () => {
  const dataset = datasetUntil('2019-01-01')
  const features = family.definition.features('synthetic')
  const rows = await family.definition.readRows(dataset, { features })
  const [one] = market.instruments
  const trained = Array.from({ length: rows.count }, (_, row) => row).filter((row) => rows.instrument[row] === 0)
  let stream = features.open(one)
  let seen = 0
  for (const [k, bar] of plain.filter(({ instrument, availableAt }) => instrument === one && availableAt < day('2019-01-01')).entries()) {
    if (k % 97 === 96) {
      const again = features.open(one)
      again.restore(stream.save())
      stream = again
    }
    stream.update({ ...bar, schema: 'ohlcv-1h', source: 'synthetic' } as never)
    if (!stream.isWarm) continue
    const row = trained[seen++]
    expect(Float32Array.from(stream.values)).toEqual(rows.table.slice(row * rows.width, (row + 1) * rows.width))
  }
  expect(seen).toBe(trained.length)
})

test('the same data and seed give the same artifact, another seed another', async () => {
  const again = await family.train(datasetUntil('2021-01-01'), { seed: 1, until })
  const other = await family.train(datasetUntil('2021-01-01'), { seed: 2, until })
  expect([again.digest === candidate.digest, other.digest === candidate.digest]).toEqual([true, false])
}, 60_000)

test('a worker thread trains the same weights', async () => {
  const threaded = await macroRegime({ ...options, inThread: true }).train(datasetUntil('2021-01-01'), { seed: 1, until })
  expect(threaded.files.get('weights.safetensors')).toEqual(candidate.files.get('weights.safetensors'))
}, 60_000)

test('bars after the end of training change nothing of the weights', async () => {
  const changed = plain.map((bar) => (bar.availableAt < until ? bar : { ...bar, close: bar.close * 1.5, high: bar.high * 1.5 }))
  const other = await family.train(datasetOf(changed), { seed: 1, until })
  expect(other.files.get('weights.safetensors')).toEqual(candidate.files.get('weights.safetensors'))
}, 60_000)

test('it is judged on rows that begin after every training label has ended', async () => {
  const { windows, folds, baselines, trials, metrics } = await family.evaluate(candidate, datasetUntil('2021-01-01'), { trials: 3 })
  expect(windows.test.from >= windows.train.to).toBe(true)
  expect(folds).toHaveLength(4)
  expect(baselines.map(({ name }) => name)).toEqual(['majority', 'persistence', 'logistic'])
  expect(trials).toBe(3)
  expect(metrics, 'with several trials and no spread of theirs the deflated Sharpe ratio is unknown').not.toHaveProperty('deflatedSharpe')
}, 60_000)

test('all five signals are named, about as often as they came in training', async () => {
  const { judging } = await family.judge(candidate, datasetUntil('2021-01-01'), { trials: 1 })
  const named = Array.from(family.definition.named!(judging, 'signal')!)
  const came = judging.extra['signalPriors'] as number[]
  signals.forEach((_, k) => {
    const share = named.reduce((count, one) => count + (one === k ? 1 : 0), 0) / named.length
    expect(share / came[k], signals[k]).toBeGreaterThan(0.5)
    expect(share / came[k], signals[k]).toBeLessThan(2)
  })
}, 60_000)

describe('on planted and on empty worlds', () => {
  const worlds = [false, true].map((noSignal) => syntheticMarket({ seed: 5, noSignal, symbols: ['ALFA', 'BRAV', 'CHAR'], from: '2017-06-01', to: '2022-01-01' })) // prettier-ignore
  const aucOf = async (of: (typeof worlds)[number]) => {
    // A short horizon: some 1,000 independent rows, where chance alone moves an AUC by less than 0.02.
    const learner = macroRegime({ horizon: 7, epochs: 6 })
    // Kept in memory: the generator would make every bar again at each reading.
    const dataset = datasetOf(await plainBars(datasetUntil('2022-01-01', { of })))
    const learned = await learner.train(dataset, { until: day('2020-06-01') })
    return (await learner.evaluate(learned, dataset, { trials: 1 })).metrics['auc'].value
  }
  test('it learns the planted signal', async () => expect(await aucOf(worlds[0])).toBeGreaterThan(0.58), 60_000)
  test(
    'it learns nothing where nothing is planted',
    async () => expect(Math.abs((await aucOf(worlds[1])) - 0.5)).toBeLessThan(0.05),
    60_000,
  )
})

test('a candidate is not judged at another horizon than it was trained for', async () => {
  await expect(macroRegime({ horizon: 3 }).evaluate(candidate, datasetUntil('2021-01-01'), { trials: 1 })).rejects.toMatchObject({
    code: 'MODEL_INPUT_INVALID',
  })
})

describe('bad input is refused', () => {
  test('data that no pin names', async () => {
    await expect(family.train(datasetUntil('2021-01-01', { pinned: false }))).rejects.toMatchObject({ code: 'MODEL_DATA_NOT_PINNED' })
  })
  test('too little history', async () => {
    await expect(family.train(datasetUntil('2018-03-01'))).rejects.toMatchObject({ code: 'MODEL_FEATURE_NEVER_WARM' })
    await expect(family.train(datasetUntil('2018-06-10'))).rejects.toMatchObject({ code: 'MODEL_TOO_LITTLE_DATA' })
  })
  test('a column of nothing, by the names of the features it leaves cold', async () => {
    const empty = plain.map((bar) => ({ ...bar, volume: NaN }))
    await expect(family.train(datasetOf(empty))).rejects.toMatchObject({
      code: 'MODEL_FEATURE_NEVER_WARM',
      details: { features: ['volumeNow', 'volumeBusy'] },
    })
  })
  test('prices that never move: one class', async () => {
    const flat = plain.map((bar) => ({ ...bar, open: 100, high: 100, low: 100, close: 100 }))
    const code = await family.train(datasetOf(flat)).then(
      () => 'trained',
      (error: { code: string }) => error.code,
    )
    expect(['MODEL_ONE_CLASS', 'MODEL_TOO_LITTLE_DATA', 'MODEL_FEATURE_NEVER_WARM']).toContain(code)
  })
  test('another source', async () => {
    const elsewhere = datasetOf(plain, { source: 'elsewhere' })
    await expect(family.evaluate(candidate, elsewhere, { trials: 1 })).rejects.toMatchObject({ code: 'MODEL_FEATURES_MISMATCH' })
  })
  test('an artifact with a flipped byte of its weights', async () => {
    const weights = candidate.files.get('weights.safetensors')!.slice()
    weights[weights.length - 3] ^= 1
    const files = new Map([...candidate.files, ['weights.safetensors', weights]])
    await expect(family.load(artifactOf({ ...candidate, files }))).rejects.toMatchObject({ code: 'MODEL_ARTIFACT_INVALID' })
  })
  test('an artifact of other features', async () => {
    await expect(macroRegime({ ...options, context: ['BRAV'] }).load(artifactOf(candidate))).rejects.toMatchObject({
      code: 'MODEL_FEATURES_MISMATCH',
    })
  })
})

test('a bar that lacks a number is passed over in silence, and the next one is spoken of again', async () => {
  const model = await family.load(artifactOf(candidate))
  const [one] = market.instruments
  const predictor = model.open([one])
  const own = plain.filter(({ instrument }) => instrument === one).slice(0, 730)
  const spoke = own.map((bar, i) => {
    const batch = batchOf([i === 720 ? { ...bar, close: NaN } : bar])
    const view = batch.view()
    predictor.update(view)
    let said = false
    if (predictor.isWarm) predictor.predict(view.availableAt, () => (said = true))
    return said
  })
  expect(spoke.slice(718, 723)).toEqual([true, true, false, true, true])
})

test('a split changes no feature', () => {
  const features = regimeFeatures('synthetic', { detail: 'full' })
  const [one] = market.instruments
  const [unsplit, split] = [features.open(one), features.open(one)]
  const own = plain.filter(({ instrument }) => instrument === one).slice(0, 900)
  own.forEach((bar, i) => {
    const view = { ...bar, schema: 'ohlcv-1h', source: 'synthetic' }
    if (i === 800) split.update({ schema: 'corporate-action', instrument: one, kind: 'split', ratio: 2 } as never)
    unsplit.update(view as never)
    const halved = { ...view, open: bar.open / 2, high: bar.high / 2, low: bar.low / 2, close: bar.close / 2, volume: bar.volume * 2 }
    split.update((i < 800 ? view : halved) as never)
  })
  expect(unsplit.isWarm).toBe(true)
  unsplit.values.forEach((value, i) => expect(split.values[i]).toBeCloseTo(value, 6))
})

// What the compiler has settled on by the time of the measuring differs from process to process; once settled nothing is left, so one such process shows it.
test('neither a bar nor a prediction leaves anything on the heap', { retry: 2, timeout: 180_000 }, () => {
  const { event, prediction, predictions } = heapBytes<{ event: number; prediction: number; predictions: number }>(
    new URL('allocation.ts', import.meta.url),
    {
      options,
      candidate: { files: candidate.files, digest: candidate.digest },
    },
  )
  expect(predictions).toBeGreaterThan(10_000)
  // A boxed number is 16 bytes: what is left, if anything, is the measuring itself.
  expect(event).toBeLessThan(1)
  expect(prediction).toBeLessThan(1)
})

test('posture follows the score and halves in rough regimes', () => {
  const values = (signals: readonly number[], regimes: readonly number[]) =>
    ({ values: Float32Array.from([...signals, ...regimes]) }) as Pick<MacroRegimePrediction, 'values'>
  expect(posture(values([0, 0, 1, 0, 0], [0.5, 0, 0.5, 0, 0]))).toEqual({ bias: 0, maximum: 1 })
  expect(posture(values([0, 0, 0, 0, 1], [0, 0.5, 0, 0, 0.5]))).toEqual({ bias: 1, maximum: 0.5 })
})
