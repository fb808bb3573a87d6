import type { Instrument } from '@gatehouse/core'
import type { FeatureStream, FeatureSet } from '@gatehouse/model-kit'
import { barrierDistance } from './barriers.js'
import { lookback, spacing } from './features.js'
import type { ResolvedOptions } from './options.js'
import { SecondGrid, type SecondRow } from './second-grid.js'

/** A second that may become a row of the training set. */
export interface CandidateRow {
  /** Place among the track's seconds. */
  readonly at: number
  /** Second within the minute that its window's rows share, as a count of strides; and its place among the feature rows of that phase. */
  readonly phase: number
  readonly tableRow: number
}

/** Everything that is kept of one instrument while a dataset streams by: prices of every second, features of the seconds that windows are made of. */
export class InstrumentTrack {
  readonly grid: SecondGrid
  readonly stream: FeatureStream
  readonly second = new GrowingColumn()
  readonly close = new GrowingColumn()
  readonly high = new GrowingColumn()
  readonly low = new GrowingColumn()
  readonly barrier = new GrowingColumn()
  /** 1 where a bar came, 0 in an empty second. */
  readonly traded = new GrowingColumn()
  /** Where stretches without a pause begin. */
  readonly starts: number[] = []
  readonly candidates: CandidateRow[] = []
  /** Feature rows by phase, `[rows, features]`. */
  readonly tables: readonly GrowingRows[]
  readonly #options: ResolvedOptions
  /** Seconds without a break in which every feature had a value. */
  #ready = 0

  constructor(
    readonly instrument: Instrument,
    features: FeatureSet,
    options: ResolvedOptions,
  ) {
    this.#options = options
    this.stream = features.open(instrument)
    this.tables = Array.from({ length: spacing / options.strideSeconds }, () => new GrowingRows(features.spec.items.length))
    this.grid = new SecondGrid(instrument, (row) => this.#take(row), options.quotes)
  }

  #take(row: SecondRow): void {
    const { stream, instrument } = this
    stream.update(row)
    if (row.sincePause === 0) this.starts.push(this.close.length)
    const { volatility } = this.grid
    this.second.push(row.second)
    this.close.push(row.close)
    this.high.push(row.high)
    this.low.push(row.low)
    this.barrier.push(barrierDistance({ volatility, price: row.close, tickSize: instrument.tickSize }, this.#options))
    this.traded.push(row.isTraded ? 1 : 0)
    this.#ready = stream.isWarm && stream.isComplete ? this.#ready + 1 : 0
    if (this.#ready === 0) return
    // Times are of the end of the second, when its bar is known: whole minutes are among them.
    const intoMinute = (row.second + 1) % spacing
    if (intoMinute % this.#options.strideSeconds !== 0) return
    const phase = intoMinute / this.#options.strideSeconds
    const tableRow = this.tables[phase].push(stream.values)
    // A predictor speaks when a bar comes, so seconds without one are not learned from.
    if (this.#ready > lookback && row.isTraded) this.candidates.push({ at: this.close.length - 1, phase, tableRow })
  }
}

/** A column that grows by doubling. */
export class GrowingColumn {
  length = 0
  #values = new Float64Array(4096)

  push(value: number): void {
    if (this.length === this.#values.length) {
      const larger = new Float64Array(2 * this.length)
      larger.set(this.#values)
      this.#values = larger
    }
    this.#values[this.length++] = value
  }
  /** A view of a part; valid until the next push. */
  part(from: number, to: number): Float64Array {
    return this.#values.subarray(from, to)
  }
  at(index: number): number {
    return this.#values[index]
  }
}

/** Rows of float32, the precision that a network sees, growing by doubling. */
export class GrowingRows {
  count = 0
  #values: Float32Array

  constructor(readonly width: number) {
    this.#values = new Float32Array(256 * width)
  }
  /** @returns the row's place */
  push(row: Float64Array): number {
    if ((this.count + 1) * this.width > this.#values.length) {
      const larger = new Float32Array(2 * this.#values.length)
      larger.set(this.#values)
      this.#values = larger
    }
    this.#values.set(row, this.count * this.width)
    return this.count++
  }
  get values(): Float32Array {
    return this.#values.subarray(0, this.count * this.width)
  }
}
