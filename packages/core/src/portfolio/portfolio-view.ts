import type { Instrument } from '../interfaces/instrument.js'
import type { Money } from '../interfaces/money.js'
import type { Portfolio, Position } from '../interfaces/portfolio.js'
import type { InstrumentTable } from '../engine/instrument-table.js'
import type { Holding, Ledger } from './ledger.js'
import { notionalNano } from './money.js'

/** The ledger as strategies, limits and reports see it. */
export class PortfolioView implements Portfolio {
  constructor(
    readonly ledger: Ledger,
    readonly table: InstrumentTable,
    /** Units of base currency for one unit of another; `undefined` when not known. */
    readonly rateOf: (currency: string) => number | undefined,
  ) {}

  get currency(): string {
    return this.ledger.currency
  }

  cash(currency = this.ledger.currency): Money {
    return { currency, nano: this.ledger.account(currency).nano }
  }

  position(instrument: Instrument): Position {
    return this.#describe(instrument, this.holdingOf(instrument))
  }

  /** Signed quantity, without building a {@link Position}. */
  quantity(instrument: Instrument): number {
    return this.holdingOf(instrument).quantity
  }

  holdingOf(instrument: Instrument): Holding {
    return this.ledger.holding(this.table.indexOf(instrument), instrument.multiplier, instrument.currency)
  }

  get positions(): readonly Position[] {
    return this.ledger.holdings
      .filter((holding) => holding !== undefined && holding.quantity !== 0)
      .map((holding) => this.#describe(this.table.instruments[holding.index], holding))
  }

  get equity(): number | undefined {
    const equity = this.ledger.equity(this.rateOf)
    return Number.isNaN(equity) ? undefined : equity
  }

  get fees(): Money {
    return { currency: this.ledger.currency, nano: this.ledger.feesNano }
  }

  #describe(instrument: Instrument, holding: Holding): Position {
    const { quantity, mark, multiplier, currency } = holding
    const unrealizedPnl =
      quantity === 0
        ? { currency, nano: 0n }
        : Number.isNaN(mark)
          ? undefined
          : { currency, nano: notionalNano(mark, quantity, multiplier) - holding.basisNano }
    return {
      instrument,
      quantity,
      averagePrice: holding.averagePrice,
      realizedPnl: { currency, nano: holding.realizedNano },
      unrealizedPnl,
    }
  }
}
