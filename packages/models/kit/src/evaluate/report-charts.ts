import { type ReliabilityBin } from './classification.js'

/** Text as HTML. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`)

/** A number in few digits; a dash for what is not known. */
export function figure(value: number | undefined, digits = 3): string {
  if (value === undefined || !Number.isFinite(value)) return '–'
  return value.toFixed(digits).replace('-', '−')
}
export const percent = (fraction: number): string =>
  Number.isFinite(fraction) ? `${figure(100 * fraction, fraction < 0.0995 ? 1 : 0)} %` : '–'

/** One row a label: a bar to the right for what is positive, to the left for what is not. @param of what labels and numbers are, with its unit */
export function barList(
  of: readonly [string, string],
  items: readonly { readonly label: string; readonly value: number; readonly text: string }[],
): string {
  const most = Math.max(1e-12, ...items.map(({ value }) => (Number.isFinite(value) ? Math.abs(value) : 0)))
  const hasBoth = items.some(({ value }) => value < 0)
  const rows = items.map(({ label, value, text }) => {
    const share = Number.isFinite(value) ? (100 * Math.abs(value)) / most / (hasBoth ? 2 : 1) : 0
    const left = hasBoth ? (value < 0 ? 50 - share : 50) : 0
    return `<tr><th scope="row">${escapeHtml(label)}</th><td class="bar${hasBoth ? ' both' : ''}"><i class="${value < 0 ? 'down' : 'up'}" style="left:${left.toFixed(1)}%;width:${share.toFixed(1)}%"></i></td><td class="n">${escapeHtml(text)}</td></tr>`
  })
  const [label, number] = of.map(escapeHtml)
  return `<table class="bars"><thead><tr><th scope="col">${label}</th><th scope="col" colspan="2" class="n">${number}</th></tr></thead><tbody>${rows.join('')}</tbody></table>`
}

/** Rows by what came, columns by what was named; shading by share of the row. */
export function confusionTable(classes: readonly string[], counts: readonly number[]): string {
  const K = classes.length
  const head = classes.map((name, k) => `<th scope="col" title="${escapeHtml(name)}">${k + 1}</th>`).join('')
  const rows = classes.map((name, t) => {
    const total = counts.slice(t * K, (t + 1) * K).reduce((a, b) => a + b, 0)
    const cells = Array.from({ length: K }, (_, p) => {
      const share = total > 0 ? counts[t * K + p] / total : 0
      return `<td class="n${p === t ? ' hit' : ''}" style="--s:${(100 * share).toFixed(0)}%" title="${counts[t * K + p]} of ${total}">${percent(share)}</td>`
    })
    return `<tr><th scope="row">${t + 1} ${escapeHtml(name)} <small>${total.toLocaleString('en-US')}</small></th>${cells.join('')}</tr>`
  })
  return `<div class="wide"><table class="confusion"><thead><tr><th scope="col">actual ↓ &nbsp; predicted →</th>${head}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`
}

const size = { width: 360, height: 240, left: 62, right: 10, top: 10, bottom: 36 }
const place = (x: number, y: number): readonly [number, number] => [
  size.left + x * (size.width - size.left - size.right),
  size.top + (1 - y) * (size.height - size.top - size.bottom),
]
const point = (x: number, y: number): string => place(x, y).map((v) => v.toFixed(1)).join(',') // prettier-ignore

/** A title with its unit, and what stands at equal distances along the axis, first and last at its ends. */
interface Axis {
  readonly title: string
  readonly ticks: readonly string[]
}

function frame(title: string, { x, y }: { readonly x: Axis; readonly y: Axis }, marks: string): string {
  const [left, bottom] = place(0, 0)
  const [right, top] = place(1, 1)
  const middle = (top + bottom) / 2
  const anchor = (k: number, count: number): string => (k === 0 ? 'start' : k === count - 1 ? 'end' : 'middle')
  const below = x.ticks.map((text, k) => `<text x="${place(k / (x.ticks.length - 1), 0)[0].toFixed(1)}" y="${bottom + 15}" text-anchor="${anchor(k, x.ticks.length)}">${escapeHtml(text)}</text>`) // prettier-ignore
  const beside = y.ticks.map((text, k) => {
    const height = place(0, k / (y.ticks.length - 1))[1]
    const rule = k === 0 ? '' : `<path class="rule" d="M${left},${height.toFixed(1)}H${right}"/>`
    return `${rule}<text x="${left - 5}" y="${(height + 4).toFixed(1)}" text-anchor="end">${escapeHtml(text)}</text>`
  })
  const titles = `<text x="${(left + right) / 2}" y="${bottom + 31}" text-anchor="middle">${escapeHtml(x.title)}</text><text transform="translate(13 ${middle}) rotate(-90)" text-anchor="middle">${escapeHtml(y.title)}</text>`
  return `<svg viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="${escapeHtml(title)}">${beside.join('')}<path class="axis" d="M${left},${top}V${bottom}H${right}"/>${marks}${below.join('')}${titles}</svg>`
}

/** What was said against what came; the dashed line is a probability that keeps its word. Larger dots hold more rows. @param of whose probability */
export function reliabilityChart(name: string, of: string, bins: readonly ReliabilityBin[]): string {
  const most = Math.max(1, ...bins.map(({ rows }) => rows))
  const dots = bins.map(({ rows, confidence, accuracy }) => {
    const [x, y] = place(confidence, accuracy)
    return `<circle class="dot" cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${(2 + 6 * Math.sqrt(rows / most)).toFixed(1)}"><title>said ${percent(confidence)}, came ${percent(accuracy)}, ${rows} rows</title></circle>`
  })
  const line = bins.length > 1 ? `<polyline class="line" points="${bins.map((b) => point(b.confidence, b.accuracy)).join(' ')}"/>` : ''
  const ticks = ['0 %', '50 %', '100 %']
  const ideal = `<path class="ideal" d="M${point(0, 0)}L${point(1, 1)}"/>`
  return frame(`Reliability of ${name}`, { x: { title: `probability said of ${of}`, ticks }, y: { title: 'share that came', ticks } }, `${ideal}${line}${dots.join('')}`) // prettier-ignore
}

/** Lines over their index, from one; a dotted upright marks one index. @param show a height as text */
export function lineChart(
  title: string,
  lines: readonly { readonly values: readonly number[]; readonly kind: string }[],
  {
    x,
    y,
    show = figure,
    mark,
  }: {
    readonly x: Axis
    readonly y: string
    readonly show?: ((height: number) => string) | undefined
    readonly mark?: number | undefined
  },
): string {
  const all = lines.flatMap(({ values }) => values.filter(Number.isFinite))
  if (all.length === 0) return '<p class="muted">not recorded</p>'
  const [low, high] = [Math.min(...all), Math.max(...all)]
  const span = high - low || 1
  const length = Math.max(2, ...lines.map(({ values }) => values.length))
  const drawn = lines.map(
    ({ values, kind }) =>
      `<polyline class="line ${kind}" points="${values.map((v, i) => (Number.isFinite(v) ? point(i / (length - 1), (v - low) / span) : '')).join(' ')}"/>`,
  )
  const upright = mark === undefined ? '' : `<path class="ideal" d="M${point(mark / (length - 1), 0)}L${point(mark / (length - 1), 1)}"/>`
  const ticks = [low, (low + high) / 2, high].map((height) => show(height))
  return frame(title, { x, y: { title: y, ticks } }, upright + drawn.join(''))
}
