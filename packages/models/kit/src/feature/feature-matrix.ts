import { TradingError, type CallOptions } from '@gatehouse/contracts'
import { type BarView, type Batch, type Cursor, type Dataset, type Instrument, type Schema, type TimeRange } from '@gatehouse/core'
import { type FeatureSet } from './feature-set.js'

/** A feature set over recorded data: one row at every view of the triggering schema once warm. */
export interface FeatureMatrix {
  readonly features: FeatureSet
  readonly instrument: Instrument
  readonly rows: number
  /** When each row could be known, ns. */
  readonly times: BigInt64Array
  /** `[rows, spec.items]`, as `FeatureStream.values` were. */
  readonly values: Float64Array
  /** Reference price of each row, for labels: close of a bar, mid of a book or quote, price of a trade; raw times the split factor's inverse is up to the label. */
  readonly prices: Float64Array
}

export interface FeatureMatrixOptions extends CallOptions {
  readonly instrument: Instrument
  readonly context?: Readonly<Record<string, Instrument>> | undefined
  /** Every row of this schema of the instrument gives a row of the matrix. */
  readonly every: Schema
  readonly range?: TimeRange | undefined
}

/**
 * Replays a data set through a feature set, the same code that runs live, in `availableAt` order over all schemas the features read.
 * @throws {TradingError} `MODEL_FEATURES_MISMATCH` for another source, `MODEL_FEATURE_NEVER_WARM` naming the features without a value
 */
export async function featureMatrix(
  features: FeatureSet,
  dataset: Dataset,
  { instrument, context, every, range, signal, onProgress }: FeatureMatrixOptions,
): Promise<FeatureMatrix> {
  if (dataset.source !== features.source)
    throw new TradingError('MODEL_FEATURES_MISMATCH', `the features read ${features.source}, the data set is ${dataset.source}`, {
      expected: features.source,
      found: dataset.source,
    })
  const stream = features.open(instrument, context)
  const width = features.spec.items.length
  const schemas = [...new Set<Schema>([...features.features.map(({ operator }) => operator.schema), every, 'corporate-action'])]
  const rows = growing(width)
  let count = 0
  for await (const view of merge(dataset, schemas, range, { signal })) {
    stream.update(view)
    if (view.schema !== every || view.instrument !== instrument) continue
    if (++count % 100_000 === 0) onProgress?.({ stage: 'computing features', done: count, unit: 'rows' })
    if (stream.isWarm && stream.isComplete) rows.push(view.availableAt, stream.values, referencePrice(view))
  }
  if (!stream.isWarm)
    throw new TradingError('MODEL_FEATURE_NEVER_WARM', `${stream.cold().join(', ')} gave no value over ${count} rows; use a longer range`, {
      features: stream.cold(),
      rows: count,
    })
  return { features, instrument, ...rows.finish() }
}

/** Rows of several schemas in `availableAt` order; ties go in the order the schemas are named. */
async function* merge(
  dataset: Dataset,
  schemas: readonly Schema[],
  range: TimeRange | undefined,
  options: CallOptions,
): AsyncGenerator<Cursor> {
  const open = schemas.map((schema) => ({
    batches: dataset.batches(schema, range, options)[Symbol.asyncIterator](),
    batch: undefined as Batch | undefined,
    cursor: undefined as Cursor | undefined,
  }))
  const advance = async (lane: (typeof open)[number]): Promise<void> => {
    lane.cursor = undefined
    for (let next = await lane.batches.next(); next.done !== true; next = await lane.batches.next()) {
      if (next.value.length === 0) continue
      lane.batch = next.value
      lane.cursor = next.value.view()
      return
    }
  }
  for (const lane of open) await advance(lane)
  for (;;) {
    options.signal?.throwIfAborted()
    let first: (typeof open)[number] | undefined
    for (const lane of open)
      if (lane.cursor && (first?.cursor === undefined || lane.cursor.availableAt < first.cursor.availableAt)) first = lane
    if (first?.cursor === undefined || first.batch === undefined) return
    // As long as no other lane comes before, rows of this one pass without looking again.
    const rivals = open.filter((lane) => lane !== first && lane.cursor)
    const limit = rivals.reduce<bigint | undefined>(
      (least, { cursor }) => (least === undefined || cursor!.availableAt < least ? cursor!.availableAt : least),
      undefined,
    )
    const { cursor, batch } = first
    do yield cursor
    while (++cursor.row < batch.length && (limit === undefined || cursor.availableAt < limit))
    if (cursor.row >= batch.length) await advance(first)
  }
}

function referencePrice(view: Cursor): number {
  switch (view.schema) {
    case 'trades':
      return (view as unknown as { price: number }).price
    case 'mbp-10': {
      const book = view as unknown as { bidPrice(level: number): number; askPrice(level: number): number }
      return (book.bidPrice(0) + book.askPrice(0)) / 2
    }
    case 'mbp-1':
    case 'tbbo':
    case 'bbo-1s': {
      const quote = view as unknown as { bidPrice: number; askPrice: number }
      return (quote.bidPrice + quote.askPrice) / 2
    }
    default:
      return (view as Partial<BarView>).close ?? NaN
  }
}

function growing(width: number): {
  push(time: bigint, row: Float64Array, price: number): void
  finish(): Pick<FeatureMatrix, 'rows' | 'times' | 'values' | 'prices'>
} {
  let [capacity, rows] = [1024, 0]
  let times = new BigInt64Array(capacity)
  let values = new Float64Array(capacity * width)
  let prices = new Float64Array(capacity)
  const grow = <A extends BigInt64Array | Float64Array>(old: A, length: number): A => {
    const next = new (old.constructor as new (length: number) => A)(length)
    next.set(old as never)
    return next
  }
  return {
    push(time, row, price) {
      if (rows === capacity) {
        capacity *= 2
        times = grow(times, capacity)
        values = grow(values, capacity * width)
        prices = grow(prices, capacity)
      }
      times[rows] = time
      values.set(row, rows * width)
      prices[rows++] = price
    },
    finish: () => ({ rows, times: times.slice(0, rows), values: values.slice(0, rows * width), prices: prices.slice(0, rows) }),
  }
}
