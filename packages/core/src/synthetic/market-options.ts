import { TradingError } from '@gatehouse/contracts'
import { dayOfCivil, dayOfTime } from '../calendar/civil.js'
import type { Instrument } from '../interfaces/instrument.js'
import type { TimeNs } from '../interfaces/time.js'
import { equity } from '../market-data/instruments.js'

/** A generated world. The same options give the same bytes on every machine. */
export interface SyntheticMarketOptions {
  readonly seed: number
  /** Names with bars and books: symbols, or whole instruments. A name's own noise depends on seed and symbol, not on its place. */
  readonly symbols?: readonly (string | Instrument)[] | undefined
  /** First and one past the last day of the world, as `YYYY-MM-DD` or time; New York dates. 2016-01-01 to 2024-01-01 when left out. */
  readonly from?: string | TimeNs | undefined
  readonly to?: string | TimeNs | undefined
  /** Names that gap now and then, for the cross-section; 120 when left out. */
  readonly gapNames?: number | undefined
  /**
   * Plants nothing: the same world, in which no feature knows anything about prices to come. Volatility and volume still cluster, and a spread still
   * goes back from its bounds.
   */
  readonly noSignal?: boolean | undefined
  /** Strength of the planted signals; 1 is what the proofs use. */
  readonly signal?: number | undefined
}

export interface World {
  readonly seed: number
  readonly instruments: readonly Instrument[]
  readonly fromDay: number
  readonly toDay: number
  readonly strength: number
  readonly gapNames: number
}

/** Source name of every row that a synthetic market makes. */
export const syntheticSource = 'synthetic'

/** Prices are whole cents. */
export const ticksPerUnit = 100

const defaultSymbols = ['ALFA', 'BRAV', 'CHAR', 'DELT', 'ECHO']

/** Checks the options. @throws {TradingError} `SYNTHETIC_OPTIONS_INVALID` */
export function readMarketOptions(options: SyntheticMarketOptions): World {
  const { seed, symbols = defaultSymbols, from = '2016-01-01', to = '2024-01-01', noSignal = false, signal = 1, gapNames = 120 } = options
  if (!Number.isSafeInteger(seed) || seed < 0) throw invalid(`seed is ${seed}; it is a whole number from 0 on`, { seed })
  if (!(signal >= 0 && signal <= 3)) throw invalid(`signal is ${signal}; it is a strength from 0 to 3`, { signal })
  if (!(Number.isInteger(gapNames) && gapNames >= 1 && gapNames <= 999))
    throw invalid(`gapNames is ${gapNames}; it is a number of names from 1 to 999`, { gapNames })
  const instruments = symbols.map((symbol) => (typeof symbol === 'string' ? equity(symbol) : symbol))
  if (instruments.length === 0) throw invalid('symbols is empty: name at least one', {})
  const names = new Set(instruments.map(({ symbol }) => symbol))
  if (names.size !== instruments.length) throw invalid('a symbol is named twice', { symbols: instruments.map(({ symbol }) => symbol) })
  const odd = instruments.find(({ tickSize }) => tickSize !== 1 / ticksPerUnit)
  if (odd !== undefined)
    throw invalid(`${odd.symbol} has ticks of ${odd.tickSize}; synthetic prices are whole cents`, { symbol: odd.symbol })
  const [fromDay, toDay] = [readDay('from', from), readDay('to', to)]
  if (toDay <= fromDay) throw invalid('the world ends before it begins', { from, to })
  return { seed, instruments, fromDay, toDay, strength: noSignal ? 0 : signal, gapNames }
}

function readDay(option: string, value: string | TimeNs): number {
  const milliseconds = typeof value === 'string' ? Date.parse(`${value}T00:00:00Z`) : Number(value / 1_000_000n)
  const day = Number.isNaN(milliseconds) ? NaN : dayOfTime(BigInt(milliseconds) * 1_000_000n)
  if (!(day >= firstDay && day <= lastDay)) {
    throw invalid(`${option} is ${value}; it is a day such as 2020-01-31, from 1998 to 2027, for which sessions are known`, {
      [option]: value,
    })
  }
  return day
}

const firstDay = dayOfCivil(1998, 1, 1)
/** One past the last day that a world can have. */
export const lastDate = '2028-01-01'
const lastDay = dayOfCivil(2028, 1, 1)

export function invalid(problem: string, details: Readonly<Record<string, unknown>>): TradingError {
  return new TradingError('SYNTHETIC_OPTIONS_INVALID', `synthetic market: ${problem}`, details)
}
