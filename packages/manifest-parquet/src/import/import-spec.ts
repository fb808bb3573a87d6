import { type AssetClass, type Instrument, type Schema } from '@gatehouse/core'

/**
 * How a time is written: whole units since 1970 (`ns`, `us`, `ms`, `s`, `days`), `iso` (RFC 3339; a date alone is midnight), `lean` (`20131007 09:30`),
 * or `ms-of-day` since midnight of `date`.
 */
export type TimeFormat = (typeof timeFormats)[number]
export const timeFormats = ['ns', 'us', 'ms', 's', 'days', 'iso', 'lean', 'ms-of-day'] as const

/** What the columns of a file mean. */
export interface ImportSpec {
  readonly schema: Schema
  /** dataset or venue of the rows */
  readonly source: string
  /** name in the file by name in the schema; what is left out has its own name, in camelCase or snake_case */
  readonly columns?: Readonly<Record<string, string>> | undefined
  readonly time?: TimeFormat | undefined
  /** IANA zone of local times; default UTC */
  readonly zone?: string | undefined
  /** `YYYY-MM-DD`, for `ms-of-day` */
  readonly date?: string | undefined
  /** prices in the file are this many times the price (10000 for LEAN); default 1 */
  readonly priceScale?: number | undefined
  /** column that names the instrument */
  readonly symbolColumn?: string | undefined
  /** the instrument of every row, where no column names it */
  readonly symbol?: string | undefined
  readonly assetClass?: AssetClass | undefined
  /** makes an instrument from its symbol; default an equity, or what `assetClass` says */
  readonly instrument?: ((symbol: string) => Instrument) | undefined
}

/** Rows read from a file, a column at a time. */
export interface RawRows {
  readonly rows: number
  /** Values of a column by its name in the file; `undefined` when the file has none. */
  column(name: string): ArrayLike<string | number | bigint | boolean | null | undefined> | undefined
}

/** What an import came to. */
export interface ImportReport {
  readonly rows: number
  /** rows of chunks that the manifest already held: the file was imported before */
  readonly repeated: number
  readonly instruments: number
}
