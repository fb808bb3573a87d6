import { syntheticMarket, xnys, type TimeNs } from '@gatehouse/core'
import { day, hour, type Lane, type Market } from '../lane.js'

const [from, to] = ['2016-01-01', '2024-01-01']
/** Sessions that are traded, and that no model has seen. */
const tradedSessions = 2
/** Names with bars of a second and books. */
const fastNames = ['ALFA', 'BRAV']

/** One coherent world: hourly bars of five names over eight years, and for its last weeks bars of a second, order books, and names that gap. */
export function openSynthetic(seed: number): Market {
  const market = syntheticMarket({ seed, from, to })
  const fast = syntheticMarket({ seed, from, to, symbols: fastNames })
  const sessions = xnys().sessions({ from: market.range.to - 60n * day, to: market.range.to })
  const traded = sessions.slice(-tradedSessions)
  const tradeFrom = traded[0].opens - 6n * hour
  const sessionsBack = (count: number): TimeNs => sessions.at(-tradedSessions - count)!.opens - 6n * hour
  const lanes: Lane[] = [
    {
      family: 'macro-regime',
      schemas: ['ohlcv-1h'],
      sources: [{ feed: market.bars('ohlcv-1h') }],
      windows: () => ({ until: tradeFrom - 395n * day, tradeFrom }),
      warmUpNs: 180n * day,
    },
  ]
  return {
    description: `a synthetic market (seed ${seed})`,
    lanes,
    sessions: [{ name: 'blend', lanes: lanes.map(({ family }) => family) }],
  }
}
