import { concatBatches, type Artifact, type Batch, type Candidate, type Dataset, type Model } from '@gatehouse/core'
import { modelCases } from '@gatehouse/core/testing'
import { decilesOf, readArtifact } from '@gatehouse/model-kit'
import { gapRanker, type GapPrediction } from '@gatehouse/model-gap-ranker'
import { beforeAll, describe, expect, test } from 'vitest'
import { heapBytes } from '../../kit/test/heap-bytes.js'
import { batchesOf, day, earlyRows, morningsOf, worldOf, type DatasetOptions } from './world.js'

const market = worldOf()
let dataset: Dataset
const until = day('2020-01-01')
const family = gapRanker({ members: 2, restarts: 1 })
let candidate: Candidate
/** Half a year for what need not learn much. */
const small = worldOf({ to: '2018-09-01' })
const smallFamily = gapRanker({ members: 1, hidden: [8], epochs: 3, restarts: 1 })
let smallCandidate: Candidate
let mornings: (options?: DatasetOptions) => Dataset
/** A universe of its own for the conformance suite, which reads it many times. */
const few = worldOf({ to: '2018-03-01', gapNames: 40 })
let recent: readonly Batch[]

const artifactOf = ({ files, digest }: Candidate): Artifact => ({ files, digest }) as Artifact

beforeAll(async () => {
  dataset = (await morningsOf(market))()
  mornings = await morningsOf(small)
  candidate = await family.train(dataset, { seed: 1, until })
  smallCandidate = await smallFamily.train(mornings(), { seed: 1, until: day('2018-08-01') })
  recent = (await batchesOf(few, { until: '2018-02-15' })).flatMap(early)
}, 120_000)

describe('gap-ranker is a Model', () => {
  const open = async () => ({
    model: await smallFamily.load(artifactOf(smallCandidate)),
    instruments: few.gapInstruments,
    batches: () => recent,
  })
  for (const { name, run } of modelCases(open)) test(name, run, 30_000)
})

/** A batch without the minutes of the session: there are many, and they change nothing. */
function early(batch: Batch): Batch[] {
  const to = batch.schema === 'ohlcv-1m' ? earlyRows(batch) : batch.length
  return to === 0 ? [] : [concatBatches([{ batch, from: 0, to }])]
}

test('the planted signal is learnt far beyond the linear ranker, the larger gap and a random order', async () => {
  const { evaluation, judging } = await family.judge(candidate, dataset, { trials: 1 })
  const { metrics, baselines } = evaluation
  const edge = (name: string) => baselines.find((one) => one.name === name)!.edges['ndcgAt5']
  expect(baselines.map(({ name }) => name)).toEqual(['random', 'gapSize', 'linear'])
  expect(metrics['ndcgAt5'].value).toBeGreaterThan(0.6)
  for (const name of ['random', 'gapSize', 'linear']) expect(edge(name).interval.lower, name).toBeGreaterThan(0.05)
  expect(metrics['auc'].value).toBeGreaterThan(0.7)
  expect(metrics['ece'].value).toBeLessThan(0.08)
  expect(evaluation.independentRows, 'a morning is one observation').toBeLessThan(130)
  const { score, outcome } = family.definition.deciles!(judging)
  const tenths = decilesOf(score, outcome)
  expect(tenths[9].outcome, 'the names in front bring more than the last ones').toBeGreaterThan(tenths[0].outcome + 100)
}, 60_000)

test('nothing is learnt where nothing is planted', async () => {
  const empty = (await morningsOf(worldOf({ signal: false })))()
  const none = await family.train(empty, { seed: 1, until })
  const { evaluation } = await family.judge(none, empty, { trials: 1 })
  expect(Math.abs(evaluation.metrics['auc'].value - 0.5)).toBeLessThan(0.04)
  expect(evaluation.baselines.find(({ name }) => name === 'random')!.edges['ndcgAt5'].interval.lower).toBeLessThan(0)
}, 60_000)

test('the same data and seed give the same artifact, another seed another', async () => {
  const again = await smallFamily.train(mornings(), { seed: 1, until: day('2018-08-01') })
  const other = await smallFamily.train(mornings(), { seed: 2, until: day('2018-08-01') })
  expect([again.digest === smallCandidate.digest, other.digest === smallCandidate.digest]).toEqual([true, false])
}, 60_000)

test('what comes after the end of training changes nothing of the weights', async () => {
  const shorter = await smallFamily.train(mornings({ until: '2018-08-10' }), { seed: 1, until: day('2018-08-01') })
  expect(shorter.files.get('weights.safetensors')).toEqual(smallCandidate.files.get('weights.safetensors'))
}, 60_000)

describe('at its trigger', () => {
  let said: GapPrediction[][]

  beforeAll(async () => {
    const model = await smallFamily.load(artifactOf(smallCandidate))
    const predictor = model.open(small.gapInstruments)
    said = []
    for (const batch of await batchesOf(small, { until: '2018-05-01' })) {
      const view = batch.view()
      for (view.row = 0; view.row < batch.length; view.row++) {
        predictor.update(view)
        const isOpen = batch.schema === 'ohlcv-1m' && view.row === batch.length - 1
        if (!isOpen || !predictor.isWarm) continue
        const morning: GapPrediction[] = []
        predictor.predict(view.availableAt, (prediction) => morning.push(prediction.copy()))
        if (morning.length > 0) said.push(morning)
      }
    }
  }, 60_000)

  test('names come best first, ranked from one without a hole', () => {
    expect(said.length).toBeGreaterThan(20)
    for (const morning of said) {
      expect(morning.map(({ rank }) => rank)).toEqual(morning.map((_, i) => i + 1))
      expect(morning.map(({ score }) => score)).toEqual(morning.map(({ score }) => score).sort((a, b) => b - a))
      expect(new Set(morning.map(({ instrument }) => instrument.id)).size).toBe(morning.length)
      for (const { names, probability } of morning) {
        expect(names).toBe(morning.length)
        expect(probability).toBeGreaterThan(0)
        expect(probability).toBeLessThan(1)
      }
    }
  })
})

test('what was trained without news says so, does not read it live, and is judged only where there is none', async () => {
  const quiet = await smallFamily.train(mornings({ without: 'news' }), { seed: 1, until: day('2018-07-01') })
  const { needs, features } = readArtifact(quiet.files).description
  expect(needs.sources.filter(({ optional }) => optional === 'absent').map(({ schema }) => schema)).toEqual(['news'])
  expect(features.items.filter(({ source, missing }) => source.schema === 'news' && missing === 'flag').length).toBeGreaterThan(0)
  const schemasOf = ({ inputs }: Model): readonly string[] => inputs.map(({ schema }) => schema)
  expect(schemasOf(await smallFamily.load(artifactOf(quiet)))).not.toContain('news')
  expect(schemasOf(await smallFamily.load(artifactOf(smallCandidate)))).toContain('news')
  const { judging } = await smallFamily.judge(quiet, mornings({ without: 'news' }), { trials: 1 })
  expect(judging.test.length).toBeGreaterThan(100)
  const refusal = { code: 'MODEL_INPUT_INVALID', message: expect.stringContaining('without news') as string }
  await expect(smallFamily.judge(quiet, mornings(), { trials: 1 })).rejects.toMatchObject(refusal)
}, 60_000)

test('data that no pin names is refused', async () => {
  await expect(smallFamily.train(mornings({ pinned: false }))).rejects.toMatchObject({ code: 'MODEL_DATA_NOT_PINNED' })
})

test('too few mornings are refused', async () => {
  await expect(smallFamily.train(mornings({ until: '2018-02-20' }))).rejects.toMatchObject({ code: 'MODEL_TOO_LITTLE_DATA' })
})

test('data whose names never gap are refused by name of the cause', async () => {
  await expect(gapRanker({ rule: { minGap: 2.5 } }).train(mornings())).rejects.toMatchObject({ code: 'MODEL_TOO_LITTLE_DATA' })
})

test('outcomes of one class are refused', async () => {
  await expect(gapRanker({ move: -1 }).train(mornings())).rejects.toMatchObject({ code: 'MODEL_ONE_CLASS' })
})

test('a flipped byte of the weights is refused', async () => {
  const weights = smallCandidate.files.get('weights.safetensors')!.slice()
  weights[weights.length - 3] ^= 1
  const files = new Map([...smallCandidate.files, ['weights.safetensors', weights]])
  await expect(smallFamily.load(artifactOf({ ...smallCandidate, files }))).rejects.toMatchObject({ code: 'MODEL_ARTIFACT_INVALID' })
})

test('an artifact of another scorer or another pre-market is refused: its features are others', async () => {
  const scorer = { name: 'mine-1', score: () => 0 }
  await expect(gapRanker({ scorer }).load(artifactOf(smallCandidate))).rejects.toMatchObject({ code: 'MODEL_FEATURES_MISMATCH' })
  await expect(gapRanker({ session: '09:28' }).load(artifactOf(smallCandidate))).rejects.toMatchObject({ code: 'MODEL_FEATURES_MISMATCH' })
})

test.each([
  [{ session: '09:31' as const }, 'session'],
  [{ session: '25:00' as const }, 'session'],
  [{ rule: { minGap: -0.05 } }, 'gaps'],
  [{ rule: { minNames: 300 } }, 'names'],
  [{ members: 0 }, 'members'],
  [{ move: NaN }, 'move'],
])('options %j are refused', (options, named) => {
  expect(() => gapRanker(options)).toThrow(
    expect.objectContaining({ code: 'GAP_OPTIONS_INVALID', message: expect.stringContaining(named) as string }),
  )
})

// What the compiler has settled on by the time of the measuring differs from process to process; once settled nothing is left, so one such process shows it.
test('neither a minute nor a prediction leaves anything on the heap', { retry: 2, timeout: 180_000 }, () => {
  const { event, prediction, names } = heapBytes<{ event: number; prediction: number; names: number }>(
    new URL('allocation.ts', import.meta.url),
    {
      files: smallCandidate.files,
      digest: smallCandidate.digest,
    },
  )
  expect(names).toBeGreaterThan(1)
  // A boxed number is 16 bytes: what is left, if anything, is the measuring itself.
  expect(event).toBeLessThan(1)
  expect(prediction).toBeLessThan(1)
})
