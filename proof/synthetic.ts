/**
 * Are the synthetic market's planted signals what they claim: known optimum, out of reach of a linear model, learnable from the features a sane model would
 * compute, and absent from a market without signal?
 *
 *   node --conditions=@gatehouse/source --import tsx proof/synthetic.ts [--seed N] [--runs N] [--write]
 */
import {
  syntheticMarket,
  type BarView,
  type Batch,
  type BookView,
  type FundamentalsView,
  type NewsView,
  type SyntheticMarket,
} from '@gatehouse/core'
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { fitNetwork, type Samples } from './synthetic/network.js'
import { areaUnderCurve, meanNdcg, rSquared } from './synthetic/scores.js'

const argument = (name: string, fallback: number): number => {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? fallback : Number(process.argv[at + 1])
}
const firstSeed = argument('seed', 1)
const runs = argument('runs', 1)
const everything = { from: 0n, to: 2n ** 62n }

/** Features and target of one task; `optimum` is the oracle's score for each row. Rows are in time order. */
interface Task {
  readonly name: string
  readonly kind: 'class' | 'value' | 'rank'
  readonly features: number[][]
  readonly target: number[]
  readonly optimum: number[]
  /** Rows of one query, for `rank`. */
  readonly group?: number[]
}

const mean = (values: Float64Array, from: number, to: number): number => {
  let sum = 0
  for (let i = from; i < to; i++) sum += values[i]
  return sum / (to - from)
}

/** Features of bars that end at `i`: returns over windows raw and in units of volatility, volatilities, volumes, and their ratios. */
function barFeatures(close: Float64Array, volume: Float64Array, absolute: Float64Array, i: number, windows: readonly number[]): number[] {
  const longest = windows[windows.length - 1]
  const usual = mean(absolute, i + 1 - longest, i + 1)
  const usualVolume = mean(volume, i + 1 - longest, i + 1)
  return windows.flatMap((window) => {
    const change = close[i] - close[i - window]
    // A window without a move has no scale: a tenth of the usual one stands for it.
    const volatility = mean(absolute, i + 1 - window, i + 1) + 0.1 * usual
    const traded = mean(volume, i + 1 - window, i + 1)
    return [
      change / usual / Math.sqrt(window),
      change / volatility / Math.sqrt(window),
      Math.log(volatility / usual),
      Math.log(traded / usualVolume),
    ]
  })
}

interface Series {
  readonly knownAt: number[]
  readonly close: Float64Array
  readonly volume: Float64Array
  readonly absolute: Float64Array
}

async function series(market: SyntheticMarket, schema: 'ohlcv-1h' | 'ohlcv-1s'): Promise<Series[]> {
  const raw = market.instruments.map(() => ({ knownAt: [] as number[], close: [] as number[], volume: [] as number[] }))
  for await (const batch of market.bars(schema).batches(everything)) {
    if (batch.type !== 'batch') continue
    const bar = batch.view() as BarView & { row: number }
    for (bar.row = 0; bar.row < batch.length; bar.row++) {
      const own = raw[batch.instrumentIndex[bar.row]]
      own.knownAt.push(Number(bar.availableAt / 1_000_000_000n))
      own.close.push(Math.log(bar.close))
      own.volume.push(bar.volume)
    }
  }
  return raw.map(({ knownAt, close, volume }) => ({
    knownAt,
    close: Float64Array.from(close),
    volume: Float64Array.from(volume),
    absolute: Float64Array.from(close, (value, i) => (i === 0 ? 0 : Math.abs(value - close[i - 1]))),
  }))
}

/** Rows of several names in time order: [time, row]. */
function inOrder(rows: readonly { at: number; features: number[]; target: number; optimum: number }[], name: string): Task {
  const sorted = [...rows].sort((a, b) => a.at - b.at)
  return {
    name,
    kind: 'class',
    features: sorted.map(({ features }) => features),
    target: sorted.map(({ target }) => target),
    optimum: sorted.map(({ optimum }) => optimum),
  }
}

async function hourTask(seed: number, noSignal: boolean): Promise<Task> {
  const horizon = 35
  const market = syntheticMarket({ seed, noSignal, from: '2014-01-01', to: '2024-01-01' })
  const names = await series(market, 'ohlcv-1h')
  const rows = names.flatMap(({ knownAt, close, volume, absolute }, name) => {
    const trace = market.optimum.bars('ohlcv-1h', market.instruments[name].symbol)
    const chance = market.optimum.upChance(trace, horizon)
    return knownAt.flatMap((at, i) => {
      if (i < 210 || i + horizon >= close.length || i % 3 !== 0) return []
      const optimum = chance[i]
      // Volume of the last bar against that of the same hour of the last ten days: seven bars are a session.
      const sameHour = Array.from({ length: 10 }, (_, days) => volume[i - 7 * (days + 1)]).reduce((sum, value) => sum + value, 0) / 10
      const busy = Math.log(volume[i] / sameHour)
      return [
        {
          at,
          features: [busy, ...barFeatures(close, volume, absolute, i, [3, 7, 14, 21, 35, 70, 210])],
          target: close[i + horizon] > close[i] ? 1 : 0,
          optimum,
        },
      ]
    })
  })
  return inOrder(rows, `hours, direction over ${horizon} bars`)
}

async function secondTask(seed: number, noSignal: boolean): Promise<Task> {
  const horizon = 300
  const market = syntheticMarket({ seed, noSignal, symbols: ['ALFA', 'BRAV'], from: '2020-01-01', to: '2020-03-15' })
  const names = await series(market, 'ohlcv-1s')
  const rows = names.flatMap(({ knownAt, close, volume, absolute }, name) => {
    const trace = market.optimum.bars('ohlcv-1m', market.instruments[name].symbol)
    const upChance = market.optimum.upChance(trace, horizon / 60)
    const chance = new Map(Array.from(trace.knownAt, (at, row) => [at, upChance[row]]))
    return knownAt.flatMap((at, i) => {
      const optimum = chance.get(at)
      // A window and a horizon within one session.
      if (optimum === undefined || i < 1800 || knownAt[i] - knownAt[i - 1800] !== 1800 || knownAt[i + horizon] - at !== horizon) return []
      if (close[i + horizon] === close[i]) return []
      return [
        {
          at,
          features: barFeatures(close, volume, absolute, i, [30, 60, 120, 180, 300, 600, 1800]),
          target: close[i + horizon] > close[i] ? 1 : 0,
          optimum,
        },
      ]
    })
  })
  return inOrder(rows, `seconds, direction over ${horizon} s`)
}

/** Book tasks sample every second at 0.4 s, after the first trade and before quotes move. */
async function bookTasks(seed: number, noSignal: boolean): Promise<Task[]> {
  const market = syntheticMarket({ seed, noSignal, symbols: ['ALFA'], from: '2020-01-01', to: '2020-01-04' })
  const trace = market.optimum.book('ALFA', everything)
  const at: number[] = []
  const mid: number[] = []
  const spread: number[] = []
  const features: number[][] = []
  const side: number[] = []
  let due = 0
  let events = 0
  const rates: number[] = []
  const depths: number[] = []
  const sizes: number[] = []
  const moves: number[] = []
  const usualMove: number[] = []
  let lastSize = 0
  let lastSide = 0
  for await (const batch of market.book('ALFA').batches(everything)) {
    if (batch.type !== 'batch') continue
    const book = batch.view() as BookView & { row: number }
    for (book.row = 0; book.row < batch.length; book.row++) {
      const time = Number(book.tsEvent) / 1e9
      const second = Math.floor(time)
      if (second >= due && time - second >= 0.4) {
        due = second + 1
        let bid = 0
        let ask = 0
        const ratios: number[] = []
        for (let level = 0; level < 10; level++) {
          bid += book.bidSize(level)
          ask += book.askSize(level)
          if (level === 0 || level === 1 || level === 2 || level === 4 || level === 9) ratios.push((bid - ask) / (bid + ask))
        }
        const width = Math.round((book.askPrice(0) - book.bidPrice(0)) * 100)
        const now = ((book.askPrice(0) + book.bidPrice(0)) / 2) * 100
        rates.push(events)
        events = 0
        depths.push(bid + ask)
        sizes.push(lastSize)
        const average = (values: number[], count: number) =>
          values.slice(-count).reduce((a, b) => a + b, 0) / Math.min(count, values.length)
        moves.push(mid.length > 0 ? Math.abs(now - mid[mid.length - 1]) : 0)
        usualMove.push(average(moves, 60) + 0.2)
        const back = (seconds: number) => (mid.length >= seconds ? now - mid[mid.length - seconds] : 0)
        features.push([
          ...ratios,
          (ratios[2] * (bid + ask)) / 10_000,
          ratios[0] * width,
          Math.log((bid + ask) / average(depths, 300)),
          Math.log(average(depths, 4) / average(depths, 300)),
          width,
          lastSide * Math.log((lastSize + 1) / (average(sizes, 300) + 1)),
          lastSide,
          Math.log((lastSize + 1) / (average(sizes, 300) + 1)),
          rates[rates.length - 1] / 20,
          average(rates, 4) / 20,
          back(1) / usualMove[usualMove.length - 1],
          back(2) / usualMove[usualMove.length - 1],
          back(5) / usualMove[usualMove.length - 1],
        ])
        at.push(second)
        mid.push(now)
        spread.push(width)
        side.push(lastSide)
      }
      events++
      if (book.action === 'T') {
        lastSize = book.size
        lastSide = book.side === 'B' ? 1 : book.side === 'A' ? -1 : 0
      }
    }
  }
  const rowOf = new Map(Array.from(trace.second, (second, row) => [second, row]))
  const direction: Task = { name: 'book, direction over 2 s', kind: 'class', features: [], target: [], optimum: [] }
  const transition: Task = { name: 'book, spread narrower or wider in 1 s', kind: 'class', features: [], target: [], optimum: [] }
  const impact: Task = {
    name: 'book, impact of the first trade over 1 s, in usual moves',
    kind: 'value',
    features: [],
    target: [],
    optimum: [],
  }
  for (let i = 0; i + 2 < at.length; i++) {
    const row = rowOf.get(at[i])
    if (row === undefined || at[i + 2] !== at[i] + 2 || i < 10) continue
    if (mid[i + 2] !== mid[i]) {
      direction.features.push(features[i])
      direction.target.push(mid[i + 2] > mid[i] ? 1 : 0)
      direction.optimum.push(trace.meanOfTwo[row] / Math.sqrt(trace.varianceOfTwo[row]))
    }
    if (spread[i + 1] !== spread[i]) {
      transition.features.push(features[i])
      transition.target.push(spread[i + 1] < spread[i] ? 1 : 0)
      transition.optimum.push(trace.narrower[row] / (trace.narrower[row] + trace.wider[row]))
    }
    if (side[i] !== 0) {
      impact.features.push(features[i])
      impact.target.push((side[i] * (mid[i + 1] - mid[i])) / usualMove[i])
      impact.optimum.push((side[i] * trace.mean[row]) / usualMove[i])
    }
  }
  // The sign of the first trade is part of the question, so imbalances are seen from its side.
  impact.features.forEach((row, i) => {
    const sign = row[11]
    impact.features[i] = row.map((value, k) => (k <= 6 || k >= 15 ? value * sign : value))
  })
  return [direction, transition, impact]
}

async function gapTask(seed: number, noSignal: boolean): Promise<Task> {
  const market = syntheticMarket({ seed, noSignal, from: '2018-01-01', to: '2021-01-01' })
  const trace = market.optimum.gaps()
  const fields = new Map<string, number>()
  const closes = market.gapInstruments.map(() => [] as { day: number; open: number; close: number; volume: number }[])
  const preMarket = new Map<string, number>()
  const sentiment = new Map<string, number>()
  const dayOf = (time: bigint) => Math.floor(Number(time / 1_000_000_000n) / 86_400)
  const index = new Map(market.gapInstruments.map((instrument, i) => [instrument.id, i]))
  for await (const item of market.gaps().batches(everything)) {
    if (item.type !== 'batch') continue
    const batch: Batch = item
    const view = batch.view() as (BarView | NewsView | FundamentalsView) & { row: number }
    for (view.row = 0; view.row < batch.length; view.row++) {
      const name = index.get(view.instrument.id)!
      const key = `${dayOf(view.tsEvent)}/${name}`
      if (batch.schema === 'fundamentals') fields.set(`${name}/${(view as FundamentalsView).field}`, (view as FundamentalsView).value)
      else if (batch.schema === 'news') sentiment.set(key, (view as NewsView).sentiment)
      else {
        const bar = view as BarView
        const isEarly = Number((bar.tsEvent / 1_000_000_000n) % 86_400n) < 13.5 * 3600
        if (batch.schema === 'ohlcv-1d')
          closes[name].push({ day: dayOf(bar.tsEvent), open: bar.open, close: bar.close, volume: bar.volume })
        else if (isEarly || (preMarket.get(key) ?? -1) < 0)
          preMarket.set(key, Math.max(0, preMarket.get(key) ?? 0) + (isEarly ? bar.volume : 0))
      }
    }
  }
  const task = {
    name: 'gaps, rank by return from open to close',
    kind: 'rank' as const,
    features: [] as number[][],
    target: [] as number[],
    optimum: [] as number[],
    group: [] as number[],
  }
  const position = closes.map((days) => new Map(days.map(({ day }, i) => [day, i])))
  for (let row = 0; row < trace.length; row++) {
    const [day, name] = [trace.day[row], trace.name[row]]
    const i = position[name].get(day)!
    if (i < 20) continue
    const days = closes[name]
    const past = days.slice(i - 20, i)
    const usual = past.reduce((sum, { volume }) => sum + volume, 0) / 20
    const volatility = Math.sqrt(past.reduce((sum, { open, close }) => sum + Math.log(close / open) ** 2, 0) / 20)
    const floatShares = fields.get(`${name}/floatShares`)!
    const short = fields.get(`${name}/sharesShort`)!
    const early = preMarket.get(`${day}/${name}`) ?? 0
    task.features.push([
      Math.log(days[i].open / days[i - 1].close),
      Math.log(floatShares),
      short / floatShares,
      Math.log(early / usual),
      sentiment.get(`${day}/${name}`) ?? 0,
      Math.log(days[i].open),
      Math.log(usual * days[i].open),
      volatility * 30,
    ])
    task.target.push(days[i].close / days[i].open - 1)
    task.optimum.push(trace.expectedReturn[row])
    task.group.push(day)
  }
  return task
}

function skillOf(task: Task, from: number, score: ArrayLike<number>): number {
  const target = task.target.slice(from)
  if (task.kind === 'class') return areaUnderCurve(score, target) - 0.5
  if (task.kind === 'value') return rSquared(score, target)
  return meanNdcg(score, target, task.group!.slice(from), 5)
}

interface Row {
  readonly seed: number
  readonly task: string
  readonly rows: number
  readonly optimum: number
  readonly linear: number
  readonly network: number
}

function judge(task: Task, seed: number): Row {
  const cut = Math.floor(task.target.length * 0.7)
  const gap = Math.floor(task.target.length * 0.01)
  const samples: Samples = {
    features: task.features.slice(0, cut - gap),
    target: task.target.slice(0, cut - gap),
    isClass: task.kind === 'class',
  }
  const test = task.features.slice(cut)
  const skill = (score: ArrayLike<number>) => skillOf(task, cut, score)
  return {
    seed,
    task: task.name,
    rows: task.target.length,
    optimum: skill(task.optimum.slice(cut)),
    linear: skill(fitNetwork(samples, { hidden: [], seed }).predict(test)),
    network: skill(fitNetwork(samples, { hidden: [32, 16], seed }).predict(test)),
  }
}

const only = process.argv.includes('--task') ? process.argv[process.argv.indexOf('--task') + 1] : ''
const tasksOf = async (seed: number, noSignal: boolean): Promise<Task[]> => [
  ...('hours'.startsWith(only) ? [await hourTask(seed, noSignal)] : []),
  ...('seconds'.startsWith(only) ? [await secondTask(seed, noSignal)] : []),
  ...('book'.startsWith(only) ? await bookTasks(seed, noSignal) : []),
  ...('gaps'.startsWith(only) ? [await gapTask(seed, noSignal)] : []),
]

const lines: string[] = []
const print = (line: string): void => {
  lines.push(line)
  console.log(line)
}
let failed = 0
let passed = 0
const check = (isSound: boolean, what: string): void => {
  if (isSound) passed++
  else {
    failed++
    print(`FAILED: ${what}`)
  }
}
print('| seed | market | task | rows | skill of the optimum | linear, of it | small network, of it |')
print('|--|--|--|--|--|--|--|')
for (let seed = firstSeed; seed < firstSeed + runs; seed++) {
  for (const noSignal of process.argv.includes('--signal-only') ? [false] : [false, true]) {
    for (const task of await tasksOf(seed, noSignal)) {
      const row = judge(task, seed)
      const market = noSignal ? 'no signal' : 'signal'
      const share = (value: number) => (noSignal ? value.toFixed(3) : `${value.toFixed(3)} (${((100 * value) / row.optimum).toFixed(0)} %)`)
      print(
        `| ${seed} | ${market} | ${row.task} | ${row.rows} | ${row.optimum.toFixed(3)} | ${share(row.linear)} | ${share(row.network)} |`,
      )
      if (noSignal) {
        // A bounded spread goes back from its bounds in any market, so there the optimum itself is not zero.
        check(
          row.network < Math.max(0, row.optimum) + 0.03,
          `${row.task}: a network finds ${row.network.toFixed(3)} where nothing is planted`,
        )
      } else {
        check(row.optimum > 0.05, `${row.task}: the optimum's skill is ${row.optimum.toFixed(3)}`)
        check(row.linear < 0.6 * row.optimum, `${row.task}: a linear model reaches ${row.linear.toFixed(3)} of ${row.optimum.toFixed(3)}`)
        check(
          row.network > 0.6 * row.optimum,
          `${row.task}: a small network reaches ${row.network.toFixed(3)} of ${row.optimum.toFixed(3)}`,
        )
      }
    }
  }
}
console.log(`${passed} passed, ${failed} failed`)
if (process.argv.includes('--write')) {
  const head = `# Planted signals of the synthetic market\n\n${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${cpus().length} cores, seeds ${firstSeed} to ${firstSeed + runs - 1}: ${passed} passed, ${failed} failed. \`proof/synthetic.ts\`\n\nSkill: area under the ROC curve above one half, R² for impact, NDCG@5 above a random order for ranks, on the last 30 % of rows.\n\n`
  writeFileSync(new URL('synthetic.md', import.meta.url), `${head}${lines.join('\n')}\n`)
}
process.exitCode = failed > 0 ? 1 : 0
