import { TradingError, type CallOptions } from '@gatehouse/contracts'
import type { Dataset, Schema, TimeRange } from '@gatehouse/core'
import { mergeViews, type FamilyRows, type FeatureSet } from '@gatehouse/model-kit'
import { firstTouch } from './barriers.js'
import { windowRows } from './features.js'
import type { ResolvedOptions } from './options.js'
import { InstrumentTrack } from './track.js'

/** Labelled rows of one-second bars: half-hour windows of rows a minute apart, with what became of a trade begun at each. */
export interface SecondsRows extends FamilyRows {
  /** Which barrier came first: 2 upper, 0 lower, 1 neither, 3 both within a second. */
  readonly outcome: Int32Array
  /** Log return from the entry, at the close of the next second that traded, to the barrier that was touched, or to the horizon. */
  readonly returns: Float64Array
  /** Distance of the barriers, a log return. */
  readonly distance: Float64Array
  /** When the row is known, seconds since 1970. */
  readonly knownAt: Float64Array
}

const nsPerSecond = 1_000_000_000n

/** Streams a dataset through grids and features, as live, then looks forward for the labels. Rows are in the order in which they became known. */
export async function readRows(
  dataset: Dataset,
  { features, range, signal, onProgress }: CallOptions & { readonly features: FeatureSet; readonly range?: TimeRange | undefined },
  options: ResolvedOptions,
): Promise<SecondsRows> {
  const tracks = dataset.instruments.map((instrument) => new InstrumentTrack(instrument, features, options))
  const byInstrument = new Map(tracks.map((track) => [track.instrument, track]))
  // At one moment a split comes before the prices that follow it, and the quote of a second before its bar.
  const schemas: readonly Schema[] = ['corporate-action', ...(options.quotes ? [options.quotes] : []), 'ohlcv-1s']
  let count = 0
  for await (const view of mergeViews(dataset, schemas, { range, signal, optional: ['corporate-action'] })) {
    byInstrument.get(view.instrument)?.grid.update(view)
    if (++count % 50_000 === 0) onProgress?.({ stage: `seconds of ${dataset.name}`, done: count, unit: 'rows' })
  }
  requireWarm(tracks, count)
  return assemble(tracks, features.spec.items.length, options)
}

function requireWarm(tracks: readonly InstrumentTrack[], rows: number): void {
  const cold = tracks.filter(({ stream }) => !stream.isWarm)
  if (cold.length < tracks.length || rows === 0) return
  const names = [...new Set(cold.flatMap(({ stream }) => stream.cold()))]
  throw new TradingError(
    'MODEL_FEATURE_NEVER_WARM',
    `seconds-bar: ${names.join(', ')} gave no value over ${rows} rows; they need half an hour without a pause of ten minutes`,
    { features: names, rows },
  )
}

interface Labelled {
  readonly track: number
  readonly knownAt: number
  readonly end: number
  readonly outcome: number
  readonly until: number
  readonly gain: number
  readonly distance: number
}

function assemble(tracks: readonly InstrumentTrack[], width: number, options: ResolvedOptions): SecondsRows {
  const tables = tracks.flatMap((track) => track.tables)
  const offsets: number[] = []
  let total = 0
  for (const { count } of tables) {
    offsets.push(total)
    total += count
  }
  const table = new Float32Array(total * width)
  tables.forEach((rows, i) => table.set(rows.values, offsets[i] * width))
  const phases = tracks[0]?.tables.length ?? 0
  const labelled = tracks.flatMap((track, t) => label(track, t, { options, offset: (phase) => offsets[t * phases + phase] }))
  labelled.sort((a, b) => a.knownAt - b.knownAt || a.track - b.track)
  const column = (read: (row: Labelled) => number): Float64Array => Float64Array.from(labelled, read)
  const outcome = Int32Array.from(labelled, ({ outcome }) => outcome)
  return {
    count: labelled.length,
    table,
    width,
    windows: { ends: Int32Array.from(labelled, ({ end }) => end), steps: windowRows },
    labels: new Map([
      ['touch', Float32Array.from(outcome, (which) => (which === 1 ? 0 : 1))],
      ['direction', Float32Array.from(outcome, (which) => (which === 1 || which === 3 ? NaN : which / 2))],
    ]),
    t0: BigInt64Array.from(labelled, ({ knownAt }) => BigInt(knownAt) * nsPerSecond),
    t1: BigInt64Array.from(labelled, ({ until }) => BigInt(until) * nsPerSecond),
    instrument: Int32Array.from(labelled, ({ track }) => track),
    outcome,
    returns: column(({ gain }) => gain),
    distance: column(({ distance }) => distance),
    knownAt: column(({ knownAt }) => knownAt),
  }
}

/**
 * Labels of one instrument, stretch by stretch: a trade does not reach over a pause. It is entered at the close of the next second that trades, as an order sent on the
 * prediction would be: the last trade was at the bid or at the ask, and labels measured from it would teach that prices bounce back.
 */
function label(
  { starts, candidates, close, high, low, barrier, traded, second }: InstrumentTrack,
  track: number,
  { options, offset }: { readonly options: ResolvedOptions; readonly offset: (phase: number) => number },
): readonly Labelled[] {
  const { horizonSeconds } = options
  // Candidates are traded seconds themselves, so no two of them share an entry.
  const entries = candidates.map(({ at }) => {
    for (let i = at + 1; i <= at + horizonSeconds && i < close.length; i++) if (traded.at(i) === 1) return i
    return -1
  })
  const distances = new Float64Array(close.length).fill(NaN)
  candidates.forEach(({ at }, i) => {
    if (entries[i] >= 0) distances[entries[i]] = barrier.at(at)
  })
  const found = starts.map((from, s) => {
    const to = starts[s + 1] ?? close.length
    const stretch = {
      close: close.part(from, to),
      high: high.part(from, to),
      low: low.part(from, to),
      barrier: distances.subarray(from, to),
    }
    return { from, to, barriers: firstTouch(stretch, horizonSeconds) }
  })
  let s = 0
  return candidates.flatMap(({ at, phase, tableRow }, i) => {
    while (s + 1 < starts.length && starts[s + 1] <= at) s++
    const { from, to, barriers } = found[s]
    const entry = entries[i] - from
    if (entry < 0 || entries[i] >= to || barriers.labels[entry] < 0) return []
    return [
      {
        track,
        knownAt: second.at(at) + 1,
        end: offset(phase) + tableRow,
        outcome: barriers.labels[entry],
        until: second.at(from + barriers.touched[entry]) + 1,
        gain: barriers.returns[entry],
        distance: barrier.at(at),
      },
    ]
  })
}
