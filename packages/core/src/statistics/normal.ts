/**
 * The standard normal distribution to about 1e-15, because a probability near 1 (a Sharpe ratio that is almost certainly positive)
 * is only useful when its complement is still right.
 */

/** Density of the standard normal distribution at `z`. */
export function normalDensity(z: number): number {
  return Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI)
}

/**
 * P(Z <= z) for a standard normal Z: a Maclaurin-type series near the centre, Lentz's continued fraction in the tails.
 * @see Abramowitz and Stegun (1964), 26.2.11 and 26.2.14
 */
export function normalCdf(z: number): number {
  if (z !== z) return NaN
  if (z === Infinity) return 1
  if (z === -Infinity) return 0
  const size = Math.abs(z)
  if (size < 3) {
    let term = z
    let total = z
    for (let k = 3; Math.abs(term) > 1e-18 * Math.abs(total); k += 2) {
      term *= (z * z) / k
      total += term
    }
    return 0.5 + normalDensity(z) * total
  }
  const tail = upperTail(size)
  return z < 0 ? tail : 1 - tail
}

// Q(x) = density(x) / (x + 1/(x + 2/(x + 3/(x + ...)))), evaluated from the far end: 200 terms reach 1e-16 from x = 3 on.
function upperTail(x: number): number {
  let fraction = x
  for (let k = 200; k >= 1; k--) fraction = x + k / fraction
  return normalDensity(x) / fraction
}

/**
 * The z with P(Z <= z) = `probability`: Acklam's rational start, then Halley steps against {@link normalCdf}.
 * @returns -Infinity at 0, Infinity at 1, `NaN` outside [0, 1]
 */
export function normalQuantile(probability: number): number {
  if (!(probability >= 0 && probability <= 1)) return NaN
  if (probability === 0) return -Infinity
  if (probability === 1) return Infinity
  // The upper half mirrors the lower, where a small probability keeps its digits.
  if (probability > 0.5) return -normalQuantile(1 - probability)
  let z = acklam(probability)
  for (let step = 0; step < 3; step++) {
    const slope = (normalCdf(z) - probability) / normalDensity(z)
    if (!Number.isFinite(slope)) break
    z -= slope / (1 + (z * slope) / 2)
  }
  return z
}

function acklam(p: number): number {
  if (p < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(p))
    return (
      (((((-7.784894002430293e-3 * q - 0.3223964580411365) * q - 2.400758277161838) * q - 2.549732539343734) * q + 4.374664141464968) * q +
        2.938163982698783) /
      ((((7.784695709041462e-3 * q + 0.3224671290700398) * q + 2.445134137142996) * q + 3.754408661907416) * q + 1)
    )
  }
  const q = p - 0.5
  const r = q * q
  return (
    ((((((-39.69683028665376 * r + 220.9460984245205) * r - 275.9285104469687) * r + 138.357751867269) * r - 30.66479806614716) * r +
      2.506628277459239) *
      q) /
    (((((-54.47609879822406 * r + 161.5858368580409) * r - 155.6989798598866) * r + 66.80131188771972) * r - 13.28068155288572) * r + 1)
  )
}
