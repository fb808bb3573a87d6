import { inMemory, syntheticMarket, type Batch, type Dataset, type SyntheticMarket } from '@gatehouse/core'
import { aucStatistic, labelledRows, predictRows, type Judgement } from '@gatehouse/model-kit'
import { feedDataset } from '@gatehouse/model-kit/testing'
import { macroRegime, type RegimeRows } from '@gatehouse/model-macro-regime'
import { type PlantedCase } from './planted-case.js'
import { isRefused } from './refusal.js'

const horizon = 35
const from = '2014-01-01'
const until = BigInt(Date.parse('2021-01-01')) * 1_000_000n

/**
 * Labels of 35 bars overlap, so that the AUC of three years of five names has a sampling error of about 0.02. Where nothing is planted the model is therefore judged on four
 * more worlds of eight years each, none of which it has seen: a sampling error of about 0.006, which the table states as measured.
 */
const otherWorlds = [1, 2, 3, 4].map((k) => k * 1_000_003)

/** Five names over ten years of hours; the last three are unseen. */
export const planted: PlantedCase = {
  family: 'macro-regime',
  task: `direction over ${horizon} hourly bars, AUC less 1/2`,
  async run(seed, { signal, long, onProgress }) {
    const market = syntheticMarket({ seed, noSignal: !signal, from, to: '2024-01-01' })
    const dataset = await hoursOf(market)
    const family = macroRegime({ horizon, ...(long ? { epochs: 100, hidden: [64, 32], dropout: 0.3, restarts: 4 } : {}) })
    const started = performance.now()
    const candidate = await family.train(dataset, { seed, until, onProgress })
    const trainingSeconds = (performance.now() - started) / 1000
    const judgement = await family.judge(candidate, dataset, { trials: 1, onProgress })
    const auc = judgement.evaluation.metrics['auc'].value
    const elsewhere = signal ? undefined : await aucElsewhere(family, judgement, seed)
    const linear = judgement.evaluation.baselines.find(({ name }) => name === 'logistic')!.metrics['auc']
    return {
      optimum: optimumAuc(market, judgement) - 0.5,
      model: auc - 0.5,
      linear: linear - 0.5,
      auc: elsewhere?.auc ?? auc,
      trainingSeconds,
      refused: isRefused('macro-regime', candidate, judgement.evaluation),
      ...(elsewhere && { more: { samplingError: elsewhere.error, aucOfOwnWorld: auc } }),
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

/** The market's hours in memory: they are read more than once. */
async function hoursOf(market: SyntheticMarket): Promise<Dataset> {
  const batches: Batch[] = []
  for await (const item of market.bars('ohlcv-1h').batches(market.range)) if (item.type === 'batch') batches.push(item.retain())
  return feedDataset({
    name: `synthetic-${market.seed}`,
    source: 'synthetic',
    instruments: market.instruments,
    range: market.range,
    feeds: { 'ohlcv-1h': inMemory(batches) },
  })
}

/** Mean AUC of the single years of worlds without a signal that the model has not seen, and its standard error out of theirs. */
async function aucElsewhere(
  { definition }: ReturnType<typeof macroRegime>,
  { judging, model }: Judgement<RegimeRows>,
  seed: number,
): Promise<{ readonly auc: number; readonly error: number }> {
  const values: number[] = []
  for (const offset of otherWorlds) {
    const dataset = await hoursOf(syntheticMarket({ seed: seed + offset, noSignal: true, from: '2020-01-01', to: '2028-01-01' }))
    const rows = await definition.readRows(dataset, { features: definition.features(dataset.source) })
    const test = labelledRows(rows)
    const { statistic } = definition.measure({ ...judging, rows, test, values: predictRows(model, rows, test) }).find(({ name }) => name === 'auc')! // prettier-ignore
    const years = Int32Array.from(test, (row) => new Date(Number(rows.t0[row] / 1_000_000n)).getUTCFullYear())
    for (const year of new Set(years)) values.push(statistic(Float64Array.from(years, (one) => (one === year ? 1 : 0))))
  }
  const auc = values.reduce((sum, value) => sum + value, 0) / values.length
  const variance = values.reduce((sum, value) => sum + (value - auc) ** 2, 0) / (values.length - 1)
  return { auc, error: Math.sqrt(variance / values.length) }
}
