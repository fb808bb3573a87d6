import { type CallOptions, type ManifestPin } from '@gatehouse/contracts'
import { barNs, type Batch, type Calendar, isBarSchema, type PriceArray, type Schema, type Snapshot } from '@gatehouse/core'
import { TradingError } from '@gatehouse/durable-log'
import { columnOf } from '../table/layout.js'

/** Kinds of fault. Prices and sizes are judged row by row, gaps against the calendar. */
export type QualityKind = 'gap' | 'duplicate' | 'crossed' | 'locked' | 'outlier' | 'ohlc' | 'not-positive' | 'outside-session'

/** An example of a fault. */
export interface QualityFinding {
  readonly kind: QualityKind
  readonly instrument: string
  /** time of the row, or of the first missing one; ns */
  readonly at: bigint
  readonly message: string
}

export interface QualityOptions extends CallOptions {
  /** default the newest version */
  readonly pin?: ManifestPin | undefined
  /** rows whose price differs from the last by more than this many times the typical change are outliers; default 25 */
  readonly outlierTimes?: number | undefined
  /** silence within a session that counts as a gap where rows are no bars, ns; default 5 minutes */
  readonly silenceNs?: bigint | undefined
  /** examples kept per kind; counts are complete; default 20 */
  readonly examples?: number | undefined
}

/** Counts by kind, with examples. */
export interface QualityReport {
  readonly rows: number
  readonly instruments: number
  readonly counts: Readonly<Record<QualityKind, number>>
  /** bars that the calendar expects between the first and the last of each instrument and that are not there */
  readonly missingBars: number
  readonly findings: readonly QualityFinding[]
}

/** What is remembered of each instrument. */
interface Trace {
  lastEvent: bigint
  lastSequence: number
  lastPrice: number
  /** running mean of absolute log changes */
  typicalChange: number
  changes: number
}

const kinds: readonly QualityKind[] = ['gap', 'duplicate', 'crossed', 'locked', 'outlier', 'ohlc', 'not-positive', 'outside-session']
/** Changes seen before one can be called an outlier. */
const warmUp = 30

/** Streams a snapshot once and counts what is wrong with it. */
export async function checkQuality(snapshot: Snapshot, calendar: Calendar, options: QualityOptions): Promise<QualityReport> {
  const check = new QualityCheck(calendar, options)
  const total = snapshot.pin.holds.rows
  for await (const batch of snapshot.scan({ signal: options.signal })) {
    check.add(batch)
    options.onProgress?.({ stage: 'checking rows', done: check.rows, total, unit: 'rows' })
  }
  return check.report()
}

class QualityCheck {
  rows = 0
  readonly #calendar: Calendar
  readonly #outlierTimes: number
  readonly #silence: bigint
  readonly #examples: number
  readonly #traces = new Map<string, Trace>()
  readonly #counts = Object.fromEntries(kinds.map((kind) => [kind, 0])) as Record<QualityKind, number>
  readonly #findings: QualityFinding[] = []
  #missingBars = 0

  constructor(calendar: Calendar, { outlierTimes = 25, silenceNs = 300_000_000_000n, examples = 20 }: QualityOptions) {
    this.#calendar = calendar
    this.#outlierTimes = outlierTimes
    this.#silence = silenceNs
    this.#examples = examples
  }

  add(batch: Batch): void {
    const { schema, instruments, instrumentIndex, length } = batch
    const event = columnOf(batch, 'tsEvent') as BigInt64Array
    const sequence = columnOf(batch, 'sequence') as Uint32Array | undefined
    const price = priceColumn(batch)
    const isBar = isBarSchema(schema)
    const step = isBar ? barNs[schema] : undefined
    this.#books(batch)
    if (isBar) this.#bars(batch)
    for (let row = 0; row < length; row++) {
      const { id } = instruments[instrumentIndex[row]]
      const at = event[row]
      const trace = this.#traces.get(id)
      const value = price ? price(row) : NaN
      if (isBar && step !== 86_400_000_000_000n && !this.#isOpen(at)) this.#note('outside-session', id, at, 'the market is closed')
      if (!trace) {
        this.#traces.set(id, { lastEvent: at, lastSequence: sequence?.[row] ?? -1, lastPrice: value, typicalChange: 0, changes: 0 })
        continue
      }
      if (isDuplicate(schema, trace, at, sequence?.[row]))
        this.#note('duplicate', id, at, `a second row of ${sequence ? `sequence ${sequence[row]}` : 'that time'}`)
      else if (step !== undefined) this.#missing(id, trace.lastEvent, at, step)
      else if (at - trace.lastEvent > this.#silence && this.#isOpen(trace.lastEvent) && this.#isOpen(at - 1n)) {
        this.#note('gap', id, trace.lastEvent, `nothing for ${(at - trace.lastEvent) / 1_000_000_000n} s within a session`)
      }
      this.#outlier(id, at, trace, value)
      trace.lastEvent = at
      trace.lastSequence = sequence?.[row] ?? -1
    }
    this.rows += length
  }

  report(): QualityReport {
    return {
      rows: this.rows,
      instruments: this.#traces.size,
      counts: { ...this.#counts },
      missingBars: this.#missingBars,
      findings: [...this.#findings],
    }
  }

  /** Bars that should lie between two of one instrument. */
  #missing(id: string, before: bigint, at: bigint, step: bigint): void {
    if (at - before <= step) return
    const missing = this.#expected(before + 1n, at, before, step)
    if (missing === 0) return
    this.#missingBars += missing
    this.#note('gap', id, before + step, `${missing} bars are missing`)
  }

  /** Bars on the grid of `anchor` that start in `[from, to)` while the market is open. */
  #expected(from: bigint, to: bigint, anchor: bigint, step: bigint): number {
    if (step >= 86_400_000_000_000n) {
      // Daily bars are stamped with a date, whatever its hour: each session between the two dates should have one.
      const day = (time: bigint): string => new Date(Number(time / 1_000_000n)).toISOString().slice(0, 10)
      const sessions = this.#calendar.sessions({ from: from - 86_400_000_000_000n, to: to + 86_400_000_000_000n })
      return sessions.filter(({ date }) => date > day(anchor) && date < day(to)).length
    }
    let count = 0
    for (const { windows } of this.#calendar.sessions({ from, to })) {
      for (const { opens, closes } of windows) {
        const start = opens > from ? opens : from
        const end = closes < to ? closes : to
        if (end <= start) continue
        const first = start + ((step - ((((start - anchor) % step) + step) % step)) % step)
        if (first < end) count += Number((end - 1n - first) / step) + 1
      }
    }
    return count
  }

  #outlier(id: string, at: bigint, trace: Trace, price: number): void {
    if (!(price > 0)) {
      if (price <= 0) this.#note('not-positive', id, at, `price ${price}`)
      return
    }
    if (trace.lastPrice > 0) {
      const change = Math.abs(Math.log(price / trace.lastPrice))
      const isOutlier = trace.changes >= warmUp && change > this.#outlierTimes * Math.max(trace.typicalChange, 1e-6)
      if (isOutlier) this.#note('outlier', id, at, `price ${price} after ${trace.lastPrice}`)
      trace.changes++
      // An outlier may not make the next one look ordinary.
      if (!isOutlier) trace.typicalChange += (change - trace.typicalChange) / Math.min(trace.changes, 500)
    }
    trace.lastPrice = price
  }

  #bars(batch: Batch): void {
    const [open, high, low, close] = ['open', 'high', 'low', 'close'].map((name) => columnOf(batch, name) as Float64Array)
    const event = columnOf(batch, 'tsEvent') as BigInt64Array
    for (let row = 0; row < batch.length; row++) {
      const top = high[row]
      const bottom = low[row]
      if (top >= open[row] && top >= close[row] && bottom <= open[row] && bottom <= close[row]) continue
      const prices = [open[row], top, bottom, close[row]].join(' ')
      this.#note('ohlc', batch.instruments[batch.instrumentIndex[row]].id, event[row], `open, high, low, close ${prices} do not fit`)
    }
  }

  #books(batch: Batch): void {
    const bid = columnOf(batch, 'bidPx00') as PriceArray | undefined
    const ask = columnOf(batch, 'askPx00') as PriceArray | undefined
    if (!bid || !ask) return
    const event = columnOf(batch, 'tsEvent') as BigInt64Array
    const none = bid instanceof BigInt64Array ? 2n ** 63n - 1n : bid instanceof Int32Array ? -(2 ** 31) : NaN
    for (let row = 0; row < batch.length; row++) {
      if (bid[row] < ask[row] || bid[row] === none || ask[row] === none) continue
      const { id } = batch.instruments[batch.instrumentIndex[row]]
      if (bid[row] === ask[row]) this.#note('locked', id, event[row], `bid and ask are ${bid[row]}`)
      else if (bid[row] > ask[row]) this.#note('crossed', id, event[row], `bid ${bid[row]} is above ask ${ask[row]}`)
    }
  }

  /** Outside what the calendar knows nothing is said to be closed. */
  #isOpen(at: bigint): boolean {
    const { from, to } = this.#calendar.range
    if (at >= from && at < to) return this.#calendar.isOpen(at)
    throw new TradingError(
      'MANIFEST_CALENDAR_RANGE',
      `the calendar ${this.#calendar.name} does not know ${at}: use one that reaches that far`,
      { at: String(at) },
    )
  }

  #note(kind: QualityKind, instrument: string, at: bigint, message: string): void {
    if (this.#counts[kind]++ < this.#examples) this.#findings.push({ kind, instrument, at, message })
  }
}

/** The price that outliers are looked for in: close, mid or trade. */
function priceColumn(batch: Batch): ((row: number) => number) | undefined {
  const divisor = batch.priceDivisor
  const named = ['close', 'price', 'value'].map((name) => columnOf(batch, name)).find((values) => ArrayBuffer.isView(values)) as
    PriceArray | undefined
  const bid = columnOf(batch, 'bidPx00') as PriceArray | undefined
  const values = bid ?? named
  if (!values) return undefined
  if (values instanceof BigInt64Array) return (row) => (values[row] === 2n ** 63n - 1n ? NaN : Number(values[row]) / divisor)
  if (values instanceof Int32Array) return (row) => (values[row] === -(2 ** 31) ? NaN : values[row] / divisor)
  return (row) => values[row] / divisor
}

/** Bars repeat by time; events by sequence, where their source numbers them. Several events of one instant are no fault. */
function isDuplicate(schema: Schema, trace: Trace, at: bigint, sequence: number | undefined): boolean {
  if (at !== trace.lastEvent) return false
  if (isBarSchema(schema)) return true
  // Databento repeats a sequence for the parts of one packet, so only trades of one sequence are looked at.
  return schema === 'trades' && sequence !== undefined && sequence > 0 && sequence === trace.lastSequence
}
