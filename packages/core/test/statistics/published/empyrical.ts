import { readFileSync } from 'node:fs'
import * as statistics from '../../../src/statistics/index.js'
import { type PublishedCase } from './published-case.js'
import { sharedFile } from './shared.js'

/**
 * Half of empyrical-reloaded's own metric tests, at their tolerance. Cases on pandas frames and on numpy's random generator have no
 * literal input and are left out by name below; the other half is kept for judging.
 */
const file = sharedFile('published/empyrical.json')

interface Published {
  readonly fixtures: Readonly<Record<string, readonly (number | 'NaN')[]>>
  readonly tests: Readonly<Record<string, { readonly cases: readonly (readonly unknown[])[]; readonly tolerance: readonly string[] }>>
}

const published = file === undefined ? undefined : (JSON.parse(readFileSync(file, 'utf8')) as Published)

// Named in the test file and absent from the fixtures: one return, none, and a line that rises, falls and rises.
const extra: Readonly<Record<string, readonly number[]>> = {
  empty_returns: [],
  one_return: [0.01],
  flat_line_1_tz: new Array<number>(9).fill(0.01),
  udu_returns: [10, -10, 10].map((percent) => percent / 100),
  pos_line: Array.from({ length: 1000 }, (_, i) => i / 999),
}

function series(name: string): Float64Array {
  const match = /^(-?)(\w+)(\[1:\])?$/.exec(name)!
  const values = published?.fixtures[match[2]] ?? extra[match[2]]
  if (values === undefined) throw new Error(`no fixture ${name}`)
  const numbers = Float64Array.from(values, (value) => (value === 'NaN' ? NaN : value * (match[1] === '-' ? -1 : 1)))
  return match[3] === undefined ? numbers : numbers.slice(1)
}

const isKnown = (name: unknown): boolean =>
  typeof name !== 'string' ||
  /^[-\d.]+$/.test(name) ||
  name.startsWith('empyrical.') ||
  (() => {
    try {
      series(name)
      return true
    } catch {
      return false
    }
  })()

const rate = (text: unknown): number | Float64Array =>
  typeof text === 'number' ? text : /^[-\d.]+$/.test(String(text)) ? Number(text) : series(String(text))
const frequency = (text: unknown): statistics.Frequency => String(text).replace('empyrical.', '').toLowerCase() as statistics.Frequency
const expected = (value: unknown): unknown =>
  Array.isArray(value) ? value.map(expected) : value === 'NaN' ? NaN : value === 'Inf' ? Infinity : value === '-Inf' ? -Infinity : value

/** Joins two series that start on the same day, as pandas aligns them. */
function aligned(left: string, right: string): [Float64Array, Float64Array] {
  let [a, b] = [series(left), series(right)]
  const [aStarts, bStarts] = [left.endsWith('[1:]'), right.endsWith('[1:]')]
  if (aStarts && !bStarts) b = b.subarray(1)
  if (bStarts && !aStarts) a = a.subarray(1)
  const rows = Math.min(a.length, b.length)
  return [a.subarray(0, rows), b.subarray(0, rows)]
}

const pair = ({ alpha, beta }: statistics.AlphaBeta): number[] => [alpha, beta]

/** Calls of each test, with the arguments of a case. */
const calls: Readonly<Record<string, (args: readonly unknown[]) => unknown>> = {
  test_aggregate_returns: ([returns, to]) => {
    const values = series(String(returns))
    const name = String(returns)
    return [...statistics.aggregateReturns(values, timesOf(name, values.length), { to: frequency(to) }).values]
  },
  test_alpha_beta: ([a, b]) => pair(statistics.alphaBeta(...aligned(String(a), String(b)))),
  test_annual_volatility: ([a, p]) => statistics.annualVolatility(series(String(a)), { periodsPerYear: frequency(p) }),
  test_cagr: ([a, p]) => statistics.cagr(series(String(a)), { periodsPerYear: frequency(p) }),
  test_calmar: ([a, p]) => statistics.calmarRatio(series(String(a)), { periodsPerYear: frequency(p) }),
  test_cum_returns: ([a, start]) => [...statistics.cumReturns(series(String(a)), Number(start))],
  test_down_alpha_beta: ([a, b]) => pair(statistics.downAlphaBeta(...aligned(String(a), String(b)))),
  test_downside_risk: ([a, r, p]) => statistics.downsideRisk(series(String(a)), { requiredReturn: rate(r), periodsPerYear: frequency(p) }),
  test_excess_sharpe: ([a, b]) => statistics.excessSharpe(series(String(a)), rate(b)),
  test_max_drawdown: ([a]) => statistics.maxDrawdown(series(String(a))),
  test_omega: ([a, r, q]) => statistics.omegaRatio(series(String(a)), { riskFree: rate(r), requiredReturn: Number(q) }),
  test_roll_alpha_beta: ([a, b, window]) =>
    statistics.rollAlphaBeta(...aligned(String(a), String(b)), { window: Number(window) }).map(pair),
  test_roll_max_drawdown: ([a, window]) => [...statistics.rollMaxDrawdown(series(String(a)), { window: Number(window) })],
  test_roll_up_capture: ([a, b, window]) => [...statistics.rollUpCapture(series(String(a)), series(String(b)), { window: Number(window) })],
  test_sortino: ([a, r, p]) => statistics.sortinoRatio(series(String(a)), { requiredReturn: rate(r), periodsPerYear: frequency(p) }),
  test_tail_ratio: ([a]) => statistics.tailRatio(series(String(a))),
  test_up_capture: ([a, b]) => statistics.upCapture(series(String(a)), series(String(b))),
}

const DAY = 86_400_000

/** Daily from 2000-01-30, weekly on Sundays or at month ends from there, as the fixtures are stamped. */
function timesOf(name: string, length: number): BigInt64Array {
  const start = Date.UTC(2000, 0, 30)
  const at = (i: number): number =>
    name.startsWith('weekly') ? start + i * 7 * DAY : name.startsWith('monthly') ? Date.UTC(2000, i + 1, 0) : start + i * DAY
  return BigInt64Array.from({ length }, (_, i) => BigInt(at(i)) * 1_000_000n)
}

/** The cases, and how many have no literal input here. */
export function empyricalCases(): { readonly cases: readonly PublishedCase[]; readonly left: number } {
  const cases: PublishedCase[] = []
  let left = 0
  if (published === undefined) return { cases, left }
  for (const [name, call] of Object.entries(calls)) {
    const { cases: rows, tolerance } = published.tests[name]
    for (const args of rows) {
      const inputs = args.slice(0, -1)
      const wanted = args[args.length - 1]
      // An empty series aligned with a full one gives a row a date in pandas; here, both series are empty then.
      const isPandas = String(wanted).startsWith('pd.') || (name === 'test_roll_alpha_beta' && args[0] === 'empty_returns')
      if (isPandas || !inputs.every(isKnown)) left++
      else {
        const absolute = 1.5 * 10 ** -(Number(tolerance[0]) || 8)
        cases.push({
          source: 'empyrical',
          name: `${name}(${inputs.map(String).join(', ')})`,
          published: expected(wanted),
          ours: () => call(args),
          absolute,
        })
      }
    }
  }
  return { cases, left }
}
