import type { Fill } from '../interfaces/order.js'
import { fromNano, notionalNano, proportion } from './money.js'

/** A holding, with exact money. */
export class Holding {
  /** Signed: negative is short. */
  quantity = 0
  /** What the open quantity cost, signed like it. */
  basisNano = 0n
  realizedNano = 0n
  /** Last price seen; `NaN` before one was. */
  mark = NaN
  /** Marked by trades or bars; quotes then leave the mark alone. */
  isTraded = false

  constructor(
    readonly index: number,
    readonly multiplier: number,
    readonly currency: string,
  ) {}

  /** Average price paid for the open quantity; `NaN` when flat. */
  get averagePrice(): number {
    return this.quantity === 0 ? NaN : fromNano(this.basisNano) / (this.quantity * this.multiplier)
  }
}

/** Cash of one currency: the exact amount, and the float64 that equity is computed from. */
export interface CashAccount {
  nano: bigint
  amount: number
}

/**
 * What is owned, exact to the nano-unit: posted once per fill. Profit is realised against average cost; fees are kept apart from it,
 * so that `cash = deposits + movements − Σ notional − Σ fees` holds to the last unit.
 */
export class Ledger {
  readonly holdings: Holding[] = []
  /** Holdings that are not flat, in no particular order. */
  readonly open: Holding[] = []
  readonly #cash = new Map<string, CashAccount>()
  readonly #base: CashAccount
  feesNano = 0n
  /** Fees in currencies other than the base one. */
  readonly #foreignFees = new Map<string, bigint>()

  constructor(readonly currency: string) {
    this.#base = this.account(currency)
  }

  account(currency: string): CashAccount {
    let account = this.#cash.get(currency)
    if (account === undefined) this.#cash.set(currency, (account = { nano: 0n, amount: 0 }))
    return account
  }

  get currencies(): IterableIterator<string> {
    return this.#cash.keys()
  }

  /** Fees paid in a currency. */
  fees(currency: string): bigint {
    return currency === this.currency ? this.feesNano : (this.#foreignFees.get(currency) ?? 0n)
  }

  holding(index: number, multiplier: number, currency: string): Holding {
    return (this.holdings[index] ??= new Holding(index, multiplier, currency))
  }

  /** Adds cash: a deposit, dividend, interest or cost of borrowing. */
  move(currency: string, nano: bigint): void {
    const account = currency === this.currency ? this.#base : this.account(currency)
    account.nano += nano
    account.amount = fromNano(account.nano)
  }

  /** Posts a fill. `sign` -1 takes a posted fill back. */
  post(holding: Holding, fill: Fill, sign: 1 | -1 = 1): void {
    const quantity = (fill.side === 'buy' ? fill.quantity : -fill.quantity) * sign
    this.trade(holding, quantity, fill.price)
    const fee = sign === 1 ? fill.fee.nano : -fill.fee.nano
    if (fee === 0n) return
    if (fill.fee.currency === this.currency) this.feesNano += fee
    else this.#foreignFees.set(fill.fee.currency, this.fees(fill.fee.currency) + fee)
    this.move(fill.fee.currency, -fee)
  }

  /** Changes a holding by a signed quantity at a price, and the cash with it. */
  trade(holding: Holding, quantity: number, price: number): void {
    const notional = notionalNano(price, quantity, holding.multiplier)
    const before = holding.quantity
    let after = before + quantity
    // Fractional quantities leave float dust; a rest below a billionth is none.
    if (after < 5e-10 && after > -5e-10) after = 0
    if (before === 0 || before > 0 === quantity > 0) {
      holding.basisNano += notional
    } else if (after === 0) {
      holding.realizedNano -= notional + holding.basisNano
      holding.basisNano = 0n
    } else if (after > 0 === before > 0) {
      const closed = proportion(holding.basisNano, -quantity, before)
      holding.realizedNano -= notional + closed
      holding.basisNano -= closed
    } else {
      const closing = notionalNano(price, -before, holding.multiplier)
      holding.realizedNano -= closing + holding.basisNano
      holding.basisNano = notional - closing
    }
    this.#setQuantity(holding, after)
    this.move(holding.currency, -notional)
  }

  /** A split: the quantity changes, the cost does not. */
  split(holding: Holding, ratio: number): void {
    this.#setQuantity(holding, holding.quantity * ratio)
    holding.mark /= ratio
  }

  /** Sets a position that the broker reported and no fill explains: at its average price, without touching cash. */
  adopt(holding: Holding, quantity: number, averagePrice: number): void {
    this.#setQuantity(holding, quantity)
    holding.basisNano = quantity === 0 ? 0n : notionalNano(averagePrice, quantity, holding.multiplier)
  }

  /** Cash and holdings at last prices, all in the base currency; `NaN` while something has no price or rate. */
  equity(rateOf?: (currency: string) => number | undefined): number {
    let equity = this.#base.amount
    if (this.#cash.size > 1) {
      for (const [currency, { amount }] of this.#cash) {
        if (currency !== this.currency && amount !== 0) equity += amount * (rateOf?.(currency) ?? NaN)
      }
    }
    const { open } = this
    for (let i = 0; i < open.length; i++) {
      const holding = open[i]
      const value = holding.quantity * holding.mark * holding.multiplier
      equity += holding.currency === this.currency ? value : value * (rateOf?.(holding.currency) ?? NaN)
    }
    return equity
  }

  /** Sum of the holdings' absolute values at last prices, in the base currency. */
  grossExposure(rateOf?: (currency: string) => number | undefined): number {
    let gross = 0
    for (const holding of this.open) {
      const value = Math.abs(holding.quantity * holding.mark * holding.multiplier)
      gross += holding.currency === this.currency ? value : value * (rateOf?.(holding.currency) ?? NaN)
    }
    return gross
  }

  #setQuantity(holding: Holding, quantity: number): void {
    const wasFlat = holding.quantity === 0
    holding.quantity = quantity
    if (wasFlat === (quantity === 0)) return
    if (wasFlat) {
      this.open.push(holding)
      return
    }
    const at = this.open.indexOf(holding)
    this.open[at] = this.open[this.open.length - 1]
    this.open.pop()
  }
}
