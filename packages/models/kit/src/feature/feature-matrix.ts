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
  /** Reference price of each row, for labels: close of a bar, mid of a book or quote, price of a trade; continuous through splits that the data set holds. */
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
  { instrument, context, ...options }: FeatureMatrixOptions,
): Promise<FeatureMatrix> {
  const [matrix] = await featureMatrices(features, dataset, { ...options, lanes: [{ instrument, context }] })
  return matrix
}

/** One instrument of {@link featureMatrices}, with its context. */
export interface FeatureLane {
  readonly instrument: Instrument
  readonly context?: Readonly<Record<string, Instrument>> | undefined
}

/**
 * Matrices of several instruments in one pass over the data.
 * @throws {TradingError} as {@link featureMatrix}; an instrument without enough rows is named
 */
export async function featureMatrices(
  features: FeatureSet,
  dataset: Dataset,
  {
    lanes,
    every,
    range,
    signal,
    onProgress,
  }: Omit<FeatureMatrixOptions, 'instrument' | 'context'> & { readonly lanes: readonly FeatureLane[] },
): Promise<readonly FeatureMatrix[]> {
  if (dataset.source !== features.source)
    throw new TradingError('MODEL_FEATURES_MISMATCH', `the features read ${features.source}, the data set is ${dataset.source}`, {
      expected: features.source,
      found: dataset.source,
    })
  const width = features.spec.items.length
  const open = lanes.map(({ instrument, context }) => ({ instrument, stream: features.open(instrument, context), rows: growing(width), count: 0 })) // prettier-ignore
  const schemas = [...new Set<Schema>([...features.features.map(({ operator }) => operator.schema), every, 'corporate-action'])]
  let count = 0
  for await (const view of mergeViews(dataset, schemas, { range, signal, optional: ['corporate-action'] })) {
    if (++count % 50_000 === 0) onProgress?.({ stage: `features of ${dataset.name}`, done: count, unit: 'rows' })
    for (const lane of open) {
      const { stream, instrument, rows } = lane
      stream.update(view)
      if (view.schema !== every || view.instrument !== instrument) continue
      lane.count++
      if (stream.isWarm && stream.isComplete) rows.push(view.availableAt, stream.values, referencePrice(view) * stream.priceFactor)
    }
  }
  return open.map(({ instrument, stream, rows, count: seen }) => {
    const cold = stream.isWarm ? [] : stream.cold()
    if (cold.length > 0)
      throw new TradingError(
        'MODEL_FEATURE_NEVER_WARM',
        `${instrument.symbol}: ${cold.join(', ')} gave no value over ${seen} rows; use a longer range, or mend the columns that they read if these hold no numbers`,
        {
          instrument: instrument.id,
          features: cold,
          rows: seen,
        },
      )
    return { features, instrument, ...rows.finish() }
  })
}

/**
 * Rows of several schemas as views in `availableAt` order; ties go in the order the schemas are named. The view is reused.
 * @throws {TradingError} `MODEL_INPUT_INVALID` when the data set gives another schema than it was asked for
 */
export async function* mergeViews(
  dataset: Dataset,
  schemas: readonly Schema[],
  {
    range,
    optional = [],
    ...options
  }: CallOptions & {
    readonly range?: TimeRange | undefined
    /** Schemas that the data set need not hold: splits in-band, say, where prices are adjusted. */
    readonly optional?: readonly Schema[] | undefined
  } = {},
): AsyncGenerator<Cursor> {
  // Views name the data set's instruments, whatever objects its batches have for them: streams compare by identity.
  const known = new Map(dataset.instruments.map((instrument) => [instrument.id, instrument]))
  const open = schemas.flatMap((schema) => {
    const batches = openLane(dataset, schema, { range, isOptional: optional.includes(schema), options })
    return batches ? [{ schema, batches, batch: undefined as Batch | undefined, cursor: undefined as Cursor | undefined }] : []
  })
  const advance = async (lane: (typeof open)[number]): Promise<void> => {
    lane.cursor = undefined
    for (let next = await lane.batches.next(); next.done !== true; next = await lane.batches.next()) {
      const batch = next.value
      if (batch.schema !== lane.schema)
        throw new TradingError(
          'MODEL_INPUT_INVALID',
          `data set ${dataset.name} gave ${batch.schema} when asked for ${lane.schema}; filter by schema`,
          {
            wanted: lane.schema,
            found: batch.schema,
          },
        )
      if (batch.length === 0) continue
      lane.batch = batch
      lane.cursor = batch.view(batch.instruments.map((instrument) => known.get(instrument.id) ?? instrument))
      return
    }
  }
  try {
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
  } finally {
    // A consumer that stops early must not leave files open.
    for (const { batches } of open) await batches.return?.()
  }
}

/** `undefined` for an optional schema that a data set says it does not hold. */
function openLane(
  dataset: Dataset,
  schema: Schema,
  { range, isOptional, options }: { readonly range: TimeRange | undefined; readonly isOptional: boolean; readonly options: CallOptions },
): AsyncIterator<Batch> | undefined {
  try {
    return dataset.batches(schema, range, options)[Symbol.asyncIterator]()
  } catch (error) {
    if (isOptional && error instanceof TradingError && error.code === 'DATASET_SCHEMA_MISSING') return undefined
    throw error
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
