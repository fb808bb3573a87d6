import { drawdownOfEquity } from '../statistics/drawdown.js'
import { quantile } from '../statistics/moments.js'
import { sharpeRatio } from '../statistics/ratios.js'
import { type Curve } from '../statistics/sampling.js'
import { evenRows, rowsToDraw, secondsOf } from './downsample.js'
import { formatAt, formatChange, formatMoney, formatNumber, formatPercent } from './format.js'
import { decimalsOf, makeScale, niceStep, timeTicks, valueTicks, type Scale, type Tick } from './scale.js'
import { axes, type Frame, type HoverPoints, linePath, makeFrame, px, renderSvg } from './svg.js'

/** Columns that a curve is thinned to, and points that the pointer finds. */
const COLUMNS = 520
const HOVER_POINTS = 360

/** Equity over time, the benchmark beside it scaled to the same start; logarithmic once it grew more than eightfold. */
export function equityChart(curve: Curve, benchmark: (Curve & { readonly name: string }) | undefined, currency: string): string {
  const frame = makeFrame(330)
  const seconds = secondsOf(curve.times)
  const rows = rowsToDraw(seconds, curve.values, COLUMNS)
  const market = benchmark === undefined ? undefined : scaleTo(benchmark, curve)
  const marketSeconds = market === undefined ? undefined : secondsOf(market.times)
  const marketRows = market === undefined || marketSeconds === undefined ? undefined : rowsToDraw(marketSeconds, market.values, COLUMNS)
  const extent = rangeOf([curve.values, market?.values ?? new Float64Array(0)])
  const isLog = extent.low > 0 && extent.high / extent.low > 8
  const padded = isLog ? { low: extent.low / 1.05, high: extent.high * 1.05 } : pad(extent, 0.06)
  const y = makeScale(padded.low, padded.high, frame.bottom, frame.top, isLog)
  const x = timeScale(seconds, frame)
  const ticks = isLog ? logTicks(padded.low, padded.high) : valueTicks(padded.low, padded.high, 5, compactLabel)
  const line = linePath(
    rows,
    (row) => x(seconds[row]),
    (row) => y(curve.values[row]),
  )
  const start = px(y(curve.values[rows[0]]))
  const last = rows[rows.length - 1]
  const body =
    axes(frame, y, ticks, x, timeTicks(seconds[0], seconds[seconds.length - 1], 8)) +
    `<path class="area" d="${line}L${px(x(seconds[last]))} ${frame.bottom}L${px(x(seconds[rows[0]]))} ${frame.bottom}Z"/>` +
    `<line class="baseline" x1="${frame.left}" x2="${frame.right}" y1="${start}" y2="${start}"/>` +
    (market && marketRows && marketSeconds
      ? `<path class="line benchmark" d="${linePath(
          marketRows,
          (row) => x(marketSeconds[row]),
          (row) => y(market.values[row]),
        )}"/>`
      : '') +
    `<path class="line strategy" d="${line}"/><circle class="end" cx="${px(x(seconds[last]))}" cy="${px(y(curve.values[last]))}" r="3.5"/>`
  const first = curve.values[0]
  const hover = hoverOf(seconds, curve.times, x, (row) => [
    formatMoney(curve.values[row], currency),
    formatChange(curve.values[row] / first - 1),
  ])
  const total = curve.values[last] / first - 1
  return renderSvg({
    id: 'equity',
    title: `Equity in ${currency}${isLog ? ', logarithmic scale' : ''}`,
    description: `From ${formatMoney(first, currency)} to ${formatMoney(curve.values[last], currency)}, ${formatChange(total)}, between ${formatMoney(extent.low, currency)} and ${formatMoney(extent.high, currency)}.`,
    frame,
    body,
    hover,
  })
}

/** Fall from the highest equity so far, as an area under zero; the deepest point is named. */
export function drawdownChart(curve: Curve): string {
  const frame = makeFrame(190)
  const seconds = secondsOf(curve.times)
  const falls = drawdownOfEquity(curve.values)
  const rows = rowsToDraw(seconds, falls, COLUMNS)
  const deepest = falls.reduce((found, value, row) => (value < falls[found] ? row : found), 0)
  const low = Math.min(falls[deepest] * 1.15, -0.001)
  const y = makeScale(low, 0, frame.bottom, frame.top)
  const x = timeScale(seconds, frame)
  const line = linePath(
    rows,
    (row) => x(seconds[row]),
    (row) => y(falls[row]),
  )
  const ends = `L${px(x(seconds[rows[rows.length - 1]]))} ${px(y(0))}L${px(x(seconds[rows[0]]))} ${px(y(0))}Z`
  const place = x(seconds[deepest])
  const isRight = place > frame.right - 150
  const mark =
    falls[deepest] < 0
      ? `<circle class="end loss" cx="${px(place)}" cy="${px(y(falls[deepest]))}" r="3.5"/><text class="note" x="${px(place + (isRight ? -9 : 9))}" y="${px(y(falls[deepest]))}" dy="0.35em" text-anchor="${isRight ? 'end' : 'start'}">${formatPercent(falls[deepest], 1)}</text>`
      : ''
  return renderSvg({
    id: 'drawdown',
    title: 'Drawdown from the highest equity so far',
    description: `Deepest at ${formatPercent(falls[deepest])} on ${formatAt(curve.times[deepest])}.`,
    frame,
    body:
      axes(frame, y, valueTicks(low, 0, 3, percentLabel), x, timeTicks(seconds[0], seconds[seconds.length - 1], 8)) +
      `<path class="area loss" d="${line}${ends}"/><path class="line loss" d="${line}"/>${mark}`,
    hover: hoverOf(seconds, curve.times, x, (row) => [formatPercent(falls[row])]),
  })
}

/** Rolling Sharpe ratio, or `undefined` when there are too few returns for a window. */
export function rollingSharpeChart(
  returns: Float64Array,
  times: BigInt64Array,
  periodsPerYear: number,
): { readonly svg: string; readonly window: number } | undefined {
  const window = rollingWindow(returns.length, periodsPerYear)
  if (window === undefined) return undefined
  const ends = evenRows(returns.length - window + 1, COLUMNS).map((row) => row + window - 1)
  const ratios = Float64Array.from(ends, (row) => {
    const ratio = sharpeRatio(returns.subarray(row - window + 1, row + 1), { periodsPerYear })
    return Number.isFinite(ratio) ? ratio : NaN
  })
  const at = BigInt64Array.from(ends, (row) => times[row])
  const seconds = secondsOf(at)
  const rows = rowsToDraw(seconds, ratios, COLUMNS)
  if (rows.length < 2) return undefined
  const frame = makeFrame(220)
  const extent = rangeOf([ratios])
  const { low, high } = pad({ low: Math.min(0, extent.low), high: Math.max(0, extent.high) }, 0.08)
  const y = makeScale(low, high, frame.bottom, frame.top)
  const x = timeScale(seconds, frame)
  const zero = px(y(0))
  const svg = renderSvg({
    id: 'rolling-sharpe',
    title: `Sharpe ratio over the last ${window} returns`,
    description: `Between ${formatNumber(extent.low)} and ${formatNumber(extent.high)}; ${formatNumber(ratios[rows[rows.length - 1]])} at the end.`,
    frame,
    body:
      axes(
        frame,
        y,
        valueTicks(low, high, 4, (value, step) => formatNumber(value, decimalsOf(step))),
        x,
        timeTicks(seconds[0], seconds[seconds.length - 1], 8),
      ) +
      `<line class="baseline" x1="${frame.left}" x2="${frame.right}" y1="${zero}" y2="${zero}"/>` +
      `<path class="line strategy" d="${linePath(
        rows,
        (row) => x(seconds[row]),
        (row) => y(ratios[row]),
      )}"/>`,
    hover: hoverOf(seconds, at, x, (row) => [formatNumber(ratios[row])]),
  })
  return { svg, window }
}

/** Half a year of returns where there are two years of them, otherwise a quarter of what there is, but never fewer than 20. */
function rollingWindow(returns: number, periodsPerYear: number): number | undefined {
  const half = Math.round(periodsPerYear / 2)
  const window = returns >= 4 * half && half >= 20 ? half : Math.floor(returns / 4)
  return window >= 20 ? Math.min(window, 5000) : undefined
}

/** How often each size of return occurred; the outermost bars hold everything beyond. */
export function distributionChart(returns: Float64Array): string | undefined {
  const finite = returns.filter((value) => Number.isFinite(value))
  if (finite.length < 20) return undefined
  const reach = Math.max(Math.abs(quantile(finite, 0.005)), Math.abs(quantile(finite, 0.995)))
  if (!(reach > 0)) return undefined
  const step = niceStep((2 * reach) / 48)
  const side = Math.ceil(reach / step)
  const counts = new Float64Array(2 * side)
  for (const value of finite) counts[Math.max(0, Math.min(2 * side - 1, Math.floor(value / step) + side))]++
  const frame = makeFrame(220)
  const most = counts.reduce((high, count) => Math.max(high, count), 1)
  const y = makeScale(0, most * 1.05, frame.bottom, frame.top)
  const x = makeScale(-side * step, side * step, frame.left, frame.right)
  const width = (frame.right - frame.left) / (2 * side)
  const bars = Array.from(counts, (count, bin) => {
    if (count === 0) return ''
    return `<rect class="${bin < side ? 'bar loss' : 'bar gain'}" x="${px(frame.left + bin * width + 0.75)}" width="${px(Math.max(1, width - 1.5))}" y="${px(y(count))}" height="${px(frame.bottom - y(count))}"/>`
  })
  const losses = finite.reduce((total, value) => total + (value < 0 ? 1 : 0), 0)
  return renderSvg({
    id: 'distribution',
    title: 'Distribution of returns',
    description: `${formatNumber(losses, 0)} of ${formatNumber(finite.length, 0)} returns are negative.`,
    frame,
    body:
      axes(
        frame,
        y,
        valueTicks(0, most, 3, (value) => formatNumber(value, 0)),
        x,
        valueTicks(-side * step, side * step, 9, percentLabel),
      ) + bars.join(''),
    hover: {
      x: Array.from(counts, (_, bin) => Math.round(frame.left + (bin + 0.5) * width)),
      labels: Array.from(counts, (_, bin) => `${formatChange((bin - side) * step)} to ${formatChange((bin - side + 1) * step)}`),
      lines: Array.from(counts, (count) => [`${formatNumber(count, 0)} returns`]),
    },
  })
}

/** A linear time axis over the frame. */
export function timeScale(seconds: Float64Array, frame: Frame): Scale {
  return makeScale(seconds[0], seconds[seconds.length - 1], frame.left, frame.right)
}

/** Points under the pointer. */
export function hoverOf(seconds: Float64Array, times: BigInt64Array, x: Scale, describe: (row: number) => readonly string[]): HoverPoints {
  const rows = Array.from(evenRows(seconds.length, HOVER_POINTS))
  return { x: rows.map((row) => Math.round(x(seconds[row]))), labels: rows.map((row) => formatAt(times[row])), lines: rows.map(describe) }
}

/** Smallest and largest finite value of several series. */
export function rangeOf(series: readonly Float64Array[]): { readonly low: number; readonly high: number } {
  let low = Infinity
  let high = -Infinity
  for (const values of series) {
    for (const value of values) {
      if (!Number.isFinite(value)) continue
      if (value < low) low = value
      if (value > high) high = value
    }
  }
  return low <= high ? { low, high } : { low: 0, high: 1 }
}

/** Leaves room above and below. */
export function pad(
  { low, high }: { readonly low: number; readonly high: number },
  share: number,
): { readonly low: number; readonly high: number } {
  const room = (high - low) * share || Math.abs(high) * 0.01 || 1
  return { low: low - room, high: high + room }
}

function scaleTo(benchmark: Curve, curve: Curve): Curve | undefined {
  const start = curve.times[0]
  const end = curve.times[curve.times.length - 1]
  // The last value at or before the start is what the benchmark is measured from.
  let base = NaN
  for (let row = 0; row < benchmark.times.length && (benchmark.times[row] <= start || base !== base); row++) base = benchmark.values[row]
  const inside = (row: number): boolean => benchmark.times[row] >= start && benchmark.times[row] <= end
  const scale = curve.values[0] / base
  const times = benchmark.times.filter((_, row) => inside(row))
  return times.length < 2 ? undefined : { times, values: benchmark.values.filter((_, row) => inside(row)).map((value) => value * scale) }
}

function compactLabel(value: number, step: number): string {
  const unit = step >= 1e9 ? 1e9 : step >= 1e6 ? 1e6 : step >= 1e3 ? 1e3 : 1
  const suffix = { 1e9: ' bn', 1e6: ' M', 1e3: ' k', 1: '' }[unit] ?? ''
  return `${formatNumber(value / unit, decimalsOf(step / unit))}${suffix}`
}

function percentLabel(value: number, step: number): string {
  return formatPercent(value, decimalsOf(step * 100))
}

function logTicks(low: number, high: number): readonly Tick[] {
  const ticks: Tick[] = []
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
    for (const factor of [1, 2, 5]) {
      const at = factor * 10 ** power
      if (at >= low && at <= high) ticks.push({ at, label: compactLabel(at, at) })
    }
  }
  return ticks
}
