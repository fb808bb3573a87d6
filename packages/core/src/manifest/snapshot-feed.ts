import { TradingError, type ManifestPin } from '@gatehouse/contracts'
import { recordedFeed } from '../feed/recorded-feed.js'
import type { Batch } from '../interfaces/batch.js'
import type { Feed } from '../interfaces/feed.js'
import type { Instrument } from '../interfaces/instrument.js'
import type { Snapshot } from '../interfaces/manifest.js'
import type { Dataset } from '../interfaces/model.js'
import { schemaColumns, type Schema } from '../interfaces/schema.js'
import type { TimeRange } from '../interfaces/time.js'

/** What a snapshot does not say by itself. */
export interface SnapshotOptions {
  /** Instruments of the rows; those that are left out are not read. */
  readonly instruments: readonly Instrument[]
  /** Default: all that the pin holds. */
  readonly range?: TimeRange | undefined
}

/** A pin in one word: what journals name market data by, so that an order can be followed to the bytes. */
export const pinName = ({ tableId, version, chain }: Pick<ManifestPin, 'tableId' | 'version' | 'chain'>): string =>
  `${tableId}@${version}#${chain}`

/** Recorded rows as a feed, named by their pin. */
export function snapshotFeed(snapshot: Snapshot, { instruments, range }: SnapshotOptions): Feed {
  const { schema } = heldBy(snapshot)
  return recordedFeed({
    name: pinName(snapshot.pin),
    schemas: [schema],
    instruments: async () => instruments,
    open: (wanted, _book, { signal }) => snapshot.scan({ schema, symbols: symbolsOf(instruments), ...within(wanted, range), signal }),
  })
}

/** Recorded rows as a dataset to train and judge on; can be read many times, always the same. */
export function snapshotDataset(snapshot: Snapshot, { instruments, range }: SnapshotOptions): Dataset {
  const { schema, dataset } = heldBy(snapshot)
  const whole = range ?? { from: 0n, to: endOfTime }
  return {
    name: pinName(snapshot.pin),
    pins: [snapshot.pin],
    source: dataset,
    instruments,
    range: whole,
    batches(wanted, part, { signal } = {}): AsyncIterable<Batch> {
      if (wanted !== schema) {
        throw new TradingError(
          'DATASET_SCHEMA_MISSING',
          `${pinName(snapshot.pin)} holds ${schema}, not ${wanted}: pin a manifest that holds it`,
          {
            wanted,
            holds: schema,
          },
        )
      }
      return snapshot.scan({ schema, symbols: symbolsOf(instruments), ...within(whole, part), signal })
    },
  }
}

/**
 * Several datasets as one, for a model that reads several schemas: daily bars, news and figures of one universe, say. The range is what all have in
 * common, the instruments are those of all; the source is the one they share, or all of theirs.
 * @throws {TradingError} `DATASET_AMBIGUOUS` for none
 */
export function joinDatasets(parts: Readonly<Partial<Record<Schema, Dataset>>>): Dataset {
  const datasets = Object.values(parts)
  if (datasets.length === 0) throw new TradingError('DATASET_AMBIGUOUS', 'no dataset to join: name one for each schema', {})
  const range = datasets.map((dataset) => dataset.range).reduce((all, part) => within(all, part))
  return {
    name: datasets.map(({ name }) => name).join(' + '),
    pins: datasets.flatMap(({ pins }) => pins),
    source: [...new Set(datasets.map(({ source }) => source))].sort().join(' + '),
    instruments: [...new Map(datasets.flatMap(({ instruments }) => instruments.map((one) => [one.id, one]))).values()],
    range,
    batches(wanted, part, options): AsyncIterable<Batch> {
      const dataset = parts[wanted]
      if (dataset === undefined) {
        const holds = Object.keys(parts)
        throw new TradingError(
          'DATASET_SCHEMA_MISSING',
          `the joined datasets hold ${holds.join(', ')}, not ${wanted}: join one that does`,
          {
            wanted,
            holds,
          },
        )
      }
      return dataset.batches(wanted, within(range, part), options)
    },
  }
}

const endOfTime = 2n ** 62n

/** Schema and source of a pin. A pin of several is ambiguous here. */
function heldBy({ pin }: Snapshot): { readonly schema: Schema; readonly dataset: string } {
  const [source, ...more] = pin.holds.sources
  if (more.length > 0 || !(source.schema in schemaColumns)) {
    throw new TradingError(
      'DATASET_AMBIGUOUS',
      `${pinName(pin)} holds ${pin.holds.sources.map(({ schema }) => schema).join(', ')}; open one schema of one source`,
      {
        sources: pin.holds.sources,
      },
    )
  }
  return { schema: source.schema as Schema, dataset: source.dataset }
}

const symbolsOf = (instruments: readonly Instrument[]): readonly string[] => instruments.map(({ symbol }) => symbol)

/** What two ranges have in common. */
function within(a: TimeRange, b: TimeRange | undefined): TimeRange {
  return { from: b !== undefined && b.from > a.from ? b.from : a.from, to: b !== undefined && b.to < a.to ? b.to : a.to }
}
