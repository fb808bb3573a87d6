const scale = 1e9
/** Past it nine places are finer than a double. */
const largest = Number.MAX_SAFE_INTEGER / scale

/**
 * The price that was meant by a sum of decimals: 179.61 for 179.62 - 0.01, which doubles make 179.60999999999999. A price that is no decimal of nine
 * places, as a fraction of another price, stays as it is.
 */
export function decimalPrice(price: number): number {
  if (!(Math.abs(price) < largest)) return price
  const decimal = Math.round(price * scale) / scale
  return Math.abs(decimal - price) <= Math.abs(price) * 4 * Number.EPSILON ? decimal : price
}
