import { syntheticMarket, type BookTrace, type Dataset, type SyntheticMarket } from '@gatehouse/core'
import { aucStatistic, outputValues, type Judging } from '@gatehouse/model-kit'
import { feedDataset } from '@gatehouse/model-kit/testing'
import { orderBook, type BookRows } from '@gatehouse/model-order-book'
import { type PlantedCase } from './planted-case.js'
import { refusingClauses } from './refusal.js'

/** Half seconds: of every second the generator's trace is about, one look comes after its first trade and before its quotes move. */
const stepMs = 500
const horizonSeconds = 2
const judgedAt = 500_000_000n
const second = 1_000_000_000n

/** Sessions from 2020-01-02 on; the last one is unseen. */
const sessions = { usual: { to: '2020-01-09', until: '2020-01-08' }, long: { to: '2020-01-15', until: '2020-01-14' } }

/** One name's book over four (long: eight) sessions, judged on the next. */
export const planted: PlantedCase = {
  family: 'order-book',
  task: `direction over ${horizonSeconds} s, AUC less 1/2, half a second into each second`,
  async run(seed, { signal, long, onProgress }) {
    const { to, until } = long ? sessions.long : sessions.usual
    const market = syntheticMarket({ seed, noSignal: !signal, from: '2020-01-02', to })
    const symbol = await liveliest(market)
    const dataset = booksOf(market, symbol)
    const options = { step: { ms: stepMs }, horizon: (1000 * horizonSeconds) / stepMs, direction: 'end' } as const
    const family = orderBook({ ...options, ...(long ? { epochs: 20, hidden: [128, 64] } : {}) })
    const started = performance.now()
    const candidate = await family.train(dataset, { seed, until: BigInt(Date.parse(until)) * 1_000_000n, onProgress })
    const trainingSeconds = (performance.now() - started) / 1000
    const { evaluation, judging, baselines } = await family.judge(candidate, dataset, { trials: 1, onProgress })
    const trace = market.optimum.book(symbol, { from: 0n, to: 2n ** 62n })
    const linear = baselines.find(({ baseline }) => baseline.name === 'logistic')!.judging
    const auc = judgedAuc(judging, leanOf(judging))
    const refusing = refusingClauses('order-book', candidate, evaluation)
    const metric = (name: string): number => evaluation.metrics[name].value
    return {
      optimum: judgedAuc(judging, scoreOf(trace, judging)) - 0.5,
      model: auc - 0.5,
      linear: judgedAuc(linear, leanOf(linear)) - 0.5,
      auc,
      trainingSeconds,
      refused: refusing.length > 0,
      more: {
        spreadMacroF1: metric('spreadMacroF1'),
        impactR2: metric('impactR2'),
        ece: metric('ece'),
        costSavingBps: metric('costSavingBps'),
        refusingClauses: refusing.length,
      },
    }
  },
}

/** The name whose quotes move most, in ticks: where a second's move is small against the tick, rounding hides most of it. */
async function liveliest(market: SyntheticMarket): Promise<string> {
  const squares = market.instruments.map(() => 0)
  const last = market.instruments.map(() => NaN)
  const { from } = market.range
  for await (const item of market.bars('ohlcv-1m').batches({ from, to: from + 86_400n * second })) {
    if (item.type !== 'batch') continue
    const bar = item.view()
    for (bar.row = 0; bar.row < item.length; bar.row++) {
      const name = market.instruments.indexOf(bar.instrument)
      const { close } = bar as unknown as { close: number }
      if (!Number.isNaN(last[name])) squares[name] += (close - last[name]) ** 2
      last[name] = close
    }
  }
  return market.instruments[squares.indexOf(Math.max(...squares))].symbol
}

function booksOf(market: SyntheticMarket, symbol: string): Dataset {
  return feedDataset({
    name: `synthetic-${market.seed}-${symbol}`,
    source: 'synthetic',
    instruments: market.instruments.filter((one) => one.symbol === symbol),
    range: market.range,
    feeds: { 'mbp-10': market.book(symbol) },
  })
}

function leanOf(judging: Judging<BookRows>): Float64Array {
  const said = outputValues(judging, 'direction')
  return Float64Array.from(judging.test, (_, i) => said[3 * i + 2] - said[3 * i])
}

/** What the generator itself expects, where the trace knows the second; `NaN` elsewhere. */
function scoreOf(trace: BookTrace, { rows, test }: Judging<BookRows>): Float64Array {
  const places = new Map(Array.from(trace.second, (at, place) => [at, place]))
  return Float64Array.from(test, (row) => {
    const place = places.get(Number(rows.t0[row] / second))
    return place === undefined ? NaN : trace.meanOfTwo[place] / Math.sqrt(trace.varianceOfTwo[place])
  })
}

function judgedAuc({ rows, test }: Judging<BookRows>, score: Float64Array): number {
  const direction = rows.labels.get('direction')!
  const up = Float64Array.from(test, (row, i) =>
    rows.t0[row] % second !== judgedAt || direction[row] < 0 || direction[row] === 1 || Number.isNaN(score[i]) ? NaN : direction[row] / 2,
  )
  return aucStatistic(up, score)(new Float64Array(test.length).fill(1))
}
