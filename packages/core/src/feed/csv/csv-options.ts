import { TradingError } from '@gatehouse/contracts'
import { basename } from 'node:path'
import { calendarNames } from '../../calendar/calendar-named.js'
import type { Instrument } from '../../interfaces/instrument.js'
import { barNs, isBarSchema, type BarSchema } from '../../interfaces/schema.js'
import { equity } from '../../market-data/instruments.js'
import type { BadRowPolicies } from '../bad-rows.js'
import type { CsvColumns } from './column-map.js'
import type { TimeFormat } from './time-field.js'

/** Options of {@link csvBars}. Only `path` is needed for a file as most sources write it. */
export interface CsvBarsOptions {
  /** A file, or several that follow each other in time. `.gz` and `.zip` are read as they are. */
  readonly path: string | readonly string[]
  /** Whose bars they are. An equity named like the file (`spy.csv.gz` is SPY) when left out. */
  readonly symbol?: string | undefined
  readonly instrument?: Instrument | undefined
  /** Length of a bar; found from the first rows when left out. */
  readonly schema?: BarSchema | undefined
  readonly columns?: CsvColumns | undefined
  /** Whether the first row names the columns; found by looking when left out. */
  readonly header?: boolean | undefined
  /** One character; found by looking when left out. */
  readonly delimiter?: string | undefined
  /** IANA name of the zone of times that do not say theirs. The instrument's venue's when left out: New York for US shares, else UTC. */
  readonly timeZone?: string | undefined
  /** Found from the first row when left out. */
  readonly timeFormat?: TimeFormat | undefined
  /** Whether a time is the bar's start (Databento, LEAN, Yahoo) or its end. */
  readonly stamp?: 'start' | 'end' | undefined
  /** Prices in the file are this many times the price: 10000 for LEAN. */
  readonly priceScale?: number | undefined
  /** LEAN factor file with splits and dividends: prices are adjusted as `adjust` says, what is not adjusted comes as `corporate-action`. */
  readonly factorFile?: string | undefined
  /** LEAN map file: changes of ticker come as `corporate-action`. */
  readonly mapFile?: string | undefined
  /**
   * `none`: raw prices; `splits`; `total`: splits and dividends; `adjusted-close`: by the file's own column, as Yahoo has it. Adjusted prices
   * know the future: train on ratios of them only.
   */
  readonly adjust?: 'none' | 'splits' | 'total' | 'adjusted-close' | undefined
  /** Wall-clock time `HH:MM` at which a daily bar is known; the midnight that ends its day when left out. */
  readonly knownAt?: string | undefined
  /**
   * Hours that intraday bars may lie in: of the instrument's calendar, `regular` or `extended` hours, or `any`. `extended` when left out. A time zone that was read
   * wrongly puts bars outside them: `CSV_OUTSIDE_SESSION`.
   */
  readonly session?: 'regular' | 'extended' | 'any' | undefined
  /**
   * Keeps intraday bars that overlap these hours of the instrument's calendar, leaves the others out and counts them in `report.outsideHours`: `regular` of a file
   * that holds pre- and post-market too. All bars when left out.
   */
  readonly hours?: 'regular' | 'extended' | undefined
  readonly onBadRow?: BadRowPolicies | undefined
  /** Dataset name of the rows; models refuse a source they were not trained on. */
  readonly source?: string | undefined
  /** File within a `.zip`. */
  readonly entry?: string | undefined
  readonly batchRows?: number | undefined
}

/** The options with what can be decided before a file is opened. */
export interface CsvPlan extends CsvBarsOptions {
  readonly paths: readonly string[]
  readonly instrument: Instrument
  readonly timeZone: string
  readonly stamp: 'start' | 'end'
  readonly priceScale: number
  readonly adjust: NonNullable<CsvBarsOptions['adjust']>
  readonly knownAtSeconds: number | undefined
  readonly source: string
  readonly batchRows: number
  readonly delimiterCode: number | undefined
}

const venueZones: Readonly<Record<string, string>> = { XNYS: 'America/New_York', CMES: 'America/Chicago' }

/** @throws {TradingError} `FEED_OPTIONS_INVALID` */
export function planCsv(given: string | CsvBarsOptions): CsvPlan {
  const options = typeof given === 'string' ? { path: given } : given
  const { stamp = 'start', priceScale = 1, adjust = 'none', source = 'file', batchRows = 8192, schema, delimiter, knownAt } = options
  const paths = typeof options.path === 'string' ? [options.path] : options.path
  if (paths.length === 0) throw invalid('path names no file', { option: 'path' })
  if (!(priceScale > 0 && priceScale < Infinity)) throw invalid(`priceScale is ${priceScale}; it is a positive number`, { priceScale })
  if (!(Number.isInteger(batchRows) && batchRows >= 1))
    throw invalid(`batchRows is ${batchRows}; it is a whole number from 1 on`, { batchRows })
  if (schema !== undefined && !isBarSchema(schema))
    throw invalid(`schema is ${String(schema)}; bars are ${Object.keys(barNs).join(', ')}`, { schema })
  if (delimiter !== undefined && delimiter.length !== 1)
    throw invalid(`delimiter is ${JSON.stringify(delimiter)}; it is one character`, { delimiter })
  if ((adjust === 'splits' || adjust === 'total') && options.factorFile === undefined) {
    throw invalid(`adjust: '${adjust}' needs a factorFile`, { adjust })
  }
  const instrument = options.instrument ?? equity(options.symbol ?? symbolOfFile(paths[0]))
  if (options.hours !== undefined && !calendarNames.includes(instrument.calendar)) {
    throw invalid(`hours: '${options.hours}' needs a calendar that is known; that of ${instrument.symbol} is ${instrument.calendar}`, {
      hours: options.hours,
      calendar: instrument.calendar,
    })
  }
  return {
    ...options,
    paths,
    instrument,
    timeZone: options.timeZone ?? venueZones[instrument.calendar] ?? 'UTC',
    stamp,
    priceScale,
    adjust,
    knownAtSeconds: knownAt === undefined ? undefined : readClock(knownAt),
    source,
    batchRows,
    delimiterCode: delimiter?.charCodeAt(0),
  }
}

function symbolOfFile(path: string): string {
  const name = basename(path).split('.')[0]
  if (!/^[A-Za-z][A-Za-z0-9-]*$/.test(name)) {
    throw invalid(`the file name ${JSON.stringify(basename(path))} does not say a symbol: state symbol or instrument`, { option: 'symbol' })
  }
  return name.toUpperCase()
}

function readClock(text: string): number {
  const match = /^(\d{2}):(\d{2})$/.exec(text)
  const [hour, minute] = [Number(match?.[1]), Number(match?.[2])]
  if (!(hour < 24 && minute < 60)) throw invalid(`knownAt is ${JSON.stringify(text)}; it is a time such as 16:00`, { knownAt: text })
  return hour * 3600 + minute * 60
}

function invalid(problem: string, details: Readonly<Record<string, unknown>>): TradingError {
  return new TradingError('FEED_OPTIONS_INVALID', `csvBars: ${problem}`, details)
}
