import { createBatch, equity, inMemory, percentFees, run, simulatedBroker, standardFills, type Strategy } from '@gatehouse/core'
import { type FamilyRows, positionReturns, random } from '@gatehouse/model-kit'
import { describe, expect, test } from 'vitest'

/** A day of the week and the hour of a session: the fills of `market: 'current'` need an open market. */
const hour = 3_600_000_000_000n
const start = BigInt(Date.parse('2024-01-08T00:00:00Z')) * 1_000_000n
const bars = 200
const stake = 1_000_000
const costPerTurnover = 0.0001
// Lots so small that a stake is a quantity to a hundredth of a cent; of two's powers, so that differences of positions are whole lots.
const names = ['ALFA', 'BRAV'].map((symbol) => ({ ...equity(symbol), calendar: '24x7', lotSize: 2 ** -20 }))

function world(seed: number) {
  const draw = random(seed)
  const price = names.map(() => 100)
  const close = Float64Array.from({ length: bars * names.length }, (_, i) => {
    const k = i % names.length
    price[k] = Math.round(100 * price[k] * Math.exp(0.01 * draw.normal())) / 100
    return price[k]
  })
  const position = Float64Array.from(close, () => Math.max(-1, Math.min(1, draw.normal())))
  const at = BigInt64Array.from(close, (_, i) => start + BigInt(Math.floor(i / names.length) + 1) * hour)
  const batch = createBatch({
    schema: 'ohlcv-1h',
    source: 'test',
    instruments: names,
    instrumentIndex: Uint32Array.from(close, (_, i) => i % names.length),
    availableAt: at,
    columns: { tsEvent: at.map((time) => time - hour), open: close, high: close, low: close, close, volume: close.map(() => 1000) },
  })
  return { close, position, at, batch }
}

/** What the engine's account gained in each bar, of one stake a name. */
async function engineGains({ close, position, batch }: ReturnType<typeof world>): Promise<Float64Array> {
  const equityAt: number[] = []
  let row = 0
  const strategy = (): Strategy => ({
    name: 'as-told',
    onBar(_, { orders, portfolio }) {
      // Once all names of the moment have closed: the account as it stands, then every name's order.
      if (++row % names.length !== 0) return
      equityAt.push(portfolio.equity!)
      names.forEach((name, k) => {
        const place = row - names.length + k
        expect(orders.target(name, (position[place] * stake) / close[place])).toEqual(expect.objectContaining({ approved: true }))
      })
    },
  })
  await run({
    time: 'backtest',
    strategy,
    feeds: [inMemory([batch])],
    broker: simulatedBroker({
      cash: 10 * stake,
      fees: percentFees(costPerTurnover),
      fill: standardFills({ market: 'current' }),
      margin: 'unlimited',
      participation: Infinity,
    }),
  })
  return Float64Array.from(equityAt.slice(1), (after, i) => after - equityAt[i])
}

/** The same by the shortcut. */
function shortcutReturns({ close, position, at }: ReturnType<typeof world>): Float64Array {
  const count = close.length
  const rows: FamilyRows = {
    count,
    table: new Float32Array(count),
    width: 1,
    labels: new Map(),
    t0: at,
    t1: at,
    instrument: Int32Array.from(close, (_, i) => i % names.length),
  }
  return positionReturns(rows, Int32Array.from(close.keys()), {
    position: (place) => position[place],
    nextReturn: Float64Array.from(close, (price, i) => (i + names.length < count ? close[i + names.length] / price - 1 : NaN)),
    costPerTurnover,
  })
}

describe('economics without the engine are the engine’s', () => {
  test.each([1, 2, 3])('to the cent in every period, seed %i', async (seed) => {
    const one = world(seed)
    const gains = await engineGains(one)
    const returns = shortcutReturns(one)
    expect(returns).toHaveLength(bars - 1)
    expect(gains).toHaveLength(bars - 1)
    gains.forEach((gain, i) => expect(Math.abs(gain - returns[i] * stake * names.length), `period ${i}`).toBeLessThan(0.01))
  })
})
