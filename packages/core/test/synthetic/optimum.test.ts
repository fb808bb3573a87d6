import { syntheticMarket, type BarView, type SyntheticMarket } from '@gatehouse/core'
import { describe, expect, test } from 'vitest'

const everything = { from: 0n, to: 2n ** 62n }
const time = (text: string): bigint => BigInt(Date.parse(text)) * 1_000_000n

/** Closes of one name by the second they were known. */
async function closesOf(market: SyntheticMarket, schema: 'ohlcv-1s' | 'ohlcv-1m' | 'ohlcv-1h'): Promise<Map<number, number>> {
  const closes = new Map<number, number>()
  for await (const batch of market.bars(schema).batches(everything)) {
    if (batch.type !== 'batch') continue
    const bar = batch.view() as BarView & { row: number }
    for (bar.row = 0; bar.row < batch.length; bar.row++) closes.set(Number(bar.availableAt / 1_000_000_000n), bar.close)
  }
  return closes
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const [ma, mb] = [mean(a), mean(b)]
  const covariance = mean(a.map((value, i) => (value - ma) * (b[i] - mb)))
  return covariance / Math.sqrt(mean(a.map((value) => (value - ma) ** 2)) * mean(b.map((value) => (value - mb) ** 2)))
}

describe('the optimum of bars', () => {
  const options = { seed: 6, symbols: ['A'], from: '2021-01-04', to: '2021-04-01' }
  const market = syntheticMarket(options)

  test('has a row for every bar, known when the bar is', async () => {
    for (const schema of ['ohlcv-1h', 'ohlcv-1m'] as const) {
      expect([...market.optimum.bars(schema, 'A').knownAt]).toEqual([...(await closesOf(market, schema)).keys()])
    }
  })

  test('knows something of the next minutes, and nothing where nothing is planted', async () => {
    const skill = async (world: SyntheticMarket) => {
      const closes = await closesOf(world, 'ohlcv-1m')
      const trace = world.optimum.bars('ohlcv-1m', 'A')
      const chance = world.optimum.upChance(trace, 5)
      const rows = Array.from(trace.knownAt, (at, row) => ({ score: chance[row] - 0.5, now: closes.get(at)!, then: closes.get(at + 300) }))
      const known = rows.filter(({ then }) => then !== undefined)
      return correlation(
        known.map(({ score }) => score),
        known.map(({ now, then }) => Math.sign(then! - now)),
      )
    }
    expect(await skill(market)).toBeGreaterThan(0.2)
    const flat = syntheticMarket({ ...options, noSignal: true })
    expect(flat.optimum.bars('ohlcv-1m', 'A').drift.every((drift) => drift === 0)).toBe(true)
    expect(Math.abs(await skill(flat))).toBeLessThan(0.05)
  })

  test('looks only backwards: what comes later does not change it', () => {
    const whole = market.optimum.bars('ohlcv-1m', 'A')
    const part = syntheticMarket({ ...options, to: '2021-02-01' }).optimum.bars('ohlcv-1m', 'A')
    expect(part.drift).toEqual(whole.drift.subarray(0, part.length))
  })

  test('futures agree with the chance of a rise', () => {
    const trace = market.optimum.bars('ohlcv-1h', 'A')
    const chance = market.optimum.upChance(trace, 7)
    for (const row of [10, 100, 200]) {
      const moves = market.optimum.futures(trace, row, { horizon: 7, paths: 4000, seed: 3 })
      let up = 0
      for (let end = 6; end < moves.length; end += 7) if (moves[end] > 0) up++
      expect(Math.abs(up / 4000 - chance[row])).toBeLessThan(0.05)
    }
  })

  test('a name that is not there is refused', () => {
    expect(() => market.optimum.bars('ohlcv-1h', 'Z')).toThrowError(expect.objectContaining({ code: 'FEED_SYMBOL_UNKNOWN' }) as Error)
  })
})

describe('the optimum of a book', () => {
  const range = { from: time('2021-02-01T14:30:00Z'), to: time('2021-02-01T17:00:00Z') }
  const options = { seed: 6, symbols: ['A'], from: '2021-02-01', to: '2021-02-02' }

  test('knows something of the next two seconds, as much as it says', async () => {
    const market = syntheticMarket(options)
    const closes = await closesOf(market, 'ohlcv-1s')
    const trace = market.optimum.book('A', range)
    const rows = Array.from(trace.second, (second, row) => ({ row, now: closes.get(second), then: closes.get(second + 2) }))
    const known = rows.filter(({ now, then }) => now !== undefined && then !== undefined)
    const standardised = known.map(({ row }) => trace.meanOfTwo[row] / Math.sqrt(trace.varianceOfTwo[row] + trace.meanOfTwo[row] ** 2))
    expect(known.length).toBeGreaterThan(8000)
    const moves = known.map(({ now, then }) => Math.sign(then! - now!))
    expect(correlation(standardised, moves)).toBeGreaterThan(0.3)
  })

  test('chances of the spread are chances', () => {
    const trace = syntheticMarket(options).optimum.book('A', range)
    for (let row = 0; row < trace.length; row++) {
      const same = 1 - trace.narrower[row] - trace.wider[row]
      expect(Math.min(trace.narrower[row], trace.wider[row], same)).toBeGreaterThanOrEqual(0)
    }
  })

  test('says nothing where nothing is planted', () => {
    const trace = syntheticMarket({ ...options, noSignal: true }).optimum.book('A', range)
    expect(trace.mean.every((mean) => mean === 0)).toBe(true)
    expect(trace.impact.every((impact) => impact === 0)).toBe(true)
  })
})

describe('the optimum of gaps', () => {
  test('goes with what the day becomes, and is zero where nothing is planted', async () => {
    const options = { seed: 6, gapNames: 100, from: '2021-01-01', to: '2021-07-01' }
    const market = syntheticMarket(options)
    const returns = new Map<string, number>()
    for await (const batch of market.gaps().batches(everything)) {
      if (batch.type !== 'batch' || batch.schema !== 'ohlcv-1d') continue
      const bar = batch.view() as BarView & { row: number }
      for (bar.row = 0; bar.row < batch.length; bar.row++) {
        returns.set(
          `${Math.floor(Number(bar.tsEvent / 1_000_000_000n) / 86_400)}/${batch.instrumentIndex[bar.row]}`,
          bar.close / bar.open - 1,
        )
      }
    }
    const trace = market.optimum.gaps()
    const actual = Array.from(trace.day, (day, row) => returns.get(`${day}/${trace.name[row]}`)!)
    const skill = correlation([...trace.expectedReturn], actual)
    expect(skill).toBeGreaterThan(0.55)
    expect(skill).toBeLessThan(0.75)
    const flat = syntheticMarket({ ...options, noSignal: true }).optimum.gaps()
    expect(flat.expectedReturn.every((expected) => expected === 0)).toBe(true)
  })
})
