import { describe, expect, test } from 'vitest'
import {
  equity,
  inMemory,
  positionLimit,
  run,
  sessionOnly,
  simulatedBroker,
  type BarView,
  type Context,
  type RunOptions,
  type Strategy,
} from '@gatehouse/core'
import { bars, countingModel } from './bench.js'

const other = equity('ELSE', { venue: 'SIM', calendar: '24x7' })

/** What a strategy is told on each bar of why it did not trade, after it did what it does there. */
async function told(act: (bar: BarView, context: Context) => void, options: Partial<RunOptions> = {}): Promise<(string | undefined)[]> {
  const words: (string | undefined)[] = []
  const strategy = (): Strategy => ({
    name: 'asks',
    onBar(bar, context) {
      act(bar, context)
      words.push(context.whyNot(bar.instrument))
    },
  })
  await run({
    time: 'backtest',
    strategy,
    feeds: [inMemory([bars([100, 101, 102])])],
    broker: simulatedBroker({ cash: 100_000 }),
    ...options,
  })
  return words
}
const buy =
  (quantity: number) =>
  (bar: BarView, { orders }: Context): void =>
    void orders.buy(bar.instrument, quantity)

describe('why there was no trade', () => {
  test('is nothing when nothing stood in the way', async () => {
    expect(await told(() => {})).toEqual([undefined, undefined, undefined])
    expect(await told(buy(1))).toEqual([undefined, undefined, undefined])
  })
  test('is a limit that refused, with what it saw and where it stands', async () => {
    const words = await told(buy(9), { risk: [positionLimit(5)] })
    expect(words[0]).toMatch(/9.*5/)
  })
  test('is the venue’s rejection, told when it came', async () => {
    const words = await told(buy(5000))
    expect(words.at(-1)).toMatch(/margin of .* needed, equity is 100000\.00/)
  })
  test('is a price that was never seen', async () => {
    const words: (string | undefined)[] = []
    await told((_, { whyNot }) => void words.push(whyNot(other)))
    expect(words[0]).toBe('no price of ELSE has been seen')
  })
  test('is a model that has not seen enough history, until it has', async () => {
    const [first, , third] = await told(() => {}, { models: [countingModel('ohlcv-1m', 2)] })
    expect(first).toBe('counting has not seen enough history to predict')
    expect(third).toBeUndefined()
  })
  test('is a market that is closed', async () => {
    const saturday = BigInt(Date.parse('2024-01-06T15:00Z')) * 1_000_000n
    const listed = equity('SPY')
    const words = await told(buy(1), { feeds: [inMemory([bars([100, 101], { of: listed, from: saturday })])], risk: [sessionOnly()] })
    expect(words[0]).toMatch(/closed|session/)
  })
  test('is the last of several refusals', async () => {
    const [first] = await told((bar, { orders }) => {
      orders.buy(bar.instrument, NaN)
      orders.buy(bar.instrument, 1, { type: 'limit', limitPrice: Infinity })
    })
    expect(first).toMatch(/limitPrice/)
  })
  test('is of the instrument alone', async () => {
    const words: (string | undefined)[] = []
    await told((bar, { orders, whyNot }) => {
      orders.buy(bar.instrument, 0)
      words.push(whyNot(other))
    })
    expect(words[0]).not.toMatch(/quantity/i)
  })
})
