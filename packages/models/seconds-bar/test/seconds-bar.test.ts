import { syntheticMarket, type Artifact, type Batch, type Candidate } from '@gatehouse/core'
import { modelCases } from '@gatehouse/core/testing'
import { secondsBar, type SecondsBarPrediction, type SecondsBarPredictor } from '@gatehouse/model-seconds-bar'
import { beforeAll, describe, expect, test } from 'vitest'
import { heapBytes } from '../../kit/test/heap-bytes.js'
import { barsOf, datasetOf, datasetOfBars, each, oneName, plainBars, type TestBar } from './world.js'

const market = oneName('2021-02-01', '2021-02-04')
const [instrument] = market.instruments
const quick = { strideSeconds: 60, epochs: 2 }
const family = secondsBar(quick)
const artifactOf = ({ files, digest }: Candidate): Artifact => ({ files, digest }) as Artifact
const until = BigInt(Date.parse('2021-02-03')) * 1_000_000n
let candidate: Candidate
let bars: TestBar[]

beforeAll(async () => {
  candidate = await family.train(datasetOf(market), { seed: 1, until })
  bars = await plainBars(market)
}, 60_000)

/** What a predictor says after each bar. */
async function said(some: readonly TestBar[], from: Candidate = candidate): Promise<SecondsBarPrediction[]> {
  const model = await family.load(artifactOf(from))
  const predictor = model.open([instrument])
  const predictions: SecondsBarPrediction[] = []
  each(barsOf(instrument, some), (bar) => {
    predictor.update(bar)
    predictor.predict(bar.availableAt, (prediction) => void predictions.push(prediction.copy()))
  })
  return predictions
}

describe('seconds-bar is a Model', () => {
  // Seven thousand seconds, one in nine without a trade, and a pause that breaks the window.
  const open = async () => {
    const some = bars.filter(({ second }, i) => second % 9 !== 4 && i < 7_700 && (i < 4_900 || i > 5_700))
    const batch = barsOf(instrument, some)
    return { model: await family.load(artifactOf(candidate)), instruments: [instrument], batches: (): readonly Batch[] => [batch] }
  }
  for (const { name, run } of modelCases(open)) test(name, run)
})

test('live predictions are those of the rows it is judged on', async () => {
  const { judging } = await family.judge(candidate, datasetOf(market), { trials: 1 })
  const live = new Map((await said(bars)).map((prediction) => [Number(prediction.at / 1_000_000_000n), prediction]))
  expect(judging.test.length).toBeGreaterThan(300)
  judging.test.forEach((row, i) => {
    const prediction = live.get(judging.rows.knownAt[row])!
    prediction.values.forEach((value, k) => expect(Math.abs(value - judging.values[2 * i + k])).toBeLessThan(1e-5))
    expect(prediction.barrier).toBe(judging.rows.distance[row])
  })
}, 60_000)

test('a tenth of the rows is told by what a trade in its direction was expected to bring, and what it brought after costs', async () => {
  const { judging } = await family.judge(candidate, datasetOf(market), { trials: 1 })
  const { score, outcome } = family.definition.deciles!(judging)
  judging.test.forEach((row, i) => {
    const [touch, up] = [judging.values[2 * i], judging.values[2 * i + 1]]
    expect(score[i]).toBeCloseTo(1e4 * (touch * Math.abs(2 * up - 1) * judging.rows.distance[row] - 0.0001), 3)
    // Returns are logarithms; what is paid at the end is a part of what the shares are worth by then.
    const [side, move] = [up >= 0.5 ? 1 : -1, judging.rows.returns[row]]
    expect(outcome[i]).toBeCloseTo(1e4 * (side * Math.expm1(move) - 0.00005 * (1 + Math.exp(move))), 6)
  })
})

test('quality is the chance of profit first, and the rest of the touches is risk', async () => {
  const predictions = await said(bars.slice(0, 6000))
  expect(predictions.length).toBeGreaterThan(500)
  for (const { values, quality, risk, direction, barrier, horizonSeconds } of predictions) {
    const [touch, up] = values
    expect(quality).toBeCloseTo(touch * Math.max(up, 1 - up), 6)
    expect(quality + risk).toBeCloseTo(touch, 6)
    expect([direction, horizonSeconds]).toEqual([up >= 0.5 ? 1 : -1, 60])
    expect(barrier).toBeGreaterThan(0)
  }
})

test('a second without a bar says nothing, and what is said after it is the same as if an empty bar had come', async () => {
  const some = bars.slice(
    bars.findIndex(({ second }) => second % 5 === 1),
    5000,
  )
  const gappy = some.filter(({ second }) => second % 5 !== 0)
  const seen = new Set(gappy.map(({ second }) => second))
  let last = some[0]
  const filled = some.map((bar) => (seen.has(bar.second) ? (last = bar) : { second: bar.second, close: last.close, volume: 0 }))
  const [sparse, dense] = await Promise.all([said(gappy), said(filled)])
  const at = new Map(dense.map((prediction) => [prediction.at, prediction.values]))
  expect(sparse.length).toBeGreaterThan(500)
  expect(sparse.length).toBeLessThan(dense.length)
  // Flat bars have a range of zero in both, so even the last bit agrees.
  for (const { at: time, values } of sparse) expect(values).toEqual(at.get(time))
})

test('its drift is of the market and not of the clock', async () => {
  const predictor = (await family.load(artifactOf(candidate))).open([instrument]) as SecondsBarPredictor
  each(barsOf(instrument, bars), (bar) => predictor.update(bar))
  const { names, monitor } = predictor.drift!
  const index = monitor.stabilityIndex()
  expect(names).not.toContain('minute')
  expect([index.length, monitor.rows > 40_000]).toEqual([names.length, true])
  names.forEach((name, i) => expect(index[i], name).toBeLessThan(0.1))
})

test('after a pause of more than ten minutes it is silent for half an hour', async () => {
  const paused = bars.filter((_, i) => i < 4500 || (i >= 5200 && i < 7500))
  const seconds = (await said(paused)).map(({ at }) => Number(at / 1_000_000_000n))
  const [before, after] = [bars[4499].second + 1, bars[5200].second + 1]
  expect(seconds.filter((second) => second > before)[0]).toBe(after + 1801)
  expect(seconds.filter((second) => second <= before).length).toBeGreaterThan(300)
})

test('the same data and seed give the same artifact, another seed another, and later bars change nothing of it', async () => {
  const [again, other, shorter] = [
    await family.train(datasetOf(market), { seed: 1, until }),
    await family.train(datasetOf(market), { seed: 2, until }),
    await family.train(datasetOf(market, { to: '2021-02-03' }), { seed: 1, until }),
  ]
  expect(again.digest).toBe(candidate.digest)
  // The pin names other data, so model.json differs; what was learned does not.
  expect(shorter.files.get('weights.safetensors')).toEqual(candidate.files.get('weights.safetensors'))
  expect(other.digest).not.toBe(candidate.digest)
}, 60_000)

test('it is judged beside its baselines, on rows that begin after every training label has ended', async () => {
  const { windows, baselines, metrics, costs } = await family.evaluate(candidate, datasetOf(market), { trials: 1 })
  expect(windows.test.from >= windows.train.to).toBe(true)
  expect(baselines.map(({ name, edges }) => [name, Object.keys(edges)])).toEqual([
    ['majority', ['auc', 'brier']],
    ['rule', ['auc']],
    ['reversal', ['auc']],
    ['logistic', ['auc', 'brier', 'touchAuc']],
  ])
  for (const name of ['auc', 'brier', 'ece', 'touchAuc', 'qualityAuc', 'qualityEce', 'hitRate', 'featureDriftPsi'])
    expect(metrics).toHaveProperty(name)
  expect(costs).toContain('bp')
}, 60_000)

describe('refuses', () => {
  const code = (expected: string) => expect.objectContaining({ code: expected }) as Error

  test('data that no pin names', async () => {
    await expect(family.train(datasetOf(market, { pinned: false }))).rejects.toThrow(code('MODEL_DATA_NOT_PINNED'))
  })
  test('too little history, naming what never warmed', async () => {
    const short = datasetOfBars(market, bars.slice(0, 1000))
    await expect(family.train(short)).rejects.toThrow(code('MODEL_FEATURE_NEVER_WARM'))
    await expect(family.train(datasetOf(market), { until: BigInt(Date.parse('2021-02-01T16:00:00Z')) * 1_000_000n })).rejects.toThrow(code('MODEL_TOO_LITTLE_DATA')) // prettier-ignore
  })
  test('a market that never moves: there is no direction to learn', async () => {
    const still = bars.slice(0, 46_800).map(({ second }) => ({ second, close: 100 }))
    const dataset = datasetOfBars(market, still)
    await expect(family.train(dataset)).rejects.toThrow(code('MODEL_ONE_CLASS'))
  })
  test('bars without a price', async () => {
    const broken = bars.slice(0, 5000).map((bar, i) => (i === 4000 ? { ...bar, close: NaN } : bar))
    const dataset = datasetOfBars(market, broken)
    await expect(family.train(dataset)).rejects.toThrow(code('MODEL_INPUT_INVALID'))
  })
  test('rows of another source', async () => {
    const dataset = datasetOfBars(market, bars.slice(0, 100), 'elsewhere')
    await expect(family.train(dataset)).rejects.toThrow(code('MODEL_FEATURES_MISMATCH'))
    const predictor = (await family.load(artifactOf(candidate))).open([instrument])
    expect(() => each(barsOf(instrument, bars.slice(0, 1), 'elsewhere'), (bar) => predictor.update(bar))).toThrow(
      code('MODEL_FEATURES_MISMATCH'),
    )
  })
  test('an artifact with a flipped byte, or of other features', async () => {
    const weights = candidate.files.get('weights.safetensors')!.slice()
    weights[weights.length - 3] ^= 1
    const flipped = { ...candidate, files: new Map([...candidate.files, ['weights.safetensors', weights]]) }
    await expect(family.load(artifactOf(flipped))).rejects.toThrow(code('MODEL_ARTIFACT_INVALID'))
    await expect(secondsBar({ quotes: 'bbo-1s' }).load(artifactOf(candidate))).rejects.toThrow(code('MODEL_FEATURES_MISMATCH'))
  })
  test('to be judged at another horizon or barrier than it was trained for', async () => {
    for (const other of [{ horizonSeconds: 30 }, { barrierDeviations: 1 }])
      await expect(secondsBar({ ...quick, ...other }).evaluate(candidate, datasetOf(market), { trials: 1 })).rejects.toThrow(code('MODEL_INPUT_INVALID')) // prettier-ignore
  })
  test('to be opened on two instruments at once', async () => {
    const model = await family.load(artifactOf(candidate))
    expect(() => model.open([instrument, instrument])).toThrow(code('MODEL_INPUT_INVALID'))
  })
  test.each([{ strideSeconds: 7 }, { horizonSeconds: 0 }, { barrierDeviations: NaN }, { epochs: 1.5 }, { costPerTurnover: -1 }])(
    'the option %j',
    (option) => {
      expect(() => secondsBar(option)).toThrow(code('OPTION_INVALID'))
    },
  )
})

describe('the planted signal', () => {
  // A small world: twice the strength that proof/planted uses, so that six sessions of two names are enough to see it by.
  const learn = async (noSignal: boolean) => {
    const market = syntheticMarket({ seed: 3, symbols: ['ALFA', 'BRAV'], from: '2021-02-01', to: '2021-02-11', noSignal, signal: 2 })
    const maker = secondsBar({ strideSeconds: 60, epochs: 12 })
    const trained = await maker.train(datasetOf(market), { seed: 1, until: BigInt(Date.parse('2021-02-09')) * 1_000_000n })
    const { metrics, baselines } = await maker.evaluate(trained, datasetOf(market), { trials: 1 })
    return { auc: metrics['auc'], overLogistic: baselines.find(({ name }) => name === 'logistic')!.edges['auc'] }
  }

  test('is learnt in seconds, by far more than a linear model learns', async () => {
    const { auc, overLogistic } = await learn(false)
    expect(auc.interval!.lower).toBeGreaterThan(0.55)
    expect(overLogistic.interval.lower).toBeGreaterThan(0.03)
  }, 60_000)

  test('is not seen where there is none', async () => {
    const { auc } = await learn(true)
    expect(Math.abs(auc.value - 0.5)).toBeLessThan(0.05)
    expect(auc.interval!.lower).toBeLessThan(0.52)
  }, 60_000)
})

// What the compiler has settled on by the time of the measuring differs from process to process; once settled nothing is left, so one such process shows it.
test('neither a bar, nor a quote, nor a prediction leaves anything on the heap', { retry: 2, timeout: 180_000 }, () => {
  const { event, prediction, quoted, predictions } = heapBytes<Record<'event' | 'prediction' | 'quoted' | 'predictions', number>>(
    new URL('allocation.ts', import.meta.url),
    { files: candidate.files, digest: candidate.digest },
    instrument.symbol,
  )
  expect(predictions).toBeGreaterThan(10_000)
  // A boxed number is 16 bytes: what is left, if anything, is the measuring itself.
  expect(event).toBeLessThan(1)
  expect(prediction).toBeLessThan(1)
  expect(quoted).toBeLessThan(1)
})
