import { type FillColumns, type TradeColumns } from '../statistics/trades.js'
import { hoverOf, logTicks, pad, rangeOf, timeScale } from './charts.js'
import { secondsOf } from '../statistics/time-columns.js'
import { thin } from './downsample.js'
import { counted, formatNumber, formatPrice } from './format.js'
import { type PriceSeries } from './run-record.js'
import { decimalsOf, makeScale, type Scale, timeTicks, valueTicks } from './scale.js'
import { axes, type Frame, linePath, makeFrame, px, renderSvg } from './svg.js'

const COLUMNS = 520
/** Above this many fills, each is no longer a mark: bars along the bottom count them. */
const SINGLE_MARKS = 300
const COUNT_COLUMNS = 140
const COUNT_HEIGHT = 54
const TRADE_LINES = 150

/** Price of one instrument with what was bought and sold on it; logarithmic once it spans more than eightfold. */
export function priceChart(symbol: string, prices: PriceSeries, fills: FillColumns, trades: TradeColumns, id: string): string {
  const { times, values: close } = thin({ times: prices.times, values: prices.close }, COLUMNS)
  const seconds = secondsOf(times)
  const own = Array.from(fills.instruments.keys()).filter(
    (row) => fills.instruments[row] === prices.instrument && Number.isFinite(fills.prices[row]),
  )
  const isCounted = own.length > SINGLE_MARKS
  const frame = makeFrame(isCounted ? 330 + COUNT_HEIGHT : 330)
  const floor = isCounted ? frame.bottom - COUNT_HEIGHT - 10 : frame.bottom
  const extent = rangeOf([close, Float64Array.from(own, (row) => fills.prices[row])])
  const isLogarithmic = extent.low > 0 && extent.high / extent.low > 8
  const { low, high } = isLogarithmic ? { low: extent.low / 1.08, high: extent.high * 1.08 } : pad(extent, 0.08)
  const y = makeScale(low, high, floor, frame.top, isLogarithmic)
  const x = timeScale(seconds, frame)
  const label = (value: number, step: number): string => formatNumber(value, decimalsOf(step))
  const ticks = isLogarithmic ? logTicks(low, high, label) : valueTicks(low, high, 5, label)
  const bought = own.filter((row) => fills.quantities[row] > 0).length
  const body =
    axes(frame, y, ticks, x, timeTicks(seconds[0], seconds[seconds.length - 1], 8)) +
    `<path class="line price" d="${linePath(close.keys(), { x: (row) => x(seconds[row]), y: (row) => y(close[row]) })}"/>` +
    tradeLines(trades, prices.instrument, x, y) +
    (isCounted ? fillCounts(fills, own, x, frame) : own.map((row) => fillMark(fills, row, x, y)).join(''))
  return renderSvg({
    id,
    title: `${symbol} with fills${isLogarithmic ? ', logarithmic scale' : ''}`,
    description: `${counted(bought, 'buy')} and ${counted(own.length - bought, 'sell')}${isCounted ? ', counted by the bars below the price' : ''}.`,
    frame,
    body,
    hover: hoverOf(seconds, times, x, (row) => [formatPrice(close[row])]),
  })
}

/** A triangle below the price of a buy, or above that of a sell. */
function fillMark(fills: FillColumns, row: number, x: Scale, y: Scale): string {
  const isBuy = fills.quantities[row] > 0
  const size = 5
  const cx = x(Number(fills.times[row]) / 1e9)
  const cy = y(fills.prices[row]) + (isBuy ? size + 3 : -size - 3)
  const tip = isBuy ? -size : size
  return `<path class="${isBuy ? 'mark buy' : 'mark sell'}" d="M${px(cx)} ${px(cy + tip)}L${px(cx + size)} ${px(cy - tip * 0.7)}L${px(cx - size)} ${px(cy - tip * 0.7)}Z"/>`
}

/** Buys above and sells below a line along the bottom, by how many fell into each step of time. */
function fillCounts(fills: FillColumns, rows: readonly number[], x: Scale, frame: Frame): string {
  const width = (frame.right - frame.left) / COUNT_COLUMNS
  const buys = new Float64Array(COUNT_COLUMNS)
  const sells = new Float64Array(COUNT_COLUMNS)
  for (const row of rows) {
    const column = Math.floor((x(Number(fills.times[row]) / 1e9) - frame.left) / width)
    const counts = fills.quantities[row] > 0 ? buys : sells
    counts[Math.max(0, Math.min(COUNT_COLUMNS - 1, column))]++
  }
  const most = [...buys, ...sells].reduce((high, count) => Math.max(high, count), 1)
  const middle = frame.bottom - COUNT_HEIGHT / 2
  const bar = (count: number, column: number, kind: 'buy' | 'sell'): string => {
    if (count === 0) return ''
    const height = (count / most) * (COUNT_HEIGHT / 2 - 1)
    const top = kind === 'buy' ? middle - height : middle
    return `<rect class="bar ${kind === 'buy' ? 'gain' : 'loss'}" x="${px(frame.left + column * width + 0.5)}" width="${px(width - 1)}" y="${px(top)}" height="${px(height)}"/>`
  }
  const bars = Array.from(buys, (count, column) => bar(count, column, 'buy') + bar(sells[column], column, 'sell'))
  return `${bars.join('')}<line class="baseline" x1="${frame.left}" x2="${frame.right}" y1="${middle}" y2="${middle}"/>`
}

function tradeLines(trades: TradeColumns, instrument: number, x: Scale, y: Scale): string {
  const rows = Array.from(trades.instruments.keys()).filter(
    (row) => trades.instruments[row] === instrument && Number.isFinite(trades.entryPrices[row]) && Number.isFinite(trades.exitPrices[row]),
  )
  if (rows.length > TRADE_LINES) return ''
  return rows
    .map((row) => {
      const from = `${px(x(Number(trades.entryTimes[row]) / 1e9))} ${px(y(trades.entryPrices[row]))}`
      const to = `${px(x(Number(trades.exitTimes[row]) / 1e9))} ${px(y(trades.exitPrices[row]))}`
      return `<path class="${trades.profits[row] >= 0 ? 'trade gain' : 'trade loss'}" d="M${from}L${to}"/>`
    })
    .join('')
}
