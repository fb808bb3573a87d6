import { syntheticMarket, type SyntheticMarket } from '@gatehouse/core'
import { rocAuc } from '@gatehouse/model-kit'
import { feedDataset } from '@gatehouse/model-kit/testing'
import { secondsBar, type SecondsRows } from '@gatehouse/model-seconds-bar'
import type { PlantedCase } from './planted-case.js'
import { isRefused } from './refusal.js'

const names = ['ALFA', 'BRAV', 'CHAR', 'DELT', 'ECHO']
const time = (date: string): bigint => BigInt(Date.parse(date)) * 1_000_000n
/** The default training sees 15 sessions of five names, the long one 30 and twice the epochs; both are judged on the 15 sessions that follow. */
const windows = {
  default: { from: '2021-02-01', until: '2021-02-23', to: '2021-03-16' },
  long: { from: '2021-01-08', until: '2021-02-23', to: '2021-03-16' },
}

export const planted: PlantedCase = {
  family: 'seconds-bar',
  task: 'which barrier is touched first within 60 s, judged at whole minutes (when the planted minute ends) by AUC less one half',
  async run(seed, { signal, long, onProgress }) {
    const { from, until, to } = long ? windows.long : windows.default
    const market = syntheticMarket({ seed, symbols: names, from, to, noSignal: !signal })
    const feeds = { 'ohlcv-1s': market.bars('ohlcv-1s') }
    const dataset = (end: string) => feedDataset({ name: `planted-${seed}`, source: 'synthetic', instruments: market.instruments, range: { from: 0n, to: time(end) }, feeds }) // prettier-ignore
    const family = secondsBar(long ? { epochs: 16, restarts: 2 } : {})
    const started = performance.now()
    const candidate = await family.train(dataset(until), { seed, onProgress })
    const trainingSeconds = (performance.now() - started) / 1000
    const { judging, baselines, evaluation } = await family.judge(candidate, dataset(to), { trials: 1, onProgress })
    const logistic = baselines.find(({ baseline }) => baseline.name === 'logistic')!.judging
    const { rows, test } = judging
    const places = wholeMinutes(rows, test)
    const truth = Float64Array.from(places, (i) => rows.labels.get('direction')![test[i]])
    const skill = (score: (place: number) => number): number => rocAuc(truth, Float64Array.from(places, score)) - 0.5
    const best = bestScores(market, rows, test)
    const model = skill((i) => judging.values[2 * i + 1])
    return {
      optimum: skill((i) => best[i]),
      model,
      linear: skill((i) => logistic.values[2 * i + 1]),
      auc: 0.5 + model,
      trainingSeconds,
      refused: isRefused('seconds-bar', candidate, evaluation),
      more: {
        aucAnySecond: evaluation.metrics['auc'].value,
        touchAuc: evaluation.metrics['touchAuc'].value,
        ece: evaluation.metrics['ece'].value,
        deflatedSharpe: evaluation.metrics['deflatedSharpe']?.value ?? NaN,
        featureDriftPsi: evaluation.metrics['featureDriftPsi'].value,
        rows: places.length,
      },
    }
  },
}

/** Places among the test rows that are known at whole minutes. */
function wholeMinutes({ knownAt }: SecondsRows, test: Int32Array): Int32Array {
  return Int32Array.from(test.keys()).filter((i) => knownAt[test[i]] % 60 === 0)
}

/** What the generator expects of the next minute; where it expects nothing, any order is as good. */
function bestScores(market: SyntheticMarket, { knownAt, instrument }: SecondsRows, test: Int32Array): Float64Array {
  const drifts = market.instruments.map(({ symbol }) => {
    const trace = market.optimum.bars('ohlcv-1m', symbol)
    return new Map(Array.from(trace.knownAt, (at, i) => [at, trace.drift[i]]))
  })
  return Float64Array.from(test, (row) => drifts[instrument[row]].get(knownAt[row]) ?? 0)
}
