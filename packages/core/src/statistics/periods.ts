import { TradingError } from '@gatehouse/contracts'
import { civilOfDay, dayOfCivil, weekdayOf } from '../calendar/civil.js'
import { openTimeZone } from '../calendar/time-zone.js'
import { requireSameLength } from './input.js'
import { localDay } from './sampling.js'

/** Options of {@link aggregateReturns}. */
export interface AggregateReturnsOptions {
  /** Length of the periods; weeks are ISO weeks, Monday to Sunday. */
  readonly to: 'daily' | 'weekly' | 'monthly' | 'quarterly' | 'yearly'
  /** Whose calendar: an IANA name. Default `'UTC'`. */
  readonly timeZone?: string | undefined
  /** `false` adds returns up instead of compounding them. Default `true`. */
  readonly isCompounded?: boolean | undefined
}

/** Returns by calendar period, oldest first; periods without a return are absent. */
export interface PeriodReturns {
  /** `2024-03-01`, `2024-W09`, `2024-03`, `2024-Q1` or `2024`. */
  readonly labels: readonly string[]
  /** Fractions, shape `[periods]`. */
  readonly values: Float64Array
}

/**
 * Compounds returns by calendar period.
 * @param returns fractions, shape `[n]`; `NaN` counts as none
 * @param times ns, ascending: when each return was complete; shape `[n]`
 * @throws {TradingError} `STATISTICS_INPUT` for lengths that differ, times that descend or an unknown period
 */
export function aggregateReturns(returns: Float64Array, times: BigInt64Array, options: AggregateReturnsOptions): PeriodReturns {
  const { to, timeZone = 'UTC', isCompounded = true } = options
  requireSameLength('aggregateReturns', returns, times)
  const label = labelOf[to]
  if (label === undefined) {
    throw new TradingError('STATISTICS_INPUT', `aggregateReturns takes ${Object.keys(labelOf).join(', ')}, got ${String(to)}`, { to })
  }
  const zone = openTimeZone(timeZone)
  const labels: string[] = []
  const values: number[] = []
  for (let i = 0; i < returns.length; i++) {
    if (i > 0 && times[i] < times[i - 1]) {
      throw new TradingError('STATISTICS_INPUT', `times must not descend; row ${i} is ${times[i]} after ${times[i - 1]}`, { row: i })
    }
    const period = label(localDay(times[i], zone))
    if (period !== labels[labels.length - 1]) {
      labels.push(period)
      values.push(isCompounded ? 1 : 0)
    }
    if (returns[i] !== returns[i]) continue
    if (isCompounded) values[values.length - 1] *= 1 + returns[i]
    else values[values.length - 1] += returns[i]
  }
  return { labels, values: Float64Array.from(values, (value) => (isCompounded ? value - 1 : value)) }
}

const two = (value: number): string => String(value).padStart(2, '0')

const labelOf: Readonly<Record<AggregateReturnsOptions['to'], (day: number) => string>> = {
  daily: (day) => {
    const date = civilOfDay(day)
    return `${date.year}-${two(date.month)}-${two(date.day)}`
  },
  weekly: (day) => {
    // ISO 8601: a week belongs to the year of its Thursday.
    const thursday = day - ((weekdayOf(day) + 6) % 7) + 3
    const { year } = civilOfDay(thursday)
    return `${year}-W${two(Math.floor((thursday - dayOfCivil(year, 1, 1)) / 7) + 1)}`
  },
  monthly: (day) => {
    const date = civilOfDay(day)
    return `${date.year}-${two(date.month)}`
  },
  quarterly: (day) => {
    const date = civilOfDay(day)
    return `${date.year}-Q${Math.ceil(date.month / 3)}`
  },
  yearly: (day) => String(civilOfDay(day).year),
}

/** One year of a monthly table. */
export interface YearOfReturns {
  readonly year: number
  /** Twelve fractions; `NaN` for a month without returns. */
  readonly months: Float64Array
  /** The whole year, a fraction. */
  readonly total: number
}

/** Monthly returns as a table of years, oldest first. */
export function monthlyReturns(
  returns: Float64Array,
  times: BigInt64Array,
  { timeZone = 'UTC' }: { readonly timeZone?: string | undefined } = {},
): readonly YearOfReturns[] {
  const monthly = aggregateReturns(returns, times, { to: 'monthly', timeZone })
  const yearly = aggregateReturns(returns, times, { to: 'yearly', timeZone })
  const years = new Map(
    yearly.labels.map((label, i) => [label, { year: Number(label), months: new Float64Array(12).fill(NaN), total: yearly.values[i] }]),
  )
  monthly.labels.forEach((label, i) => {
    const [year, month] = label.split('-')
    years.get(year)!.months[Number(month) - 1] = monthly.values[i]
  })
  return [...years.values()]
}
