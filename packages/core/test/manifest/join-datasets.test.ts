import { describe, expect, it } from 'vitest'
import { type Dataset, equity, joinDatasets, type Schema } from '@gatehouse/core'

const symbols = ['AAA', 'BBB'].map((symbol) => equity(symbol))

function dataset(schema: Schema, instruments = symbols, from = 0n, to = 100n): Dataset & { asked: unknown[] } {
  const asked: unknown[] = []
  return {
    asked,
    name: schema,
    pins: [],
    source: 'somewhere',
    instruments,
    range: { from, to },
    async *batches(wanted, range) {
      await Promise.resolve()
      asked.push([wanted, range])
      yield* []
    },
  }
}

describe('joinDatasets', () => {
  it('asks the dataset that holds a schema, within the range that all have in common', async () => {
    const days = dataset('ohlcv-1d', symbols, 10n, 90n)
    const news = dataset('news', symbols, 20n, 200n)
    const joined = joinDatasets({ 'ohlcv-1d': days, news })
    for await (const batch of joined.batches('news', { from: 0n, to: 50n })) expect(batch).toBeUndefined()
    expect(joined.range).toEqual({ from: 20n, to: 90n })
    expect([days.asked, news.asked]).toEqual([[], [['news', { from: 20n, to: 50n }]]])
  })

  it('names every source and each instrument once', () => {
    const joined = joinDatasets({ 'ohlcv-1d': dataset('ohlcv-1d'), news: { ...dataset('news', [symbols[0]]), source: 'elsewhere' } })
    expect(joined.source).toBe('elsewhere + somewhere')
    expect(joined.instruments).toEqual(symbols)
  })

  it('refuses a schema that none holds', () => {
    expect(() => joinDatasets({ news: dataset('news') }).batches('trades')).toThrow(/hold news, not trades/)
  })

  it('refuses to join nothing', () => {
    expect(() => joinDatasets({})).toThrow(/no dataset to join/)
  })
})
