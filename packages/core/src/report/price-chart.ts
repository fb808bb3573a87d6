import { type FillColumns, type TradeColumns } from '../statistics/trades.js'
import { hoverOf, pad, rangeOf, timeScale } from './charts.js'
import { rowsToDraw, secondsOf } from './downsample.js'
import { counted, formatNumber, formatPrice } from './format.js'
import { type PriceSeries } from './run-record.js'
import { decimalsOf, makeScale, type Scale, timeTicks, valueTicks } from './scale.js'
import { axes, type Frame, linePath, makeFrame, px, renderSvg } from './svg.js'

const COLUMNS = 520
/** Above this many, fills that fall together are drawn as one mark. */
const SINGLE_MARKS = 300
const MARK_COLUMNS = 140
const TRADE_LINES = 150

/** Price of one instrument with what was bought and sold on it. */
export function priceChart(symbol: string, prices: PriceSeries, fills: FillColumns, trades: TradeColumns, id: string): string {
  const frame = makeFrame(330)
  const seconds = secondsOf(prices.times)
  const rows = rowsToDraw(seconds, prices.close, COLUMNS)
  const own = Array.from(fills.instruments.keys()).filter((row) => fills.instruments[row] === prices.instrument)
  const ownPrices = Float64Array.from(own, (row) => fills.prices[row])
  const { low, high } = pad(rangeOf([prices.close, ownPrices]), 0.08)
  const y = makeScale(low, high, frame.bottom, frame.top)
  const x = timeScale(seconds, frame)
  const marks = fillMarks(fills, own, x, y, frame)
  const bought = own.filter((row) => fills.quantities[row] > 0).length
  const body =
    axes(
      frame,
      y,
      valueTicks(low, high, 5, (value, step) => formatNumber(value, decimalsOf(step))),
      x,
      timeTicks(seconds[0], seconds[seconds.length - 1], 8),
    ) +
    `<path class="line price" d="${linePath(rows, { x: (row) => x(seconds[row]), y: (row) => y(prices.close[row]) })}"/>` +
    tradeLines(trades, prices.instrument, x, y) +
    marks.svg
  return renderSvg({
    id,
    title: `${symbol} with fills`,
    description: `${counted(bought, 'buy')} and ${counted(own.length - bought, 'sell')}${marks.isGrouped ? ', those that fall together drawn as one mark' : ''}.`,
    frame,
    body,
    hover: hoverOf(seconds, prices.times, x, (row) => [formatPrice(prices.close[row])]),
  })
}

function fillMarks(
  fills: FillColumns,
  rows: readonly number[],
  x: Scale,
  y: Scale,
  frame: Frame,
): { readonly svg: string; readonly isGrouped: boolean } {
  const isGrouped = rows.length > SINGLE_MARKS
  const width = (frame.right - frame.left) / MARK_COLUMNS
  const groups = new Map<string, { place: number; level: number; count: number; readonly isBuy: boolean }>()
  for (const row of rows) {
    const place = x(Number(fills.times[row]) / 1e9)
    const isBuy = fills.quantities[row] > 0
    const key = isGrouped ? `${isBuy ? 'b' : 's'}${Math.floor((place - frame.left) / width)}` : String(row)
    const group = groups.get(key) ?? { place: 0, level: 0, count: 0, isBuy }
    group.place += place
    group.level += y(fills.prices[row])
    group.count++
    groups.set(key, group)
  }
  const most = Math.max(...Array.from(groups.values(), ({ count }) => count), 1)
  const svg = Array.from(groups.values(), ({ place, level, count, isBuy }) => {
    const size = isGrouped ? 3.5 + 3 * Math.sqrt(count / most) : 5
    const cx = place / count
    const cy = level / count + (isBuy ? size + 3 : -size - 3)
    const tip = isBuy ? -size : size
    return `<path class="${isBuy ? 'mark buy' : 'mark sell'}" d="M${px(cx)} ${px(cy + tip)}L${px(cx + size)} ${px(cy - tip * 0.7)}L${px(cx - size)} ${px(cy - tip * 0.7)}Z"/>`
  })
  return { svg: svg.join(''), isGrouped }
}

function tradeLines(trades: TradeColumns, instrument: number, x: Scale, y: Scale): string {
  const rows = Array.from(trades.instruments.keys()).filter((row) => trades.instruments[row] === instrument)
  if (rows.length > TRADE_LINES) return ''
  return rows
    .map((row) => {
      const from = `${px(x(Number(trades.entryTimes[row]) / 1e9))} ${px(y(trades.entryPrices[row]))}`
      const to = `${px(x(Number(trades.exitTimes[row]) / 1e9))} ${px(y(trades.exitPrices[row]))}`
      return `<path class="${trades.profits[row] >= 0 ? 'trade gain' : 'trade loss'}" d="M${from}L${to}"/>`
    })
    .join('')
}
