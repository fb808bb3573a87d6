import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  combinatorialSplits,
  holdOutSplit,
  type LabelIntervals,
  type Split,
  uniquenessWeights,
  walkForwardSplits,
} from '../../src/split/purged-splits.js'

const intervals = (from: number[], length: number, groups?: number[]): LabelIntervals => ({
  t0: BigInt64Array.from(from, BigInt),
  t1: BigInt64Array.from(from, (t) => BigInt(t + length)),
  ...(groups ? { groups: Int32Array.from(groups) } : {}),
})
const touches = ({ t0, t1 }: LabelIntervals, a: number, b: number, embargo: bigint): boolean =>
  t1[a] + embargo >= t0[b] && t1[b] + embargo >= t0[a]

/** No training label may touch a test label, no index may stand on both sides or twice, no group may be parted. */
function expectClean(all: LabelIntervals, { train, test: tested }: Split, embargo: bigint): void {
  expect(new Set([...train, ...tested]).size).toBe(train.length + tested.length)
  const touching = Array.from(train).filter((a) => tested.some((b) => touches(all, a, b, embargo)))
  expect(touching).toEqual([])
  if (all.groups) {
    const groups = new Set(Array.from(tested, (i) => all.groups![i]))
    expect(Array.from(train).filter((i) => groups.has(all.groups![i]))).toEqual([])
  }
}

const someIntervals = fc.record({
  // Some samples share a moment, as those of many instruments do.
  starts: fc.uniqueArray(fc.integer({ min: 0, max: 600 }), { minLength: 60, maxLength: 90 }).map((times) => times.map((t) => t - (t % 3))),
  length: fc.integer({ min: 0, max: 12 }),
  embargo: fc.integer({ min: 0, max: 8 }),
  isGrouped: fc.boolean(),
})

describe('purged splits', () => {
  test('keep every training label clear of every test label, and groups whole', () => {
    fc.assert(
      fc.property(someIntervals, ({ starts, length, embargo, isGrouped }) => {
        const all = intervals(starts, length, isGrouped ? starts.map((t) => Math.floor(t / 9)) : undefined)
        const embargoNs = BigInt(embargo)
        for (const split of walkForwardSplits(all, { folds: 3, embargoNs })) {
          expectClean(all, split, embargoNs)
          const lastTrain = Math.max(...Array.from(split.train, (i) => starts[i] + length))
          expect(Math.min(...Array.from(split.test, (i) => starts[i]))).toBeGreaterThan(lastTrain)
        }
        for (const split of combinatorialSplits(all, { blocks: 5, testBlocks: 2, embargoNs })) expectClean(all, split, embargoNs)
      }),
      { numRuns: 40 },
    )
  })

  test('walk forward tests every sample after the first part exactly once', () => {
    const all = intervals(
      Array.from({ length: 100 }, (_, i) => 10 * i),
      15,
    )
    const tested = walkForwardSplits(all, { folds: 4, minimumTrain: 0.4 }).flatMap(({ test }) => Array.from(test))
    expect(tested).toEqual(Array.from({ length: 60 }, (_, i) => 40 + i))
  })

  test('purge no more than they must', () => {
    const all = intervals(
      Array.from({ length: 100 }, (_, i) => 10 * i),
      15,
    )
    // The test part starts at 500: labels that end at 495 (start 480) stay, the one that starts at 490 goes.
    expect(Array.from(holdOutSplit(all, { share: 0.5 }).train)).toEqual(Array.from({ length: 49 }, (_, i) => i))
    expect(holdOutSplit(all, { share: 0.5, embargoNs: 20n }).train.length).toBe(47)
  })

  test('a window keeps the latest training samples', () => {
    const all = intervals(
      Array.from({ length: 100 }, (_, i) => i),
      0,
    )
    const [split] = walkForwardSplits(all, { folds: 1, minimumTrain: 0.5, window: 10 })
    expect(Array.from(split.train)).toEqual(Array.from({ length: 10 }, (_, i) => 40 + i))
  })

  test('combinatorial folds are all choices of blocks', () => {
    const all = intervals(
      Array.from({ length: 60 }, (_, i) => i),
      0,
    )
    const splits = combinatorialSplits(all, { blocks: 6, testBlocks: 2 })
    expect(splits.length).toBe(15)
    expect(new Set(splits.map(({ blocks }) => blocks.join())).size).toBe(15)
  })

  const bad: [string, string, () => unknown][] = [
    ['a label that ends before it begins', 'MODEL_SPLIT_INVALID', () => walkForwardSplits(intervals([1, 2, 3, 4], -1), { folds: 1 })],
    ['no folds', 'MODEL_SPLIT_INVALID', () => walkForwardSplits(intervals([1, 2, 3], 0), { folds: 0 })],
    ['too few samples', 'MODEL_TOO_LITTLE_DATA', () => walkForwardSplits(intervals([1, 2, 3], 0), { folds: 3 })],
    [
      'labels so long that nothing is left',
      'MODEL_TOO_LITTLE_DATA',
      () => walkForwardSplits(intervals([1, 2, 3, 4, 5, 6], 100), { folds: 2 }),
    ],
    [
      'as many test blocks as blocks',
      'MODEL_SPLIT_INVALID',
      () => combinatorialSplits(intervals([1, 2, 3, 4, 5, 6], 0), { blocks: 3, testBlocks: 3 }),
    ],
    ['a negative embargo', 'MODEL_SPLIT_INVALID', () => holdOutSplit(intervals([1, 2, 3, 4], 0), { share: 0.5, embargoNs: -1n })],
  ]
  for (const [what, code, act] of bad) test(`refuse ${what}`, () => expect(act).toThrow(expect.objectContaining({ code })))
})

test('weights by uniqueness are equal for labels that do not overlap, and halve for twins', () => {
  expect(Array.from(uniquenessWeights(intervals([0, 10, 20], 5)))).toEqual([1, 1, 1])
  const [alone, a, b] = uniquenessWeights(intervals([0, 10, 10], 5))
  expect(a).toBe(b)
  expect(alone / a).toBeCloseTo(2, 6)
})

test('labels of several instruments overlap at will, and no training label touches a test label', () => {
  const world = fc.array(fc.tuple(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 40 })), { minLength: 80, maxLength: 160 })
  fc.assert(
    fc.property(world, fc.integer({ min: 0, max: 10 }), (labels, embargo) => {
      const all = { t0: BigInt64Array.from(labels, ([t]) => BigInt(t)), t1: BigInt64Array.from(labels, ([t, d]) => BigInt(t + d)) }
      const embargoNs = BigInt(embargo)
      const split = (make: () => readonly Split[]): readonly Split[] => {
        try {
          return make()
        } catch (error) {
          // A world whose labels all overlap leaves nothing to train on, and says so.
          expect(error).toMatchObject({ code: 'MODEL_TOO_LITTLE_DATA' })
          return []
        }
      }
      const walks = split(() => walkForwardSplits(all, { folds: 2, embargoNs }))
      for (const one of [...walks, ...split(() => combinatorialSplits(all, { blocks: 4, testBlocks: 2, embargoNs }))])
        expectClean(all, one, embargoNs)
    }),
    { numRuns: 40 },
  )
})

test('every sample is tested on as many combinatorial paths as there are: choices of the other test blocks', () => {
  const all = intervals(Array.from({ length: 60 }, (_, i) => i), 0) // prettier-ignore
  const tested = new Map<number, number>()
  for (const split of combinatorialSplits(all, { blocks: 6, testBlocks: 3 }))
    for (const i of split.test) tested.set(i, (tested.get(i) ?? 0) + 1)
  expect([tested.size, new Set(tested.values())]).toEqual([60, new Set([10])])
})

test('a group of which a sample is purged, or falls out of the window, goes as a whole', () => {
  const days = intervals(Array.from({ length: 100 }, (_, i) => i), 0, Array.from({ length: 100 }, (_, i) => Math.floor(i / 10))) // prettier-ignore
  const groupsOf = (rows: Int32Array): number[] => Array.from(rows, (i) => Math.floor(i / 10))
  const { train } = holdOutSplit(days, { share: 0.5, embargoNs: 3n })
  expect([train.length, Math.max(...groupsOf(train))]).toEqual([40, 3])
  const [windowed] = walkForwardSplits(days, { folds: 1, minimumTrain: 0.5, window: 25 })
  expect(new Set(groupsOf(windowed.train))).toEqual(new Set([3, 4]))
})

test('weights and windows of nonsense are refused', () => {
  for (const act of [
    () => uniquenessWeights({ t0: BigInt64Array.of(5n), t1: BigInt64Array.of(1n) }),
    () => uniquenessWeights({ t0: BigInt64Array.of(5n, 6n), t1: BigInt64Array.of(7n) }),
    () => walkForwardSplits(intervals([1, 2, 3, 4, 5, 6], 0), { folds: 1, window: NaN }),
  ])
    expect(act).toThrow(expect.objectContaining({ code: 'MODEL_SPLIT_INVALID' }))
})
