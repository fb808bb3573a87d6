import { TradingError, type CallOptions } from '@gatehouse/contracts'
import { type Dataset, type TimeRange } from '@gatehouse/core'
import { type FamilyRows, type Labels, mergeViews } from '@gatehouse/model-kit'
import { BookPath, rowWidth } from './book-path.js'
import { bookColumns, type BookFeatureSet, type BookStream } from './feature/book-features.js'
import { labelPath } from './labels.js'
import { type ResolvedOptions } from './options.js'

/** Labelled looks at books. */
export interface BookRows extends FamilyRows {
  /** Spread now and at the horizon (`NaN` unknown), ticks. */
  readonly spread: Float32Array
  readonly laterSpread: Float32Array
  /** A tick in basis points of the middle. */
  readonly tickBp: Float32Array
  /** Log move to the horizon, and to the mean of the steps up to it; `NaN` unknown. */
  readonly move: Float64Array
  readonly meanMove: Float64Array
  /** Usual move over the horizon, basis points: what the impact head's output is multiplied by. */
  readonly scaleBp: Float32Array
  /** Impact as labelled, basis points; `NaN` where nobody traded. */
  readonly impactBp: Float32Array
  /** Volume bought less volume sold in the step that ends with the row. */
  readonly flow: Float64Array
  /** Resting size of the best level, (bid - ask) / (bid + ask). */
  readonly imbalance: Float32Array
}

/**
 * Reads a dataset into labelled rows: each instrument's `mbp-10` walks through the features that run live, and is looked at step by step.
 * @throws {TradingError} `MODEL_FEATURES_MISMATCH` for another source, `MODEL_FEATURE_NEVER_WARM` when no instrument gave a row
 */
export async function readBookRows(
  dataset: Dataset,
  options: ResolvedOptions,
  { features, range, signal, onProgress }: CallOptions & { readonly features: BookFeatureSet; readonly range?: TimeRange | undefined },
): Promise<BookRows> {
  if (dataset.source !== features.source)
    throw new TradingError(
      'MODEL_FEATURES_MISMATCH',
      `order-book: the features read ${features.source}, the data set is ${dataset.source}`,
      {
        expected: features.source,
        found: dataset.source,
      },
    )
  const matrix = new GrowingMatrix()
  const paths = new Map(
    dataset.instruments.map((one) => [one, new BookPath(features, one, options, (stream, scaleBp) => matrix.push(stream, scaleBp))]),
  )
  let seen = 0
  // A split comes before the books that follow it.
  for await (const view of mergeViews(dataset, ['corporate-action', 'mbp-10'], { range, signal, optional: ['corporate-action'] })) {
    paths.get(view.instrument)?.take(view)
    if (++seen % 100_000 === 0) onProgress?.({ stage: `order-book: books of ${dataset.name}`, done: seen, unit: 'events' })
  }
  if (matrix.count === 0)
    throw new TradingError(
      'MODEL_FEATURE_NEVER_WARM',
      `order-book: ${seen} events gave no row; use a longer range, or books with both sides`,
      {
        events: seen,
      },
    )
  return labelled([...paths.values()], matrix, options)
}

/** Rows of all paths in time order, with their labels. */
function labelled(paths: readonly BookPath[], { table, scaleBp: scales, count }: GrowingMatrix, options: ResolvedOptions): BookRows {
  const places = timeOrder(paths, count)
  const columns = {
    direction: new Int32Array(count),
    spreadLabel: new Int32Array(count),
    impact: new Float32Array(count),
    impactBp: new Float32Array(count),
    t0: new BigInt64Array(count),
    t1: new BigInt64Array(count),
    instrument: new Int32Array(count),
    spread: new Float32Array(count),
    laterSpread: new Float32Array(count),
    tickBp: new Float32Array(count),
    move: new Float64Array(count),
    meanMove: new Float64Array(count),
    flow: new Float64Array(count),
    scaleBp: new Float32Array(count),
    imbalance: new Float32Array(count),
  }
  const ordered = new Float32Array(count * rowWidth)
  paths.forEach(({ points }, instrument) => {
    const labels = labelPath(points, options)
    points.forEach(({ row: from, time, mid, spread, flow }, i) => {
      if (from < 0) return
      const row = places[from]
      ordered.set(table.subarray(from * rowWidth, (from + 1) * rowWidth), row * rowWidth)
      columns.direction[row] = labels.direction[i]
      columns.spreadLabel[row] = labels.spread[i]
      columns.impactBp[row] = labels.impact[i]
      columns.impact[row] = labels.impact[i] / scales[from]
      columns.t0[row] = time
      columns.t1[row] = points[labels.known[i]].time
      columns.instrument[row] = instrument
      columns.spread[row] = spread
      columns.laterSpread[row] = labels.laterSpread[i]
      columns.tickBp[row] = 1e4 / mid
      columns.move[row] = labels.move[i]
      columns.meanMove[row] = labels.meanMove[i]
      columns.flow[row] = flow
      columns.scaleBp[row] = scales[from]
      columns.imbalance[row] = table[from * rowWidth + imbalanceAt]
    })
  })
  const { direction, spreadLabel, impact, ...others } = columns
  const labels = new Map<string, Labels>([
    ['direction', direction],
    ['spread', spreadLabel],
    ['impact', impact],
  ])
  // All labels look ahead equally far, so that no row is more of its own than another.
  return { count, width: rowWidth, table: ordered, labels, weights: new Float32Array(count).fill(1), ...others }
}

const imbalanceAt = bookColumns.findIndex(({ name }) => name === 'imbalance1')

/** Place in time order of each row as it was made: a quiet instrument's rows are made when its next event comes, later than those of others. */
function timeOrder(paths: readonly BookPath[], count: number): Int32Array {
  const times = new BigInt64Array(count)
  for (const { points } of paths) for (const { row, time } of points) if (row >= 0) times[row] = time
  const order = Int32Array.from({ length: count }, (_, row) => row).sort((a, b) =>
    times[a] < times[b] ? -1 : times[a] > times[b] ? 1 : a - b,
  )
  const places = new Int32Array(count)
  order.forEach((row, place) => (places[row] = place))
  return places
}

/** Feature vectors as float32, the precision that the network sees live. */
class GrowingMatrix {
  count = 0
  table = new Float32Array(1024 * rowWidth)
  scaleBp = new Float32Array(1024)

  push({ values }: BookStream, scaleBp: number): number {
    if (this.count === this.scaleBp.length) {
      this.table = grown(this.table)
      this.scaleBp = grown(this.scaleBp)
    }
    this.table.set(values, this.count * rowWidth)
    this.scaleBp[this.count] = scaleBp
    return this.count++
  }
}

function grown(values: Float32Array): Float32Array<ArrayBuffer> {
  const next = new Float32Array(2 * values.length)
  next.set(values)
  return next
}
