import { knownAt } from './dates.js'
import { figureBatch, type FigureRow, type Imported, type ImportOptions } from './figures.js'
import { badValue, quantityOf, tableRows } from './table.js'

export interface FloatTableOptions extends ImportOptions {
  /** When the whole table was known: a date (known when it is over) or a time with its zone. Needed where the file has no such column. */
  readonly publishedAt?: string | undefined
  /** Columns by the names that the file has for them, where it has others than usual. */
  readonly columns?: { readonly symbol?: string | undefined; readonly floatShares?: string | undefined; readonly publishedAt?: string | undefined } | undefined // prettier-ignore
}

const usual = {
  symbol: ['symbol', 'ticker', 'symbolCode'],
  floatShares: ['floatShares', 'float_shares', 'shs float', 'float'],
  publishedAt: ['publishedAt', 'published_at', 'published', 'date', 'asOf'],
} as const

/**
 * Reads a table of floats as `floatShares`. Quantities may be written `36.44M`. A float is known from its publication on: a table of today says nothing of
 * last year.
 * @throws {TradingError} `GAP_FILE_UNREADABLE`, `GAP_FILE_HEADER`, `GAP_FILE_ROW`, `GAP_FILE_VALUE`, naming file, line and value
 */
export async function readFloatTable(
  file: string,
  { source, resolve, publishedAt, columns = {} }: FloatTableOptions,
): Promise<Imported<'fundamentals'>> {
  const names = {
    symbol: columns.symbol === undefined ? usual.symbol : [columns.symbol],
    floatShares: columns.floatShares === undefined ? usual.floatShares : [columns.floatShares],
    publishedAt: columns.publishedAt === undefined ? usual.publishedAt : [columns.publishedAt],
  }
  const whole = publishedAt === undefined ? undefined : knownAt(publishedAt, { file: 'options', line: 0, column: 'publishedAt' })
  const required = whole === undefined ? (['symbol', 'floatShares', 'publishedAt'] as const) : (['symbol', 'floatShares'] as const)
  const rows: FigureRow[] = []
  const report = { rows: 0, unknownSymbols: 0, withoutValue: 0, revised: 0 }
  for await (const row of tableRows(file, names, required)) {
    const at = whole ?? knownAt(row.text.publishedAt!, row.place('publishedAt'))
    const value = quantityOf(row.text.floatShares, row.place('floatShares'))
    if (value === 0) throw badValue(row.place('floatShares'), row.text.floatShares!, 'a positive number of shares, or nothing')
    const instrument = resolve(row.text.symbol!, at)
    if (instrument === undefined) report.unknownSymbols++
    else if (value === undefined) report.withoutValue++
    else {
      report.rows++
      rows.push({ at, instrument, field: 'floatShares', value, unit: 'shares' })
    }
  }
  return { batch: figureBatch(source, rows), report }
}
