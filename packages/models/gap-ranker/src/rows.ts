import { TradingError } from '@gatehouse/contracts'
import type { BarView, CallOptions, Dataset, Schema, TimeRange } from '@gatehouse/core'
import { mergeViews } from '@gatehouse/model-kit'
import { featureCount } from './feature/items.js'
import { dayOfLocal, localSeconds, timeOfLocal } from './feature/local-time.js'
import { UniverseFeatures, type UniverseOptions } from './feature/universe-features.js'

/** Schemas that features and labels are made of. Only daily bars must be there: everything else may be missing. */
export const schemasRead = ['corporate-action', 'fundamentals', 'news', 'ohlcv-1m', 'ohlcv-1d'] as const satisfies readonly Schema[]
const optionalSchemas: readonly Schema[] = ['corporate-action', 'fundamentals', 'news', 'ohlcv-1m']

/** Every name of every morning with what became of it, in time order; a morning is a group. */
export interface GapRows {
  readonly count: number
  /** `[count, featureCount]`, `NaN` where missing. */
  readonly features: Float32Array
  /** First row of each morning, and the count at the end. */
  readonly groups: Int32Array
  /** Trading day of each row, days since 1970, local; index into the data set's instruments. */
  readonly day: Int32Array
  readonly name: Int32Array
  /** The trigger, and when the day's bar was known, ns. */
  readonly t0: BigInt64Array
  readonly t1: BigInt64Array
  /** Close over open less one, and high over open less one. */
  readonly closeReturn: Float64Array
  readonly highReturn: Float64Array
}

interface Morning {
  readonly day: number
  readonly t0: bigint
  readonly names: readonly number[]
  readonly features: Float32Array
  readonly outcomes: (Outcome | undefined)[]
}
interface Outcome {
  readonly closeReturn: number
  readonly highReturn: number
  readonly knownAt: bigint
}

/**
 * Replays a data set through the features that run live and asks at every trigger, as the engine does: rows that are known at the trigger's instant
 * are in, later ones are not. What a name did that day is joined to its row when its daily bar comes. Rows without an outcome (halted, delisted) count among the
 * morning's names and are left out of the rows.
 * @throws {TradingError} `MODEL_TOO_LITTLE_DATA` when no morning has names enough
 */
export async function readGapRows(
  dataset: Dataset,
  options: UniverseOptions,
  { range = dataset.range, onProgress, signal }: CallOptions & { readonly range?: TimeRange | undefined } = {},
): Promise<GapRows> {
  const universe = new UniverseFeatures(dataset.instruments, options)
  const index = new Map(dataset.instruments.map(({ id }, name) => [id, name]))
  const mornings: Morning[] = []
  let trigger: { readonly day: number; readonly at: bigint } | undefined
  let rows = 0
  for await (const view of mergeViews(dataset, schemasRead, { range, optional: optionalSchemas, signal })) {
    const { availableAt } = view
    trigger ??= triggerFrom(dayOfLocal(localSeconds(availableAt)), options.cutoff)
    while (availableAt > trigger.at) {
      ask(trigger)
      const today = dayOfLocal(localSeconds(availableAt))
      trigger = triggerFrom(Math.max(trigger.day + 1, today), options.cutoff)
    }
    universe.update(view)
    if (view.schema === 'ohlcv-1d') join(view)
    if (++rows % 100_000 === 0) onProgress?.({ stage: `features of ${dataset.name}`, done: rows, unit: 'rows' })
  }
  return collect(mornings)

  function ask({ day, at }: { readonly day: number; readonly at: bigint }): void {
    const features = universe.assemble(at)
    const count = features.length / featureCount
    if (count === 0) return
    const names = Array.from(universe.candidates.subarray(0, count))
    mornings.push({ day, t0: at, names, features: features.slice(), outcomes: new Array<Outcome | undefined>(count) })
  }

  /** A bar is of the last morning or of none. The first bar of a day is the outcome; a correction comes too late to trade on. */
  function join(bar: BarView): void {
    const morning = mornings.at(-1)
    if (morning?.day !== Math.floor(Number(bar.tsEvent) / 86_400e9)) return
    const place = morning.names.indexOf(index.get(bar.instrument.id) ?? -1)
    if (place < 0 || morning.outcomes[place] !== undefined) return
    morning.outcomes[place] = { closeReturn: bar.close / bar.open - 1, highReturn: bar.high / bar.open - 1, knownAt: bar.availableAt }
  }
}

function triggerFrom(day: number, cutoff: number): { readonly day: number; readonly at: bigint } {
  return { day, at: timeOfLocal(day, cutoff) }
}

function collect(mornings: readonly Morning[]): GapRows {
  const whole = mornings.map(({ names, outcomes }) => names.map((_, i) => i).filter((i) => outcomes[i] !== undefined))
  const count = whole.reduce((sum, { length }) => sum + length, 0)
  if (count === 0)
    throw new TradingError(
      'MODEL_TOO_LITTLE_DATA',
      'gap-ranker: no morning has names that gap enough and an outcome; use a longer range, more names, or a lower minGap and minNames',
      { mornings: mornings.length },
    )
  const rows = {
    count,
    features: new Float32Array(count * featureCount),
    groups: new Int32Array(1),
    day: new Int32Array(count),
    name: new Int32Array(count),
    t0: new BigInt64Array(count),
    t1: new BigInt64Array(count),
    closeReturn: new Float64Array(count),
    highReturn: new Float64Array(count),
  }
  const bounds = [0]
  let row = 0
  mornings.forEach(({ day, t0, names, features, outcomes }, m) => {
    for (const i of whole[m]) {
      const { closeReturn, highReturn, knownAt } = outcomes[i]!
      rows.features.set(features.subarray(i * featureCount, (i + 1) * featureCount), row * featureCount)
      rows.day[row] = day
      rows.name[row] = names[i]
      rows.t0[row] = t0
      rows.t1[row] = knownAt
      rows.closeReturn[row] = closeReturn
      rows.highReturn[row++] = highReturn
    }
    if (row > bounds[bounds.length - 1]) bounds.push(row)
  })
  return { ...rows, groups: Int32Array.from(bounds) }
}
