import { createBatch, type Artifact, type Batch, type Candidate } from '@gatehouse/core'
import { modelCases } from '@gatehouse/core/testing'
import { macroRegime, posture, RegimeFeatures, type MacroRegimePrediction } from '@gatehouse/model-macro-regime'
import { beforeAll, describe, expect, test } from 'vitest'
import { barsUntil, datasetUntil, day, market } from './world.js'

const family = macroRegime({ horizon: 14, epochs: 3, hidden: [16] })
const until = day('2020-01-01')
let candidate: Candidate
let bars: readonly Batch<'ohlcv-1h'>[]

const artifactOf = ({ files, digest }: Candidate): Artifact => ({ files, digest }) as Artifact

beforeAll(async () => {
  candidate = await family.train(datasetUntil('2021-01-01'), { seed: 1, until })
  bars = await barsUntil('2018-09-01')
}, 60_000)

describe('macro-regime is a Model', () => {
  const open = async () => {
    const [one] = market.instruments
    return {
      model: await family.load(artifactOf(candidate)),
      instruments: [one],
      batches: () => bars.map((batch) => only(batch, one.id)),
    }
  }
  for (const { name, run } of modelCases(open)) test(name, run)
})

test('the same data and seed give the same artifact, another seed another', async () => {
  const again = await family.train(datasetUntil('2021-01-01'), { seed: 1, until })
  const other = await family.train(datasetUntil('2021-01-01'), { seed: 2, until })
  expect([again.digest === candidate.digest, other.digest === candidate.digest]).toEqual([true, false])
}, 60_000)

test('bars after the end of training change nothing of the artifact', async () => {
  const shorter = await family.train(datasetUntil('2020-02-01'), { seed: 1, until })
  expect(shorter.digest).toBe(candidate.digest)
}, 60_000)

test('it is judged on rows that begin after every training label has ended', async () => {
  const { windows, folds, baselines, trials, metrics } = await family.evaluate(candidate, datasetUntil('2021-01-01'), { trials: 3 })
  expect(windows.test.from >= windows.train.to).toBe(true)
  expect(folds).toHaveLength(4)
  expect(baselines.map(({ name }) => name)).toEqual(['majority', 'persistence', 'logistic'])
  expect(trials).toBe(3)
  expect(metrics, 'with several trials and no spread of theirs the deflated Sharpe ratio is unknown').not.toHaveProperty('deflatedSharpe')
}, 60_000)

test('a candidate is not judged at another horizon than it was trained for', async () => {
  await expect(macroRegime({ horizon: 3 }).evaluate(candidate, datasetUntil('2021-01-01'), { trials: 1 })).rejects.toMatchObject({
    code: 'MODEL_INPUT_INVALID',
  })
})

test.each([701.5, 1e300, Infinity, NaN, -1])('a state whose count is %d is refused', (count) => {
  const features = new RegimeFeatures()
  const state = new Float64Array(features.save().slice().buffer)
  state[0] = count
  expect(() => features.restore(new Uint8Array(state.buffer))).toThrow(expect.objectContaining({ code: 'MODEL_STATE_INVALID' }))
})

test('data that no pin names is refused', async () => {
  await expect(family.train(datasetUntil('2021-01-01', { pinned: false }))).rejects.toMatchObject({ code: 'MODEL_DATA_NOT_PINNED' })
})

test('too little history is refused', async () => {
  await expect(family.train(datasetUntil('2018-03-01'))).rejects.toMatchObject({ code: 'MODEL_TOO_LITTLE_DATA' })
})

test('a flipped byte of the weights is refused', async () => {
  const weights = candidate.files.get('weights.safetensors')!.slice()
  weights[weights.length - 3] ^= 1
  await expect(
    family.load(artifactOf({ ...candidate, files: new Map([...candidate.files, ['weights.safetensors', weights]]) })),
  ).rejects.toMatchObject({
    code: 'MODEL_ARTIFACT_INVALID',
  })
})

test('a bar with a price that is none is refused by value', () => {
  const features = new RegimeFeatures()
  const view = barOf(NaN).view()
  expect(() => features.update(view)).toThrow(expect.objectContaining({ code: 'MODEL_INPUT_INVALID' }))
})

test('a split changes no feature', () => {
  const plain = new RegimeFeatures()
  const split = new RegimeFeatures()
  const half = (price: number): number => price / 2
  let seen = 0
  for (const batch of bars.map((each) => only(each, market.instruments[0].id))) {
    const view = batch.view()
    for (view.row = 0; view.row < batch.length; view.row++, seen++) {
      if (seen === 800) split.adjust({ kind: 'split', ratio: 2 } as Parameters<RegimeFeatures['adjust']>[0])
      plain.update(view)
      split.update(
        seen < 800
          ? view
          : ({
              availableAt: view.availableAt,
              instrument: view.instrument,
              close: half(view.close),
              high: half(view.high),
              low: half(view.low),
              volume: view.volume * 2,
            } as Parameters<RegimeFeatures['update']>[0]),
      )
    }
  }
  expect(seen).toBeGreaterThan(900)
  for (let i = 0; i < plain.values.length; i++) expect(split.values[i]).toBeCloseTo(plain.values[i], 4)
})

test('posture follows the score and halves in rough regimes', () => {
  const values = (signals: readonly number[], regimes: readonly number[]) =>
    ({ values: Float32Array.from([...signals, ...regimes]) }) as Pick<MacroRegimePrediction, 'values'>
  expect(posture(values([0, 0, 1, 0, 0], [0.5, 0, 0.5, 0, 0]))).toEqual({ bias: 0, maximum: 1 })
  expect(posture(values([0, 0, 0, 0, 1], [0, 0.5, 0, 0, 0.5]))).toEqual({ bias: 1, maximum: 0.5 })
})

/** The rows of one instrument. */
function only(batch: Batch<'ohlcv-1h'>, id: string): Batch<'ohlcv-1h'> {
  const rows = Array.from({ length: batch.length }, (_, row) => row).filter(
    (row) => batch.instruments[batch.instrumentIndex[row]].id === id,
  )
  const { columns } = batch
  const prices = (name: 'open' | 'high' | 'low' | 'close') =>
    Float64Array.from(rows, (row) => Number(columns[name][row]) / batch.priceDivisor)
  return createBatch({
    schema: 'ohlcv-1h',
    source: batch.source,
    instruments: batch.instruments.filter((instrument) => instrument.id === id),
    availableAt: BigInt64Array.from(rows, (row) => batch.availableAt[row]),
    columns: {
      tsEvent: BigInt64Array.from(rows, (row) => columns.tsEvent[row]),
      open: prices('open'),
      high: prices('high'),
      low: prices('low'),
      close: prices('close'),
      volume: Float64Array.from(rows, (row) => columns.volume[row]),
    },
  })
}

function barOf(close: number): Batch<'ohlcv-1h'> {
  const one = Float64Array.of(close)
  return createBatch({
    schema: 'ohlcv-1h',
    source: 'synthetic',
    instruments: [market.instruments[0]],
    columns: { tsEvent: BigInt64Array.of(day('2020-01-02')), open: one, high: one, low: one, close: one, volume: Float64Array.of(1) },
  })
}
