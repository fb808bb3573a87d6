import { drawdownOfEquity } from '../statistics/drawdown.js'
import { quantile } from '../statistics/moments.js'
import { sharpeRatio } from '../statistics/ratios.js'
import { type Curve } from '../statistics/sampling.js'
import { secondsOf } from '../statistics/time-columns.js'
import { evenRows, thin } from './downsample.js'
import { formatAt, formatChange, formatMoney, formatNumber, formatPercent } from './format.js'
import { decimalsOf, makeScale, niceStep, timeTicks, valueTicks, type Scale, type Tick } from './scale.js'
import { axes, type Frame, HALF_WIDTH, type HoverPoints, linePath, makeFrame, px, renderSvg } from './svg.js'

/** Columns that a curve is thinned to, and points that the pointer finds. */
const COLUMNS = 520
const HOVER_POINTS = 360

/** A drawn equity curve. */
export interface EquityChart {
  readonly svg: string
  readonly isLogarithmic: boolean
}

/** Equity over time, the benchmark beside it scaled to the same start; logarithmic once the picture spans more than eightfold. */
export function equityChart(recorded: Curve, benchmark: Curve | undefined, currency: string): EquityChart {
  const curve = thin(recorded, COLUMNS)
  const frame = makeFrame(330)
  const seconds = secondsOf(curve.times)
  const market = benchmark === undefined ? undefined : scaledTo(benchmark, curve)
  const extent = rangeOf([curve.values, market ?? new Float64Array(0)])
  const isLogarithmic = extent.low > 0 && extent.high / extent.low > 8
  const padded = isLogarithmic ? { low: extent.low / 1.05, high: extent.high * 1.05 } : pad(extent, 0.06)
  const y = makeScale(padded.low, padded.high, frame.bottom, frame.top, isLogarithmic)
  const x = timeScale(seconds, frame)
  const path = (values: Float64Array): string => linePath(finiteRows(values), { x: (row) => x(seconds[row]), y: (row) => y(values[row]) })
  const line = path(curve.values)
  const [first, last] = [curve.values[0], curve.values[curve.values.length - 1]]
  const [start, end] = [px(y(first)), px(x(seconds[seconds.length - 1]))]
  const ticks = isLogarithmic ? logTicks(padded.low, padded.high) : valueTicks(padded.low, padded.high, 5, compactLabel)
  const body =
    axes(frame, y, ticks, x, timeTicks(seconds[0], seconds[seconds.length - 1], 8)) +
    `<path class="area" d="${line}L${end} ${frame.bottom}L${px(x(seconds[0]))} ${frame.bottom}Z"/>` +
    `<line class="baseline" x1="${frame.left}" x2="${frame.right}" y1="${start}" y2="${start}"/>` +
    (market === undefined ? '' : `<path class="line benchmark" d="${path(market)}"/>`) +
    `<path class="line strategy" d="${line}"/><circle class="end" cx="${end}" cy="${px(y(last))}" r="3.5"/>`
  const svg = renderSvg({
    id: 'equity',
    title: `Equity in ${currency}${isLogarithmic ? ', logarithmic scale' : ''}`,
    description: `From ${formatMoney(first, currency)} to ${formatMoney(last, currency)}, ${formatChange(last / first - 1)}, between ${formatMoney(extent.low, currency)} and ${formatMoney(extent.high, currency)}.`,
    frame,
    body,
    hover: hoverOf(seconds, curve.times, x, (row) => [
      `${formatMoney(curve.values[row], currency)}, ${formatChange(curve.values[row] / first - 1)}`,
      ...(market === undefined ? [] : [`benchmark ${formatChange(market[row] / first - 1)}`]),
    ]),
  })
  return { svg, isLogarithmic }
}

/** Fall from the highest equity so far, as an area under zero; the deepest point is named. */
export function drawdownChart(recorded: Curve): string {
  const curve = thin(recorded, COLUMNS)
  const frame = makeFrame(190)
  const seconds = secondsOf(curve.times)
  // Without money there is no drawdown to speak of; it is drawn as none.
  const falls = drawdownOfEquity(curve.values).map((fall) => (Number.isFinite(fall) ? fall : 0))
  const rows = finiteRows(falls)
  const deepest = falls.reduce((found, value, row) => (value < falls[found] ? row : found), 0)
  const low = Math.min(falls[deepest] * 1.15, -0.001)
  const y = makeScale(low, 0, frame.bottom, frame.top)
  const x = timeScale(seconds, frame)
  const line = linePath(rows, { x: (row) => x(seconds[row]), y: (row) => y(falls[row]) })
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
  const rows = finiteRows(ratios)
  if (rows.length < 2) return undefined
  const frame = makeFrame(250, HALF_WIDTH)
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
        timeTicks(seconds[0], seconds[seconds.length - 1], 5),
      ) +
      `<line class="baseline" x1="${frame.left}" x2="${frame.right}" y1="${zero}" y2="${zero}"/>` +
      `<path class="line strategy" d="${linePath(rows, { x: (row) => x(seconds[row]), y: (row) => y(ratios[row]) })}"/>`,
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

/** How often each size of return occurred, periods without one left out; the outermost bars hold everything beyond. */
export function distributionChart(returns: Float64Array): string | undefined {
  const finite = returns.filter((value) => Number.isFinite(value) && value !== 0)
  if (finite.length < 20) return undefined
  const reach = Math.max(Math.abs(quantile(finite, 0.005)), Math.abs(quantile(finite, 0.995)))
  if (!(reach > 0)) return undefined
  const step = niceStep((2 * reach) / 40)
  const side = Math.ceil(reach / step)
  const counts = new Float64Array(2 * side)
  for (const value of finite) counts[Math.max(0, Math.min(2 * side - 1, Math.floor(value / step) + side))]++
  const frame = makeFrame(250, HALF_WIDTH)
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
    description: `${formatNumber(losses, 0)} of ${formatNumber(finite.length, 0)} returns are negative; ${formatNumber(returns.length - finite.length, 0)} periods without a return are left out.`,
    frame,
    body:
      axes(
        frame,
        y,
        valueTicks(0, most, 3, (value) => formatNumber(value, 0)),
        x,
        valueTicks(-side * step, side * step, 6, percentLabel),
      ) + bars.join(''),
    hover: {
      x: Array.from(counts, (_, bin) => Math.round(frame.left + (bin + 0.5) * width)),
      labels: Array.from(counts, (_, bin) => `${formatChange((bin - side) * step)} to ${formatChange((bin - side + 1) * step)}`),
      lines: Array.from(counts, (count) => [`${formatNumber(count, 0)} returns`]),
    },
  })
}

/** Rows that can be drawn. */
export function finiteRows(values: Float64Array): Uint32Array {
  return Uint32Array.from(values.keys()).filter((row) => Number.isFinite(values[row]))
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

/** The benchmark at the curve's times, as if it had begun with the same money; `undefined` when it has no value to begin with. */
function scaledTo(benchmark: Curve, curve: Curve): Float64Array | undefined {
  let row = 0
  const values = Float64Array.from(curve.times, (at) => {
    while (row + 1 < benchmark.times.length && benchmark.times[row + 1] <= at) row++
    return benchmark.times.length === 0 ? NaN : benchmark.values[row]
  })
  const scale = curve.values[0] / (values.find(Number.isFinite) ?? NaN)
  return Number.isFinite(scale) ? values.map((value) => value * scale) : undefined
}

function compactLabel(value: number, step: number): string {
  const unit = step >= 1e9 ? 1e9 : step >= 1e6 ? 1e6 : step >= 1e3 ? 1e3 : 1
  const suffix = { 1e9: ' bn', 1e6: ' M', 1e3: ' k', 1: '' }[unit] ?? ''
  return `${formatNumber(value / unit, decimalsOf(step / unit))}${suffix}`
}

function percentLabel(value: number, step: number): string {
  return formatPercent(value, decimalsOf(step * 100))
}

/** 1, 2, 5 of each power of ten; fewer when there are many powers. */
export function logTicks(low: number, high: number, format: (value: number, step: number) => string = compactLabel): readonly Tick[] {
  const decades = Math.log10(high / low)
  const factors = decades < 2 ? [1, 2, 5] : decades < 3.5 ? [1, 3] : [1]
  const ticks: Tick[] = []
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
    for (const factor of factors) {
      const at = factor * 10 ** power
      if (at >= low && at <= high) ticks.push({ at, label: format(at, at) })
    }
  }
  return ticks
}
