import { civilOfDay, dayOfTime, formatDay, timeOfDay } from '../calendar/civil.js'

/** Numbers for people. Own formatting, because `Intl` differs between builds of Node and a report must not. */

/** What stands where a figure is undefined. */
export const UNDEFINED_FIGURE = 'n/a'

/** `12,345.60`; `n/a` when not a number, `∞` when infinite. Minus is U+2212 so that columns align. */
export function formatNumber(value: number, decimals = 2): string {
  if (value !== value) return UNDEFINED_FIGURE
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞'
  const fixed = Math.abs(value).toFixed(decimals)
  if (fixed.includes('e')) return value.toExponential(2).replace('-', '−')
  const [whole, fraction] = fixed.split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',')
  const isZero = Number(fixed) === 0
  return `${value < 0 && !isZero ? '−' : ''}${grouped}${fraction === undefined ? '' : `.${fraction}`}`
}

/** A fraction as `12.34 %`. */
export function formatPercent(value: number, decimals = 2): string {
  return Number.isFinite(value) ? `${formatNumber(value * 100, decimals)} %` : formatNumber(value)
}

/** A probability in percent: never `100 %` or `0 %` for what is only almost certain. */
export function formatProbability(value: number, decimals = 1): string {
  const least = 0.5 * 10 ** (-decimals - 2)
  if (value < 1 && value > 1 - least) return `> ${formatPercent(1 - 2 * least, decimals)}`
  if (value > 0 && value < least) return `< ${formatPercent(2 * least, decimals)}`
  return formatPercent(value, decimals)
}

/** A fraction with its sign: `+1.20 %`. */
export function formatChange(value: number, decimals = 2): string {
  const text = formatPercent(value, decimals)
  return value > 0 && Number(Math.abs(value * 100).toFixed(decimals)) > 0 ? `+${text}` : text
}

/** `USD 12,345.60`. */
export function formatMoney(value: number, currency: string): string {
  const text = formatNumber(value, 2)
  return value !== value ? text : `${currency} ${text}`
}

/** `584 d`, `3.2 h` or `45 s`. */
export function formatDays(days: number): string {
  if (days !== days) return UNDEFINED_FIGURE
  if (days >= 10) return `${formatNumber(Math.round(days), 0)} d`
  if (days >= 1) return `${formatNumber(days, 1)} d`
  if (days * 24 >= 1) return `${formatNumber(days * 24, 1)} h`
  if (days * 1440 >= 1) return `${formatNumber(days * 1440, 1)} min`
  return `${formatNumber(days * 86_400, days === 0 ? 0 : 1)} s`
}

/** A price with as many decimals as it needs, at most six. */
export function formatPrice(price: number): string {
  if (!Number.isFinite(price)) return formatNumber(price)
  const size = Math.abs(price)
  const text = formatNumber(price, size >= 1000 ? 2 : size >= 1 ? 4 : 6)
  return text.replace(/(\.\d\d\d*?)0+$/, '$1')
}

/** `2024-03-01` or, with a time of day, `2024-03-01 14:30`; UTC. */
export function formatAt(at: bigint): string {
  const day = dayOfTime(at)
  const minutes = Number((at - timeOfDay(day)) / 60_000_000_000n)
  if (minutes === 0) return formatDay(day)
  return `${formatDay(day)} ${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** English month names, three letters, from January. */
export const MONTH_NAMES: readonly string[] = months

/** `Mar 2024`. */
export function formatMonth(day: number): string {
  const { year, month } = civilOfDay(day)
  return `${months[month - 1]} ${year}`
}

/** Plural of a counted noun: `1 order`, `2 orders`. */
export function counted(count: number, noun: string): string {
  return `${formatNumber(count, 0)} ${noun}${count === 1 ? '' : 's'}`
}
