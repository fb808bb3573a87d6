import type { Instrument } from '../interfaces/instrument.js'
import type { FeeModel } from '../simulated/fees.js'

/** What a share of equity is turned into a quantity with. */
export interface WeightInput {
  readonly instrument: Instrument
  readonly equity: number
  readonly price: number
  /** Share of equity, signed: 1 is all of it, -0.5 half of it short. */
  readonly weight: number
  /** Position held now, signed: the fee is that of the order that remains. */
  readonly held: number
  /** Share of equity that stays in cash. LEAN keeps 0.0025. Default 0. */
  readonly cashBuffer?: number | undefined
  /** The order must be affordable after its fee by this model, too. */
  readonly fees?: FeeModel | undefined
}

/**
 * Signed quantity worth a share of equity at a price, rounded down to whole lots. With a fee model the quantity is reduced until it is affordable after the fee
 * of the order that gets there: `quantity × price ≤ weight × (equity − fee − buffer × equity)`.
 * @returns 0 where price or equity are not positive numbers
 */
export function sizeByWeight({ instrument, equity, price, weight, held, cashBuffer = 0, fees }: WeightInput): number {
  const { lotSize, multiplier } = instrument
  const unit = price * multiplier
  if (!(unit > 0 && equity > 0) || weight === 0) return 0
  const share = Math.abs(weight)
  const sign = Math.sign(weight)
  let quantity = Math.floor((share * equity * (1 - cashBuffer)) / (unit * lotSize) + 1e-9) * lotSize
  if (fees === undefined) return sign * quantity
  const unfilled = { filledQuantity: 0, notional: 0, fees: 0 }
  while (quantity > 0) {
    const ordered = sign * quantity - held
    const side = ordered > 0 ? 'buy' : 'sell'
    const fee = ordered === 0 ? 0 : fees.fee({ instrument, side, quantity: Math.abs(ordered), price, liquidity: 'removed' }, unfilled)
    if (quantity * unit <= share * (equity - fee - cashBuffer * equity)) break
    quantity -= lotSize
  }
  return sign * Math.max(0, quantity)
}
