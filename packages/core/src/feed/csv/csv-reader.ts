import { openTimeZone, type TimeZone } from '../../calendar/time-zone.js'
import type { Batch } from '../../interfaces/batch.js'
import type { FeedStatus } from '../../interfaces/feed.js'
import { barNs, type BarSchema } from '../../interfaces/schema.js'
import { anyBatch } from '../../market-data/any-batch.js'
import { BarBuilder } from '../../market-data/bar-builder.js'
import type { BadRowCode, BadRows } from '../bad-rows.js'
import { actionBatch } from '../lean/action-batch.js'
import type { DatedAction, FactorTable } from '../lean/factor-file.js'
import type { ColumnPositions } from './column-map.js'
import type { CsvPlan } from './csv-options.js'
import { openLayout, type CsvLayout } from './infer-layout.js'
import { parseNumber } from './number-field.js'
import type { RowScanner } from './row-scanner.js'
import { sessionHours, type SessionHours } from './session-hours.js'
import { dayOfFile, TimeField } from './time-field.js'

const secondsPerDay = 86_400

export interface CsvReaderOptions {
  readonly feed: string
  readonly plan: CsvPlan
  readonly schema: BarSchema
  readonly factors: FactorTable
  /** Told in-band, oldest first. */
  readonly actions: readonly DatedAction[]
  readonly badRows: BadRows
}

/** Reads files of bars one after the other; order, adjustment and corporate actions run on from file to file. */
export class CsvReader {
  readonly #options: CsvReaderOptions
  readonly #zone: TimeZone
  readonly #barSeconds: number
  readonly #isDaily: boolean
  readonly #rows: BarBuilder
  readonly #hours: SessionHours | undefined
  readonly #kept: SessionHours | undefined
  #queue: (Batch | FeedStatus)[] = []
  #nextAction = 0
  // The stamp of the last good row, and when it was known.
  #lastSeconds = -1
  #lastNanos = -1
  #known = 0n
  // Days of one local date share factor and end.
  #day = NaN
  #factor = 1
  #skips: { readonly from: bigint; readonly first: string; count: number } | undefined

  constructor(options: CsvReaderOptions) {
    const { plan, schema } = options
    this.#options = options
    this.#zone = openTimeZone(plan.timeZone)
    this.#barSeconds = Number(barNs[schema] / 1_000_000_000n)
    this.#isDaily = schema === 'ohlcv-1d'
    this.#hours = sessionHours(plan.instrument.calendar, plan.session ?? 'extended', this.#barSeconds)
    const { hours, instrument } = plan
    this.#kept = this.#isDaily || hours === undefined ? undefined : sessionHours(instrument.calendar, hours, this.#barSeconds)
    this.#rows = new BarBuilder({ schema, source: plan.source, instruments: [plan.instrument], capacity: plan.batchRows })
  }

  async *read(path: string): AsyncGenerator<Batch | FeedStatus> {
    const opened = await openLayout(path, this.#options.plan)
    if (opened === undefined) return
    const { scanner, layout } = opened
    const time = new TimeField(layout.timeFormat, this.#zone, dayOfFile(path))
    try {
      do {
        while (this.#consume(scanner, layout, time)) yield* this.#flush()
      } while (await scanner.fill())
      if (!scanner.isTerminated) this.#options.badRows.report.unterminated.push(path)
      yield* this.#flush()
    } finally {
      await scanner.close()
    }
  }

  /** Reads rows until there is something to hand over (true) or more bytes are needed (false). */
  #consume(scanner: RowScanner, layout: CsvLayout, time: TimeField): boolean {
    while (scanner.next()) {
      this.#row(scanner, layout, time)
      if (this.#rows.isFull || this.#queue.length > 0) return true
    }
    return false
  }

  *#flush(): Generator<Batch | FeedStatus> {
    yield* this.#queue
    this.#queue = []
    this.#takeRows()
    yield* this.#queue
    this.#queue = []
  }

  #row(scanner: RowScanner, { positions, fieldCount }: CsvLayout, time: TimeField): void {
    const { bytes, starts, ends } = scanner
    if (scanner.fieldCount !== fieldCount) {
      const found = `${scanner.fieldCount} columns where the first row has ${fieldCount}`
      if (scanner.isTerminated || scanner.fieldCount > fieldCount) this.#bad(scanner, 'CSV_COLUMN_COUNT', scanner.rowText(), found)
      else this.#bad(scanner, 'CSV_CUT_SHORT', scanner.rowText(), `the file ends in the middle of a row: ${found}`)
      return
    }
    if (!time.parse(bytes, starts[positions.time], ends[positions.time])) {
      this.#bad(scanner, 'CSV_TIME_INVALID', scanner.text(positions.time), `is not a time (${time.format}) from 1970 on`)
      return
    }
    const { seconds, nanos } = time
    if (seconds < this.#lastSeconds || (seconds === this.#lastSeconds && nanos <= this.#lastNanos)) {
      const isSame = seconds === this.#lastSeconds && nanos === this.#lastNanos
      const value = scanner.text(positions.time)
      if (isSame) this.#bad(scanner, 'CSV_TIME_DUPLICATE', value, 'is the time of the row before')
      else this.#bad(scanner, 'CSV_TIME_ORDER', value, 'lies before the row before it; rows are read in time order')
      return
    }
    const open = parseNumber(bytes, starts[positions.open], ends[positions.open])
    const high = parseNumber(bytes, starts[positions.high], ends[positions.high])
    const low = parseNumber(bytes, starts[positions.low], ends[positions.low])
    const close = parseNumber(bytes, starts[positions.close], ends[positions.close])
    const volume = positions.volume < 0 ? NaN : parseNumber(bytes, starts[positions.volume], ends[positions.volume])
    // Comparisons are false for NaN, so one line finds every kind of wrong row and the slow path says which.
    const isSound = low > 0 && high < Infinity && open >= low && open <= high && close >= low && close <= high
    if (!isSound || !(volume >= 0 || positions.volume < 0)) {
      this.#explain(scanner, positions, [open, high, low, close], volume)
      return
    }
    const { plan } = this.#options
    if (this.#hours !== undefined && !this.#hours.holds(plan.stamp === 'start' ? seconds : seconds - this.#barSeconds)) {
      this.#bad(scanner, 'CSV_OUTSIDE_SESSION', scanner.text(positions.time), this.#whyOutside(this.#hours, time))
      return
    }
    if (this.#kept !== undefined && !this.#kept.holds(plan.stamp === 'start' ? seconds : seconds - this.#barSeconds)) {
      this.#lastSeconds = seconds
      this.#lastNanos = nanos
      this.#options.badRows.report.outsideHours++
      return
    }
    let factor = this.#factor
    const day = time.localDay
    if (day !== this.#day) factor = this.#turnDay(day)
    if (plan.adjust === 'adjusted-close') {
      const adjusted = parseNumber(bytes, starts[positions.adjustedClose], ends[positions.adjustedClose])
      if (!(adjusted > 0)) {
        this.#bad(scanner, 'CSV_PRICE_INVALID', scanner.text(positions.adjustedClose), 'is no adjusted close: prices are positive')
        return
      }
      factor = adjusted / close
    }
    this.#lastSeconds = seconds
    this.#lastNanos = nanos
    const known = this.#knownAt(time, day)
    if (plan.stamp === 'start') this.#rows.times(0, seconds, nanos, known, nanos)
    else this.#rows.times(0, seconds - this.#barSeconds, nanos, seconds, nanos)
    const scale = plan.priceScale
    // Unadjusted prices are divided, which rounds correctly; a product with 1/scale would not.
    if (factor === 1) this.#rows.values(open / scale, high / scale, low / scale, close / scale, volume)
    else this.#rows.values((open / scale) * factor, (high / scale) * factor, (low / scale) * factor, (close / scale) * factor, volume)
    this.#options.badRows.report.rows++
  }

  /** Why a time lies outside the session, with what is most likely to be wrong. */
  #whyOutside(hours: SessionHours, time: TimeField): string {
    const { timeZone } = this.#options.plan
    const outside = `read in ${timeZone} lies outside ${hours.name}`
    const closure = hours.closureAt(time.seconds)
    if (closure !== undefined)
      return `${outside}, ${closure}; another market's bars need an instrument with its calendar, or session: 'any'`
    if (!this.#isDaily && time.secondsOfDay === 0) return `${outside}; this looks like a file of daily bars: state schema 'ohlcv-1d'`
    return outside
  }

  /** When a bar stamped with its start is known, in seconds since 1970. */
  #knownAt(time: TimeField, day: number): number {
    if (!this.#isDaily) return time.seconds + this.#barSeconds
    const { knownAtSeconds } = this.#options.plan
    if (knownAtSeconds !== undefined) return localSeconds(this.#zone, day, knownAtSeconds)
    // The day may be 23 or 25 hours long, so its end is the next midnight on the local clock.
    return time.secondsOfDay === 0 ? localSeconds(this.#zone, day + 1, 0) : time.seconds + secondsPerDay
  }

  /** First row of a local date: its factor, and the corporate actions that are due before it. */
  #turnDay(day: number): number {
    const { plan, factors, actions } = this.#options
    this.#day = day
    if (plan.adjust === 'splits' || plan.adjust === 'total') {
      const { priceFactor, splitFactor } = factors.on(day)
      this.#factor = plan.adjust === 'total' ? priceFactor * splitFactor : splitFactor
    }
    const due: DatedAction[] = []
    for (; this.#nextAction < actions.length && actions[this.#nextAction].day <= day; this.#nextAction++) {
      // What happened before the first row is in its price already.
      if (this.#lastSeconds >= 0) due.push(actions[this.#nextAction])
    }
    if (due.length > 0) {
      this.#takeRows()
      const midnight = this.#zone.timeOfLocal(day, 0)
      this.#queue.push(actionBatch(due, plan.instrument, plan.source, midnight > this.#known ? midnight : this.#known))
    }
    return this.#factor
  }

  #takeRows(): void {
    if (this.#rows.length > 0) {
      const batch = this.#rows.take()
      this.#known = batch.availableAt[batch.length - 1]
      this.#queue.push(anyBatch(batch))
    }
    if (this.#skips === undefined) return
    const { feed, schema } = this.#options
    const { from, first, count } = this.#skips
    const message = `${count} row${count === 1 ? '' : 's'} left out, the first: ${first}`
    this.#skips = undefined
    this.#queue.push({ type: 'feed-status', feed, status: 'gap', at: this.#known, from, to: this.#known, schema, message })
  }

  #explain(scanner: RowScanner, positions: ColumnPositions, prices: readonly number[], volume: number): void {
    const names = ['open', 'high', 'low', 'close'] as const
    for (const [i, name] of names.entries()) {
      const text = scanner.text(positions[name])
      if (Number.isNaN(prices[i])) return this.#bad(scanner, 'CSV_NUMBER_INVALID', text, `is no number (${name})`)
      if (!(prices[i] > 0 && prices[i] < Infinity))
        return this.#bad(scanner, 'CSV_PRICE_INVALID', text, `is no price (${name}): prices are positive`)
    }
    if (positions.volume >= 0 && !(volume >= 0)) {
      return this.#bad(scanner, 'CSV_NUMBER_INVALID', scanner.text(positions.volume), 'is no volume: a number from 0 on')
    }
    const [open, high, low, close] = prices
    const message = `high ${high} and low ${low} do not hold open ${open} and close ${close}`
    this.#bad(scanner, 'CSV_BAR_INCONSISTENT', scanner.rowText(), message)
  }

  #bad({ file, line }: RowScanner, code: BadRowCode, value: string, problem: string): void {
    const message =
      code === 'CSV_COLUMN_COUNT' || code === 'CSV_CUT_SHORT' || code === 'CSV_BAR_INCONSISTENT'
        ? problem
        : `${JSON.stringify(value)} ${problem}`
    this.#options.badRows.handle({ code, file, line, value, message })
    const from = this.#lastSeconds < 0 ? 0n : BigInt(this.#lastSeconds) * 1_000_000_000n + BigInt(this.#lastNanos)
    this.#skips ??= { from, first: `${file}:${line}: ${message}`, count: 0 }
    this.#skips.count++
  }
}

function localSeconds(zone: TimeZone, day: number, secondsOfDay: number): number {
  return Number(zone.timeOfLocal(day, secondsOfDay) / 1_000_000_000n)
}
