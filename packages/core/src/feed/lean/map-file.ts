import { readDay, readLines, invalid, type DatedAction } from './factor-file.js'

/** A ticker and the last local date it was used. */
export interface MappedTicker {
  readonly day: number
  readonly ticker: string
}

/**
 * Reads a LEAN map file: `yyyyMMdd,ticker[,exchange]`, each row the last day of a ticker.
 * @throws {TradingError} `LEAN_FILE_INVALID`, `CSV_FILE_UNREADABLE`
 */
export async function readMapFile(path: string): Promise<readonly MappedTicker[]> {
  return (await readLines(path)).map(({ line, fields, text }) => {
    if (fields.length < 2 || fields[1] === '') throw invalid(path, line, text)
    return { day: readDay(path, line, fields[0]), ticker: fields[1].toUpperCase() }
  })
}

/** Changes of ticker, as actions on the day after the old one's last. */
export function renames(tickers: readonly MappedTicker[]): readonly DatedAction[] {
  return tickers.flatMap(({ day, ticker }, i): DatedAction[] => {
    const next = tickers[i + 1]
    return next === undefined || next.ticker === ticker
      ? []
      : [{ day: day + 1, kind: 'rename', ratio: NaN, amount: NaN, symbol: next.ticker }]
  })
}
