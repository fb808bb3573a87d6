/**
 * `exp`, `log` and the inverse normal distribution out of IEEE 754 basic operations and `Math.sqrt` alone. ECMAScript leaves `Math.exp`, `Math.log`
 * and `Math.pow` to the engine; these give the same bits on every engine and version, so a generated world has one digest.
 */

const LN2_HIGH = 6.9314718036912381649e-1
const LN2_LOW = 1.90821492927058770002e-10
const INVERSE_LN2 = 1.442695040888963387

// One float64 seen as its two words; which of them is high depends on the platform.
const float = new Float64Array(1)
const words = new Uint32Array(float.buffer)
const high = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 1 : 0

/** 2^k for -1022 <= k <= 1023. */
function powerOfTwo(k: number): number {
  words[high] = (k + 1023) << 20
  words[1 - high] = 0
  return float[0]
}

/** e^x within 2 ulp for |x| < 700; the caller stays in that range. */
export function exactExp(x: number): number {
  const k = Math.floor(x * INVERSE_LN2 + 0.5)
  const r = x - k * LN2_HIGH - k * LN2_LOW
  // Taylor to r^13: |r| <= 0.347, so the rest is below 1e-17.
  let sum = 1
  for (let n = 13; n >= 1; n--) sum = 1 + (r / n) * sum
  return k === 0 ? sum : sum * powerOfTwo(k)
}

/** Natural logarithm of a positive normal number, within a few ulp. */
export function exactLog(x: number): number {
  float[0] = x
  const top = words[high]
  let k = (top >>> 20) - 1023
  words[high] = (top & 0xf_ffff) | 0x3ff0_0000
  let m = float[0]
  if (m > 1.4142135623730951) {
    m *= 0.5
    k++
  }
  // ln m = 2 artanh((m - 1) / (m + 1)); |s| <= 0.1716, so s^21 / 21 is below 1e-17.
  const s = (m - 1) / (m + 1)
  const s2 = s * s
  const sum =
    ((((((((s2 / 19 + 1 / 17) * s2 + 1 / 15) * s2 + 1 / 13) * s2 + 1 / 11) * s2 + 1 / 9) * s2 + 1 / 7) * s2 + 1 / 5) * s2 + 1 / 3) * s2 + 1
  return 2 * s * sum + k * LN2_LOW + k * LN2_HIGH
}

/**
 * Quantile of the standard normal distribution, relative error below 1.2e-9.
 * @param p probability, 0 < p < 1
 * @see Acklam, "An algorithm for computing the inverse normal cumulative distribution function"
 */
export function normalQuantile(p: number): number {
  if (p < 0.02425) return tail(p)
  if (p > 0.97575) return -tail(1 - p)
  const q = p - 0.5
  const r = q * q
  return (
    ((((((-3.969683028665376e1 * r + 2.209460984245205e2) * r - 2.759285104469687e2) * r + 1.38357751867269e2) * r - 3.066479806614716e1) *
      r +
      2.506628277459239) *
      q) /
    (((((-5.447609879822406e1 * r + 1.615858368580409e2) * r - 1.556989798598866e2) * r + 6.680131188771972e1) * r - 1.328068155288572e1) *
      r +
      1)
  )
}

function tail(p: number): number {
  const q = Math.sqrt(-2 * exactLog(p))
  return (
    (((((-7.784894002430293e-3 * q - 3.223964580411365e-1) * q - 2.400758277161838) * q - 2.549732539343734) * q + 4.374664141464968) * q +
      2.938163982698783) /
    ((((7.784695709041462e-3 * q + 3.224671290700398e-1) * q + 2.445134137142996) * q + 3.754408661907416) * q + 1)
  )
}

/** Distribution function of the standard normal, absolute error below 1e-7. */
export function normalCdf(x: number): number {
  if (x < -37) return 0
  if (x > 37) return 1
  // Abramowitz and Stegun 26.2.17.
  const t = 1 / (1 + 0.2316419 * Math.abs(x))
  const density = 0.3989422804014327 * exactExp(-0.5 * x * x)
  const upper = density * t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  return x >= 0 ? 1 - upper : upper
}
