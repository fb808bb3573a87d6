import {
  aucStatistic,
  calibrationStatistic,
  classStatistic,
  meanStatistic,
  outputValues,
  positionReturns,
  testLabels,
  type Deciles,
  type Economics,
  type Judging,
  type Measure,
} from '@gatehouse/model-kit'
import { likeliest, regimes, scoreOf, signals } from './prediction.js'
import { type RegimeRows } from './rows.js'
import { scalesOf } from './scales.js'

/** Cost of turning the whole position over, as a fraction: half a spread and fees on a liquid name. */
const costPerTurnover = 0.0001

/** The figures of a judgement; macro F1 of the regime named is the one that the family is chosen by. */
export function measureRegime(judging: Judging<RegimeRows>): readonly Measure[] {
  const { values, width, test, rows } = judging
  const regime = testLabels(judging, 'regime')
  const signal = testLabels(judging, 'signal')
  const named = namedClasses(judging, 'regime')
  const chances = outputValues(judging, 'regime')
  const largest = Int32Array.from(test, (_, i) => argmax(chances, i * regimes.length, regimes.length))
  const signalled = namedClasses(judging, 'signal')
  const score = Float64Array.from(test, (_, i) => scoreOf(values, i * width))
  const up = Float64Array.from(test, (row) => (rows.forward[row] > 0 ? 1 : rows.forward[row] < 0 ? 0 : NaN))
  const confidence = Float64Array.from(largest, (k, i) => chances[i * regimes.length + k])
  const hit = Float64Array.from(largest, (k, i) => (k === regime[i] ? 1 : 0))
  const higher = { unit: 'score', direction: 'higher' as const }
  const ofRegime = { classes: regimes.length }
  return [
    { name: 'macroF1', ...higher, statistic: classStatistic(regime, named, { ...ofRegime, metric: 'macroF1' }) },
    { name: 'balancedAccuracy', ...higher, statistic: classStatistic(regime, named, { ...ofRegime, metric: 'balancedAccuracy' }) },
    { name: 'accuracy', ...higher, statistic: classStatistic(regime, named, { ...ofRegime, metric: 'accuracy' }) },
    { name: 'mcc', ...higher, statistic: classStatistic(regime, named, { ...ofRegime, metric: 'mcc' }) },
    { name: 'signalAccuracy', ...higher, statistic: classStatistic(signal, signalled, { classes: signals.length, metric: 'accuracy' }) },
    { name: 'signalMacroF1', ...higher, statistic: classStatistic(signal, signalled, { classes: signals.length, metric: 'macroF1' }) },
    { name: 'signalBalancedAccuracy', ...higher, statistic: classStatistic(signal, signalled, { classes: signals.length, metric: 'balancedAccuracy' }) }, // prettier-ignore
    { name: 'signalKappa', ...higher, statistic: classStatistic(signal, signalled, { classes: signals.length, metric: 'quadraticKappa' }) },
    { name: 'auc', ...higher, statistic: aucStatistic(up, score) },
    { name: 'ece', unit: 'score', direction: 'lower', statistic: calibrationStatistic(confidence, hit) },
    { name: 'rps', unit: 'score', direction: 'lower', statistic: meanStatistic(rankedScores(signal, outputValues(judging, 'signal'))) },
  ]
}

/** The class that a prediction names, of each test row. @param head `signal` or `regime` */
export function namedClasses({ values, width, test, extra }: Judging<RegimeRows>, head: string): Int32Array {
  const scales = scalesOf(extra)
  const [offset, own] = head === 'signal' ? [0, scales.signals] : [signals.length, scales.regimes]
  return Int32Array.from(test, (_, i) => likeliest(values, i * width + offset, own))
}

/** Holding twice the score of every name, bounded at 1, for a bar. */
export function regimeEconomics({ rows, test, values, width }: Judging<RegimeRows>): Economics {
  return {
    costs: `${costPerTurnover * 1e4} bp of the traded value, no market impact; the position is twice the score, bounded at 1, held one bar`,
    returns: positionReturns(rows, test, {
      position: (place) => Math.max(-1, Math.min(1, 2 * scoreOf(values, place * width))),
      nextReturn: rows.nextReturn,
      costPerTurnover,
    }),
  }
}

function argmax(values: ArrayLike<number>, from: number, count: number): number {
  let best = 0
  for (let k = 1; k < count; k++) if (values[from + k] > values[from + best]) best = k
  return best
}

/** Ranked probability score (Epstein 1969) of each row. */
function rankedScores(truth: ArrayLike<number>, probabilities: Float32Array): Float64Array {
  const classes = signals.length
  return Float64Array.from(truth, (c, i) => {
    let [sum, cumulative] = [0, 0]
    for (let k = 0; k < classes - 1; k++) {
      cumulative += probabilities[i * classes + k]
      sum += (cumulative - (c <= k ? 1 : 0)) ** 2
    }
    return sum / (classes - 1)
  })
}

/** What the next bar brought to rows of each score, before costs. */
export function regimeDeciles({ rows, test, values, width }: Judging<RegimeRows>): Deciles {
  return {
    title: 'Return of the next bar, before costs',
    by: 'score, −2 to 2',
    unit: 'bp',
    score: Float64Array.from(test, (_, i) => scoreOf(values, i * width)),
    outcome: Float64Array.from(test, (row) => 1e4 * rows.nextReturn[row]),
  }
}
