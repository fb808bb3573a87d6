const twoTo32 = 0x1_0000_0000
/** 1e9 = 5^9 * 2^9, so whole seconds stay exact in float64 until the year 2106. */
const fiveTo9 = 1_953_125
const twoTo23 = 0x80_0000

/** Typed arrays keep the platform's byte order; this is where a 64-bit element has its low half. */
const low = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 0 : 1
const high = 1 - low

/** A column of times being filled. Writes the two 32-bit halves, so that no bigint is made for a row. */
export class TimeColumn {
  readonly times: BigInt64Array
  readonly #halves: Uint32Array

  constructor(length: number) {
    this.times = new BigInt64Array(length)
    this.#halves = new Uint32Array(this.times.buffer)
  }

  /**
   * Writes one time.
   * @param seconds whole seconds since 1970, 0 to 2^32
   * @param nanos 0 to 999,999,999
   */
  set(row: number, seconds: number, nanos: number): void {
    const units = seconds * fiveTo9
    const top = Math.floor(units / twoTo23)
    const rest = (units - top * twoTo23) * 512 + nanos
    const carry = rest >= twoTo32 ? 1 : 0
    this.#halves[row * 2 + low] = rest - carry * twoTo32
    this.#halves[row * 2 + high] = top + carry
  }
}
