import { TradingError } from '@gatehouse/contracts'
import { type Curve } from '../statistics/sampling.js'
import { firstDescent } from '../statistics/time-columns.js'
import { type FillColumns, type TradeColumns } from '../statistics/trades.js'

/** An instrument as a report needs it. Fills and trades name it by its row in {@link RunRecord.instruments}. */
export interface RunInstrument {
  readonly symbol: string
  /** Money per unit of price and quantity. Default 1. */
  readonly multiplier?: number | undefined
}

/** Bars of one instrument for the price chart. Any resolution: they are thinned to what a screen can show. */
export interface PriceSeries {
  /** Row in {@link RunRecord.instruments}. */
  readonly instrument: number
  /** Ends of the bars, ns, ascending. */
  readonly times: BigInt64Array
  readonly close: Float64Array
  readonly high?: Float64Array | undefined
  readonly low?: Float64Array | undefined
}

/** What became of the orders, counted. */
export interface OrderCounts {
  readonly submitted: number
  readonly filled: number
  readonly canceled: number
  readonly rejected: number
  readonly expired: number
  /** Still working when the run ended. */
  readonly working: number
}

/** Why something was not traded: one line an instrument and rule, counted. */
export interface RefusalCount {
  /** Row in {@link RunRecord.instruments}; `undefined` when it concerns the whole run. */
  readonly instrument?: number | undefined
  /** The risk limit or missing input: `max-position`, `not-warm`, `market-closed`. */
  readonly rule: string
  readonly count: number
  readonly lastAt: bigint
  /** The last one in words, with observed value and limit. */
  readonly lastReason: string
}

/** A position that was open when the run ended. */
export interface OpenPosition {
  readonly instrument: number
  /** Signed: negative is short. */
  readonly quantity: number
  readonly averagePrice: number
  readonly lastPrice: number
}

/** From when to when a run had prices of an instrument. */
export interface InputSpan {
  readonly instrument: number
  readonly from: bigint
  readonly to: bigint
}

/** What the run is compared with. */
export interface BenchmarkCurve extends Curve {
  readonly name: string
  /** When buying it and holding would have begun: the end of warm-up, when the run could first trade. Default: its first sample. */
  readonly heldFrom?: bigint | undefined
}

/**
 * Something a reader must know before believing the figures. `'ungated'`: a model that passed no gate took part;
 * `'optimistic-fill'`: an order may have met the very data it was decided on; `'synthetic-market'`: prices were made by a generator.
 */
export interface RunFlag {
  readonly type: 'ungated' | 'optimistic-fill' | 'synthetic-market' | 'incomplete' | 'note'
  readonly message: string
}

/** Everything a report is made from: plain values, no engine. Money is in `currency`, times are ns since the Unix epoch, UTC. */
export interface RunRecord {
  /** The strategy's name. */
  readonly name: string
  readonly environment: 'simulated' | 'paper' | 'live'
  readonly currency: string
  readonly initialEquity: number
  /** When the run began, where its range said so: conventions that count from there read it (`startsAt: 'run'`). */
  readonly startedAt?: bigint | undefined
  /** Equity over time, the first sample before the first trade. Any number of samples. */
  readonly equity: Curve
  readonly instruments: readonly RunInstrument[]
  readonly fills: FillColumns
  /** Closed trades, if the portfolio kept them; otherwise they are matched from the fills, first in first out. */
  readonly trades?: TradeColumns | undefined
  readonly openPositions?: readonly OpenPosition[] | undefined
  /** Gross exposure in money at the times of `equity`; without it exposure is measured from the trades. */
  readonly grossExposure?: Float64Array | undefined
  readonly benchmark?: BenchmarkCurve | undefined
  readonly prices?: readonly PriceSeries[] | undefined
  /** Inputs that do not cover the same time are said in words. Instruments that are listed in `instruments` and not here had no price at all. */
  readonly spans?: readonly InputSpan[] | undefined
  readonly orders: OrderCounts
  readonly refusals?: readonly RefusalCount[] | undefined
  readonly flags?: readonly RunFlag[] | undefined
  /** Events the engine handled, by schema; tells "no data" from "no signal". */
  readonly events?: Readonly<Record<string, number>> | undefined
  /** Identity of the run for the footer: journal, data pin, model digests. */
  readonly provenance?: Readonly<Record<string, string>> | undefined
}

/** Checks that the columns of a record fit together. @throws {TradingError} `REPORT_INPUT` naming the column */
export function checkRunRecord(record: RunRecord): void {
  const { equity, fills, instruments, prices = [], benchmark, grossExposure, trades } = record
  sameLength('equity.values', equity.values, equity.times)
  if (grossExposure !== undefined) sameLength('grossExposure', grossExposure, equity.times)
  if (benchmark !== undefined) sameLength('benchmark.values', benchmark.values, benchmark.times)
  for (const name of ['instruments', 'quantities', 'prices', 'fees'] as const) sameLength(`fills.${name}`, fills[name], fills.times)
  for (const name of ['quantities', 'prices', 'fees'] as const) {
    const row = fills[name].findIndex((value) => !Number.isFinite(value))
    if (row !== -1) {
      throw new TradingError('REPORT_INPUT', `fills.${name} is ${fills[name][row]} in row ${row}; what was executed is a number`, {
        column: `fills.${name}`,
        row,
      })
    }
  }
  for (const [i, series] of prices.entries()) {
    sameLength(`prices[${i}].close`, series.close, series.times)
    if (series.high !== undefined) sameLength(`prices[${i}].high`, series.high, series.times)
    if (series.low !== undefined) sameLength(`prices[${i}].low`, series.low, series.times)
  }
  if (!(record.initialEquity > 0)) {
    throw new TradingError('REPORT_INPUT', `initialEquity must be positive, got ${record.initialEquity}`, {
      initialEquity: record.initialEquity,
    })
  }
  const curves: readonly (readonly [string, BigInt64Array])[] = [
    ['equity', equity.times],
    ['fills', fills.times],
    ['benchmark', benchmark?.times ?? new BigInt64Array(0)],
    ...prices.map((series, i) => [`prices[${i}]`, series.times] as const),
  ]
  for (const [name, times] of curves) ascending(name, times)
  const rows: readonly [string, Iterable<number>][] = [
    ['fills.instruments', fills.instruments],
    ['trades.instruments', trades?.instruments ?? []],
    ['prices', prices.map((series) => series.instrument)],
  ]
  for (const [column, values] of rows) {
    for (const row of values) {
      if (row < instruments.length) continue
      throw new TradingError('REPORT_INPUT', `${column} names instrument ${row}, but the record lists ${instruments.length}`, {
        column,
        row,
      })
    }
  }
}

function ascending(name: string, times: BigInt64Array): void {
  const row = firstDescent(times)
  if (row === -1) return
  throw new TradingError('REPORT_INPUT', `times of ${name} must ascend; row ${row} is ${times[row]} after ${times[row - 1]}`, { name, row })
}

function sameLength(column: string, values: ArrayLike<unknown>, times: ArrayLike<unknown>): void {
  if (values.length === times.length) return
  throw new TradingError('REPORT_INPUT', `${column} has ${values.length} rows for ${times.length} times`, {
    column,
    rows: values.length,
    times: times.length,
  })
}
