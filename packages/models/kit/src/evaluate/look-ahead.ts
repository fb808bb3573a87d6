import { TradingError } from '@gatehouse/contracts'
import { random } from '../random.js'
import { type LabelIntervals, type Split } from '../split/purged-splits.js'

/** Raw rows as a pipeline gets them: when each could be known (publication for what is revised), and its numbers. */
export interface RawTable {
  readonly availableAt: BigInt64Array
  readonly columns: Readonly<Record<string, Float64Array>>
}

/** What a pipeline makes: one row of `names.length` numbers at each time it would act. Scaling and imputing are part of it. */
export interface PipelineRows {
  readonly times: BigInt64Array
  readonly names: readonly string[]
  /** `[times, names]`. */
  readonly values: Float64Array
}
export type Pipeline = (table: RawTable) => PipelineRows

export interface LookAheadFinding {
  /** Column that changed; `''` when rows appeared or went: what is still to come chose them. */
  readonly name: string
  /** What was done to the rows after the cut. */
  readonly perturbation: 'scaled' | 'shuffled' | 'frozen' | 'removed'
  /** Nothing that became known after this was left as it was, ns. */
  readonly cut: bigint
  /** First row that changed, and how far before the cut it lies, ns. */
  readonly row: number
  readonly lead: bigint
}

const perturbations = ['scaled', 'shuffled', 'frozen', 'removed'] as const

/**
 * Looks for look-ahead by experiment: everything that became known after a cut is changed, and what the pipeline made up to the cut must stay the same, bit for
 * bit. This finds features that peek, centred windows, scalers fitted on the full sample, figures used before they were published or before they were
 * revised, bars acted on at their start, and rows chosen by what came after them. It needs no knowledge of the pipeline; what it cannot find is look-ahead in what
 * was made before it got here: survivors only, or a scaler fitted once and kept, so a pipeline must fit afresh whatever it fits.
 * @param cuts how many cuts, spread over the raw rows and the pipeline's in turn; each costs four runs. A peek that only few rows take, those before a night say, is
 * found where a cut falls beside one: twice as many cuts as rows leave none out
 * @returns at most one finding a column, the one that leads by most; empty when none was found
 * @throws {TradingError} `MODEL_INPUT_INVALID` when the pipeline gives different rows for the same table, or rows out of order; `MODEL_TOO_LITTLE_DATA` for no rows
 */
export function findLookAhead(
  pipeline: Pipeline,
  table: RawTable,
  { cuts = 8, seed = 0 }: { readonly cuts?: number | undefined; readonly seed?: number | undefined } = {},
): readonly LookAheadFinding[] {
  if (!Number.isInteger(cuts) || cuts < 1) throw invalid(`cuts must be a positive integer, found ${cuts}`, { cuts })
  const before = pipeline(table)
  const rows = before.times.length
  if (rows === 0) throw new TradingError('MODEL_TOO_LITTLE_DATA', 'the pipeline gives no rows to look at; use a longer table', {})
  const unordered = before.times.findIndex((time, i) => i > 0 && time < before.times[i - 1])
  if (unordered >= 0) throw invalid(`row ${unordered} lies before the one above it; give the rows in order of time`, { row: unordered })
  const again = pipeline(table)
  if (again.times.length !== rows || differences(before, again, { kept: rows, mayEnd: false }).length > 0)
    throw invalid('the pipeline gives different rows for the same table; seed it', {})
  const known = table.availableAt.slice().sort()
  const worst = new Map<string, LookAheadFinding>()
  for (let k = 0; k < cuts; k++) {
    const times = k % 2 === 0 ? before.times : known
    const cut = times[Math.floor(((k + 1) * times.length) / (cuts + 1))]
    const kept = rowsUntil(before, cut)
    for (const perturbation of perturbations) {
      const after = pipeline(perturb(table, cut, perturbation, seed + k))
      for (const { name, row } of differences(before, after, { kept, cut, mayEnd: perturbation === 'removed' })) {
        const finding = { name, perturbation, cut, row, lead: cut - before.times[row] }
        const found = worst.get(name)
        if (found === undefined || finding.lead > found.lead) worst.set(name, finding)
      }
    }
  }
  return [...worst.values()]
}

/** One finding a split whose training labels touch its test labels, or that has a sample on both sides; empty for purged splits. */
export function auditSplits(
  { t0, t1 }: LabelIntervals,
  splits: readonly Split[],
): readonly { readonly split: number; readonly train: number; readonly test: number }[] {
  return splits.flatMap(({ train, test }, split) => {
    // Ordered by start, the test label that ends last decides whether a training label touches any before it.
    const order = Int32Array.from(test).sort((a, b) => (t0[a] < t0[b] ? -1 : t0[a] > t0[b] ? 1 : 0))
    const lastEnding = order.slice()
    for (let i = 1; i < order.length; i++) if (t1[lastEnding[i - 1]] > t1[order[i]]) lastEnding[i] = lastEnding[i - 1]
    for (const i of train) {
      let [low, high] = [0, order.length]
      while (low < high) {
        const middle = (low + high) >> 1
        if (t0[order[middle]] <= t1[i]) low = middle + 1
        else high = middle
      }
      if (low > 0 && t1[lastEnding[low - 1]] >= t0[i]) return [{ split, train: i, test: lastEnding[low - 1] }]
    }
    return []
  })
}

function perturb({ availableAt, columns }: RawTable, cut: bigint, perturbation: LookAheadFinding['perturbation'], seed: number): RawTable {
  const draw = random(seed)
  const later = Int32Array.from(Array.from(availableAt, (_, i) => i).filter((i) => availableAt[i] > cut))
  if (perturbation === 'removed') {
    const keep = (_: unknown, i: number): boolean => availableAt[i] <= cut
    return {
      availableAt: availableAt.filter(keep),
      columns: Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, values.filter(keep)])),
    }
  }
  const order = draw.shuffle(later.slice())
  // One factor for all columns of a row keeps what belongs together together: highs stay above lows.
  const factors = Float64Array.from(later, () => 0.2 + 4 * draw.uniform())
  let last = -1
  availableAt.forEach((time, i) => {
    if (time <= cut && (last < 0 || time >= availableAt[last])) last = i
  })
  const change = {
    scaled: (values: Float64Array, i: number, k: number) => values[i] * factors[k] + 0.01,
    shuffled: (values: Float64Array, _i: number, k: number) => values[order[k]],
    frozen: (values: Float64Array) => (last < 0 ? 1 : values[last]),
  }[perturbation]
  const changed = Object.entries(columns).map(([name, values]) => {
    const copy = values.slice()
    later.forEach((i, k) => (copy[i] = change(values, i, k)))
    return [name, copy] as const
  })
  return { availableAt, columns: Object.fromEntries(changed) }
}

const rowsUntil = ({ times }: PipelineRows, cut: bigint): number => times.findLastIndex((time) => time <= cut) + 1

/**
 * First changed row of every column, over the `kept` rows up to the cut. Rows that are gone from the end are no finding where inputs are gone, too: a pipeline may
 * well have less to say then. Rows that appear always are one.
 */
function differences(
  a: PipelineRows,
  b: PipelineRows,
  { kept, cut, mayEnd }: { readonly kept: number; readonly cut?: bigint | undefined; readonly mayEnd: boolean },
): { name: string; row: number }[] {
  const found: { name: string; row: number }[] = []
  const left = cut === undefined ? b.times.length : rowsUntil(b, cut)
  const common = Math.min(kept, left)
  for (let row = 0; row < common; row++) if (a.times[row] !== b.times[row]) return [{ name: '', row }]
  if (left > kept || (left < kept && !mayEnd)) return [{ name: '', row: Math.max(0, Math.min(left, kept - 1)) }]
  a.names.forEach((name, j) => {
    for (let row = 0; row < common; row++) {
      const at = row * a.names.length + j
      // Object.is: a missing value that stays missing is no change.
      if (Object.is(a.values[at], b.values[at])) continue
      found.push({ name, row })
      return
    }
  })
  return found
}

function invalid(message: string, details: Record<string, unknown>): TradingError {
  return new TradingError('MODEL_INPUT_INVALID', message, details)
}
