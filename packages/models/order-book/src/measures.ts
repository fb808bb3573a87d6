import {
  aucStatistic,
  calibrationStatistic,
  classStatistic,
  type Judging,
  meanStatistic,
  type Measure,
  rSquaredStatistic,
  testLabels,
} from '@gatehouse/model-kit'
import { expectedSaving } from './execution.js'
import { decide, place } from './prediction.js'
import { type BookRows } from './rows.js'
import { readTendencies } from './tendencies.js'

/** What the family is judged by; the area under the curve of direction comes first. */
export function bookMeasures(judging: Judging<BookRows>): readonly Measure[] {
  const { values, width, test, extra, rows } = judging
  const tendencies = readTendencies(extra)
  const direction = testLabels(judging, 'direction')
  const spread = testLabels(judging, 'spread')
  const at = (k: number) => Float64Array.from(test, (_, i) => values[i * width + k])
  const said = (head: 'direction' | 'spread', priors: readonly number[]) =>
    Int32Array.from(test, (_, i) => decide(values, i * width + place[head], priors))
  const up = at(place.direction + 2)
  const lean = at(place.direction).map((down, i) => up[i] - down)
  const impact = at(place.impact).map((moves, i) => moves * rows.scaleBp[test[i]])
  const score = (name: string, statistic: Measure['statistic'], direction: Measure['direction'] = 'higher'): Measure => ({ name, unit: 'score', direction, statistic }) // prettier-ignore
  return [
    // Of the moves that came, up against down.
    score('auc', aucStatistic(direction.map((label) => (label === 2 ? 1 : label === 0 ? 0 : -1)), lean)), // prettier-ignore
    score('macroF1', classStatistic(direction, said('direction', tendencies.directionPriors), { classes: 3, metric: 'macroF1' })),
    score('spreadMacroF1', classStatistic(spread, said('spread', tendencies.spreadPriors), { classes: 3, metric: 'macroF1' })),
    score('spreadAuc', aucStatistic(spread.map((label) => (label === 0 ? 1 : label === 2 ? 0 : -1)), at(place.spread).map((narrower, i) => narrowerShare(narrower, values[i * width + place.spread + 2])))), // prettier-ignore
    score('impactR2', rSquaredStatistic(Float64Array.from(test, (row) => rows.impactBp[row]), impact, 0)), // prettier-ignore
    score('ece', calibrationStatistic(up, direction.map((label) => (label < 0 ? -1 : label === 2 ? 1 : 0))), 'lower'), // prettier-ignore
    { name: 'costSavingBps', unit: 'basis-points', direction: 'higher', statistic: meanStatistic(savings(judging)) },
  ]
}

/** Chance that the spread narrows if it changes; even where neither change has a chance. */
const narrowerShare = (narrower: number, wider: number): number => (narrower + wider > 0 ? narrower / (narrower + wider) : 0.5)

/**
 * What following the advice would have saved an order at each row, the mean of a buy and a sell: taken at once where it says so, else taken at the horizon, at the
 * price and spread of then. Against taking at once always. No fill of a resting order is counted.
 */
function savings({ rows, test, values, width, extra }: Judging<BookRows>): Float64Array {
  const tendencies = readTendencies(extra)
  return Float64Array.from(test, (row, i) => {
    const [tickBp, usualMoveBp, spreadTicks] = [rows.tickBp[row], rows.scaleBp[row], rows.spread[row]]
    const expectation = { values: values.subarray(i * width, (i + 1) * width), tendencies, tickBp, usualMoveBp, spreadTicks }
    const narrowed = ((spreadTicks - rows.laterSpread[row]) * tickBp) / 2
    let saved = 0
    for (const sign of [1, -1]) if (expectedSaving(expectation, sign) > 0) saved += narrowed - sign * rows.move[row] * 1e4
    return Number.isNaN(rows.move[row]) ? NaN : saved / 2
  })
}
