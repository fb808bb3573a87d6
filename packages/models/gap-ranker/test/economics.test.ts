import { random, type Judging } from '@gatehouse/model-kit'
import { gapRanker, stake } from '@gatehouse/model-gap-ranker'
import { expect, test } from 'vitest'
import { engineGains, type RoundTrip } from '../../kit/test/engine-trades.js'
import type { GapFamilyRows } from '../src/family-rows.js'

const [mornings, names] = [30, 8]

/** Mornings of names with what a model said of them, and their opens and closes. */
function world(seed: number) {
  const draw = random(seed)
  const count = mornings * names
  const prices = Array.from({ length: count }, () => {
    const open = Math.round(1_000 + 5_000 * draw.uniform()) / 100
    return { open, close: Math.round(100 * open * Math.exp(0.1 * draw.normal())) / 100 }
  })
  const groups = Int32Array.from(prices, (_, row) => Math.floor(row / names))
  const closeReturn = Float64Array.from(prices, ({ open, close }) => close / open - 1)
  const time = BigInt64Array.from(groups, (morning) => BigInt(morning) * 86_400_000_000_000n)
  const rows: GapFamilyRows = {
    count,
    table: new Float32Array(count),
    width: 1,
    labels: new Map(),
    t0: time,
    t1: time,
    groups,
    instrument: Int32Array.from(prices, (_, row) => row % names),
    outcome: closeReturn,
    closeReturn,
  }
  const judging: Judging<GapFamilyRows> = {
    rows,
    test: Int32Array.from(groups.keys()),
    values: Float32Array.from({ length: 2 * count }, () => draw.uniform()),
    width: 2,
    outputs: [
      { name: 'rank', kind: 'score', width: 1, offset: 0 },
      { name: 'move', kind: 'logits', width: 1, offset: 1 },
    ],
    extra: {},
  }
  return { judging, prices }
}

test.each([1, 2, 3])('the economics are what the engine’s account gains by the same stakes, seed %i', async (seed) => {
  const { judging, prices } = world(seed)
  const { returns } = gapRanker().definition.economics!(judging)
  const scores = Float32Array.from(prices, (_, row) => judging.values[2 * row])
  const trips = prices.map(({ open, close }, row): RoundTrip => {
    const first = row - (row % names)
    const rank = 1 + scores.subarray(first, first + names).filter((score) => score > scores[row]).length
    return { side: 1, stake: stake({ rank, probability: judging.values[2 * row + 1] }), entry: open, exit: close }
  })
  const gains = await engineGains(trips, 0.001)
  returns.forEach((made, morning) => {
    const gained = gains.subarray(morning * names, (morning + 1) * names).reduce((sum, gain) => sum + gain, 0)
    expect(Math.abs(gained - made), `morning ${morning}`).toBeLessThan(1e-9)
  })
})
