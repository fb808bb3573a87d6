import { random, type Judging } from '@gatehouse/model-kit'
import { entry, secondsBar } from '@gatehouse/model-seconds-bar'
import { expect, test } from 'vitest'
import { engineGains, type RoundTrip } from '../../kit/test/engine-trades.js'
import { qualityOf } from '../src/prediction.js'
import type { SecondsRows } from '../src/rows.js'

const [trades, horizonSeconds, costPerTurnover] = [200, 60, 0.0002]

/** Moments a horizon apart, what a model said of them, and the prices at which a trade begins and ends. */
function world(seed: number) {
  const draw = random(seed)
  const values = Float32Array.from({ length: 2 * trades }, () => draw.uniform())
  const prices = Array.from({ length: trades }, () => {
    const begun = Math.round(10_000 + 2_000 * draw.uniform()) / 100
    return { begun, ended: begun + Math.round(100 * draw.normal()) / 100 }
  })
  const returns = Float64Array.from(prices, ({ begun, ended }) => Math.log(ended / begun))
  const time = BigInt64Array.from(prices, (_, i) => BigInt(i * horizonSeconds) * 1_000_000_000n)
  const rows: SecondsRows = {
    count: trades,
    table: new Float32Array(trades),
    width: 1,
    labels: new Map(),
    t0: time,
    t1: time,
    instrument: new Int32Array(trades),
    outcome: Int32Array.from(returns, (move) => (move > 0 ? 2 : move < 0 ? 0 : 1)),
    returns,
    distance: returns.map((move) => Math.abs(move)),
    knownAt: Float64Array.from(time, (ns) => Number(ns / 1_000_000_000n)),
  }
  const outputs = [
    { name: 'touch', kind: 'logits', width: 1, offset: 0 },
    { name: 'direction', kind: 'logits', width: 1, offset: 1 },
  ] as const
  const judging: Judging<SecondsRows> = { rows, test: Int32Array.from(rows.outcome.keys()), values, width: 2, outputs, extra: {} }
  return { judging, prices }
}

test.each([1, 2, 3])('the economics are what the engine’s account gains by the same trades, seed %i', async (seed) => {
  const { judging, prices } = world(seed)
  const { returns } = secondsBar({ horizonSeconds, costPerTurnover }).definition.economics!(judging)
  const trips = prices.map(({ begun, ended }, i): RoundTrip => {
    const [touch, up] = judging.values.subarray(2 * i)
    const side = up >= 0.5 ? 1 : -1
    const quality = qualityOf(touch, up)
    const trade = entry({ direction: side, quality, risk: touch - quality, barrier: judging.rows.distance[i] }, { price: begun, costPerTurnover }) // prettier-ignore
    return { side, stake: trade?.size ?? 0, entry: begun, exit: ended }
  })
  expect(trips.filter(({ stake }) => stake > 0).length).toBeGreaterThan(trades / 4)
  const gains = await engineGains(trips, costPerTurnover)
  gains.forEach((gain, i) => expect(Math.abs(gain - returns[i]), `trade ${i}`).toBeLessThan(1e-9))
})
