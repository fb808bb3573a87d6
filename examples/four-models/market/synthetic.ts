import { selectRows, syntheticMarket, xnys, type Batch, type Session, type TimeNs, type TimeRange } from '@gatehouse/core'
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
      sources: async () => [{ feed: market.bars('ohlcv-1h') }],
      windows: () => ({ until: tradeFrom - 395n * day, tradeFrom }),
      warmUpNs: 180n * day,
    },
    {
      family: 'gap-ranker',
      schemas: ['ohlcv-1d', 'ohlcv-1m', 'news', 'fundamentals'],
      sources: async () => [
        { feed: market.gaps(), ranges: [{ from: tradeFrom - 900n * day, to: market.range.to }], keep: beforeOpen(tradeFrom) },
      ],
      windows: () => ({ until: tradeFrom - 200n * day, tradeFrom }),
      warmUpNs: 60n * day,
    },
    {
      family: 'seconds-bar',
      schemas: ['ohlcv-1s'],
      sources: async () => [{ feed: fast.bars('ohlcv-1s'), ranges: [{ from: sessionsBack(18), to: market.range.to }] }],
      windows: () => ({ until: sessionsBack(8), tradeFrom }),
      // Its windows begin with a session.
      warmUpNs: 0n,
    },
    {
      family: 'order-book',
      schemas: ['mbp-10'],
      sources: async () => fastNames.map((name) => ({ feed: fast.book(name), ranges: sessions.slice(-tradedSessions - 8).map(bookTime) })),
      windows: () => ({ until: sessionsBack(3), tradeFrom }),
      warmUpNs: 18n * hour,
    },
  ]
  return {
    description: `a synthetic market (seed ${seed})`,
    lanes,
    sessions: [{ name: 'blend', lanes: lanes.map(({ family }) => family) }],
  }
}

/** Books are recorded from half an hour after the open, for twenty minutes. */
function bookTime({ opens }: Session): TimeRange {
  return { from: opens + hour / 2n, to: opens + hour / 2n + hour / 3n }
}

/** Of the minutes before trading those that came before the open: what came later is no feature of a morning. */
function beforeOpen(tradeFrom: TimeNs): (batch: Batch) => Batch | undefined {
  const calendar = xnys()
  return (batch) => {
    if (batch.schema !== 'ohlcv-1m') return batch
    const rows = Uint32Array.from(batch.availableAt.keys()).filter((row) => {
      const at = batch.availableAt[row]
      return at >= tradeFrom || !calendar.isOpen(at - 1n)
    })
    return rows.length === batch.length ? batch : selectRows(batch, rows)
  }
}
