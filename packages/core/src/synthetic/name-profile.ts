import { RandomStream } from './random.js'

/** What a name is like; drawn from its own stream, so it does not depend on the other names. */
export interface NameProfile {
  readonly symbol: string
  /** First price, in ticks: a second moves it by a few of them, so that rounding to ticks says little about what comes next. */
  readonly firstPrice: number
  /** Daily volatility of returns. */
  readonly dailyVolatility: number
  /** Mean shares a day. */
  readonly dailyVolume: number
}

/** Square root of 252 trading days. */
const rootOfYear = 15.874507866387544

export function nameProfile(seed: number, symbol: string): NameProfile {
  const random = new RandomStream(seed, 'profile', symbol)
  return {
    symbol,
    firstPrice: 30_000 + random.below(40_000),
    dailyVolatility: (0.16 + 0.16 * random.uniform()) / rootOfYear,
    dailyVolume: 4_000_000 + random.below(16_000_000),
  }
}
