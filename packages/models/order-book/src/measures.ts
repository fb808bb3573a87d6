import {
  aucStatistic,
  calibrationStatistic,
  classStatistic,
  type Deciles,
  type Judging,
  meanStatistic,
  type Measure,
  rSquaredStatistic,
  testLabels,
} from '@gatehouse/model-kit'
import { expectedSaving } from './execution.js'
import { decide, place, rarity } from './prediction.js'
import { type BookRows } from './rows.js'
import { readTendencies } from './tendencies.js'

/** What the family is judged by; the area under the curve of direction comes first. */
export function bookMeasures(judging: Judging<BookRows>): readonly Measure[] {
  const { values, width, test, rows } = judging
  const direction = testLabels(judging, 'direction')
  const spread = testLabels(judging, 'spread')
  const at = (k: number) => Float64Array.from(test, (_, i) => values[i * width + k])
  const up = at(place.direction + 2)
  const lean = at(place.direction).map((down, i) => up[i] - down)
  const impact = at(place.impact).map((moves, i) => moves * rows.scaleBp[test[i]])
  const score = (name: string, statistic: Measure['statistic'], direction: Measure['direction'] = 'higher'): Measure => ({ name, unit: 'score', direction, statistic }) // prettier-ignore
  return [
    // Of the moves that came, up against down.
    score('auc', aucStatistic(direction.map((label) => (label === 2 ? 1 : label === 0 ? 0 : -1)), lean)), // prettier-ignore
    score('macroF1', classStatistic(direction, namedClasses(judging, 'direction')!, { classes: 3, metric: 'macroF1' })),
    score('spreadMacroF1', classStatistic(spread, namedClasses(judging, 'spread')!, { classes: 3, metric: 'macroF1' })),
    score('spreadAuc', aucStatistic(spread.map((label) => (label === 0 ? 1 : label === 2 ? 0 : -1)), at(place.spread).map((narrower, i) => narrowerShare(narrower, values[i * width + place.spread + 2])))), // prettier-ignore
    score('impactR2', rSquaredStatistic(Float64Array.from(test, (row) => rows.impactBp[row]), impact, 0)), // prettier-ignore
    score('ece', calibrationStatistic(up, direction.map((label) => (label < 0 ? -1 : label === 2 ? 1 : 0))), 'lower'), // prettier-ignore
    { name: 'costSavingBps', unit: 'basis-points', direction: 'higher', statistic: meanStatistic(savings(judging)) },
  ]
}

/** Chance that the spread narrows if it changes; even where neither change has a chance. */
const narrowerShare = (narrower: number, wider: number): number => (narrower + wider > 0 ? narrower / (narrower + wider) : 0.5)

/** The class that a prediction names, of each test row; none of the impact. */
export function namedClasses({ values, width, test, extra }: Judging<BookRows>, head: string): Int32Array | undefined {
  const { directionPriors, spreadPriors } = readTendencies(extra)
  if (head !== 'direction' && head !== 'spread') return undefined
  const priors = head === 'direction' ? directionPriors : spreadPriors
  return Int32Array.from(test, (_, i) => decide(values, i * width + place[head], priors, rarity[head]))
}

/**
 * What following the advice would have saved an order at each row, the mean of a buy and a sell: taken at once where it says so, else taken at the horizon, at the
 * price and spread of then. Against taking at once always. No fill of a resting order is counted.
 */
function savings(judging: Judging<BookRows>): Float64Array {
  const [buy, sell] = [1, -1].map((sign) => waiting(judging, sign))
  const followed = ({ expected, came }: typeof buy, i: number): number => (expected[i] > 0 ? came[i] : 0)
  return Float64Array.from(judging.test, (row, i) =>
    Number.isNaN(judging.rows.move[row]) ? NaN : (followed(buy, i) + followed(sell, i)) / 2,
  )
}

/** What waiting to the horizon was expected to save an order, and did, against taking at once, basis points. @param sign 1 buys, -1 sells */
function waiting({ rows, test, values, width, extra }: Judging<BookRows>, sign: number) {
  const tendencies = readTendencies(extra)
  const expected = Float64Array.from(
    test,
    (row, i) =>
    expectedSaving({ values: values.subarray(i * width, (i + 1) * width), tendencies, tickBp: rows.tickBp[row], usualMoveBp: rows.scaleBp[row], spreadTicks: rows.spread[row] }, sign), // prettier-ignore
  )
  const came = Float64Array.from(
    test,
    (row) => ((rows.spread[row] - rows.laterSpread[row]) * rows.tickBp[row]) / 2 - sign * Math.expm1(rows.move[row]) * 1e4,
  )
  return { expected, came }
}

/** What waiting brought an order to buy, by what was expected of it: above zero it was right to wait. */
export function bookDeciles(judging: Judging<BookRows>): Deciles {
  const { expected, came } = waiting(judging, 1)
  return {
    title: 'What an order to buy saves when it waits to the horizon instead of taking now',
    by: 'expected saving, bp',
    unit: 'bp',
    score: expected,
    outcome: came,
  }
}
