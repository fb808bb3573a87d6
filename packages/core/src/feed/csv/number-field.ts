/** Powers of ten that float64 holds exactly. */
const powersOfTen = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`))
const maxExactDigits = 15

/**
 * Reads a decimal number. Up to 15 digits the result is correctly rounded with one division (Clinger's fast path); longer or exponent
 * forms go through `Number`.
 * @returns `NaN` when the bytes are not a number, or empty
 */
export function parseNumber(bytes: Uint8Array, start: number, end: number): number {
  let i = start
  let last = end
  while (i < last && bytes[i] === 32) i++
  while (last > i && bytes[last - 1] === 32) last--
  const isNegative = bytes[i] === 45
  if (isNegative || bytes[i] === 43) i++
  if (i >= last) return NaN
  let mantissa = 0
  let digits = 0
  let decimals = -1
  for (; i < last; i++) {
    const digit = bytes[i] - 48
    if (digit >= 0 && digit <= 9) {
      mantissa = mantissa * 10 + digit
      // Leading zeros are no digits of precision.
      if (mantissa !== 0) digits++
      if (decimals >= 0) decimals++
    } else if (digit === -2 && decimals < 0) decimals = 0
    else return slowNumber(bytes, start, end)
  }
  if (digits > maxExactDigits || decimals > 22) return slowNumber(bytes, start, end)
  if (decimals > 0) mantissa /= powersOfTen[decimals]
  // A lone "." or "-." has no digit at all.
  if (mantissa === 0 && !hasDigit(bytes, start, end)) return NaN
  return isNegative ? -mantissa : mantissa
}

function hasDigit(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i] >= 48 && bytes[i] <= 57) return true
  return false
}

function slowNumber(bytes: Uint8Array, start: number, end: number): number {
  const text = String.fromCharCode(...bytes.subarray(start, Math.min(end, start + 64))).trim()
  // Number() also takes hexadecimal, "" and "Infinity", none of which is a price.
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : NaN
}
