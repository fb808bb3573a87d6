import { TradingError } from '@gatehouse/contracts'

/** When each sample's label begins and ends to depend on the market, ns: the features' time, and when the label is known. */
export interface LabelIntervals {
  readonly t0: BigInt64Array
  readonly t1: BigInt64Array
  /** Samples of one group (a day, a query) are never parted: an id each. Without it every sample stands alone. */
  readonly groups?: Int32Array | undefined
}

/** Sample indices of one fold, each in time order. */
export interface Split {
  readonly train: Int32Array
  readonly test: Int32Array
}

export interface PurgeOptions {
  /** Least time between a training label's interval and a test label's, ns, on either side. Default 0. */
  readonly embargoNs?: bigint | undefined
}

/**
 * Walk-forward folds: the last part of the samples is cut into `folds` test blocks, and each is predicted by what lies before it, less every training sample
 * whose label interval (with the embargo) touches the test block's.
 * @param minimumTrain share of the samples before the first test block; default 0.4
 * @param window most samples a training part keeps, the latest; default all (expanding)
 * @throws {TradingError} `MODEL_SPLIT_INVALID`, `MODEL_TOO_LITTLE_DATA` when purging leaves a fold without training samples
 * @see López de Prado (2018), Advances in Financial Machine Learning, chapter 7
 */
export function walkForwardSplits(
  intervals: LabelIntervals,
  {
    folds,
    minimumTrain = 0.4,
    window = Infinity,
    embargoNs = 0n,
  }: PurgeOptions & { readonly folds: number; readonly minimumTrain?: number | undefined; readonly window?: number | undefined },
): readonly Split[] {
  check(intervals, folds, embargoNs)
  if (!(minimumTrain > 0 && minimumTrain < 1)) throw invalid('minimumTrain must lie between 0 and 1', { minimumTrain })
  if (!(window >= 1)) throw invalid(`a window keeps at least one sample, found ${window}`, { window })
  const order = timeOrder(intervals)
  const first = boundary(intervals, order, Math.floor(order.length * minimumTrain))
  const edges = Array.from({ length: folds + 1 }, (_, k) =>
    k === 0 ? first : k === folds ? order.length : boundary(intervals, order, first + Math.floor(((order.length - first) * k) / folds)),
  )
  return edges.slice(1).map((to, k) => {
    const test = order.slice(edges[k], to)
    const train = purge(intervals, order.subarray(0, edges[k]), [test], embargoNs)
    return checked({ train: wholeGroups(intervals, train, train.subarray(Math.max(0, train.length - window))), test }, k)
  })
}

/** A combinatorial fold also says which blocks its test part is made of. */
export interface CombinatorialSplit extends Split {
  readonly blocks: readonly number[]
}

/**
 * Combinatorial purged cross-validation: samples in `blocks` blocks by time, every choice of `testBlocks` of them a test part, the rest (purged and
 * embargoed on both sides) the training part.
 * @see López de Prado (2018), chapter 12
 */
export function combinatorialSplits(
  intervals: LabelIntervals,
  { blocks, testBlocks, embargoNs = 0n }: PurgeOptions & { readonly blocks: number; readonly testBlocks: number },
): readonly CombinatorialSplit[] {
  check(intervals, blocks, embargoNs)
  if (!Number.isInteger(testBlocks) || testBlocks < 1 || testBlocks >= blocks)
    throw invalid(`testBlocks must lie between 1 and ${blocks - 1}`, { testBlocks, blocks })
  const order = timeOrder(intervals)
  const edges = Array.from({ length: blocks + 1 }, (_, k) =>
    k === 0 ? 0 : k === blocks ? order.length : boundary(intervals, order, Math.floor((order.length * k) / blocks)),
  )
  return combinations(blocks, testBlocks).map((chosen, index) => {
    const parts = chosen.map((k) => order.slice(edges[k], edges[k + 1]))
    const rest = order.filter((_, i) => !chosen.some((k) => i >= edges[k] && i < edges[k + 1]))
    return { ...checked({ train: purge(intervals, rest, parts, embargoNs), test: concat(parts) }, index), blocks: chosen }
  })
}

/** One purged split: the last `share` of the samples is the test part. For validation inside a training part, too. */
export function holdOutSplit(intervals: LabelIntervals, { share, embargoNs = 0n }: PurgeOptions & { readonly share: number }): Split {
  if (!(share > 0 && share < 1)) throw invalid('share must lie between 0 and 1', { share })
  return walkForwardSplits(intervals, { folds: 1, minimumTrain: 1 - share, embargoNs })[0]
}

/**
 * Weights by average uniqueness: 1 / (number of labels alive), averaged over a label's interval, so that overlapping labels count together about once.
 * @returns one weight a sample, mean 1
 * @see López de Prado (2018), chapter 4
 */
export function uniquenessWeights(intervals: LabelIntervals): Float32Array {
  checkIntervals(intervals)
  const { t0, t1 } = intervals
  const distinct = new Set(t0)
  for (const t of t1) distinct.add(t)
  const times = BigInt64Array.from(distinct).sort()
  const position = new Map(Array.from(times, (time, i) => [time, i]))
  const alive = new Float64Array(times.length + 1)
  for (let i = 0; i < t0.length; i++) {
    alive[position.get(t0[i])!]++
    alive[position.get(t1[i])! + 1]--
  }
  for (let i = 1; i < alive.length; i++) alive[i] += alive[i - 1]
  const sums = new Float64Array(times.length + 1)
  for (let i = 0; i < times.length; i++) sums[i + 1] = sums[i] + 1 / Math.max(1, alive[i])
  const weights = Float32Array.from(t0, (from, i) => {
    const [a, b] = [position.get(from)!, position.get(t1[i])! + 1]
    return (sums[b] - sums[a]) / (b - a)
  })
  const mean = weights.reduce((a, b) => a + b, 0) / weights.length
  return weights.map((w) => w / mean)
}

/** Keeps the training samples whose interval, widened by the embargo, touches no test block's span; of a group all or none. */
function purge(intervals: LabelIntervals, train: Int32Array, tests: readonly Int32Array[], embargoNs: bigint): Int32Array {
  const { t0, t1 } = intervals
  const spans = tests
    .filter(({ length }) => length > 0)
    .map((test) => {
      let [from, to] = [t0[test[0]], t1[test[0]]]
      for (const i of test) {
        if (t0[i] < from) from = t0[i]
        if (t1[i] > to) to = t1[i]
      }
      return { from: from - embargoNs, to: to + embargoNs }
    })
  return wholeGroups(
    intervals,
    train,
    train.filter((i) => spans.every(({ from, to }) => t1[i] < from || t0[i] > to)),
  )
}

/** The kept samples less those of groups that were parted. */
function wholeGroups({ groups }: LabelIntervals, all: Int32Array, kept: Int32Array): Int32Array {
  if (groups === undefined || kept.length === all.length) return kept
  const isKept = new Set(kept)
  const parted = new Set(Array.from(all.filter((i) => !isKept.has(i)), (i) => groups[i])) // prettier-ignore
  return kept.filter((i) => !parted.has(groups[i]))
}

function timeOrder({ t0, t1, groups }: LabelIntervals): Int32Array {
  const order = Int32Array.from(t0, (_, i) => i)
  // A group moves as one: it stands where its first sample does.
  const start = new Map<number, bigint>()
  if (groups) for (let i = 0; i < t0.length; i++) if (!(start.get(groups[i])! <= t0[i])) start.set(groups[i], t0[i])
  const key = (i: number): bigint => (groups ? start.get(groups[i])! : t0[i])
  const compare = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0)
  return order.sort(
    (a, b) => compare(key(a), key(b)) || (groups ? groups[a] - groups[b] : 0) || compare(t0[a], t0[b]) || compare(t1[a], t1[b]) || a - b,
  )
}

/** The first place at or after `at` where a new group begins, and a new time: what happens at one moment stays together. */
function boundary({ t0, groups }: LabelIntervals, order: Int32Array, at: number): number {
  let i = at
  const isInside = (): boolean =>
    i > 0 && i < order.length && (groups ? groups[order[i]] === groups[order[i - 1]] : t0[order[i]] === t0[order[i - 1]])
  while (isInside()) i++
  return i
}

function combinations(n: number, k: number): number[][] {
  if (k === 0) return [[]]
  if (n < k) return []
  return [...combinations(n - 1, k), ...combinations(n - 1, k - 1).map((c) => [...c, n - 1])]
}

function concat(parts: readonly Int32Array[]): Int32Array {
  return Int32Array.from(parts.flatMap((part) => Array.from(part)))
}

function checkIntervals({ t0, t1, groups }: LabelIntervals): void {
  if (t1.length !== t0.length || (groups && groups.length !== t0.length))
    throw invalid(`${t0.length} starts, ${t1.length} ends${groups ? ` and ${groups.length} groups` : ''}`, {})
  const bad = t0.findIndex((from, i) => t1[i] < from)
  if (bad >= 0) throw invalid(`label ${bad} ends before it begins`, { row: bad })
}

function check(intervals: LabelIntervals, folds: number, embargoNs: bigint): void {
  checkIntervals(intervals)
  const { t0 } = intervals
  if (!Number.isInteger(folds) || folds < 1) throw invalid(`folds or blocks must be a positive integer, found ${folds}`, { folds })
  if (embargoNs < 0n) throw invalid('embargoNs must not be negative', { embargoNs: String(embargoNs) })
  if (t0.length < 2 * folds)
    throw new TradingError('MODEL_TOO_LITTLE_DATA', `${t0.length} samples are too few for ${folds} folds`, { samples: t0.length, folds })
}

function checked<S extends Split>(split: S, fold: number): S {
  if (split.train.length === 0 || split.test.length === 0)
    throw new TradingError(
      'MODEL_TOO_LITTLE_DATA',
      `fold ${fold} has ${split.train.length} training and ${split.test.length} test samples after purging; use fewer folds or a shorter embargo`,
      { fold },
    )
  return split
}

function invalid(message: string, details: Record<string, unknown>): TradingError {
  return new TradingError('MODEL_SPLIT_INVALID', message, details)
}
