import { formatTime, sha256Hex, type ManifestPin } from '@gatehouse/contracts'
import { schemaColumns, TradingError, type Batch, type Dataset, type Feed, type Instrument, type Schema, type TimeRange } from '@gatehouse/core' // prettier-ignore

export interface FeedDatasetOptions {
  readonly name: string
  readonly source: string
  readonly instruments: readonly Instrument[]
  readonly range: TimeRange
  /** By schema; each may be read many times and must give the same rows every time. */
  readonly feeds: Readonly<Partial<Record<Schema, Feed>>>
  /** Default true: a pin in the shape that a manifest would give, named by what the data set is, not by stored bytes. */
  readonly pinned?: boolean | undefined
}

/** Feeds as a data set, for tests and proofs on generated markets. What people train on is a manifest's snapshot. */
export function feedDataset({ name, source, instruments, range, feeds, pinned = true }: FeedDatasetOptions): Dataset {
  const schemas = Object.keys(feeds) as Schema[]
  const within = (part: TimeRange = range): TimeRange => ({
    from: part.from > range.from ? part.from : range.from,
    to: part.to < range.to ? part.to : range.to,
  })
  const pinOf = (schema: Schema): ManifestPin => ({
    type: 'manifest-pin',
    contractVersion: '1.0',
    tableId: `${name}/${schema}`,
    version: 1,
    chain: sha256Hex(new TextEncoder().encode(`${name} ${schema} ${range.from} ${range.to}`)),
    holds: {
      columns: ['availableAt', ...schemaColumns[schema].map((column) => column.name)].map((column) => ({
        name: column,
        type: 'float64' as const,
      })),
      sources: [{ dataset: source, schema }],
      rows: 0,
      from: formatTime(range.from),
      to: formatTime(range.to),
    },
  })
  return {
    name,
    pins: pinned ? schemas.map(pinOf) : [],
    source,
    instruments,
    range,
    batches(schema, part, options): AsyncIterable<Batch> {
      const feed = feeds[schema]
      if (feed === undefined)
        throw new TradingError('DATASET_SCHEMA_MISSING', `${name} holds ${schemas.join(', ')}, not ${schema}`, {
          wanted: schema,
          holds: schemas,
        })
      return rowsOf(feed, within(part), schema, options)
    },
  }
}

async function* rowsOf(feed: Feed, range: TimeRange, schema: Schema, options: Parameters<Feed['batches']>[1]): AsyncGenerator<Batch> {
  for await (const item of feed.batches(range, options)) if (item.type === 'batch' && item.schema === schema) yield item
}
