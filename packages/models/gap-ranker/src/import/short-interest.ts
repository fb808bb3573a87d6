import { formatDay, xnys } from '@gatehouse/core'
import { timeOfLocal } from '../feature/local-time.js'
import { dayOf } from './dates.js'
import { figureBatch, type FigureRow, type Imported, type ImportOptions } from './figures.js'
import { badValue, quantityOf, tableRows, type TableRow } from './table.js'

export interface ShortInterestOptions extends ImportOptions {
  /** When a settlement date's figures were published, for files that do not say. Default {@link publicationOf}. */
  readonly publishedAt?: ((settlementDay: number) => bigint) | undefined
  /**
   * Rows that FINRA marks as revised: a file downloaded today has the figure as it was put right later, at a time that the file does not tell. Default
   * `skip`; `keep` is for files that were recorded when they came out.
   */
  readonly revisions?: 'skip' | 'keep' | undefined
}

const columns = {
  symbol: ['symbolCode', 'issueSymbolIdentifier', 'symbol', 'ticker'],
  settlement: ['settlementDate', 'settlement_date', 'settlement date'],
  publication: ['publicationDate', 'publication_date', 'disseminationDate'],
  shares: ['currentShortPositionQuantity', 'currentShortShareNumber', 'short_shares', 'sharesShort'],
  days: ['daysToCoverQuantity', 'daysToCoverNumber', 'days_to_cover', 'shortRatio'],
  revision: ['revisionFlag'],
} as const

/** FINRA writes this where the average volume is zero or the quotient larger. */
const cappedDays = 999.99
const sessionsUntilPublication = 8
/** Figures come out in the evening. */
const publicationSeconds = 18 * 3600

/**
 * When FINRA's figures of a settlement date came out, at the latest: the evening of the eighth session after it.
 * @see nasdaqtrader.com, "Short Interest Publication Schedule": reports are due on the second business day after settlement and published on the eighth
 */
export function publicationOf(settlementDay: number): bigint {
  const calendar = xnys()
  let session = calendar.nextSession(timeOfLocal(settlementDay + 1, 0) - 1n)
  for (let k = 1; k < sessionsUntilPublication && session !== undefined; k++) session = calendar.nextSession(session.opens)
  if (session === undefined) throw new RangeError(`no sessions are known after ${formatDay(settlementDay)}`)
  const day = Number(session.opens / 86_400_000_000_000n)
  return timeOfLocal(day, publicationSeconds)
}

/**
 * Reads a consolidated short interest file of FINRA, pipe- or comma-delimited, as `sharesShort` and `shortRatio` (days to cover). A row is known when it was
 * published, about two weeks after the settlement date that it is of.
 * @throws {TradingError} `GAP_FILE_UNREADABLE`, `GAP_FILE_HEADER`, `GAP_FILE_ROW`, `GAP_FILE_VALUE`, naming file, line and value
 */
export async function readShortInterest(file: string, options: ShortInterestOptions): Promise<Imported<'fundamentals'>> {
  const { source, resolve, publishedAt = publicationOf, revisions = 'skip' } = options
  const rows: FigureRow[] = []
  const published = new Map<number, bigint>()
  const report = { rows: 0, unknownSymbols: 0, withoutValue: 0, revised: 0 }
  for await (const row of tableRows(file, columns, ['symbol', 'settlement', 'shares'])) {
    const settlement = dayOf(row.text.settlement!, row.place('settlement'))
    const shares = quantityOf(row.text.shares, row.place('shares'))
    const days = quantityOf(row.text.days, row.place('days'))
    const at = row.text.publication === undefined || row.text.publication === '' ? remember(settlement) : publication(row, settlement)
    if (revisions === 'skip' && row.text.revision !== undefined && row.text.revision !== '') {
      report.revised++
      continue
    }
    const instrument = resolve(row.text.symbol!, at)
    if (instrument === undefined) {
      report.unknownSymbols++
      continue
    }
    if (shares === undefined) {
      report.withoutValue++
      continue
    }
    report.rows++
    rows.push({ at, instrument, field: 'sharesShort', value: shares, unit: 'shares' })
    if (days !== undefined && days < cappedDays) rows.push({ at, instrument, field: 'shortRatio', value: days, unit: 'days' })
  }
  return { batch: figureBatch(source, rows), report }

  function remember(settlement: number): bigint {
    let at = published.get(settlement)
    if (at === undefined) published.set(settlement, (at = publishedAt(settlement)))
    return at
  }
}

function publication(row: TableRow<typeof columns>, settlement: number): bigint {
  const text = row.text.publication!
  const day = dayOf(text, row.place('publication'))
  if (day <= settlement) throw badValue(row.place('publication'), text, `a day after the settlement date ${formatDay(settlement)}`)
  return timeOfLocal(day, publicationSeconds)
}
