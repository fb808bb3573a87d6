import { executionAdvice, type Expectation } from '@gatehouse/model-order-book'
import fc from 'fast-check'
import { expect, test } from 'vitest'

const tendencies = { directionPriors: [1, 1, 1], spreadPriors: [1, 1, 1], meanMove: 1, narrowerTicks: 2, widerTicks: 2 }
const book = ([down, up]: readonly [number, number], [narrower, wider]: readonly [number, number] = [0, 0]): Expectation => ({
  values: Float32Array.of(down, 1 - down - up, up, narrower, 1 - narrower - wider, wider, 0),
  tendencies,
  spreadTicks: 2,
  tickBp: 1,
  usualMoveBp: 4,
})

test('a buyer takes what is about to rise, and waits for what is about to fall', () => {
  expect(executionAdvice(book([0, 0.5]), { side: 'buy' })).toEqual({ action: 'take', offsetTicks: 2, costNowBp: 1, costLaterBp: 3 })
  expect(executionAdvice(book([0.5, 0]), { side: 'buy' })).toEqual({ action: 'wait', offsetTicks: -1, costNowBp: 1, costLaterBp: -1 })
})

test('a little in his favour he rests at his own best price', () => {
  expect(executionAdvice(book([0.125, 0]), { side: 'buy' })).toMatchObject({ action: 'join', offsetTicks: 0, costLaterBp: 0.5 })
})

test('a spread that is about to narrow is waited for', () => {
  expect(executionAdvice(book([0, 0], [0.75, 0.25]), { side: 'buy' })).toMatchObject({ action: 'join', costLaterBp: 0.5 })
})

test('what must be saved at least is asked for', () => {
  expect(executionAdvice(book([0.125, 0]), { side: 'buy', leastSavingBp: 0.6 }).action).toBe('take')
})

test('an expectation that is no number takes: unknown is no reason to wait', () => {
  expect(executionAdvice(book([NaN, NaN]), { side: 'sell' }).action).toBe('take')
})

test('a seller is a buyer of the mirrored market', () => {
  const share = fc.double({ min: 0, max: 0.5, noNaN: true })
  fc.assert(
    fc.property(share, share, share, share, (down, up, narrower, wider) => {
      expect(executionAdvice(book([down, up], [narrower, wider]), { side: 'sell' })).toEqual(
        executionAdvice(book([up, down], [narrower, wider]), { side: 'buy' }),
      )
    }),
  )
})
