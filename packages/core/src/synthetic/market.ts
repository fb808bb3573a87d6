import type { Batch } from '../interfaces/batch.js'
import type { Feed } from '../interfaces/feed.js'
import type { Instrument } from '../interfaces/instrument.js'
import type { BarSchema, Schema } from '../interfaces/schema.js'
import type { TimeNs, TimeRange } from '../interfaces/time.js'
import { recordedFeed } from '../feed/recorded-feed.js'
import { sliceBatch } from '../market-data/select-rows.js'
import { timeOfDay } from '../calendar/civil.js'
import { dailyBars, hourlyBars } from './hourly-bars.js'
import { invalid, readMarketOptions, type SyntheticMarketOptions, type World } from './market-options.js'

/** One seeded, coherent world and the feeds it can give. */
export interface SyntheticMarket {
  readonly seed: number
  /** Names with bars. */
  readonly instruments: readonly Instrument[]
  /** First and one past the last day. */
  readonly range: TimeRange
  /** Bars of all names. Coarser bars are the sums of finer ones. */
  bars(schema: BarSchema): Feed
}

/**
 * Opens a synthetic market: a deterministic world with the stylised facts of real ones (fat tails, volatility clustering, intraday seasonality) and a
 * planted signal whose best possible use is known. Nothing is stored: feeds generate as they are read, so memory does not grow with length.
 * @throws {TradingError} `SYNTHETIC_OPTIONS_INVALID`
 */
export function syntheticMarket(options: SyntheticMarketOptions): SyntheticMarket {
  const world = readMarketOptions(options)
  return {
    seed: world.seed,
    instruments: world.instruments,
    range: { from: timeOfDay(world.fromDay), to: timeOfDay(world.toDay) },
    bars(schema) {
      switch (schema) {
        case 'ohlcv-1h':
          return generated(world, schema, (range) => hourlyBars(world, range))
        case 'ohlcv-1d':
          return generated(world, schema, (range) => dailyBars(world, range))
        default:
          throw invalid(`there are no ${schema} bars yet`, { schema })
      }
    },
  }
}

function generated(world: World, schema: Schema, generate: (range: TimeRange) => Generator<Batch>): Feed {
  return recordedFeed({
    name: `synthetic-${schema}`,
    schemas: [schema],
    instruments: async () => world.instruments,
    async *open(range) {
      yield* generate(range)
    },
  })
}

/** Options of {@link syntheticBars}. */
export interface SyntheticBarsOptions extends Omit<SyntheticMarketOptions, 'symbols'> {
  readonly symbol: string | Instrument
  readonly schema?: BarSchema | undefined
  /** Ends after this many bars; the whole world when left out. */
  readonly bars?: number | undefined
}

/** Bars of one synthetic name: the feed that examples start with. `ohlcv-1h` unless stated. */
export function syntheticBars({ symbol, schema = 'ohlcv-1h', bars = Infinity, ...options }: SyntheticBarsOptions): Feed {
  if (!(bars >= 1)) throw invalid(`bars is ${bars}; ask for at least one`, { bars })
  const market = syntheticMarket({ ...options, symbols: [symbol] })
  const feed = market.bars(schema)
  if (bars === Infinity) return feed
  return recordedFeed({
    name: feed.name,
    schemas: feed.schemas,
    instruments: (callOptions) => feed.instruments(callOptions),
    async *open(_range, _book, callOptions) {
      let left = bars
      for await (const item of feed.batches({ from: 0n, to: endOfTime }, callOptions)) {
        if (item.type !== 'batch') continue
        yield item.length <= left ? item : sliceBatch(item, 0, left)
        left -= item.length
        if (left <= 0) return
      }
    },
    close: () => feed.close(),
  })
}

const endOfTime: TimeNs = 2n ** 62n
