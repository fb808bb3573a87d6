import { TradingError, type BarView, type Batch, type CallOptions, type Dataset, type Instrument, type TimeRange } from '@gatehouse/core'
import { featureCount, RegimeFeatures } from './features.js'

/** Feature rows of a dataset in time order, with the labels of the horizon. Class -1 where the future is not there yet. */
export interface RegimeRows {
  readonly count: number
  /** `[count, featureCount]`, row-major. */
  readonly features: Float32Array
  readonly signal: Int32Array
  readonly regime: Int32Array
  /** Classes as they were known when the row was made, for the persistence baseline: those of `horizon` bars before. */
  readonly knownSignal: Int32Array
  readonly knownRegime: Int32Array
  /** When the row is known, and when its label is: `t1` is the end of the horizon. */
  readonly t0: BigInt64Array
  readonly t1: BigInt64Array
  readonly instrument: Uint16Array
  /** Log return of the bar after the row, and the volatility unit of labels. */
  readonly nextReturn: Float64Array
}

const cuts = [-1, -0.25, 0.25, 1]
/** A future is volatile when its standard deviation is this much above the reference of the last 700 bars. */
const volatileRatio = 1.15
const reference = 700

/** One instrument's series while a dataset is read. */
class Series {
  readonly features = new RegimeFeatures()
  readonly logClose: number[] = []
  readonly known: bigint[] = []
  /** Index of the bar of each warm row, its unit of volatility, and its place in the common matrix. */
  readonly rows: { readonly bar: number; readonly deviation: number; readonly row: number }[] = []
}

/**
 * Reads a dataset through the same streaming features that run live, and looks forward for the labels.
 * Rows are in the order in which they become known; a label uses the `horizon` bars after its row.
 */
export async function readRows(
  dataset: Dataset,
  { horizon, range, onProgress, signal }: CallOptions & { readonly horizon: number; readonly range?: TimeRange | undefined },
): Promise<RegimeRows> {
  const series = new Map<Instrument, Series>()
  const matrix = new RowMatrix()
  let bars = 0
  for await (const batch of dataset.batches('ohlcv-1h', range, { signal })) {
    const view = (batch as Batch<'ohlcv-1h'>).view()
    for (view.row = 0; view.row < batch.length; view.row++) readBar(view, series, matrix)
    bars += batch.length
    onProgress?.({ stage: `features of ${dataset.name}`, done: bars, unit: 'bars' })
  }
  return label(matrix, [...series.values()], horizon)
}

function readBar(bar: BarView, series: Map<Instrument, Series>, matrix: RowMatrix): void {
  let one = series.get(bar.instrument)
  if (one === undefined) series.set(bar.instrument, (one = new Series()))
  one.features.update(bar)
  one.logClose.push(Math.log(bar.close))
  one.known.push(bar.availableAt)
  if (one.features.isWarm) {
    one.rows.push({ bar: one.logClose.length - 1, deviation: one.features.deviation, row: matrix.add(one.features.values) })
  }
}

/** A matrix that grows by doubling. */
class RowMatrix {
  count = 0
  #values = new Float32Array(1024 * featureCount)

  add(row: Float32Array): number {
    if ((this.count + 1) * featureCount > this.#values.length) {
      const larger = new Float32Array(this.#values.length * 2)
      larger.set(this.#values)
      this.#values = larger
    }
    this.#values.set(row, this.count * featureCount)
    return this.count++
  }
  get values(): Float32Array {
    return this.#values.subarray(0, this.count * featureCount)
  }
}

function label(matrix: RowMatrix, series: readonly Series[], horizon: number): RegimeRows {
  const { count } = matrix
  if (count === 0) {
    throw new TradingError(
      'MODEL_TOO_LITTLE_DATA',
      `macro-regime: no instrument has more than ${reference + 1} hourly bars; give it a longer range`,
      {
        instruments: series.length,
        needed: reference + 1,
      },
    )
  }
  const rows = {
    count,
    features: matrix.values,
    signal: new Int32Array(count).fill(-1),
    regime: new Int32Array(count).fill(-1),
    knownSignal: new Int32Array(count).fill(-1),
    knownRegime: new Int32Array(count).fill(-1),
    t0: new BigInt64Array(count),
    t1: new BigInt64Array(count),
    instrument: new Uint16Array(count),
    nextReturn: new Float64Array(count).fill(NaN),
  }
  series.forEach((one, instrument) => {
    const rowOfBar = new Map(one.rows.map(({ bar, row }) => [bar, row]))
    for (const { bar, deviation, row } of one.rows) {
      rows.instrument[row] = instrument
      rows.t0[row] = one.known[bar]
      rows.t1[row] = one.known[Math.min(bar + horizon, one.known.length - 1)]
      if (bar + 1 < one.logClose.length) rows.nextReturn[row] = one.logClose[bar + 1] - one.logClose[bar]
      if (bar + horizon < one.logClose.length) {
        const z = (one.logClose[bar + horizon] - one.logClose[bar]) / (deviation * Math.sqrt(horizon))
        rows.signal[row] = cuts.filter((cut) => z > cut).length
        rows.regime[row] = regimeOf(z, rms(one.logClose, bar, bar + horizon) > volatileRatio * rms(one.logClose, bar - reference, bar))
      }
      const before = rowOfBar.get(bar - horizon)
      if (before !== undefined) {
        rows.knownSignal[row] = rows.signal[before]
        rows.knownRegime[row] = rows.regime[before]
      }
    }
  })
  return rows
}

/** Index into `regimes`. */
function regimeOf(z: number, volatile: boolean): number {
  if (Math.abs(z) <= 0.25) return 2
  return (z > 0 ? 0 : 3) + (volatile ? 1 : 0)
}

/** Root mean square of the log returns of bars `(from, to]`. */
function rms(logClose: readonly number[], from: number, to: number): number {
  let sum = 0
  for (let i = from + 1; i <= to; i++) sum += (logClose[i] - logClose[i - 1]) ** 2
  return Math.sqrt(sum / (to - from))
}
