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

/** What is known of one instrument's feature rows, column by column; `matrixRow` is where the row's features stand. */
interface Labelled {
  readonly matrix: FeatureMatrix
  readonly matrixRow: Int32Array
  readonly t0: BigInt64Array
  readonly t1: BigInt64Array
  readonly signal: Int32Array
  readonly regime: Int32Array
  readonly forward: Float64Array
  readonly knownSignal: Int32Array
  readonly knownRegime: Int32Array
  readonly nextReturn: Float64Array
}

/** Labels of one instrument. Its feature rows are a part of the rows of its units, found by their times. */
function labelled(matrix: FeatureMatrix, units: FeatureMatrix, horizon: number): Labelled {
  const { rows, times, prices } = units
  const [sd140, sd700] = [0, 1].map((column) => Float64Array.from({ length: rows }, (_, row) => units.values[row * 2 + column]))
  const forward = forwardReturn(prices, { horizon, volatility: sd140 })
  const signal = cutIntoClasses(forward, cuts)
  const regime = trendByVolatility(prices, { horizon, trendVolatility: sd140, longVolatility: sd700 })
  const [knownSignal, knownRegime] = [persistence(signal), persistence(regime)]
  const place = placesOf(matrix.times, times)
  const matrixRow = Int32Array.from(place.keys()).filter((i) => place[i] >= 0)
  const at = place.filter((row) => row >= 0)
  return {
    matrix,
    matrixRow,
    t0: BigInt64Array.from(at, (row) => times[row]),
    t1: BigInt64Array.from(at, (row) => times[Math.min(row + horizon, rows - 1)]),
    signal: at.map((row) => signal.labels[row]),
    regime: at.map((row) => regime.labels[row]),
    forward: Float64Array.from(at, (row) => forward.labels[row]),
    knownSignal: at.map((row) => knownSignal[row]),
    knownRegime: at.map((row) => knownRegime[row]),
    nextReturn: Float64Array.from(at, (row) => (row + 1 < rows ? prices[row + 1] / prices[row] - 1 : NaN)),
  }
}

/** Where each of some times stands among others, both ascending; -1 for one that is not there. */
function placesOf(wanted: BigInt64Array, among: BigInt64Array): Int32Array {
  let row = 0
  return Int32Array.from(wanted, (time) => {
    while (row < among.length && among[row] < time) row++
    return among[row] === time ? row : -1
  })
}

/** Rows of all names by time, names in the dataset's order at one time. */
function merged(series: readonly Labelled[], width: number): RegimeRows {
  const starts = [0]
  for (const { t0 } of series) starts.push(starts[starts.length - 1] + t0.length)
  const count = starts[series.length]
  const times = new BigInt64Array(count)
  series.forEach(({ t0 }, name) => times.set(t0, starts[name]))
  const order = Int32Array.from(times.keys()).sort((a, b) => (times[a] < times[b] ? -1 : times[a] > times[b] ? 1 : a - b))
  const instrument = new Int32Array(count)
  const row = new Int32Array(count)
  order.forEach((one, i) => {
    instrument[i] = starts.findLastIndex((start) => start <= one)
    row[i] = one - starts[instrument[i]]
  })
  const table = new Float32Array(count * width)
  for (let i = 0; i < count; i++) {
    const { matrix, matrixRow } = series[instrument[i]]
    const at = matrixRow[row[i]]
    table.set(matrix.values.subarray(at * width, (at + 1) * width), i * width)
  }
  const whole = (of: 'signal' | 'regime' | 'knownSignal' | 'knownRegime') => Int32Array.from(row, (at, i) => series[instrument[i]][of][at])
  const time = (of: 't0' | 't1') => BigInt64Array.from(row, (at, i) => series[instrument[i]][of][at])
  return {
    count,
    table,
    width,
    labels: new Map([
      ['signal', whole('signal')],
      ['regime', whole('regime')],
    ]),
    t0: time('t0'),
    t1: time('t1'),
    instrument,
    knownSignal: whole('knownSignal'),
    knownRegime: whole('knownRegime'),
    forward: Float32Array.from(row, (at, i) => series[instrument[i]].forward[at]),
    nextReturn: Float64Array.from(row, (at, i) => series[instrument[i]].nextReturn[at]),
  }
}
