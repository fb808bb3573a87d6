import { openTimeZone } from '../../calendar/time-zone.js'
import type { Instrument, SymbolAlias } from '../../interfaces/instrument.js'
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

/**
 * Aliases of one instrument from its map file: what files of `source` call it, and when. New York dates.
 * @param tickers oldest first, as {@link readMapFile} gives them
 */
export function mapFileAliases(tickers: readonly MappedTicker[], instrument: Instrument, source = 'file'): readonly SymbolAlias[] {
  const newYork = openTimeZone('America/New_York')
  const aliases: SymbolAlias[] = []
  tickers.forEach(({ day, ticker }, i) => {
    const before = tickers[i - 1]
    const last = aliases.at(-1)
    // A row whose ticker goes on is one alias with the row before it; the first row only says when the listing began.
    if (last !== undefined && before?.ticker === ticker) aliases[aliases.length - 1] = { ...last, to: newYork.timeOfLocal(day + 1, 0) }
    else
      aliases.push({
        source,
        symbol: ticker,
        instrument,
        from: newYork.timeOfLocal(before === undefined ? day : before.day + 1, 0),
        to: newYork.timeOfLocal(day + 1, 0),
      })
  })
  return aliases
}
