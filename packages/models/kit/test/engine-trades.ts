import { createBatch, equity, inMemory, percentFees, run, simulatedBroker, standardFills, type Instrument, type Strategy } from '@gatehouse/core' // prettier-ignore
import { expect } from 'vitest'

/** A position of `stake` that is opened at one price and closed at another, with nothing between. */
export interface RoundTrip {
  readonly side: 1 | -1
  readonly stake: number
  readonly entry: number
  readonly exit: number
}

/** The account counts billionths of its currency: a stake of 1 is traded as so many. */
const scale = 1_000_000
const hour = 3_600_000_000_000n
const start = BigInt(Date.parse('2024-01-08T00:00:00Z')) * 1_000_000n
/** In lots so small that any stake is a quantity. */
const name: Instrument = { ...equity('ALFA'), calendar: '24x7', lotSize: 2 ** -30 }

/** What the engine's account gains by each round trip, one after the other, when it pays `costPerTurnover` of all that it trades. */
export async function engineGains(trips: readonly RoundTrip[], costPerTurnover: number): Promise<Float64Array> {
  // A last price that nobody trades at: the account after the last trip.
  const close = Float64Array.from([...trips.flatMap(({ entry, exit }) => [entry, exit]), 1])
  const at = BigInt64Array.from(close, (_, i) => start + BigInt(i + 1) * hour)
  const bars = createBatch({
    schema: 'ohlcv-1h',
    source: 'test',
    instruments: [name],
    availableAt: at,
    columns: { tsEvent: at.map((time) => time - hour), open: close, high: close, low: close, close, volume: close.map(() => 1e9) },
  })
  const equityAt: number[] = []
  let row = 0
  const strategy = (): Strategy => ({
    name: 'round-trips',
    onBar(_, { orders, portfolio }) {
      const trip = trips[row >> 1]
      if ((row & 1) === 0) equityAt.push(portfolio.equity!)
      if (trip === undefined) return
      const wanted = (row++ & 1) === 0 ? (trip.side * trip.stake * scale) / trip.entry : 0
      if (trip.stake > 0) expect(orders.target(name, wanted)).toEqual(expect.objectContaining({ approved: true }))
    },
  })
  const broker = simulatedBroker({ cash: 10 * scale, fees: percentFees(costPerTurnover), fill: standardFills({ market: 'current' }), margin: 'unlimited', participation: Infinity }) // prettier-ignore
  await run({ time: 'backtest', strategy, feeds: [inMemory([bars])], broker })
  return Float64Array.from(trips, (_, i) => (equityAt[i + 1] - equityAt[i]) / scale)
}
