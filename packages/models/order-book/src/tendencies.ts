import { TradingError, type ModelDescription } from '@gatehouse/contracts'
import { type Tendencies } from './prediction.js'
import { type BookRows } from './rows.js'

/** How common the classes are and how far things go, over the training rows. */
export function tendenciesOf(rows: BookRows, train: Int32Array): Tendencies {
  const [direction, spread] = ['direction', 'spread'].map((head) => shares(rows.labels.get(head)!, train))
  const moves = Array.from(train, (row) => Math.abs(rows.move[row] * 1e4) / rows.scaleBp[row]).filter((move) => move > 0)
  const changes = Array.from(train, (row) => rows.laterSpread[row] - rows.spread[row])
  return {
    directionPriors: direction,
    spreadPriors: spread,
    meanMove: mean(moves),
    narrowerTicks: mean(changes.filter((change) => change < -0.5).map((change) => -change)),
    widerTicks: mean(changes.filter((change) => change > 0.5)),
  }
}

/** @throws {TradingError} `MODEL_ARTIFACT_INVALID` naming what `extra` lacks */
export function readTendencies(extra: ModelDescription['extra'] = {}): Tendencies {
  const priors = (name: string): readonly number[] => {
    const found = extra[name]
    if (Array.isArray(found) && found.length === 3 && found.every((prior) => prior > 0)) return found as readonly number[]
    throw invalid(name, 'three positive shares', found)
  }
  const size = (name: string): number => {
    const found = extra[name]
    if (typeof found === 'number' && found >= 0 && found < Infinity) return found
    throw invalid(name, 'a number that is not negative', found)
  }
  return {
    directionPriors: priors('directionPriors'),
    spreadPriors: priors('spreadPriors'),
    meanMove: size('meanMove'),
    narrowerTicks: size('narrowerTicks'),
    widerTicks: size('widerTicks'),
  }
}

/** Each class counted as if it had come once more: one that never came has a prior, too. */
function shares(labels: ArrayLike<number>, rows: Int32Array): number[] {
  const counts = [1, 1, 1]
  let total = 3
  for (const row of rows) {
    if (!(labels[row] >= 0)) continue
    counts[labels[row]]++
    total++
  }
  return counts.map((count) => count / total)
}

const mean = (values: readonly number[]): number => (values.length === 0 ? 0 : values.reduce((a, b) => a + b, 0) / values.length)

function invalid(name: string, expected: string, found: unknown): TradingError {
  return new TradingError('MODEL_ARTIFACT_INVALID', `order-book: extra.${name} must be ${expected}; train the model again`, { name, found })
}
