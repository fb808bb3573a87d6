import { TradingError } from '@gatehouse/contracts'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Instrument } from '../../interfaces/instrument.js'
import { barNs, type BarSchema } from '../../interfaces/schema.js'
import { equity } from '../../market-data/instruments.js'
import type { BadRowPolicies } from '../bad-rows.js'
import { csvBars, type FileFeed } from '../csv/csv-bars.js'

export type LeanResolution = 'daily' | 'hour' | 'minute' | 'second'

/** Options of {@link leanBars} and {@link leanQuotes}. */
export interface LeanOptions {
  /** Folder of one resolution: `…/equity/usa/hour`. Holds `spy.zip` (or `.csv.gz`), or for minutes and seconds a folder `spy` of dated files. */
  readonly directory: string
  readonly symbol: string
  readonly resolution: LeanResolution
  readonly instrument?: Instrument | undefined
  /** First and last date of dated files, `YYYYMMDD`, both included. */
  readonly from?: string | undefined
  readonly to?: string | undefined
  /** Zone of the times in the files; New York for US equities, `Etc/GMT+5` (no summer time) for LEAN's FXCM files. */
  readonly timeZone?: string | undefined
  /** 10000 for equities, 1 for FX. */
  readonly priceScale?: number | undefined
  /** Hours of the instrument's calendar that rows are kept of, as for `csvBars`: `'regular'` is LEAN's own default. All that the files hold when left out. */
  readonly hours?: 'regular' | 'extended' | undefined
  /** `factor_files/spy.csv`: splits and dividends. */
  readonly factorFile?: string | undefined
  /** As for `csvBars`; `'total'` is LEAN's own default (`DataNormalizationMode.Adjusted`). */
  readonly adjust?: 'none' | 'splits' | 'total' | undefined
  readonly onBadRow?: BadRowPolicies | undefined
}

export interface LeanBarsOptions extends LeanOptions {
  /** `map_files/spy.csv`: changes of ticker. */
  readonly mapFile?: string | undefined
  /** When a daily bar is known: 16:00 when left out. Early closes too are then known at 16:00, which is late and never early. */
  readonly knownAt?: string | undefined
}

export const leanSchemas: Readonly<Record<LeanResolution, BarSchema>> = {
  daily: 'ohlcv-1d',
  hour: 'ohlcv-1h',
  minute: 'ohlcv-1m',
  second: 'ohlcv-1s',
}

/**
 * Trade bars from QuantConnect LEAN's files, as they are: stamped with the start in New York, prices times 10000, raw, with splits, dividends and
 * renames in-band where factor and map files are given.
 * @throws {TradingError} `FEED_OPTIONS_INVALID` when there is no such file; from `batches` as `csvBars`
 */
export function leanBars(options: LeanBarsOptions): FileFeed {
  const { resolution, symbol, factorFile, mapFile, adjust, hours, onBadRow } = options
  const isDated = resolution === 'minute' || resolution === 'second'
  return csvBars({
    path: leanPaths(options, 'trade'),
    instrument: options.instrument ?? equity(symbol.toUpperCase()),
    schema: leanSchemas[resolution],
    header: false,
    timeZone: options.timeZone ?? 'America/New_York',
    timeFormat: isDated ? 'milliseconds-of-day' : 'compact',
    priceScale: options.priceScale ?? 10_000,
    ...(resolution === 'daily' ? { knownAt: options.knownAt ?? '16:00' } : {}),
    factorFile,
    mapFile,
    adjust,
    hours,
    onBadRow,
    source: 'lean',
  })
}

/** The files of a symbol, in time order. */
export function leanPaths(
  { directory, symbol, resolution, from = '', to = '99999999' }: LeanOptions,
  kind: 'trade' | 'quote',
): readonly string[] {
  const name = symbol.toLowerCase()
  if (resolution === 'daily' || resolution === 'hour') {
    const path = ['.zip', '.csv.gz', '.csv'].map((ending) => join(directory, name + ending)).find((candidate) => existsSync(candidate))
    if (path === undefined) throw none(directory, `${name}.zip, ${name}.csv.gz or ${name}.csv`)
    return [path]
  }
  const folder = join(directory, name)
  const dated = new RegExp(`^(\\d{8})_${kind}\\.(zip|csv|csv\\.gz)$`)
  const files = (existsSync(folder) ? readdirSync(folder) : []).filter((file) => {
    const date = dated.exec(file)?.[1]
    return date !== undefined && date >= from && date <= to
  })
  if (files.length === 0) throw none(folder, `YYYYMMDD_${kind}.zip${from === '' ? '' : ` from ${from} to ${to}`}`)
  return files.sort().map((file) => join(folder, file))
}

/** Length of a resolution's bars in seconds. */
export const leanSeconds = (resolution: LeanResolution): number => Number(barNs[leanSchemas[resolution]] / 1_000_000_000n)

function none(directory: string, wanted: string): TradingError {
  return new TradingError('FEED_OPTIONS_INVALID', `${directory} holds no ${wanted}: give the folder of the resolution`, {
    directory,
    wanted,
  })
}
