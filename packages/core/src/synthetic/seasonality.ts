/**
 * How variance and volume spread over a session: high after the open, low at noon, rising to the close (volume more than variance).
 * Shares are integrals of polynomials, so they add up to 1 over any cut of the session.
 */

/** Share of a session's variance up to `u`, 0 at the open and 1 at the close. */
export function varianceUpTo(u: number): number {
  const rest = 1 - u
  const rest2 = rest * rest
  const u2 = u * u
  return (0.7 * u + 0.4 * (1 - rest2 * rest2 * rest) + 0.15 * u2 * u2 * u) / 1.25
}

/** Share of a session's volume up to `u`. */
export function volumeUpTo(u: number): number {
  const rest = 1 - u
  const rest2 = rest * rest
  const u2 = u * u
  return (0.6 * u + 0.3 * (1 - rest2 * rest2 * rest) + 0.3 * u2 * u2 * u2 * u) / 1.2
}
