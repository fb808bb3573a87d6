import { TradingError } from '@gatehouse/contracts'

/** Sampling frequencies with a customary number of periods in a year. */
export type Frequency = 'daily' | 'weekly' | 'monthly' | 'quarterly' | 'yearly'

/** A frequency by name, or any number of periods: 365 for markets that never close, 252 * 390 for one-minute bars of US equities. */
export type PeriodsPerYear = Frequency | number

/** Periods in a year, by the US market's custom of 252 trading days. */
export const PERIODS_PER_YEAR: Readonly<Record<Frequency, number>> = { daily: 252, weekly: 52, monthly: 12, quarterly: 4, yearly: 1 }

/** Resolves a {@link PeriodsPerYear}. @throws {TradingError} `STATISTICS_INPUT` for an unknown name or a number that is not positive */
export function periodsPerYearOf(value: PeriodsPerYear): number {
  const periods = typeof value === 'number' ? value : PERIODS_PER_YEAR[value]
  if (periods > 0 && Number.isFinite(periods)) return periods
  throw new TradingError(
    'STATISTICS_INPUT',
    `periodsPerYear is a positive number or one of ${Object.keys(PERIODS_PER_YEAR).join(', ')}, got ${String(value)}`,
    { periodsPerYear: value },
  )
}

/**
 * How a mean return per period becomes one per year.
 * - `'arithmetic'`: `mean * N`, the convention of Sharpe (1994); the ratio's risk scales by `sqrt(N)`
 * - `'compounded'`: `(1 + mean)^N - 1`, the arithmetic mean compounded (LEAN)
 * - `'geometric'`: `prod(1 + r)^(N / n) - 1`, what was really earned (CAGR; backtesting.py)
 */
export type MeanConvention = 'arithmetic' | 'compounded' | 'geometric'

/**
 * How a standard deviation per period becomes one per year.
 * - `'scaled'`: `s * sqrt(N)`
 * - `'compounded'`: the standard deviation of the product of N independent returns with geometric mean g,
 *   `sqrt((s^2 + (1 + g)^2)^N - (1 + g)^(2N))` (backtesting.py)
 */
export type VolatilityConvention = 'scaled' | 'compounded'

/** A yearly rate as the equal rate per period: `(1 + annual)^(1/N) - 1`, or `annual / N` when simple. */
export function ratePerPeriod(annual: number, periodsPerYear: PeriodsPerYear, compounding: 'compound' | 'simple' = 'compound'): number {
  const periods = periodsPerYearOf(periodsPerYear)
  return compounding === 'compound' ? Math.pow(1 + annual, 1 / periods) - 1 : annual / periods
}
