import { dirname, join } from 'node:path'
import { existsSync, statSync } from 'node:fs'
import { csvBars, syntheticMarket, TradingError, type Feed, type Instrument } from '@gatehouse/core'

/** Where the bars come from. */
export interface Market {
  readonly description: string
  readonly instruments: readonly Instrument[]
  readonly feeds: readonly Feed[]
}

/** The user's files, or a seeded synthetic market of five names over eight years. */
export async function openMarket(bars: readonly string[], seed: number): Promise<Market> {
  if (bars.length === 0) {
    const market = syntheticMarket({ seed })
    return { description: `a synthetic market (seed ${seed})`, instruments: market.instruments, feeds: [market.bars('ohlcv-1h')] }
  }
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
  return { description: instruments.map(({ symbol }) => symbol).join(', '), instruments, feeds }
}

/** LEAN's files have prices in 1/10,000 and splits and dividends in a factor file beside them. */
function leanLayout(path: string) {
  const factorFile = join(dirname(path), 'factor_files', `${symbolOf(path)}.csv`)
  return existsSync(factorFile) ? { priceScale: 10_000, factorFile, adjust: 'total' as const } : {}
}

const symbolOf = (path: string): string => path.replace(/^.*[/\\]/, '').replace(/\..*$/, '')
