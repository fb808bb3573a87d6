import {
  aucStatistic,
  calibrationStatistic,
  constantBaseline,
  lastSteps,
  linearBaseline,
  meanStatistic,
  metaLabel,
  outputValues,
  ruleBaseline,
  testLabels,
  type Baseline,
  type Deciles,
  type Economics,
  type Judging,
  type Measure,
} from '@gatehouse/model-kit'
import { entry } from './acting.js'
import type { ResolvedOptions } from './options.js'
import { qualityOf } from './prediction.js'
import type { SecondsRows } from './rows.js'

/** Sides that the model takes, and the meta-labels of taking them: 1 when the profit barrier came first, else 0. */
function trades(judging: Judging<SecondsRows>) {
  const { rows, test } = judging
  const [touch, up] = [outputValues(judging, 'touch'), outputValues(judging, 'direction')]
  const sides = Int8Array.from(up, (p) => (p >= 0.5 ? 1 : -1))
  const places = Int32Array.from(test, (_, i) => i)
  const labels = Int32Array.from(test, (row) => rows.outcome[row])
  const returns = Float64Array.from(test, (row) => rows.returns[row])
  const won = metaLabel({ labels, touched: places, returns, from: places, to: places }, sides).labels
  const quality = Float64Array.from(touch, (p, i) => qualityOf(p, up[i]))
  return { touch, up, sides, won, quality, returns }
}

/** Figures of the family; the first is what it is chosen by. Direction is judged where a barrier was touched: elsewhere there is none. */
export function measure(judging: Judging<SecondsRows>): readonly Measure[] {
  const { touch, up, won, quality } = trades(judging)
  const [touched, direction] = [testLabels(judging, 'touch'), testLabels(judging, 'direction')]
  const squares = (p: ArrayLike<number>, truth: ArrayLike<number>): Float64Array => Float64Array.from(truth, (y, i) => (p[i] - y) ** 2)
  const cut = Float64Array.from(quality).sort()[Math.floor(0.9 * quality.length)]
  return [
    { name: 'auc', unit: 'score', direction: 'higher', statistic: aucStatistic(direction, up) },
    { name: 'brier', unit: 'score', direction: 'lower', statistic: meanStatistic(squares(up, direction)) },
    { name: 'ece', unit: 'score', direction: 'lower', statistic: calibrationStatistic(up, direction) },
    { name: 'touchAuc', unit: 'score', direction: 'higher', statistic: aucStatistic(touched, touch) },
    { name: 'qualityAuc', unit: 'score', direction: 'higher', statistic: aucStatistic(won, quality) },
    { name: 'qualityBrier', unit: 'score', direction: 'lower', statistic: meanStatistic(squares(quality, won)) },
    { name: 'qualityEce', unit: 'score', direction: 'lower', statistic: calibrationStatistic(quality, won) },
    { name: 'hitRate', unit: 'fraction', direction: 'higher', statistic: meanStatistic(won) },
    {
      name: 'topDecileHitRate',
      unit: 'fraction',
      direction: 'higher',
      statistic: meanStatistic(won.map((hit, i) => (quality[i] >= cut ? hit : NaN))),
    },
  ]
}

/** Confidence of a rule: enough to order rows, not enough to claim much. */
const nudge = 0.02

/** Opponents: the base rates, following the last minute, fading it, and logistic regression on the window's last row. @param trend column of `trend-60` */
export function baselines(trend: number): readonly Baseline<SecondsRows>[] {
  const rule = (sign: 1 | -1) => (rows: SecondsRows, row: number, target: Float32Array) => {
    const z = rows.table[rows.windows!.ends[row] * rows.width + trend]
    target[0] = 0.5
    target[1] = 0.5 + sign * nudge * Math.max(-4, Math.min(4, z))
  }
  return [
    // Quality is no edge: each predictor's is of the side that it takes itself, and who takes sides that rarely win has the lower Brier score.
    constantBaseline('majority', { edges: ['auc', 'brier'], say: 'shares' }),
    ruleBaseline('rule', { description: 'momentum: what rose in the last minute rises', edges: ['auc'], rule: rule(1) }),
    ruleBaseline('reversal', { description: 'what rose in the last minute falls', edges: ['auc'], rule: rule(-1) }),
    linearBaseline('logistic', { edges: ['auc', 'brier', 'touchAuc'], rows: lastSteps }),
  ]
}

/** What the engine's account gains of a stake by a round trip over a log return (a test holds the two together): each way costs a part of what is traded then. */
function netReturn(side: number, move: number, costPerTurnover: number): number {
  return side * Math.expm1(move) - costPerTurnover * (1 + Math.exp(move))
}

/**
 * Trades by `entry` with its sizes, net of costs: begun on whole horizons, so that none waits for another, and ended by the first barrier or the horizon. One return a
 * moment, the mean over instruments; a moment without a trade earns nothing.
 */
export function economics(judging: Judging<SecondsRows>, { horizonSeconds, costPerTurnover }: ResolvedOptions): Economics {
  const { rows, test } = judging
  const { touch, quality, sides, returns } = trades(judging)
  const moments = new Map<number, { sum: number; count: number }>()
  test.forEach((row, i) => {
    const at = rows.knownAt[row]
    if (at % horizonSeconds !== 0) return
    const moment = moments.get(at) ?? { sum: 0, count: 0 }
    moments.set(at, moment)
    moment.count++
    const said = { direction: sides[i] as 1 | -1, quality: quality[i], risk: touch[i] - quality[i], barrier: rows.distance[row] }
    const trade = entry(said, { price: 1, costPerTurnover })
    if (trade !== undefined) moment.sum += trade.size * netReturn(sides[i], returns[i], costPerTurnover)
  })
  return {
    costs: `${costPerTurnover * 1e4} bp of the traded value each way, no market impact, entered at the close of the next second that trades; a touched barrier fills at its price`,
    returns: Float64Array.from(moments.values(), ({ sum, count }) => sum / count),
  }
}

/** What a trade in the likelier direction brought net of costs, by what was expected of it: the last tenths are the ones that `entry` takes. */
export function deciles(judging: Judging<SecondsRows>, { costPerTurnover }: ResolvedOptions): Deciles {
  const { rows, test } = judging
  const { touch, quality, sides, returns } = trades(judging)
  return {
    title: 'Net return of a trade in the likelier direction, to its barrier or the horizon',
    by: 'expected net return, bp',
    unit: 'bp',
    score: Float64Array.from(test, (row, i) => 1e4 * ((2 * quality[i] - touch[i]) * rows.distance[row] - 2 * costPerTurnover)),
    outcome: Float64Array.from(returns, (move, i) => 1e4 * netReturn(sides[i], move, costPerTurnover)),
  }
}
