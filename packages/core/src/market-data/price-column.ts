import type { PriceArray } from '../interfaces/batch.js'

/** A column of prices, read as float64. One class for each kind of array: which it is is asked once, and reading allocates nothing. */
export interface PriceColumn {
  /** Exact division of the source's integer; `NaN` when undefined. */
  at(row: number): number
}

class FloatPrices implements PriceColumn {
  constructor(
    private readonly values: Float64Array,
    private readonly divisor: number,
  ) {}
  at(row: number): number {
    return this.values[row] / this.divisor
  }
}

const undefinedInt32 = -0x8000_0000

class Int32Prices implements PriceColumn {
  /** Read rather than written as a constant: V8 12 and before box a result that may be the constant `NaN`. */
  private readonly missing = NaN

  constructor(
    private readonly values: Int32Array,
    private readonly divisor: number,
  ) {}
  at(row: number): number {
    const value = this.values[row]
    return value === undefinedInt32 ? this.missing : value / this.divisor
  }
}

const undefinedInt64 = { high: 0x7fff_ffff, low: 0xffff_ffff } as const
const two32 = 0x1_0000_0000
const [highAt, lowAt] = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1 ? [1, 0] : [0, 1]

/** 64-bit integers by halves, for a load from a `BigInt64Array` makes a bigint each time. Their sum is rounded once, as `Number(bigint)` is. */
class Int64Prices implements PriceColumn {
  private readonly highs: Int32Array
  private readonly lows: Uint32Array
  private readonly missing = NaN

  constructor(
    { buffer, byteOffset, length }: BigInt64Array,
    private readonly divisor: number,
  ) {
    this.highs = new Int32Array(buffer, byteOffset, 2 * length)
    this.lows = new Uint32Array(buffer, byteOffset, 2 * length)
  }
  at(row: number): number {
    const high = this.highs[2 * row + highAt]
    const low = this.lows[2 * row + lowAt]
    return high === undefinedInt64.high && low === undefinedInt64.low ? this.missing : (high * two32 + low) / this.divisor
  }
}

/** Reads one element as a price, as {@link priceColumn} does a column's: where so few are read that it may allocate. */
export function priceAt(values: PriceArray, row: number, divisor: number): number {
  return priceColumn(values, divisor).at(row)
}

/** @param divisor integers divided by it are prices */
export function priceColumn(values: PriceArray, divisor: number): PriceColumn {
  if (values instanceof Float64Array) return new FloatPrices(values, divisor)
  return values instanceof Int32Array ? new Int32Prices(values, divisor) : new Int64Prices(values, divisor)
}
