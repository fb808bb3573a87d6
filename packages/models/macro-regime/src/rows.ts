import { TradingError, type CallOptions, type Dataset, type Instrument, type TimeRange } from '@gatehouse/core'
import {
  cutIntoClasses,
  featureMatrices,
  forwardReturn,
  persistence,
  trendByVolatility,
  type FamilyRows,
  type FeatureMatrix,
  type FeatureSet,
} from '@gatehouse/model-kit'
import { labelUnits, schema } from './features.js'

/** Rows of hourly bars, of several names in the order of their times. */
export interface RegimeRows extends FamilyRows {
  /** Classes of the horizon that was last known when the row was made, for the persistence baseline; -1 before the first. */
  readonly knownSignal: Int32Array
  readonly knownRegime: Int32Array
  /** Log return over the horizon in deviations; `NaN` where the future is not there yet. */
  readonly forward: Float32Array
  /** Simple return of the bar after the row. */
  readonly nextReturn: Float64Array
}

const cuts = [-1, -0.25, 0.25, 1]

/** Context instruments by role. @throws {TradingError} `MODEL_FEATURE_INVALID` naming the symbol that is not among the instruments */
export function contextOf(instruments: readonly Instrument[], context: readonly string[]): Readonly<Record<string, Instrument>> {
  return Object.fromEntries(
    context.map((symbol) => {
      const found = instruments.find((instrument) => instrument.symbol === symbol)
      if (found === undefined)
        throw new TradingError('MODEL_FEATURE_INVALID', `macro-regime: context series ${symbol} is not among ${instruments.map((one) => one.symbol).join(', ')}; add its bars`, { role: symbol }) // prettier-ignore
      return [symbol, found]
    }),
  )
}

/**
 * Reads a dataset through the same streaming features that run live, and looks `horizon` bars forward for the labels.
 * @param symbols names to make rows of; default all instruments
 */
export async function readRegimeRows(
  dataset: Dataset,
  {
    features,
    horizon,
    context,
    symbols,
    range,
    ...options
  }: CallOptions & {
    readonly features: FeatureSet
    readonly horizon: number
    readonly context: readonly string[]
    readonly symbols?: readonly string[] | undefined
    readonly range?: TimeRange | undefined
  },
): Promise<RegimeRows> {
  const roles = contextOf(dataset.instruments, context)
  const names = dataset.instruments.filter(({ symbol }) => symbols === undefined || symbols.includes(symbol))
  const lanes = names.map((instrument) => ({ instrument, context: roles }))
  const matrices = await featureMatrices(features, dataset, { lanes, every: schema, range, ...options })
  const units = await featureMatrices(labelUnits(dataset.source), dataset, { lanes: names.map((instrument) => ({ instrument })), every: schema, range, ...options }) // prettier-ignore
  return merged(
    matrices.map((matrix, i) => labelled(matrix, units[i], horizon)),
    features.spec.items.length,
  )
}

type Labelled = ReturnType<typeof labelled>

/** Labels of one instrument. Its feature rows are a part of the rows of its units, found by their times. */
function labelled(matrix: FeatureMatrix, units: FeatureMatrix, horizon: number) {
  const { rows, times, prices } = units
  const [sd140, sd700] = [0, 1].map((column) => Float64Array.from({ length: rows }, (_, row) => units.values[row * 2 + column]))
  const forward = forwardReturn(prices, { horizon, volatility: sd140 })
  const signal = cutIntoClasses(forward, cuts)
  const regime = trendByVolatility(prices, { horizon, trendVolatility: sd140, longVolatility: sd700 })
  const rowAt = new Map(Array.from(times, (time, row) => [time, row]))
  const place = Int32Array.from(matrix.times, (time) => rowAt.get(time) ?? -1)
  const [knownSignal, knownRegime] = [persistence(signal), persistence(regime)]
  return {
    matrix,
    rows: Array.from(place.keys()).filter((i) => place[i] >= 0).map((i) => {
      const row = place[i]
      return {
        at: i,
        t0: times[row],
        t1: times[Math.min(row + horizon, rows - 1)],
        signal: signal.labels[row],
        regime: regime.labels[row],
        forward: forward.labels[row],
        knownSignal: knownSignal[row],
        knownRegime: knownRegime[row],
        nextReturn: row + 1 < rows ? prices[row + 1] / prices[row] - 1 : NaN,
      }
    }),
  } // prettier-ignore
}

/** Rows of all names by time, names in the dataset's order at one time. */
function merged(series: readonly Labelled[], width: number): RegimeRows {
  const all = series.flatMap(({ matrix, rows }, instrument) => rows.map((row) => ({ ...row, matrix, instrument })))
  all.sort((a, b) => (a.t0 < b.t0 ? -1 : a.t0 > b.t0 ? 1 : a.instrument - b.instrument))
  const table = new Float32Array(all.length * width)
  all.forEach(({ matrix, at }, i) => table.set(matrix.values.subarray(at * width, (at + 1) * width), i * width))
  return {
    count: all.length,
    table,
    width,
    labels: new Map([
      ['signal', Int32Array.from(all, ({ signal }) => signal)],
      ['regime', Int32Array.from(all, ({ regime }) => regime)],
    ]),
    t0: BigInt64Array.from(all, ({ t0 }) => t0),
    t1: BigInt64Array.from(all, ({ t1 }) => t1),
    instrument: Int32Array.from(all, ({ instrument }) => instrument),
    knownSignal: Int32Array.from(all, ({ knownSignal }) => knownSignal),
    knownRegime: Int32Array.from(all, ({ knownRegime }) => knownRegime),
    forward: Float32Array.from(all, ({ forward }) => forward),
    nextReturn: Float64Array.from(all, ({ nextReturn }) => nextReturn),
  }
}
