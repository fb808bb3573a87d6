import type { Fill } from '../interfaces/order.js'
import type { PriceSeries, RefusalCount } from '../report/run-record.js'
import type { FillColumns } from '../statistics/trades.js'
import { fromNano } from '../portfolio/money.js'
import { timeKey, timeOfKey, type TimeKey } from './time-key.js'

/** Widths of the buckets that equity is kept in, finest first: every distinct time, then divisors of a day. */
const bucketWidths = [
  1n,
  1_000_000_000n,
  10_000_000_000n,
  60_000_000_000n,
  300_000_000_000n,
  900_000_000_000n,
  3_600_000_000_000n,
  21_600_000_000_000n,
  86_400_000_000_000n,
  604_800_000_000_000n,
]

/**
 * Equity over time in bounded memory: the last value of every bucket. It starts with a bucket for every distinct time; when the samples
 * outgrow the bound, the buckets widen (1 s … 1 week, aligned to UTC) and what was kept is thinned alike.
 */
export class EquityCurve {
  #times: BigInt64Array
  #values: Float64Array
  #gross: Float64Array
  #benchmark: Float64Array
  #length = 0
  #level = 0
  /** The present bucket ends before this. */
  nextKey: TimeKey = 0
  #lastKey: TimeKey = 0

  constructor(readonly capacity: number) {
    const first = Math.min(capacity, 1024)
    this.#times = new BigInt64Array(first)
    this.#values = new Float64Array(first)
    this.#gross = new Float64Array(first)
    this.#benchmark = new Float64Array(first)
  }

  get times(): BigInt64Array {
    return this.#times.slice(0, this.#length)
  }
  get values(): Float64Array {
    return this.#values.slice(0, this.#length)
  }
  get gross(): Float64Array {
    return this.#gross.slice(0, this.#length)
  }
  /** Price of what the run is compared with, `NaN` where none was seen. */
  get benchmark(): Float64Array {
    return this.#benchmark.slice(0, this.#length)
  }

  /** Adds the value that held at `key`, and opens the bucket of `next`. */
  add(key: TimeKey, next: TimeKey, equity: number, gross: number, benchmark: number): void {
    if (key === this.#lastKey && this.#length > 0) this.#length--
    if (this.#length === this.#times.length) this.#grow()
    const at = timeOfKey(key)
    this.#times[this.#length] = at
    this.#values[this.#length] = equity
    this.#gross[this.#length] = gross
    this.#benchmark[this.#length] = benchmark
    this.#length++
    this.#lastKey = key
    const width = bucketWidths[this.#level]
    this.nextKey = this.#level === 0 ? next : timeKey((timeOfKey(next) / width + 1n) * width)
  }

  #grow(): void {
    if (this.#times.length < this.capacity) {
      const length = Math.min(this.capacity, this.#times.length * 2)
      const times = new BigInt64Array(length)
      const [values, gross, benchmark] = [0, 0, 0].map(() => new Float64Array(length))
      times.set(this.#times)
      values.set(this.#values)
      gross.set(this.#gross)
      benchmark.set(this.#benchmark)
      this.#times = times
      this.#values = values
      this.#gross = gross
      this.#benchmark = benchmark
      return
    }
    while (this.#length > this.capacity / 2 && this.#level < bucketWidths.length - 1) this.#thin(bucketWidths[++this.#level])
    // Decades of weeks past the bound: every second sample goes.
    if (this.#length === this.#times.length) this.#thin(undefined)
  }

  #thin(width: bigint | undefined): void {
    let kept = 0
    for (let i = 0; i < this.#length; i++) {
      const isLast = i === this.#length - 1
      const stays = width === undefined ? i % 2 === 1 : !isLast && this.#times[i] / width !== this.#times[i + 1] / width
      // The first sample, before the first trade, always stays.
      if (!(stays || isLast || i === 0)) continue
      this.#times[kept] = this.#times[i]
      this.#values[kept] = this.#values[i]
      this.#gross[kept] = this.#gross[i]
      this.#benchmark[kept] = this.#benchmark[i]
      kept++
    }
    this.#length = kept
  }
}

/** Fills as growing columns. */
export class FillRecorder {
  #capacity = 256
  #times = new BigInt64Array(256)
  #instruments = new Uint32Array(256)
  #quantities = new Float64Array(256)
  #prices = new Float64Array(256)
  #fees = new Float64Array(256)
  length = 0

  add(fill: Fill, index: number, sign: 1 | -1 = 1): void {
    if (this.length === this.#capacity) this.#grow()
    const row = this.length++
    this.#times[row] = fill.at
    this.#instruments[row] = index
    this.#quantities[row] = (fill.side === 'buy' ? fill.quantity : -fill.quantity) * sign
    this.#prices[row] = fill.price
    this.#fees[row] = fill.fee.nano === 0n ? 0 : fromNano(fill.fee.nano) * sign
  }

  /** Views of what was recorded, not copies: a report is made once the run has ended. */
  columns(): FillColumns {
    const { length } = this
    return {
      times: this.#times.subarray(0, length),
      instruments: this.#instruments.subarray(0, length),
      quantities: this.#quantities.subarray(0, length),
      prices: this.#prices.subarray(0, length),
      fees: this.#fees.subarray(0, length),
    }
  }

  #grow(): void {
    this.#capacity *= 2
    const grown = <A extends { set(from: A): void }>(array: A, next: A): A => {
      next.set(array)
      return next
    }
    this.#times = grown(this.#times, new BigInt64Array(this.#capacity))
    this.#instruments = grown(this.#instruments, new Uint32Array(this.#capacity))
    this.#quantities = grown(this.#quantities, new Float64Array(this.#capacity))
    this.#prices = grown(this.#prices, new Float64Array(this.#capacity))
    this.#fees = grown(this.#fees, new Float64Array(this.#capacity))
  }
}

/** Closing prices for the chart, thinned to a bound. */
export class PriceRecorder {
  readonly #times: bigint[] = []
  readonly #close: number[] = []
  #every = 1
  /** Rows until the next sample; the hot path counts them down. */
  countdown = 1

  constructor(
    readonly index: number,
    readonly capacity: number,
  ) {}

  sample(at: bigint, close: number): void {
    this.#times.push(at)
    this.#close.push(close)
    if (this.#times.length >= this.capacity) this.#halve()
    this.countdown = this.#every
  }

  #halve(): void {
    const kept = this.#times.length >> 1
    // The first sample stays: holding begins there.
    for (let i = 1; i < kept; i++) {
      this.#times[i] = this.#times[2 * i + 1]
      this.#close[i] = this.#close[2 * i + 1]
    }
    this.#times.length = kept
    this.#close.length = kept
    this.#every *= 2
  }

  series(): PriceSeries {
    return { instrument: this.index, times: BigInt64Array.from(this.#times), close: Float64Array.from(this.#close) }
  }
}

interface RefusalTally {
  readonly index: number | undefined
  readonly rule: string
  count: number
  lastAt: bigint
  lastReason: string
}

/** Refusals and missing inputs, one line an instrument and rule. */
export class RefusalRecorder {
  readonly #tallies = new Map<string, RefusalTally>()
  /** Last reason by instrument, in words. */
  readonly last: (string | undefined)[] = []
  readonly #lastRules: (string | undefined)[] = []

  /** What was missing is there: it is not the answer any more. Its count stays. */
  past(index: number, rule: string): void {
    if (this.#lastRules[index] !== rule) return
    this.#lastRules[index] = undefined
    this.last[index] = undefined
  }

  add(index: number | undefined, rule: string, reason: string, at: bigint): void {
    const key = `${index ?? ''}/${rule}`
    const tally = this.#tallies.get(key)
    if (tally === undefined) this.#tallies.set(key, { index, rule, count: 1, lastAt: at, lastReason: reason })
    else {
      tally.count++
      tally.lastAt = at
      tally.lastReason = reason
    }
    if (index === undefined) return
    this.last[index] = reason
    this.#lastRules[index] = rule
  }

  counts(): RefusalCount[] {
    return [...this.#tallies.values()].map(({ index, rule, count, lastAt, lastReason }) => ({
      instrument: index,
      rule,
      count,
      lastAt,
      lastReason,
    }))
  }
}
