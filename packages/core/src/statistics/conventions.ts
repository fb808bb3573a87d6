import { type MeanConvention, type PeriodsPerYear, type VolatilityConvention } from './annualisation.js'
import { type AlphaOptions } from './benchmark.js'
import { type ProbabilisticSharpeOptions } from './probabilistic.js'
import { type EquitySampling } from './sampling.js'
import { type DownsideOptions } from './volatility.js'

/** How a whole set of statistics is computed: one choice where the field has several. */
export interface StatisticsConventions {
  /** When the equity curve is read for returns. */
  readonly sampling: EquitySampling
  /** Whose midnight ends a day. */
  readonly timeZone: string
  /** `'infer'` takes 252 or 365 days, 52 weeks, 12 months … from the sampled times. */
  readonly periodsPerYear: PeriodsPerYear | 'infer'
  /**
   * Where the first period begins: at the first sample of equity, or when the run began, however long its first row was in coming. The
   * second counts days, growth and returns from the start of the run's range (LEAN).
   */
  readonly startsAt: 'first-sample' | 'run'
  /** Rows of the sampled returns that are left out at the start. */
  readonly skippedReturns: number
  /** Decimals a return per period is rounded to, when it is. */
  readonly returnDecimals?: number | undefined
  /** Significant digits, and at least four decimals, that benchmark values keep, when they are rounded. */
  readonly benchmarkDigits?: number | undefined
  /** How a mean return becomes a yearly one, for Sharpe, Sortino, Treynor and information ratio. */
  readonly meanConvention: MeanConvention
  readonly volatilityConvention: VolatilityConvention
  readonly downsideConvention: NonNullable<DownsideOptions['convention']>
  readonly alphaConvention: NonNullable<AlphaOptions['convention']>
  /** Returns that beta is computed of. */
  readonly betaReturns: 'simple' | 'log'
  /** Days in a year for growth over calendar time. */
  readonly daysPerYear: number
  /** Yearly Sharpe ratio that the probabilistic one has to beat. */
  readonly benchmarkSharpeAnnual: number
  readonly kurtosisTerm: NonNullable<ProbabilisticSharpeOptions['kurtosisTerm']>
  /**
   * Drawdowns read samples of equity that lie more than `apartNs` apart, or more than the run's span over `samples` where that is longer, and every sampled
   * return's end; all samples when left out.
   */
  readonly drawdownSampling?: { readonly apartNs: number; readonly samples: number } | undefined
  /** A gain without risk, and alpha where beta is zero: infinite as the formula has it, or undefined (LEAN). */
  readonly withoutRisk: 'infinite' | 'undefined'
  /** What counts as time in the market: `'samples'` of equity with a position, or all from a trade's entry to its exit, both included. */
  readonly exposure: 'samples' | 'trades'
  /** What stands for a statistic that is undefined. */
  readonly whenUndefined: number
}

/**
 * Named sets of conventions, to compare figures with other tools. Spread one and change a field for your own:
 * `{ ...conventions.gatehouse, timeZone: 'America/New_York' }`.
 */
export const conventions: Readonly<Record<'gatehouse' | 'lean' | 'backtestingPy', StatisticsConventions>> = {
  /** Ours: Sharpe (1994) and Sortino on daily returns (on hours, minutes or seconds when the run is shorter than 20 days), sample moments, Bailey and Lopez de Prado's probabilistic ratio, undefined is `NaN`. */
  gatehouse: {
    sampling: 'auto',
    timeZone: 'UTC',
    periodsPerYear: 'infer',
    startsAt: 'first-sample',
    skippedReturns: 0,
    meanConvention: 'arithmetic',
    volatilityConvention: 'scaled',
    downsideConvention: 'below-target',
    alphaConvention: 'compounded',
    betaReturns: 'simple',
    daysPerYear: 365.25,
    benchmarkSharpeAnnual: 0,
    kurtosisTerm: 'raw',
    withoutRisk: 'infinite',
    exposure: 'samples',
    whenUndefined: NaN,
  },
  /**
   * QuantConnect LEAN: returns from the start of the run's range between calendar midnights in New York, weekends included and yet annualised by 252, rounded to ten
   * decimals of a percent; benchmark values are rounded to seven digits as its charts keep them (a tracking error of 0.001 sees it);
   * drawdowns are those of its chart, a sample in more than four
   * minutes; undefined is 0.
   */
  lean: {
    sampling: 'calendar-day',
    timeZone: 'America/New_York',
    periodsPerYear: 252,
    startsAt: 'run',
    skippedReturns: 1,
    returnDecimals: 12,
    benchmarkDigits: 7,
    meanConvention: 'compounded',
    volatilityConvention: 'scaled',
    downsideConvention: 'negative-deviation',
    alphaConvention: 'annualised',
    betaReturns: 'simple',
    daysPerYear: 365,
    benchmarkSharpeAnnual: 1,
    kurtosisTerm: 'excess-1',
    drawdownSampling: { apartNs: 240e9, samples: 4000 },
    withoutRisk: 'undefined',
    exposure: 'samples',
    whenUndefined: 0,
  },
  /** backtesting.py: geometric means, the standard deviation of a product, alpha of total returns, beta of logarithmic ones. */
  backtestingPy: {
    sampling: 'day',
    timeZone: 'UTC',
    periodsPerYear: 'infer',
    startsAt: 'first-sample',
    skippedReturns: 0,
    meanConvention: 'geometric',
    volatilityConvention: 'compounded',
    downsideConvention: 'below-target',
    alphaConvention: 'total',
    betaReturns: 'log',
    daysPerYear: 365.25,
    benchmarkSharpeAnnual: 0,
    kurtosisTerm: 'raw',
    withoutRisk: 'infinite',
    exposure: 'trades',
    whenUndefined: NaN,
  },
}
