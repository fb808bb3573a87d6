import type { Instrument } from './instrument.js'
import type { Money } from './money.js'

/** A holding. Money per instrument is in its currency. */
export interface Position {
  readonly instrument: Instrument
  /** Signed: negative is short. */
  readonly quantity: number
  readonly averagePrice: number
  readonly realizedPnl: Money
  /** At the last price; `undefined` before one was seen. */
  readonly unrealizedPnl: Money | undefined
}

/** What is owned, exact to the nano-unit. */
export interface Portfolio {
  /** The account's base currency. */
  readonly currency: string
  cash(currency?: string): Money
  position(instrument: Instrument): Position
  readonly positions: readonly Position[]
  /** Cash and positions at last prices in the base currency; `undefined` while a held instrument has no price or rate. */
  readonly equity: number | undefined
  readonly fees: Money
}
