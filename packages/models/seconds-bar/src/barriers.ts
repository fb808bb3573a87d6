import { tripleBarrier, type BarrierLabels } from '@gatehouse/model-kit'

/** Seconds of one instrument without a pause, one row a second. */
export interface Stretch {
  readonly close: Float64Array
  readonly high: Float64Array
  readonly low: Float64Array
  /** Distance of the barriers as a log return, known at each row; `NaN` where no label is wanted. */
  readonly barrier: Float64Array
}

/**
 * Triple barrier of a stretch: which of two equally distant barriers is touched first within the horizon. The last rows, whose horizon the stretch does not
 * hold, have no label: those of them that touch early would be a choice of wild ones.
 * `labels` are 2 upper, 0 lower, 1 neither, 3 both within one second, when nobody can tell which was first.
 */
export function firstTouch({ close, high, low, barrier }: Stretch, horizon: number): BarrierLabels {
  const known = barrier.map((distance, i) => (i + horizon < close.length ? distance : NaN))
  const found = tripleBarrier(close, { horizon, up: known, high, low })
  // Seen in a mirror the upper barrier is the lower one. Where the two disagree, one second touched both.
  const inverse = (prices: Float64Array): Float64Array => prices.map((price) => 1 / price)
  const mirrored = tripleBarrier(inverse(close), { horizon, up: known, high: inverse(low), low: inverse(high) })
  return { ...found, labels: found.labels.map((label, i) => (label >= 0 && label !== 2 - mirrored.labels[i] ? 3 : label)) }
}

/** Ticks within which prices only bounce. */
const leastTicks = 0.9

/**
 * Distance of both barriers as a log return: volatilities of the horizon, but never less than what a move of one tick clears on either side. (At one tick exactly, an
 * upper barrier lies a hair above the next price, `exp(x)` being more than `1 + x`: only falls would ever touch.)
 * @param volatility of one second's log return
 */
export function barrierDistance(
  { volatility, price, tickSize }: { readonly volatility: number; readonly price: number; readonly tickSize: number },
  { horizonSeconds, barrierDeviations }: { readonly horizonSeconds: number; readonly barrierDeviations: number },
): number {
  const distance = barrierDeviations * volatility * Math.sqrt(horizonSeconds)
  const tick = (leastTicks * tickSize) / price
  return distance < tick ? tick : distance
}
