import { dirname, join } from 'node:path'
import { existsSync, statSync } from 'node:fs'
import { csvBars, formatTime, TradingError, type TimeNs } from '@gatehouse/core'
import { day, type Market, type Windows } from '../lane.js'

/** Files of hourly bars, one a name: the hourly family alone. */
export async function openBarFiles(bars: readonly string[]): Promise<Market> {
  for (const path of bars) {
    if (!existsSync(path))
      throw new TradingError('OPTION_INVALID', `There is no file ${path}; name a file of hourly bars with --bars`, { path })
    if (!statSync(path).isFile())
      throw new TradingError('OPTION_INVALID', `${path} is a folder; name a file of hourly bars with --bars`, { path })
  }
  const symbols = bars.map((path) => symbolOf(path).toUpperCase())
  const twice = symbols.find((symbol, index) => symbols.indexOf(symbol) !== index)
  if (twice !== undefined) throw new TradingError('OPTION_INVALID', `${twice} is named twice; give each name one file`, { symbol: twice })
  const feeds = bars.map((path) => csvBars({ path, schema: 'ohlcv-1h', ...leanLayout(path) }))
  const instruments = (await Promise.all(feeds.map((feed) => feed.instruments()))).flat()
  return {
    description: instruments.map(({ symbol }) => symbol).join(', '),
    lanes: [
      {
        family: 'macro-regime',
        schemas: ['ohlcv-1h'],
        sources: async () => feeds.map((feed) => ({ feed })),
        windows: yearWindows,
        warmUpNs: 180n * day,
      },
    ],
    sessions: [{ name: 'bars', lanes: ['macro-regime'] }],
  }
}

/** Train, then judge for a year and a month, then trade the last year, which nothing has seen. */
export function yearWindows(first: TimeNs, last: TimeNs): Windows {
  const tradeFrom = last - 365n * day
  const until = tradeFrom - 395n * day
  if (until - first < 700n * day) {
    throw new TradingError(
      'MODEL_TOO_LITTLE_DATA',
      `The bars go from ${formatTime(first)} to ${formatTime(last)}; about four years are needed: two to train, one to judge, one to trade.`,
      { first, last },
    )
  }
  return { until, tradeFrom }
}

/** LEAN's files have prices in 1/10,000 and splits and dividends in a factor file beside them. */
function leanLayout(path: string) {
  const factorFile = join(dirname(path), 'factor_files', `${symbolOf(path)}.csv`)
  return existsSync(factorFile) ? { priceScale: 10_000, factorFile, adjust: 'total' as const } : {}
}

const symbolOf = (path: string): string => path.replace(/^.*[/\\]/, '').replace(/\..*$/, '')
