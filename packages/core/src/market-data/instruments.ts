import { TradingError } from '@gatehouse/contracts'
import { dayOfCivil, timeOfDay, weekdayOf } from '../calendar/civil.js'
import type { AssetClass, Instrument } from '../interfaces/instrument.js'

/** What an instrument may state beside its symbol; each factory has the defaults of its asset class. */
export type InstrumentOptions = { readonly [Key in keyof Omit<Instrument, 'symbol' | 'assetClass'>]?: Instrument[Key] | undefined }

type Defaults = Omit<Instrument, 'id' | 'symbol' | 'assetClass' | 'listedAt' | 'expiresAt'>

const shares: Defaults = { venue: 'XNYS', currency: 'USD', tickSize: 0.01, lotSize: 1, multiplier: 1, calendar: 'XNYS' }

/**
 * A listed share: dollars and cents, one share a lot, New York sessions.
 * @throws {TradingError} `INSTRUMENT_INVALID` for an empty symbol or a size that is not positive; so do all factories
 */
export function equity(symbol: string, options: InstrumentOptions = {}): Instrument {
  return instrument(symbol, 'equity', shares, options)
}

/** An exchange-traded fund: as {@link equity}, listed on NYSE Arca. */
export function etf(symbol: string, options: InstrumentOptions = {}): Instrument {
  return instrument(symbol, 'etf', { ...shares, venue: 'ARCX' }, options)
}

/** An index: has prices, cannot be traded. */
export function index(symbol: string, options: InstrumentOptions = {}): Instrument {
  return instrument(symbol, 'index', shares, options)
}

/** An equity option contract of 100 shares; `symbol` is its OCC name. */
export function option(symbol: string, options: InstrumentOptions = {}): Instrument {
  return instrument(symbol, 'option', { ...shares, venue: 'OPRA', multiplier: 100 }, options)
}

/** A currency pair such as `'EUR/USD'`: priced in its second currency, open all week but the weekend. */
export function fx(pair: string, options: InstrumentOptions = {}): Instrument {
  const currency = quoteCurrency(pair, 'FX')
  const tickSize = currency === 'JPY' ? 0.001 : 0.00001
  return instrument(pair, 'fx', { venue: 'FX', currency, tickSize, lotSize: 1, multiplier: 1, calendar: 'FX' }, options)
}

/** A coin pair such as `'BTC/USDT'`: priced in its second coin, open always. */
export function crypto(pair: string, options: InstrumentOptions = {}): Instrument {
  const currency = quoteCurrency(pair, 'crypto')
  return instrument(pair, 'crypto', { venue: 'CRYPTO', currency, tickSize: 0.01, lotSize: 1e-8, multiplier: 1, calendar: '24x7' }, options)
}

/** Contract sizes of the roots people trade most, as the exchange states them. */
const futureRoots: Readonly<Record<string, Partial<Defaults>>> = {
  ES: { multiplier: 50, tickSize: 0.25 },
  MES: { multiplier: 5, tickSize: 0.25 },
  NQ: { multiplier: 20, tickSize: 0.25 },
  MNQ: { multiplier: 2, tickSize: 0.25 },
  RTY: { multiplier: 50, tickSize: 0.1 },
  M2K: { multiplier: 5, tickSize: 0.1 },
  YM: { multiplier: 5, tickSize: 1, venue: 'XCBT' },
  MYM: { multiplier: 0.5, tickSize: 1, venue: 'XCBT' },
  ZN: { multiplier: 1000, tickSize: 0.015625, venue: 'XCBT' },
  ZB: { multiplier: 1000, tickSize: 0.03125, venue: 'XCBT' },
  CL: { multiplier: 1000, tickSize: 0.01, venue: 'XNYM' },
  NG: { multiplier: 10_000, tickSize: 0.001, venue: 'XNYM' },
  GC: { multiplier: 100, tickSize: 0.1, venue: 'XCEC' },
  SI: { multiplier: 5000, tickSize: 0.005, venue: 'XCEC' },
  '6E': { multiplier: 125_000, tickSize: 0.00005 },
}
const monthCodes = 'FGHJKMNQUVXZ'

/**
 * A futures contract such as `'ESH4'` or `'ESH2024'`. Multiplier and tick of ES, MES, NQ, MNQ, RTY, M2K, YM, MYM, ZN, ZB, CL, NG, GC, SI and 6E
 * are known; other roots must state `multiplier` and `tickSize`. Quarterly equity-index contracts know their last day (third Friday,
 * 13:30 UTC at the earliest); others have no expiry unless stated. A one-digit year is read in the decade of `decade` (2020).
 * @throws {TradingError} `INSTRUMENT_INVALID` for an unknown root without multiplier and tick
 */
export function future(symbol: string, options: InstrumentOptions & { readonly decade?: number | undefined } = {}): Instrument {
  const { decade = 2020, ...stated } = options
  const contract = /^([A-Z0-9]{1,3}?)([FGHJKMNQUVXZ])(\d{4}|\d{1,2})$/.exec(symbol)
  const root = contract?.[1] ?? symbol
  const known = futureRoots[root]
  if (known === undefined && (stated.multiplier === undefined || stated.tickSize === undefined)) {
    throw invalid(symbol, `the contract size of root ${root} is not known: state multiplier and tickSize`)
  }
  const expiresAt = stated.expiresAt ?? (contract === null ? undefined : indexExpiry(root, contract[2], contract[3], decade))
  return instrument(
    symbol,
    'future',
    { venue: 'XCME', currency: 'USD', tickSize: 0.01, lotSize: 1, multiplier: 1, calendar: 'CMES', ...known },
    { ...stated, ...(expiresAt === undefined ? {} : { expiresAt }) },
  )
}

function indexExpiry(root: string, monthCode: string, yearText: string, decade: number): bigint | undefined {
  if (!/^(M?ES|M?NQ|RTY|M2K|M?YM)$/.test(root)) return undefined
  const digits = Number(yearText)
  const year = yearText.length === 4 ? digits : yearText.length === 2 ? 2000 + digits : decade + digits
  const first = dayOfCivil(year, monthCodes.indexOf(monthCode) + 1, 1)
  const thirdFriday = first + ((12 - weekdayOf(first)) % 7) + 14
  return timeOfDay(thirdFriday) + 13n * 3_600_000_000_000n + 1_800_000_000_000n
}

function quoteCurrency(pair: string, what: string): string {
  const parts = pair.split(/[/-]/)
  if (parts.length === 2 && parts[1] !== '') return parts[1]
  if (/^[A-Z]{6}$/.test(pair)) return pair.slice(3)
  throw invalid(pair, `a ${what} pair reads BASE/QUOTE, such as EUR/USD`)
}

function instrument(symbol: string, assetClass: AssetClass, defaults: Defaults, options: InstrumentOptions): Instrument {
  if (symbol.trim() === '') throw invalid(symbol, 'the symbol is empty')
  const stated = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  const made = { ...defaults, symbol, assetClass, ...stated } as Instrument
  for (const key of ['tickSize', 'lotSize', 'multiplier'] as const) {
    if (!(made[key] > 0 && made[key] < Infinity)) throw invalid(symbol, `${key} is ${made[key]}; it must be a positive number`)
  }
  return Object.freeze({ ...made, id: options.id ?? `${symbol}.${made.venue}` })
}

function invalid(symbol: string, problem: string): TradingError {
  return new TradingError('INSTRUMENT_INVALID', `instrument ${JSON.stringify(symbol)}: ${problem}`, { symbol })
}
