import {
  barNs,
  firstRowAt,
  isBarSchema,
  recordedFeed,
  sliceBatch,
  TradingError,
  type Batch,
  type CallOptions,
  type Feed,
  type Instrument,
  type Schema,
  type TimeRange,
} from '@gatehouse/core'
import { DbnDecoder } from '../codec/decoder.js'
import { createMetadata, type Metadata, type SymbolMappingEntry } from '../codec/metadata.js'
import { openDbn } from '../file/open-dbn.js'
import { decompressed } from '../file/source.js'
import type { DbnSchema, SType } from '../layout/enums.js'
import { HistoricalClient, type HistoricalOptions } from '../historical/historical-client.js'
import { planSpans, type RangeKey, type RangeStore, type Span } from '../historical/range-store.js'
import { timeNs } from '../historical/times.js'
import type { BilledRequest } from '../historical/types.js'
import { BatchMaker, coreSchema } from './batch-maker.js'
import { batchesIn, readDefinitions, type FeedParts } from './dbn-files.js'
import type { InstrumentResolver } from './instruments.js'

/** Options of {@link databentoHistorical}. */
export interface HistoricalFeedOptions extends HistoricalOptions {
  readonly dataset: string
  readonly schema: DbnSchema
  readonly symbols: readonly string[] | 'ALL_SYMBOLS'
  readonly stypeIn?: SType | undefined
  /** Where what was paid for is kept: `directoryStore('…')` or `manifestStore(manifest, '…')`. Without one every run pays again. */
  readonly store?: RangeStore | undefined
  /** Most that one request of the feed may cost, USD. */
  readonly maxCostUsd?: number | undefined
  /** A request covers at most this much time, so that a broken one loses little. Default 1 day; 31 days for hourly and daily bars. */
  readonly requestNs?: bigint | undefined
  readonly instrument?: InstrumentResolver | undefined
  /** Files of definitions, for tick sizes and multipliers. */
  readonly definitions?: readonly string[] | undefined
  readonly name?: string | undefined
}

const DAY_NS = 86_400_000_000_000n

/**
 * A feed of Databento's historical data. With a `store` the same data is never paid for twice: only spans that are not kept yet are requested,
 * and a span counts as kept when all of it has come, has as many records as Databento counts, and decodes.
 * @throws {TradingError} `DATABENTO_KEY`, `DATABENTO_SCHEMA`; while reading the codes of `HistoricalClient` and `openDbn`
 */
export function databentoHistorical(options: HistoricalFeedOptions): Feed {
  const { dataset, schema, symbols, stypeIn = 'raw_symbol', store, maxCostUsd, instrument } = options
  const rows = rowsOf(schema)
  const client = new HistoricalClient(options)
  const requestNs = options.requestNs ?? (schema === 'ohlcv-1h' || schema === 'ohlcv-1d' ? 31n * DAY_NS : DAY_NS)
  const key: RangeKey = { dataset, schema: rows, stypeIn, symbols }
  const known = new Map<string, Instrument>()
  let parts: Promise<FeedParts> | undefined
  const loadParts = (call: CallOptions): Promise<FeedParts> =>
    (parts ??= readDefinitions(options.definitions ?? [], call).then((definitions) => ({ definitions, known })))

  async function* decode(
    input: AsyncIterable<Uint8Array> | string,
    range: TimeRange,
    call: CallOptions,
  ): AsyncGenerator<Batch, void, undefined> {
    const dbn = await openDbn(input, { signal: call.signal })
    const metadata = dbn.metadata && (await withRawSymbols(client, dbn.metadata, call))
    const maker = new BatchMaker({
      dataset,
      metadata,
      instrument,
      levelOne: rows === 'tbbo' ? 'tbbo' : 'mbp-1',
      ...(await loadParts(call)),
    })
    yield* batchesIn(dbn.runs(), maker, range)
  }

  const request = (span: Span, call: CallOptions): BilledRequest => ({
    dataset,
    schema,
    symbols,
    stypeIn,
    start: span.from,
    end: span.to,
    maxCostUsd,
    signal: call.signal,
  })

  /** Bytes of a span, held against the number of records that Databento counts: a cut at the end of a zstd frame would look whole. */
  async function* fetch(span: Span, call: CallOptions): AsyncGenerator<Uint8Array, void, undefined> {
    const expected = await client.metadata.getRecordCount(request(span, call))
    const bytes = await client.timeseries.getRangeBytes(request(span, call))
    yield* counted(bytes, expected, { dataset, schema })
  }

  async function* open(range: TimeRange, call: CallOptions): AsyncGenerator<Batch, void, undefined> {
    // What is not available yet must not be remembered as empty.
    const { end } = await client.metadata.getDatasetRange(dataset, call)
    const available = timeNs(end, 'end')
    // Bars are filtered by their start and known at their end: those that end in the range may begin before it.
    const lag = isBarSchema(rows) ? barNs[rows] : 0n
    const wanted: Span = { from: range.from > lag ? range.from - lag : 0n, to: range.to < available ? range.to : available }
    if (wanted.from >= wanted.to) return
    const plan = planSpans(wanted, (await store?.spans(key)) ?? [])
    for (const part of plan.flatMap((span) => (span.kept === undefined ? pieces(span, requestNs) : [span]))) {
      if (store === undefined) {
        yield* decode(fetch(part, call), range, call)
        continue
      }
      if (part.kept === undefined) await store.write(key, part, fetch(part, call), (input) => decode(input, everything, call))
      const bounds: TimeRange = { from: part.from + lag, to: part.to + lag }
      for await (const batch of store.read(key, part.kept ?? part, (input) => decode(input, bounds, call))) {
        const from = firstRowAt(batch, bounds.from)
        const to = firstRowAt(batch, bounds.to)
        if (from < to) yield sliceBatch(batch, from, to)
      }
    }
  }

  /** Parents and continuous contracts stand for instruments that symbology names; a day before now is always known. */
  async function listed(call: CallOptions): Promise<readonly Instrument[]> {
    const parts = await loadParts(call)
    const maker = new BatchMaker({ dataset, instrument, ...parts })
    if (stypeIn === 'raw_symbol' && symbols !== 'ALL_SYMBOLS')
      return symbols.map((symbol) => maker.instrumentNamed(symbol, idOf(parts.definitions, symbol), 0))
    const { start, end } = await client.metadata.getDatasetRange(dataset, call)
    const found = await client.symbology.resolve({ dataset, symbols, stypeIn, stypeOut: 'instrument_id', start, end, signal: call.signal })
    const mappings = Object.entries(found.result).map(([rawSymbol, intervals]) => ({
      rawSymbol,
      intervals: intervals.map(({ startDate, endDate, symbol }) => ({
        startDate: Number(startDate.replaceAll('-', '')),
        endDate: Number(endDate.replaceAll('-', '')),
        symbol,
      })),
    }))
    const metadata = await withRawSymbols(
      client,
      { ...createMetadata({ dataset, stypeIn, start: timeNs(start, 'start'), end: timeNs(end, 'end') }), mappings },
      call,
    )
    return new BatchMaker({ dataset, metadata, instrument, ...parts }).mapped()
  }

  return recordedFeed({
    name: options.name ?? `databento ${dataset} ${schema}`,
    schemas: [rows],
    instruments: listed,
    open: (range, _book, call) => open(range, call),
  })
}

function idOf(definitions: FeedParts['definitions'], symbol: string): number {
  for (const [id, { rawSymbol }] of definitions) if (rawSymbol === symbol) return id
  return 0
}

function rowsOf(schema: DbnSchema): Schema {
  const rows = coreSchema(schema)
  if (rows === undefined)
    throw new TradingError('DATABENTO_SCHEMA', `core has no rows of schema ${schema}: read it with HistoricalClient`, { schema })
  return rows
}

const everything: TimeRange = { from: 0n, to: 2n ** 63n - 1n }

/** A span in pieces of at most `length`, cut at whole multiples of it, so that pieces of different runs meet. */
function pieces({ from, to }: Span, length: bigint): (Span & { readonly kept?: undefined })[] {
  const cut: Span[] = []
  for (let at = from; at < to;) {
    const next = (at / length + 1n) * length
    cut.push({ from: at, to: next < to ? next : to })
    at = next
  }
  return cut
}

/** Passes bytes on and counts the records in them. */
async function* counted(
  bytes: AsyncIterable<Uint8Array>,
  expected: number,
  { dataset, schema }: { readonly dataset: string; readonly schema: DbnSchema },
): AsyncGenerator<Uint8Array, void, undefined> {
  const raw: Uint8Array[] = []
  async function* tap(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of bytes) {
      raw.push(chunk)
      yield chunk
    }
  }
  const decoder = new DbnDecoder()
  let count = 0
  for await (const plain of decompressed(tap(), 'auto')) {
    decoder.push(plain)
    for (let run = decoder.next(); run !== undefined; run = decoder.next()) count += run.length
    yield* raw.splice(0)
  }
  yield* raw.splice(0)
  decoder.end()
  if (count !== expected) {
    throw new TradingError(
      'DATABENTO_TRUNCATED',
      `the answer for ${schema} of ${dataset} ended after ${count} of ${expected} records; it was not asked for again`,
      { count, expected },
    )
  }
}

/** Mappings of parents, continuous contracts and ids name what was asked; instruments are named by their raw symbol, which symbology knows. */
async function withRawSymbols(client: HistoricalClient, metadata: Metadata, call: CallOptions): Promise<Metadata> {
  if (metadata.stypeIn === 'raw_symbol' || metadata.mappings.length === 0) return metadata
  const ids = new Set(
    metadata.mappings
      .flatMap(({ rawSymbol, intervals }) => (metadata.stypeIn === 'instrument_id' ? [rawSymbol] : intervals.map(({ symbol }) => symbol)))
      .filter((id) => id !== ''),
  )
  const mappings: SymbolMappingEntry[] = []
  for (let list = [...ids]; list.length > 0; list = list.slice(SYMBOLS_PER_REQUEST)) {
    const { result } = await client.symbology.resolve({
      dataset: metadata.dataset,
      symbols: list.slice(0, SYMBOLS_PER_REQUEST),
      stypeIn: 'instrument_id',
      stypeOut: 'raw_symbol',
      start: metadata.start,
      end: metadata.end,
      signal: call.signal,
    })
    const date = (text: string): number => Number(text.replaceAll('-', ''))
    for (const [id, intervals] of Object.entries(result)) {
      mappings.push({
        rawSymbol: id,
        intervals: intervals.map(({ startDate, endDate, symbol }) => ({ startDate: date(startDate), endDate: date(endDate), symbol })),
      })
    }
  }
  return { ...metadata, stypeIn: 'instrument_id', mappings }
}
const SYMBOLS_PER_REQUEST = 2000
