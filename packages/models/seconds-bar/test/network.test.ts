import { compilePlan, compileStreamingPlan, initialWeights, random, resolveNetwork } from '@gatehouse/model-kit'
import { everySecond, lookback, secondsNetwork, spacing, windowRows } from '@gatehouse/model-seconds-bar'
import { expect, test } from 'vitest'

test('streamed every second it says what it says of rows a minute apart', () => {
  const features = 5
  const network = secondsNetwork(features)
  const weights = initialWeights(resolveNetwork(network), 3)
  const plan = compilePlan({ network, weights })
  const stream = compileStreamingPlan({ network: everySecond(network), weights })
  const draw = random(1)
  const rows = Array.from({ length: lookback + 200 }, () => Float32Array.from({ length: features }, () => draw.normal()))
  expect(stream.receptiveField).toBe(lookback + 1)
  let compared = 0
  rows.forEach((row, t) => {
    const said = stream.push(row)
    expect(stream.isWarm).toBe(t >= lookback)
    if (t < lookback) return
    const window = new Float32Array(windowRows * features)
    for (let k = 0; k < windowRows; k++) window.set(rows[t - (windowRows - 1 - k) * spacing], k * features)
    plan.compute(window).forEach((x, i) => expect(Math.abs(said[i] - x)).toBeLessThan(1e-5))
    compared++
  })
  expect(compared).toBe(200)
})
