import { type Scale, type Tick } from './scale.js'

/** Text that may stand in HTML and in attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

/** JSON that may stand inside a script element or an attribute. */
export function escapeJson(value: unknown): string {
  return JSON.stringify(value).replace(/[<>&\u2028\u2029']/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** A pixel coordinate with one decimal. */
export function px(value: number): string {
  return String(Math.round(value * 10) / 10)
}

/** Where a row lies, in pixels. */
export interface Placement {
  readonly x: (row: number) => number
  readonly y: (row: number) => number
}

/** Path through the points of some rows. */
export function linePath(rows: Iterable<number>, { x, y }: Placement): string {
  let path = ''
  for (const row of rows) path += `${path === '' ? 'M' : 'L'}${px(x(row))} ${px(y(row))}`
  return path
}

/** The drawing area of a chart within its viewBox. */
export interface Frame {
  readonly width: number
  readonly height: number
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

/** Widths of a chart across the page and of one of two side by side, in their own units, near enough to pixels. */
export const FULL_WIDTH = 1120
export const HALF_WIDTH = 530

/** A frame with value labels at the right, as price charts have them. */
export function makeFrame(height: number, width = FULL_WIDTH): Frame {
  return { width, height, left: 2, right: width - (width === FULL_WIDTH ? 78 : 58), top: 14, bottom: height - 26 }
}

/** Grid lines with labels at the right, times along the bottom. */
export function axes(frame: Frame, y: Scale, values: readonly Tick[], x: Scale, times: readonly Tick[]): string {
  const { left, right, bottom, height } = frame
  const rows = values.map(({ at, label }) => {
    const level = px(y(at))
    return `<line class="grid" x1="${left}" x2="${right}" y1="${level}" y2="${level}"/><text class="tick" x="${right + 8}" y="${level}" dy="0.32em">${escapeHtml(label)}</text>`
  })
  let free = -Infinity
  let freeNarrow = -Infinity
  const columns = times.map(({ at, label }) => {
    const place = x(at)
    const width = 7.2 * label.length
    const anchor = place < left + 24 ? 'start' : place > right - 24 ? 'end' : 'middle'
    const starts = anchor === 'start' ? place : anchor === 'end' ? place - width : place - width / 2
    // Labels that would run into each other, as near an edge, are left out.
    if (starts < free) return ''
    free = starts + width + 10
    // On a narrow screen letters are drawn two and a half times as large: labels that would touch then are left out there.
    const isDense = starts - width < freeNarrow
    if (!isDense) freeNarrow = starts + 2 * width + 14
    return `<line class="tickmark" x1="${px(place)}" x2="${px(place)}" y1="${bottom}" y2="${bottom + 4}"/><text class="tick time${isDense ? ' dense' : ''}" x="${px(place)}" y="${height - 6}" text-anchor="${anchor}">${escapeHtml(label)}</text>`
  })
  return rows.join('') + columns.join('')
}

/** Points that the page's script shows when the pointer is over a chart. */
export interface HoverPoints {
  /** Pixels within the viewBox. */
  readonly x: readonly number[]
  /** What to show at each: one line a series. */
  readonly lines: readonly (readonly string[])[]
  readonly labels: readonly string[]
}

/** A chart with its title and description for screen readers. */
export interface ChartParts {
  readonly id: string
  readonly title: string
  /** What the chart shows, in a sentence with its figures. */
  readonly description: string
  readonly frame: Frame
  readonly body: string
  readonly hover?: HoverPoints | undefined
}

/** One SVG figure. */
export function renderSvg({ id, title, description, frame, body, hover }: ChartParts): string {
  const points = hover === undefined ? '' : ` data-hover='${escapeJson(hover)}' data-top="${frame.top}" data-bottom="${frame.bottom}"`
  return (
    `<div class="chart" tabindex="0" role="group" aria-label="${escapeHtml(title)}"${points}><svg viewBox="0 0 ${frame.width} ${frame.height}" role="img" aria-labelledby="${id}-title ${id}-description">` +
    `<title id="${id}-title">${escapeHtml(title)}</title><desc id="${id}-description">${escapeHtml(description)}</desc>${body}</svg></div>`
  )
}
