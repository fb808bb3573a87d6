import { TradingError } from '@gatehouse/contracts'
import { openTimeZone } from '../../calendar/time-zone.js'
import type { Batch } from '../../interfaces/batch.js'
import type { FeedStatus } from '../../interfaces/feed.js'
import type { Instrument } from '../../interfaces/instrument.js'
import { ColumnarBatch } from '../../market-data/columnar-batch.js'
import { equity } from '../../market-data/instruments.js'
import { TimeColumn } from '../../market-data/time-column.js'
import { BadRows, type BadRowCode } from '../bad-rows.js'
import type { FileFeed } from '../csv/csv-bars.js'
import { openBytes } from '../csv/byte-source.js'
import { parseNumber } from '../csv/number-field.js'
import { RowScanner } from '../csv/row-scanner.js'
import { dayOfFile, TimeField } from '../csv/time-field.js'
import { recordedFeed } from '../recorded-feed.js'
import { sessionHours, type SessionHours } from '../csv/session-hours.js'
import { FactorTable, readFactorFile } from './factor-file.js'
import { leanPaths, leanSeconds, type LeanOptions } from './lean-files.js'

const batchRows = 8192
/** `time, bid open high low close size, ask open high low close size`. */
const fieldCount = 11
const bidClose = 4
const bidSize = 5
const askClose = 9
const askSize = 10

/**
 * Quotes from QuantConnect LEAN's dated quote files, as `mbp-1`: the best bid and offer at the end of each quote bar. A side that is missing in the
 * file is empty: price `NaN`, size 0.
 * @throws {TradingError} `FEED_OPTIONS_INVALID` when there is no such file; from `batches` `CSV_…` codes
 */
export function leanQuotes(options: LeanOptions): FileFeed {
  const { symbol, resolution, timeZone = 'America/New_York', priceScale = 10_000, onBadRow = 'throw' } = options
  const { factorFile, adjust = 'none', hours } = options
  const paths = leanPaths(options, 'quote')
  const instrument = options.instrument ?? equity(symbol.toUpperCase())
  if (adjust !== 'none' && factorFile === undefined) {
    throw new TradingError('FEED_OPTIONS_INVALID', `leanQuotes: adjust: '${adjust}' needs a factorFile`, { adjust })
  }
  const badRows = new BadRows(onBadRow)
  const feed = recordedFeed({
    name: `lean-quotes-${instrument.symbol}`,
    schemas: ['mbp-1'],
    instruments: async () => [instrument],
    async *open() {
      badRows.reset()
      const seconds = leanSeconds(resolution)
      const factors = adjust === 'none' || factorFile === undefined ? new FactorTable([]) : await readFactorFile(factorFile)
      const reader = new QuoteReader({
        feed: `lean-quotes-${instrument.symbol}`,
        instrument,
        barSeconds: seconds,
        scale: priceScale,
        badRows,
        kept: hours === undefined ? undefined : sessionHours(instrument.calendar, hours, seconds),
        factorOn: (day) => {
          const { priceFactor, splitFactor } = factors.on(day)
          return adjust === 'splits' ? splitFactor : priceFactor * splitFactor
        },
      })
      for (const path of paths) yield* reader.read(path, new TimeField('milliseconds-of-day', openTimeZone(timeZone), dayOfFile(path)))
    },
  })
  return Object.defineProperty(feed, 'report', { get: () => badRows.report, enumerable: true }) as FileFeed
}

interface QuoteReaderParts {
  readonly feed: string
  readonly instrument: Instrument
  readonly barSeconds: number
  readonly scale: number
  readonly badRows: BadRows
  /** Hours that rows are kept of. */
  readonly kept: SessionHours | undefined
  /** What prices of a local date are multiplied with. */
  readonly factorOn: (day: number) => number
}

class QuoteReader {
  readonly #parts: QuoteReaderParts
  #lastSeconds = -1
  #lastNanos = -1
  #sequence = 0
  #day = NaN
  #factor = 1

  constructor(parts: QuoteReaderParts) {
    this.#parts = parts
  }

  async *read(path: string, time: TimeField): AsyncGenerator<Batch | FeedStatus> {
    const scanner = new RowScanner(openBytes(path), path, 44)
    const { feed, instrument, badRows } = this.#parts
    let rows = new QuoteRows(instrument)
    let skipped = 0
    try {
      do {
        while (scanner.next()) {
          const became = this.#row(scanner, time, rows)
          if (became === 'row') badRows.report.rows++
          else if (became === 'outside') badRows.report.outsideHours++
          else skipped++
          if (rows.length === batchRows) {
            yield rows.take()
            rows = new QuoteRows(instrument)
          }
        }
      } while (await scanner.fill())
    } finally {
      await scanner.close()
    }
    if (rows.length > 0) yield rows.take()
    if (skipped > 0) {
      const at = BigInt(Math.max(0, this.#lastSeconds)) * 1_000_000_000n
      yield { type: 'feed-status', feed, status: 'gap', at, schema: 'mbp-1', message: `${skipped} rows of ${path} left out` }
    }
  }

  /** Takes in one row. */
  #row(scanner: RowScanner, time: TimeField, rows: QuoteRows): 'row' | 'outside' | 'bad' {
    const { bytes, starts, ends } = scanner
    if (scanner.fieldCount !== fieldCount) {
      const code = scanner.isTerminated ? 'CSV_COLUMN_COUNT' : 'CSV_CUT_SHORT'
      return this.#bad(scanner, code, scanner.rowText(), `${scanner.fieldCount} columns where a quote has ${fieldCount}`)
    }
    if (!time.parse(bytes, starts[0], ends[0])) return this.#bad(scanner, 'CSV_TIME_INVALID', scanner.text(0), 'is no millisecond of a day')
    const { seconds, nanos } = time
    if (seconds < this.#lastSeconds || (seconds === this.#lastSeconds && nanos < this.#lastNanos)) {
      return this.#bad(scanner, 'CSV_TIME_ORDER', scanner.text(0), 'lies before the row before it')
    }
    const value = (field: number): number => parseNumber(bytes, starts[field], ends[field])
    for (const field of [bidClose, askClose]) {
      const isMissing = starts[field] === ends[field]
      if (!isMissing && !(value(field) > 0))
        return this.#bad(scanner, 'CSV_PRICE_INVALID', scanner.text(field), 'is no price: prices are positive')
    }
    const { kept, barSeconds, scale, factorOn } = this.#parts
    const sizes = [value(bidSize), value(askSize)].map((size) => (size > 0 ? size : 0))
    this.#lastSeconds = seconds
    this.#lastNanos = nanos
    if (kept !== undefined && !kept.holds(seconds)) return 'outside'
    if (time.localDay !== this.#day) {
      this.#day = time.localDay
      this.#factor = factorOn(this.#day)
    }
    const price = (field: number): number => (value(field) / scale) * this.#factor
    rows.append(seconds + barSeconds, nanos, price(bidClose), price(askClose), sizes[0], sizes[1], this.#sequence++)
    return 'row'
  }

  #bad({ file, line }: RowScanner, code: BadRowCode, value: string, problem: string): 'bad' {
    this.#parts.badRows.handle({ code, file, line, value, message: `${JSON.stringify(value)} ${problem}` })
    return 'bad'
  }
}

class QuoteRows {
  length = 0
  readonly #time = new TimeColumn(batchRows)
  readonly #bid = new Float64Array(batchRows)
  readonly #ask = new Float64Array(batchRows)
  readonly #bidSize = new Float64Array(batchRows)
  readonly #askSize = new Float64Array(batchRows)
  readonly #sequence = new Uint32Array(batchRows)

  constructor(private readonly instrument: Instrument) {}

  append(seconds: number, nanos: number, bid: number, ask: number, bidSize: number, askSize: number, sequence: number): void {
    const row = this.length++
    this.#time.set(row, seconds, nanos)
    this.#bid[row] = bid
    this.#ask[row] = ask
    this.#bidSize[row] = bidSize
    this.#askSize[row] = askSize
    this.#sequence[row] = sequence
  }

  take(): Batch {
    const { length } = this
    const times = this.#time.times.subarray(0, length)
    const counts = new Uint32Array(length)
    return new ColumnarBatch<'mbp-1'>({
      schema: 'mbp-1',
      source: 'lean',
      instruments: [this.instrument],
      instrumentIndex: new Uint32Array(length),
      availableAt: times,
      priceDivisor: 1,
      columns: {
        tsEvent: times,
        tsRecv: times,
        // A quote bar says how the market stood, not what changed it.
        action: new Uint8Array(length).fill('N'.charCodeAt(0)),
        side: new Uint8Array(length).fill('N'.charCodeAt(0)),
        price: new Float64Array(length).fill(NaN),
        size: new Float64Array(length),
        flags: new Uint8Array(length),
        sequence: this.#sequence.subarray(0, length),
        depth: counts,
        bidPx00: this.#bid.subarray(0, length),
        askPx00: this.#ask.subarray(0, length),
        bidSz00: this.#bidSize.subarray(0, length),
        askSz00: this.#askSize.subarray(0, length),
        bidCt00: counts,
        askCt00: counts,
      },
    })
  }
}
