/** One published figure and how we compute it. */
export interface PublishedCase {
  /** Who published it: `empyrical`, `quantstats`, `backtesting.py`, `LEAN`. */
  readonly source: string
  readonly name: string
  readonly published: unknown
  /** Ours, of the same type: a number, a text as printed, or a list of numbers. */
  readonly ours: () => unknown
  /** Numbers agree when they differ by at most this share of the published one, or by `absolute`. */
  readonly relative?: number | undefined
  readonly absolute?: number | undefined
}

/** How far ours is from the published figure: 0 when equal, infinite when it is another kind of value. */
export function difference(ours: unknown, published: unknown): number {
  if (Array.isArray(published)) {
    if (!Array.isArray(ours) || ours.length !== published.length) return Infinity
    return published.reduce<number>((most, value, i) => Math.max(most, difference((ours as readonly unknown[])[i], value)), 0)
  }
  if (Object.is(ours, published) || ours === published) return 0
  return typeof ours === 'number' && typeof published === 'number' && Number.isFinite(ours - published)
    ? Math.abs(ours - published)
    : Infinity
}

/** Whether ours agrees at the case's tolerance. */
export function agrees({ published, ours, relative = 0, absolute = 0 }: PublishedCase): boolean {
  const size = typeof published === 'number' && Number.isFinite(published) ? Math.abs(published) : 0
  return difference(ours(), published) <= Math.max(absolute, relative * size)
}
