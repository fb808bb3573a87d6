import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseTime } from '@gatehouse/contracts'
import { type Artifact, type Batch, type Candidate } from '@gatehouse/core'
import {
  crossValidateFamily,
  featureImportance,
  fitRows,
  labelledRows,
  heldOutByLedger,
  lookLedger,
  measureLatency,
  mergeViews,
  openLookLedger,
  predictRows,
  renderEvaluationHtml,
  reportOf,
  type FamilyRows,
} from '@gatehouse/model-kit'
import { describe, expect, test } from 'vitest'
import { names, schema, toyDataset, toyFamily, type ToyRows } from './toy-family.js'

const dataset = toyDataset()
const until = 1_600_000_000_000_000_000n + 2000n * 60_000_000_000n
const artifactOf = ({ files, digest }: Candidate): Artifact => ({ files, digest }) as Artifact

describe.each([{ isWindowed: false }, { isWindowed: true }])('a family of the kit, windows: $isWindowed', ({ isWindowed }) => {
  const family = toyFamily({ isWindowed })

  test('learns, beats the base rate, and says so with intervals', async () => {
    const candidate = await family.train(dataset, { until })
    const { metrics, baselines, windows, folds, independentRows, rows } = await family.evaluate(candidate, dataset, { trials: 1 })
    expect(metrics['auc'].value).toBeGreaterThan(0.6)
    expect(metrics['auc'].interval!.lower).toBeLessThan(metrics['auc'].value)
    expect(baselines[0].edges['brier'].interval.lower).toBeGreaterThan(0)
    expect(parseTime(windows.test.from)).toBeGreaterThanOrEqual(parseTime(windows.train.to))
    expect(folds.reduce((sum, fold) => sum + fold.rows, 0)).toBe(rows)
    // Labels reach three minutes; two names share each minute.
    expect(independentRows).toBeCloseTo(rows / 2 / 3, -1)
    expect(Object.keys(metrics)).toEqual(['auc', 'brier', 'featureDriftPsi', 'sharpePerBar', 'deflatedSharpe'])
  })

  test('says live what it said in the evaluation, to float32', async () => {
    const candidate = await family.train(dataset, { until })
    const { judging } = await family.judge(candidate, dataset, { trials: 1 })
    const model = await family.load(artifactOf(candidate))
    const predictor = model.open([names[0]])
    const said = new Map<bigint, readonly number[]>()
    for await (const view of mergeViews(dataset, [schema])) {
      if (view.instrument !== names[0]) continue
      predictor.update(view)
      if (predictor.isWarm) predictor.predict(view.availableAt, ({ values }) => said.set(view.availableAt, Array.from(values)))
    }
    judging.test.forEach((row, i) => {
      if (judging.rows.instrument[row] !== 0) return
      const live = said.get(judging.rows.t0[row])!
      live.forEach((value, k) => expect(Math.abs(value - judging.values[i * judging.width + k])).toBeLessThan(1e-5))
    })
  })

  test('augmented rows take part in fitting and in nothing else', async () => {
    const asked: number[] = []
    const mirrored = (rows: FamilyRows, indices: Int32Array): FamilyRows => {
      asked.push(indices.length)
      return {
        ...rows,
        count: indices.length,
        table: rows.table.map((x, i) => (i % rows.width === 0 ? -x : x)),
        ...(rows.windows
          ? { windows: { ...rows.windows, ends: Int32Array.from(indices, (row) => rows.windows!.ends[row]) } }
          : pick(rows, indices)),
        labels: new Map([
          ['up', Float32Array.from(indices, (row) => 1 - rows.labels.get('up')![row])],
          ['move', Float32Array.from(indices, (row) => -rows.labels.get('move')![row])],
        ]),
        weights: undefined,
      }
    }
    const augmented = toyFamily({ isWindowed, augment: mirrored })
    const candidate = await augmented.train(dataset, { until })
    const plain = await family.train(dataset, { until })
    expect(asked).toHaveLength(2)
    const [ours, theirs] = [candidate, plain].map(({ files }) => JSON.parse(new TextDecoder().decode(files.get('model.json'))) as { driftReference: unknown; weights: { sha256: string } }) // prettier-ignore
    expect(ours.driftReference).toEqual(theirs.driftReference)
    expect(ours.weights.sha256).not.toBe(theirs.weights.sha256)
  })
})

/** Rows of a flat table, mirrored. */
function pick(rows: FamilyRows, indices: Int32Array): { readonly table: Float32Array } {
  return { table: Float32Array.from(Array.from(indices).flatMap((row) => [-rows.table[2 * row], rows.table[2 * row + 1]])) }
}

describe('judging', () => {
  const family = toyFamily()

  test('retrained before each fold, the training part of a fold ends before its test part begins', async () => {
    const candidate = await family.train(dataset, { until })
    const { folds } = await family.evaluate(candidate, dataset, { trials: 1, folds: 3, retrain: true })
    expect(folds).toHaveLength(3)
    for (const { train, test: judged } of folds) expect(train[0].to <= judged[0].from).toBe(true)
    expect(new Set(folds.map(({ train }) => train[0].to)).size).toBe(3)
  })

  test('purged cross-validation never sees rows from `until` on', async () => {
    const { judging, figures } = await crossValidateFamily(family.definition, dataset, { until, folds: 3 })
    expect(judging.test.every((row) => judging.rows.t1[row] < until)).toBe(true)
    expect(figures['auc']).toBeGreaterThan(0.6)
  })

  test('every candidate that looked at the test rows is a trial', async () => {
    const looks = lookLedger()
    const [first, second] = await Promise.all([1, 2].map((seed) => family.train(dataset, { until, seed })))
    expect((await family.judge(first, dataset, { trials: 1, looks })).evaluation.trials).toBe(1)
    expect((await family.judge(second, dataset, { trials: 1, looks })).evaluation.trials).toBe(2)
    expect((await family.judge(first, dataset, { trials: 1, looks })).evaluation.trials, 'the same candidate again is no new trial').toBe(2)
    expect(looks.entries).toHaveLength(3)
  })

  test('test data behind a ledger are handed out once the look is on record', () => {
    const path = join(tmpdir(), 'no-such-folder', 'looks.jsonl')
    const stretch = { from: '2020-01-01T00:00:00Z', to: '2020-02-01T00:00:00Z' }
    const looks = lookLedger()
    const held = heldOutByLedger(looks, stretch, 'figures')
    expect(held.trials).toBe(0)
    expect(held.look({ artifactDigest: 'a', reason: 'chosen' })).toBe('figures')
    held.look({ artifactDigest: 'b', reason: 'chosen, another seed' })
    expect([held.trials, looks.entries[1]]).toEqual([2, { artifactDigest: 'b', reason: 'chosen, another seed', test: stretch }])
    expect(() => heldOutByLedger(openLookLedger(path), stretch, 'figures').look({ artifactDigest: 'a', reason: 'chosen' })).toThrow('ENOENT') // prettier-ignore
  })

  test('a ledger in a file counts across sessions, and a damaged line is refused', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'looks-'))
    try {
      const path = join(directory, 'looks.jsonl')
      const candidates = await Promise.all([1, 2].map((seed) => family.train(dataset, { until, seed })))
      const trials: number[] = []
      for (const candidate of candidates)
        trials.push((await family.judge(candidate, dataset, { trials: 1, looks: openLookLedger(path) })).evaluation.trials)
      expect(trials).toEqual([1, 2])
      expect(openLookLedger(path).entries.map(({ artifactDigest }) => artifactDigest)).toEqual(candidates.map(({ digest }) => digest))
      appendFileSync(path, '{"artifactDigest":"ab')
      expect(() => openLookLedger(path)).toThrow(expect.objectContaining({ code: 'MODEL_LOOKS_INVALID', details: { path, line: 3 } }))
    } finally {
      rmSync(directory, { recursive: true })
    }
  })

  test('labels in random order teach nothing', async () => {
    const shuffled = toyFamily({ training: { ...family.definition.training, shuffleLabels: true } })
    const { baselines } = await shuffled.evaluate(await shuffled.train(dataset, { until }), dataset, { trials: 1 })
    expect(baselines[0].edges['brier'].interval.lower, 'no edge over the base rate').toBeLessThanOrEqual(0)
  })

  test('the feature that matters is the one whose shuffling hurts', async () => {
    const { judging, model } = await family.judge(await family.train(dataset, { until }), dataset, { trials: 1 })
    const [own, mean] = featureImportance(family.definition, judging, { model, names: ['return1', 'mean'] })
    expect(own.fall).toBeGreaterThan(0.05)
    expect(Math.abs(mean.fall)).toBeLessThan(own.fall / 2)
  })

  test('its page holds every part, fetches nothing and repeats byte for byte', async () => {
    const judgement = await family.judge(await family.train(dataset, { until }), dataset, { trials: 1 })
    const page = renderEvaluationHtml(reportOf(family.definition, judgement))
    for (const part of [
      'Against baselines',
      'Learning',
      'Next return',
      'mean chance of a rise',
      'What it looks at',
      'Drift against training',
      '<svg',
      'return1',
    ])
      expect(page).toContain(part)
    expect(page).not.toMatch(/<script|https?:|undefined|NaN/)
    expect(renderEvaluationHtml(reportOf(family.definition, judgement))).toBe(page)
    for (const axis of [
      'probability said of yes',
      'share that came',
      'epoch',
      '>loss<',
      'sum of net returns',
      'mean outcome, permille',
      'fall of auc',
    ])
      expect(page).toContain(axis)
  })

  test('its confusion is of the classes that it names, where it names them by a rule of its own', async () => {
    const always = toyFamily({ named: ({ test: rows }, head) => (head === 'up' ? new Int32Array(rows.length).fill(1) : undefined) })
    const { heads } = await always.report(await always.train(dataset, { until }), dataset, { trials: 1 })
    const [{ confusion }] = heads
    expect(confusion.filter((_, i) => i % 2 === 0)).toEqual([0, 0])
  })
})

describe('training', () => {
  const rowsOf = async () => {
    const { definition } = toyFamily()
    const rows = await definition.readRows(dataset, { features: definition.features('toy') })
    return { definition, rows, indices: labelledRows(rows, (row) => rows.t1[row] < until) }
  }

  test('the normaliser sees no row of the validation part', async () => {
    const { definition, rows, indices } = await rowsOf()
    const fit = await fitRows(definition, rows, { indices, seed: 1 })
    const changed = rows.table.slice()
    for (const row of fit.validation) changed[2 * row] = 1e3
    const other = await fitRows(definition, { ...rows, table: changed }, { indices, seed: 1 })
    expect(other.normaliser).toEqual(fit.normaliser)
    expect(Math.max(...fit.fitted)).toBeLessThan(Math.min(...fit.validation))
  })

  test('of several seeds the best by validation is kept', async () => {
    const { definition, rows, indices } = await rowsOf()
    const fits = await Promise.all([1, 1 + 7919].map((seed) => fitRows(definition, rows, { indices, seed })))
    const best = fits.map(({ trained }) => trained.epochs[trained.bestEpoch].validationLoss)
    const both = await fitRows({ ...definition, training: { ...definition.training, restarts: 2 } }, rows, { indices, seed: 1 })
    expect(both.trained.epochs[both.trained.bestEpoch].validationLoss).toBe(Math.min(...best))
  }, 30_000)

  test('predictions of rows do not depend on which rows are asked', async () => {
    const { definition, rows, indices } = await rowsOf()
    const fit = await fitRows(definition, rows, { indices, seed: 1 })
    const all = predictRows(
      fit,
      rows,
      Int32Array.from({ length: rows.count }, (_, i) => i),
    )
    const some = predictRows(fit, rows, Int32Array.of(5, 700))
    expect(Array.from(some)).toEqual([...all.subarray(10, 12), ...all.subarray(1400, 1402)])
  })
})

describe('what does not fit is refused', () => {
  const family = toyFamily()
  const refused = async (work: Promise<unknown>, code: string) => expect(work).rejects.toMatchObject({ code })

  test('data without a pin', () => refused(family.train(toyDataset({ pinned: false })), 'MODEL_DATA_NOT_PINNED'))
  test('a column that no pin holds', () => refused(toyFamily({ columns: ['closingPrice'] }).train(dataset), 'MODEL_INPUT_INVALID'))
  test('too few rows', () => refused(family.train(toyDataset({ rows: 120 })), 'MODEL_TOO_LITTLE_DATA'))
  test('a column without a value that must have one', async () => {
    const { readRows } = family.definition
    const emptied = toyFamily({ readRows: async (...of) => { const rows = await readRows(...of); return { ...rows, table: rows.table.map((x, i) => (i % 2 === 1 ? NaN : x)) } } }) // prettier-ignore
    await refused(emptied.train(dataset), 'MODEL_FEATURE_NEVER_WARM')
  })
  test('nothing left to judge on', async () =>
    refused(family.evaluate(await family.train(dataset), dataset, { trials: 1 }), 'MODEL_TOO_LITTLE_DATA'))
  test('an artifact of another family', async () => {
    const candidate = await toyFamily({ name: 'other' }).train(dataset, { until })
    await refused(family.load(artifactOf(candidate)), 'MODEL_FEATURES_MISMATCH')
  })
  test('labels of another meaning', async () => {
    const [up, move] = family.definition.heads
    const other = toyFamily({ heads: [{ ...up, horizon: '5 bars' }, move] })
    await refused(other.evaluate(await family.train(dataset, { until }), dataset, { trials: 1 }), 'MODEL_INPUT_INVALID')
  })
  test('rows out of order, an infinite feature, labels of another length or of one outcome', async () => {
    const broken = (change: (rows: ToyRows) => Partial<ToyRows>) => {
      const { readRows } = family.definition
      return toyFamily({ readRows: async (...of) => { const rows = await readRows(...of); return { ...rows, ...change(rows) } } }).train(dataset, { until }) // prettier-ignore
    }
    await refused(
      broken(({ t0 }) => ({ t0: t0.slice().reverse() })),
      'MODEL_INPUT_INVALID',
    )
    await refused(
      broken(({ table }) => ({ table: table.map((x, i) => (i === 100 ? Infinity : x)) })),
      'MODEL_INPUT_INVALID',
    )
    await refused(
      broken(({ labels }) => ({ labels: new Map([...labels, ['up', new Float32Array(3)]]) })),
      'MODEL_INPUT_INVALID',
    )
  })
})

test('a view merged from a data set names its instruments, whatever objects its batches have', async () => {
  for await (const { instrument } of mergeViews(dataset, [schema])) {
    expect(names).toContain(instrument)
    break
  }
})

test('a consumer that stops early leaves no lane open', async () => {
  let closed = 0
  const watched = {
    ...dataset,
    async *batches(...of: Parameters<typeof dataset.batches>): AsyncGenerator<Batch> {
      try {
        yield* dataset.batches(...of)
      } finally {
        closed++
      }
    },
  }
  for await (const _view of mergeViews(watched, [schema])) break
  expect(closed).toBe(1)
})

test('latency counts what one update and its prediction take', async () => {
  const family = toyFamily()
  const model = await family.load(artifactOf(await family.train(dataset, { until })))
  let clock = 0
  const { p50, p99Bound, predictions } = await measureLatency(model, dataset, { every: schema, predictions: 50, now: () => (clock += 30) })
  expect({ p50, p99Bound, predictions }).toEqual({ p50: 30, p99Bound: 50, predictions: 50 })
})
