import { TradingError } from '@gatehouse/contracts'
import type { Instrument } from '../interfaces/instrument.js'
import type { Side } from '../interfaces/order.js'

/** One execution, as a fee schedule sees it. */
export interface FeeExecution {
  readonly instrument: Instrument
  readonly side: Side
  readonly quantity: number
  readonly price: number
  readonly liquidity: 'added' | 'removed'
}

/** What the order had before this execution: minimums and caps are per order. */
export interface FeeProgress {
  readonly filledQuantity: number
  /** Price × quantity × multiplier of what is filled. */
  readonly notional: number
  /** Fees charged so far, the venue's and the broker's together. */
  readonly fees: number
}

/** What a broker charges. */
export interface FeeModel {
  readonly name: string
  /** Fee of one execution, in units of the instrument's currency; negative is a rebate. Pure. */
  fee(execution: FeeExecution, order: FeeProgress): number
}

/** No fees; reports say so. */
export function noFees(): FeeModel {
  return { name: 'no fees', fee: () => 0 }
}

/** A fraction of the traded value: 0.001 is 0.1 %. */
export function percentFees(rate: number): FeeModel {
  requireRate('percentFees', rate)
  return { name: `${rate * 100} % of value`, fee: ({ instrument, quantity, price }) => price * quantity * instrument.multiplier * rate }
}

/** An amount per order, charged with its first execution. */
export function perOrderFees(amount: number): FeeModel {
  requireRate('perOrderFees', amount)
  return { name: `${amount} per order`, fee: (_, order) => (order.filledQuantity === 0 ? amount : 0) }
}

/** An amount per contract and side, exchange and regulatory fees included: futures. */
export function perContractFees(amount: number): FeeModel {
  requireRate('perContractFees', amount)
  return { name: `${amount} per contract`, fee: ({ quantity }) => quantity * amount }
}

/** A maker rate for liquidity added and a taker rate for liquidity removed, fractions of value: crypto venues. */
export function makerTakerFees(maker: number, taker: number): FeeModel {
  return {
    name: `maker ${maker * 100} %, taker ${taker * 100} %`,
    fee: ({ instrument, quantity, price, liquidity }) => price * quantity * instrument.multiplier * (liquidity === 'added' ? maker : taker),
  }
}

export interface IbkrFixedOptions {
  /** Default 0.005. */
  readonly perShare?: number | undefined
  /** Per order; default 1. */
  readonly minimum?: number | undefined
  /** Cap as a fraction of the order's value; default 0.01 (Interactive Brokers). LEAN's model has 0.005. */
  readonly maximumRate?: number | undefined
}

/**
 * Interactive Brokers' fixed pricing for US shares: an amount a share, at least a minimum and at most a fraction of value an order. The
 * cap applies to the per-share amount; an order whose per-share amount is below the minimum pays the minimum.
 * @see https://www.interactivebrokers.com/en/pricing/commissions-stocks.php
 */
export function ibkrFixed({ perShare = 0.005, minimum = 1, maximumRate = 0.01 }: IbkrFixedOptions = {}): FeeModel {
  return {
    name: `IBKR fixed: ${perShare} a share, at least ${minimum}, at most ${maximumRate * 100} %`,
    fee({ quantity, price, instrument }, order) {
      const shares = order.filledQuantity + quantity
      const value = order.notional + price * quantity * instrument.multiplier
      const byShare = shares * perShare
      const total = byShare <= minimum ? minimum : Math.min(byShare, value * maximumRate)
      return total - order.fees
    },
  }
}

/** Shares a month up to which a tier holds, and its price. */
const ibkrTiers: readonly (readonly [number, number])[] = [
  [300_000, 0.0035],
  [3_000_000, 0.002],
  [20_000_000, 0.0015],
  [100_000_000, 0.001],
  [Infinity, 0.0005],
]

export interface IbkrTieredOptions {
  /** Shares traded this month before the run, which set the tier; default 0. The tier does not move within a run. */
  readonly monthlyShares?: number | undefined
  /** Clearing, per share; default 0.0002. */
  readonly clearing?: number | undefined
  /** Venue fee per share when liquidity is removed; default 0.003. */
  readonly removing?: number | undefined
  /** Venue rebate per share when liquidity is added; default 0.002. */
  readonly adding?: number | undefined
  /** Regulatory fee on sales, fraction of value; default 0.0000278 (SEC, 2024). */
  readonly saleRate?: number | undefined
  /** FINRA's trading activity fee on sales, per share; default 0.000166. */
  readonly salePerShare?: number | undefined
}

/**
 * Interactive Brokers' tiered pricing for US shares: a commission by monthly volume (at least 0.35, at most 1 % of value an order), plus
 * clearing, venue fee or rebate, and regulatory fees on sales.
 * @see https://www.interactivebrokers.com/en/pricing/commissions-stocks.php
 */
export function ibkrTiered(options: IbkrTieredOptions = {}): FeeModel {
  const { monthlyShares = 0, clearing = 0.0002, removing = 0.003, adding = 0.002, saleRate = 0.0000278, salePerShare = 0.000166 } = options
  const perShare = (ibkrTiers.find(([limit]) => monthlyShares < limit) ?? ibkrTiers[ibkrTiers.length - 1])[1]
  const commission = (shares: number, value: number): number =>
    shares === 0 ? 0 : Math.min(Math.max(shares * perShare, 0.35), value * 0.01)
  return {
    name: `IBKR tiered: ${perShare} a share and venue fees`,
    fee({ quantity, price, side, liquidity, instrument }, order) {
      const value = price * quantity * instrument.multiplier
      const own = commission(order.filledQuantity + quantity, order.notional + value) - commission(order.filledQuantity, order.notional)
      const venue = quantity * (clearing + (liquidity === 'removed' ? removing : -adding))
      return own + venue + (side === 'sell' ? value * saleRate + quantity * salePerShare : 0)
    },
  }
}

function requireRate(what: string, rate: number): void {
  if (Number.isFinite(rate)) return
  throw new TradingError('OPTION_INVALID', `${what}(${rate}): the fee must be a finite number`, { what, rate })
}
