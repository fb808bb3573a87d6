import { syntheticBars, syntheticMarket, type Batch, type Feed } from '@gatehouse/core'
import { describe, expect, test } from 'vitest'

const everything = { from: 0n, to: 2n ** 62n }

async function batchesOf(feed: Feed, range = everything): Promise<Batch[]> {
  const batches: Batch[] = []
  for await (const item of feed.batches(range)) if (item.type === 'batch') batches.push(item.retain())
  return batches
}

describe('a synthetic market', () => {
  test('gives every name a bar for every hour of the session', async () => {
    const market = syntheticMarket({ seed: 3, from: '2020-03-02', to: '2020-03-07' })
    const [batch] = await batchesOf(market.bars('ohlcv-1h'))
    expect(batch.length).toBe(5 * 5 * 7)
  })

  test('has a bar count when asked', async () => {
    const batches = await batchesOf(syntheticBars({ symbol: 'SPY', seed: 7, bars: 5000 }))
    expect(batches.reduce((rows, { length }) => rows + length, 0)).toBe(5000)
  })
})
