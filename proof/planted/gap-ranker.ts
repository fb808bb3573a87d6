import { concatBatches, inMemory, openTimeZone, syntheticMarket, type Batch, type Dataset, type Schema, type SyntheticMarket } from '@gatehouse/core' // prettier-ignore
import { gradesWithin, groupOffsets, ndcg, type Judgement } from '@gatehouse/model-kit'
import { feedDataset } from '@gatehouse/model-kit/testing'
import { gapRanker, type GapFamilyRows } from '@gatehouse/model-gap-ranker'
import { type PlantedCase } from './planted-case.js'
import { isRefused } from './refusal.js'

const until = BigInt(Date.parse('2021-07-01')) * 1_000_000n
const k = 5

/** 120 names over eight years of mornings; the last two and a half are unseen. */
export const planted: PlantedCase = {
  family: 'gap-ranker',
  task: `rank by return from open to close, NDCG@${k} less that of a random order`,
  async run(seed, { signal, long, onProgress }) {
    const market = syntheticMarket({ seed, noSignal: !signal })
    const dataset = await mornings(market)
    const family = gapRanker(long ? { members: 8, hidden: [32, 16], epochs: 120, patience: 20, dropout: 0.15, restarts: 1 } : {})
    const started = performance.now()
    const candidate = await family.train(dataset, { seed, until, onProgress })
    const trainingSeconds = (performance.now() - started) / 1000
    const judgement = await family.judge(candidate, dataset, { trials: 1, onProgress })
    const { metrics, baselines } = judgement.evaluation
    const { optimum, chance } = optimumOf(market, judgement)
    return {
      optimum: optimum - chance,
      model: metrics['ndcgAt5'].value - chance,
      linear: baselines.find(({ name }) => name === 'linear')!.metrics['ndcgAt5'] - chance,
      auc: metrics['auc'].value,
      trainingSeconds,
      refused: isRefused('gap-ranker', candidate, judgement.evaluation),
      more: { spearman: metrics['spearman'].value, ece: metrics['ece'].value },
    }
  },
}

const zone = openTimeZone('America/New_York')
const opensAt = 9.5 * 3600

/** The market's gap names in memory. Of the minutes, those before the open: the others never enter (a test of the family shows it) and are twelve million. */
async function mornings(market: SyntheticMarket): Promise<Dataset> {
  const kept = new Map<Schema, Batch[]>()
  for await (const item of market.gaps().batches(market.range)) {
    if (item.type !== 'batch') continue
    const to = item.schema === 'ohlcv-1m' ? rowsBeforeOpen(item) : item.length
    if (to === 0) continue
    const list = kept.get(item.schema) ?? []
    kept.set(item.schema, list)
    list.push(concatBatches([{ batch: item, from: 0, to }]))
  }
  return feedDataset({
    name: `synthetic-gaps-${market.seed}`,
    source: 'synthetic',
    instruments: market.gapInstruments,
    range: market.range,
    feeds: Object.fromEntries([...kept].map(([schema, batches]) => [schema, inMemory(batches)])),
  })
}

function rowsBeforeOpen({ availableAt, length }: Batch): number {
  let row = 0
  const isEarly = (at: bigint): boolean => {
    const seconds = Number(at / 1_000_000_000n)
    return (seconds + zone.offsetSeconds(seconds)) % 86_400 <= opensAt
  }
  while (row < length && isEarly(availableAt[row])) row++
  return row
}

/** NDCG of the expected return that the generator itself knows, and of a random order on average, over the mornings that were judged. */
function optimumOf(market: SyntheticMarket, { judging: { rows, test } }: Judgement<GapFamilyRows>): { optimum: number; chance: number } {
  const trace = market.optimum.gaps()
  const expected = new Map(Array.from(trace.day, (day, i) => [`${day}/${trace.name[i]}`, trace.expectedReturn[i]]))
  const score = Float64Array.from(test, (row) => expected.get(`${rows.groups[row]}/${rows.instrument[row]}`)!)
  const groups = groupOffsets(Int32Array.from(test, (row) => rows.groups[row]))
  const grades = gradesWithin(
    Float64Array.from(test, (row) => rows.outcome[row]),
    groups,
  )
  const chances = Array.from({ length: groups.length - 1 }, (_, g) => randomNdcg(grades.subarray(groups[g], groups[g + 1])))
  return { optimum: ndcg(grades, score, { groups, k }), chance: chances.reduce((sum, x) => sum + x, 0) / chances.length }
}

/** Mean NDCG of all orders of a morning: every place gets the mean gain. */
function randomNdcg(grades: Float32Array): number {
  const gains = Array.from(grades, (grade) => 2 ** grade - 1).sort((a, b) => b - a)
  const mean = gains.reduce((sum, gain) => sum + gain, 0) / gains.length
  const places = Math.min(k, gains.length)
  const discounted = (gain: (place: number) => number) => Array.from({ length: places }, (_, place) => gain(place) / Math.log2(place + 2)).reduce((a, b) => a + b, 0) // prettier-ignore
  return discounted(() => mean) / discounted((place) => gains[place])
}
