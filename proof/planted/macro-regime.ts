import { syntheticMarket, type SyntheticMarket } from '@gatehouse/core'
import { aucStatistic, type Judgement } from '@gatehouse/model-kit'
import { feedDataset } from '@gatehouse/model-kit/testing'
import { macroRegime, type RegimeRows } from '@gatehouse/model-macro-regime'
import { type PlantedCase } from './planted-case.js'
import { isRefused } from './refusal.js'

const horizon = 35
const from = '2014-01-01'
const until = BigInt(Date.parse('2021-01-01')) * 1_000_000n

/** Five names over ten years of hours; the last three are unseen. */
export const planted: PlantedCase = {
  family: 'macro-regime',
  task: `direction over ${horizon} hourly bars, AUC less 1/2`,
  async run(seed, { signal, long, onProgress }) {
    const market = syntheticMarket({ seed, noSignal: !signal, from, to: '2024-01-01' })
    const dataset = feedDataset({
      name: `synthetic-${seed}`,
      source: 'synthetic',
      instruments: market.instruments,
      range: market.range,
      feeds: { 'ohlcv-1h': market.bars('ohlcv-1h') },
    })
    const family = macroRegime({ horizon, ...(long ? { epochs: 100, hidden: [64, 32], dropout: 0.3, restarts: 4 } : {}) })
    const started = performance.now()
    const candidate = await family.train(dataset, { seed, until, onProgress })
    const trainingSeconds = (performance.now() - started) / 1000
    const judgement = await family.judge(candidate, dataset, { trials: 1, onProgress })
    const auc = judgement.evaluation.metrics['auc'].value
    const linear = judgement.evaluation.baselines.find(({ name }) => name === 'logistic')!.metrics['auc']
    return {
      optimum: optimumAuc(market, judgement) - 0.5,
      model: auc - 0.5,
      linear: linear - 0.5,
      auc,
      trainingSeconds,
      refused: isRefused('macro-regime', candidate, judgement.evaluation),
    }
  },
}

/** AUC of the chance that the generator itself would give, on the rows that were judged. */
function optimumAuc({ optimum, instruments }: SyntheticMarket, { judging: { rows, test } }: Judgement<RegimeRows>): number {
  const chances = instruments.map(({ symbol }) => {
    const trace = optimum.bars('ohlcv-1h', symbol)
    const chance = optimum.upChance(trace, horizon)
    return new Map(Array.from(trace.knownAt, (at, row) => [at, chance[row]]))
  })
  const score = Float64Array.from(test, (row) => chances[rows.instrument[row]].get(Number(rows.t0[row] / 1_000_000_000n))!)
  const up = Float64Array.from(test, (row) => (rows.forward[row] > 0 ? 1 : rows.forward[row] < 0 ? 0 : NaN))
  return aucStatistic(up, score)(new Float64Array(test.length).fill(1))
}
