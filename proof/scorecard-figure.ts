/** One published figure and ours beside it. */
export interface ScoredFigure {
  /** Who published it. */
  readonly source: string
  readonly name: string
  readonly ours: unknown
  readonly published: unknown
  /** Numbers agree when they differ by at most this share of the published one, or by `absolute`. Default 0. */
  readonly relative?: number | undefined
  readonly absolute?: number | undefined
}
