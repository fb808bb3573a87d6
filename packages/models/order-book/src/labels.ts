import { signedImpact, spreadTransition } from '@gatehouse/model-kit'
import { type PathPoint } from './book-path.js'
import { type ResolvedOptions } from './options.js'

/** Labels of the points of a path, and the point that each is known at. */
export interface PathLabels {
  /** 0 down, 1 flat, 2 up; -1 unknown. */
  readonly direction: Int32Array
  /** 0 narrower, 1 same, 2 wider; -1 unknown. */
  readonly spread: Int32Array
  /** Log move in basis points from before the step to the horizon, where somebody was the aggressor in it; `NaN` elsewhere. */
  readonly impact: Float32Array
  /** Log move from the point to the horizon, that to the mean of the points up to it, and the spread at the horizon, ticks; `NaN` unknown. */
  readonly move: Float64Array
  readonly meanMove: Float64Array
  readonly laterSpread: Float64Array
  /** Point that the labels are known at. */
  readonly known: Int32Array
}

/** Labels a path stretch by stretch: a stretch ends where a side of the book was empty or the market paused. */
export function labelPath(
  points: readonly PathPoint[],
  { horizon, direction, flatBp }: Pick<ResolvedOptions, 'horizon' | 'direction' | 'flatBp'>,
): PathLabels {
  const count = points.length
  const labels: PathLabels = {
    direction: new Int32Array(count).fill(-1),
    spread: new Int32Array(count).fill(-1),
    impact: new Float32Array(count).fill(NaN),
    move: new Float64Array(count).fill(NaN),
    meanMove: new Float64Array(count).fill(NaN),
    laterSpread: new Float64Array(count).fill(NaN),
    known: Int32Array.from({ length: count }, (_, i) => i),
  }
  const threshold = flatBp * 1e-4
  for (let from = 0; from < count;) {
    let to = from
    while (to < count && !Number.isNaN(points[to].mid)) to++
    const stretch = points.slice(from, to)
    const mids = Float64Array.from(stretch, ({ mid }) => mid)
    const moves = mids.map((mid, i) => Math.log(mids[i + horizon] / mid))
    labels.move.set(moves, from)
    labels.laterSpread.set(
      mids.map((_, i) => (i + horizon < mids.length ? stretch[i + horizon].spread : NaN)),
      from,
    )
    labels.meanMove.set(meanMoves(mids, horizon), from)
    labels.spread.set(spreadTransition(Float64Array.from(stretch, ({ spread }) => spread), horizon).labels, from) // prettier-ignore
    labels.impact.set(signedImpact(mids, { flow: Float64Array.from(stretch, ({ flow }) => flow), horizon }).labels, from) // prettier-ignore
    for (let i = from; i < to; i++) {
      labels.known[i] = Math.min(to - 1, i + horizon)
      const move = direction === 'mean' ? labels.meanMove[i] : labels.move[i]
      labels.direction[i] = Number.isNaN(move) ? -1 : move > threshold ? 2 : move < -threshold ? 0 : 1
    }
    from = to + 1
  }
  return labels
}

/** Log of the mean of the next `horizon` middles over the middle now. */
function meanMoves(mids: Float64Array, horizon: number): Float64Array {
  const first = mids[0]
  const sums = new Float64Array(mids.length + 1)
  // Sums are taken against the first middle, so that long stretches keep their digits.
  for (let i = 0; i < mids.length; i++) sums[i + 1] = sums[i] + (mids[i] - first)
  return mids.map((mid, i) => Math.log((first + (sums[i + horizon + 1] - sums[i + 1]) / horizon) / mid))
}
