import type { TimeNs } from './time.js'

export type AssetClass = 'equity' | 'etf' | 'future' | 'option' | 'fx' | 'crypto' | 'index'

/** What is traded. One instrument has one identity through splits, renames and id reuse; within a run the same `id` is the same object. */
export interface Instrument {
  /** Stable identity, `SYMBOL.VENUE` as first listed: `'SPY.ARCX'`. */
  readonly id: string
  /** What people call it now; may change by a rename. */
  readonly symbol: string
  /** Market identifier code (ISO 10383) or the dataset's own venue name. */
  readonly venue: string
  readonly assetClass: AssetClass
  /** ISO 4217, or a coin's code. */
  readonly currency: string
  /** Smallest price step, in price units. */
  readonly tickSize: number
  /** Smallest quantity step: 1 share, 1 contract, 1e-8 of a coin. */
  readonly lotSize: number
  /** Currency units per price unit and quantity: 1 for shares, 50 for ES. */
  readonly multiplier: number
  /** Name of the trading calendar: `'XNYS'`, `'CMES'`, `'24x7'`. */
  readonly calendar: string
  /** First and last time the instrument trades, where known. */
  readonly listedAt?: TimeNs | undefined
  readonly expiresAt?: TimeNs | undefined
}

/** How one source names an instrument. */
export interface SymbolAlias {
  /** Whose name it is: a dataset (`'XNAS.ITCH'`), a broker (`'IBKR'`) or `'file'`. */
  readonly source: string
  /** Raw symbol or numeric id, as the source writes it. */
  readonly symbol: string
  readonly instrument: Instrument
  /** Validity; ids are reused and contracts roll, so an alias without times is a claim that it never changes. */
  readonly from?: TimeNs | undefined
  readonly to?: TimeNs | undefined
}

/** Translates the names of sources and brokers through time. */
export interface SymbolMap {
  /** The instrument that `source` called `symbol` at `at`, or `undefined` when nobody did. */
  resolve(symbol: string, at: TimeNs, source?: string): Instrument | undefined
  /** What `source` calls the instrument at `at`. */
  nameOf(instrument: Instrument, source: string, at: TimeNs): string | undefined
  /** @throws {TradingError} `SYMBOL_AMBIGUOUS` when the alias overlaps another of the same name. */
  add(alias: SymbolAlias): void
  readonly instruments: readonly Instrument[]
}
