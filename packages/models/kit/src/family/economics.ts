import { type FamilyRows } from './rows.js'

/**
 * Net return of each period of holding a position from each test row to the instrument's next one, averaged over instruments: what the engine's account gains
 * when it trades each name towards `position` times one stake at the row's price and pays `costPerTurnover` of what it trades (a test holds the two together to the
 * cent). The last position stays open.
 * @param position wanted at a test row, -1 to 1, by place in `test`
 * @param nextReturn simple return from the row's price to the next row's of the same instrument, by row; `NaN` where there is none
 * @param costPerTurnover fraction of the value traded
 * @returns one number a distinct time, in order
 */
export function positionReturns(
  { t0, instrument }: FamilyRows,
  test: Int32Array,
  {
    position,
    nextReturn,
    costPerTurnover,
  }: { readonly position: (place: number) => number; readonly nextReturn: ArrayLike<number>; readonly costPerTurnover: number },
): Float64Array {
  const held = new Map<number, number>()
  const periods = new Map<bigint, { sum: number; count: number }>()
  test.forEach((row, place) => {
    if (Number.isNaN(nextReturn[row])) return
    const wanted = position(place)
    const turnover = Math.abs(wanted - (held.get(instrument[row]) ?? 0))
    // What is held has moved with its price when the next row asks for a position: the difference is traded.
    held.set(instrument[row], wanted * (1 + nextReturn[row]))
    const period = periods.get(t0[row]) ?? { sum: 0, count: 0 }
    period.sum += wanted * nextReturn[row] - turnover * costPerTurnover
    period.count++
    periods.set(t0[row], period)
  })
  return Float64Array.from(periods.values(), ({ sum, count }) => sum / count)
}

/** Mean over standard deviation of returns a period, not annualised; `NaN` without spread. */
export function sharpePerPeriod(returns: Float64Array): number {
  const mean = returns.reduce((a, b) => a + b, 0) / returns.length
  const deviation = Math.sqrt(returns.reduce((sum, x) => sum + (x - mean) * (x - mean), 0) / (returns.length - 1))
  return deviation > 0 ? mean / deviation : NaN
}
