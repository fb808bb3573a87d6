import fc from 'fast-check'
import { barrierDistance, firstTouch } from '@gatehouse/model-seconds-bar'
import { expect, test } from 'vitest'

const walk = fc
  .array(
    fc.record({
      move: fc.double({ min: -0.02, max: 0.02, noNaN: true }),
      up: fc.double({ min: 0, max: 0.01, noNaN: true }),
      down: fc.double({ min: 0, max: 0.01, noNaN: true }),
    }),
    { minLength: 2, maxLength: 40 },
  ) // prettier-ignore
  .map((steps) => {
    let price = 100
    const close = Float64Array.from(steps, ({ move }) => (price *= Math.exp(move)))
    return { close, high: close.map((c, i) => c * (1 + steps[i].up)), low: close.map((c, i) => c * (1 - steps[i].down)) }
  })

test('labels are what looking at every following second in turn finds', () => {
  fc.assert(
    fc.property(walk, fc.integer({ min: 1, max: 10 }), fc.double({ min: 0.001, max: 0.05, noNaN: true }), (path, horizon, distance) => {
      const { labels, touched } = firstTouch({ ...path, barrier: path.close.map(() => distance) }, horizon)
      const { close, high, low } = path
      close.forEach((price, t) => {
        if (t + horizon >= close.length) return expect(labels[t]).toBe(-1)
        let [label, at] = [1, t + horizon]
        for (let i = t + 1; i <= t + horizon; i++) {
          const [isUp, isDown] = [high[i] >= price * Math.exp(distance), low[i] <= price * Math.exp(-distance)]
          if (!isUp && !isDown) continue
          label = isUp && isDown ? 3 : isUp ? 2 : 0
          at = i
          break
        }
        return expect([labels[t], touched[t]]).toEqual([label, at])
      })
    }),
  )
})

test('a row without a barrier has no label', () => {
  const close = Float64Array.of(100, 101, 102)
  expect(firstTouch({ close, high: close, low: close, barrier: Float64Array.of(NaN, 0.001, 0.001) }, 1).labels).toEqual(Int32Array.of(-1, 2, -1)) // prettier-ignore
})

test('barriers are volatilities of the horizon apart, and at least nine tenths of a tick', () => {
  const settings = { horizonSeconds: 64, barrierDeviations: 0.5 }
  expect(barrierDistance({ volatility: 0.001, price: 50, tickSize: 0.01 }, settings)).toBeCloseTo(0.004, 12)
  expect(barrierDistance({ volatility: 1e-6, price: 50, tickSize: 0.01 }, settings)).toBeCloseTo(0.00018, 12)
  expect(barrierDistance({ volatility: NaN, price: 50, tickSize: 0.01 }, settings)).toBeNaN()
})

test('in a quiet market a move of one tick touches, up as well as down', () => {
  const settings = { horizonSeconds: 60, barrierDeviations: 0.75 }
  for (let cents = 100; cents < 60_000; cents += 7) {
    const close = Float64Array.of(cents / 100, cents / 100, (cents + 1) / 100, cents / 100)
    const barrier = close.map((price) => barrierDistance({ volatility: 0, price, tickSize: 0.01 }, settings))
    const { labels } = firstTouch({ close, high: close, low: close, barrier }, 1)
    expect([labels[0], labels[1], labels[2]], `at ${cents} cents`).toEqual([1, 2, 0])
  }
})
