import { TradingError } from '@gatehouse/contracts'

/** Nano-units in one unit of a currency. */
export const nanoPerUnit = 1_000_000_000n

/** Largest amount whose nano-units a float64 still counts one by one. */
const exactUnits = Number.MAX_SAFE_INTEGER / 1e9

/**
 * An amount in nano-units, rounded to the nearest: exact for amounts with up to nine decimals.
 * @throws {TradingError} `MONEY_INVALID` when the amount is not finite
 */
export function toNano(amount: number): bigint {
  if (amount < exactUnits && amount > -exactUnits) return BigInt(Math.round(amount * 1e9))
  if (!Number.isFinite(amount)) throw new TradingError('MONEY_INVALID', `${amount} is not an amount of money`, { amount })
  const units = Math.trunc(amount)
  return BigInt(units) * nanoPerUnit + BigInt(Math.round((amount - units) * 1e9))
}

/** Nano-units as a float64 amount, the nearest. */
export function fromNano(nano: bigint): number {
  const units = nano / nanoPerUnit
  return Number(units) + Number(nano - units * nanoPerUnit) / 1e9
}

/**
 * `price × quantity × multiplier` in nano-units. Exact when the price has at most nine decimals and the quantity is whole;
 * otherwise the nearest that float64 gives.
 * @throws {TradingError} `MONEY_INVALID` when the product is not finite
 */
export function notionalNano(price: number, quantity: number, multiplier: number): bigint {
  const units = quantity * multiplier
  const priceNano = Math.round(price * 1e9)
  if (Number.isSafeInteger(units) && Number.isSafeInteger(priceNano) && priceNano / 1e9 === price) {
    const product = priceNano * units
    return Number.isSafeInteger(product) ? BigInt(product) : BigInt(priceNano) * BigInt(units)
  }
  return toNano(price * units)
}

/** `amount × part / whole`, rounded towards zero. Quantities are compared in 1e-9 steps. */
export function proportion(amount: bigint, part: number, whole: number): bigint {
  return (amount * toNano(part)) / toNano(whole)
}
