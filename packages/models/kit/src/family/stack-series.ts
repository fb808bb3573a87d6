import { TradingError } from '@gatehouse/contracts'
import { type FeatureMatrix } from '../feature/feature-matrix.js'
import { type LabelSet } from '../label/labels.js'
import { type Labels } from '../train/samples.js'
import { type FamilyRows } from './rows.js'

/** Features of one instrument, and the labels of the same rows by head. */
export interface LabelledSeries {
  readonly matrix: FeatureMatrix
  readonly labels: Readonly<Record<string, LabelSet>>
}

/** Rows of several series; with where each comes from, for columns of a family's own. */
export interface StackedRows extends FamilyRows {
  /** The row of its matrix that each row is: `matrices[instrument[i]].prices[matrixRow[i]]` is the price at row i. */
  readonly matrixRow: Int32Array
}

interface Place {
  readonly series: number
  readonly row: number
}

/**
 * Labelled series, one an instrument in the order of the data set, as a family's rows in time order. A row depends on the stretch of all its labels; one without
 * any label is left out.
 * @param steps rows of a sequence network's window, which ends with its row; default 1, no windows
 * @throws {TradingError} `MODEL_LABEL_INVALID` for labels of another length than their matrix, or heads that not every series has
 */
export function stackSeries(series: readonly LabelledSeries[], { steps = 1 }: { readonly steps?: number | undefined } = {}): StackedRows {
  const heads = Object.keys(series[0]?.labels ?? {})
  series.forEach(({ matrix, labels }) => requireLabels(matrix, labels, heads))
  const places = series.flatMap(({ matrix, labels }, at): Place[] =>
    Array.from({ length: matrix.rows }, (_, row) => ({ series: at, row })).filter(
      ({ row }) => row >= steps - 1 && heads.some((head) => isLabel(labels[head].labels, row)),
    ),
  )
  const time = ({ series: at, row }: Place): bigint => series[at].matrix.times[row]
  places.sort((a, b) => (time(a) < time(b) ? -1 : time(a) > time(b) ? 1 : a.series - b.series))
  const width = series[0]?.matrix.features.spec.items.length ?? 0
  const starts = series.map((_, at) => series.slice(0, at).reduce((sum, { matrix }) => sum + matrix.rows, 0))
  const whole = new Float32Array(series.reduce((sum, { matrix }) => sum + matrix.values.length, 0))
  series.forEach(({ matrix }, at) => whole.set(matrix.values, starts[at] * width))
  const ends = Int32Array.from(places, (place) => starts[place.series] + place.row)
  const pick = (head: string): Labels => {
    const isClass = series[0].labels[head].labels instanceof Int32Array
    const values = places.map((place) => series[place.series].labels[head].labels[place.row])
    return isClass ? Int32Array.from(values) : Float32Array.from(values)
  }
  const last = ({ series: at, row }: Place): bigint => {
    const { matrix, labels } = series[at]
    return matrix.times[Math.max(row, ...heads.filter((head) => isLabel(labels[head].labels, row)).map((head) => labels[head].to[row]))]
  }
  return {
    count: places.length,
    table: steps > 1 ? whole : gather(whole, ends, width),
    width,
    windows: steps > 1 ? { ends, steps } : undefined,
    labels: new Map(heads.map((head) => [head, pick(head)])),
    t0: BigInt64Array.from(places, time),
    t1: BigInt64Array.from(places, last),
    instrument: Int32Array.from(places, (place) => place.series),
    matrixRow: Int32Array.from(places, ({ row }) => row),
  }
}

const isLabel = (labels: LabelSet['labels'], row: number): boolean =>
  labels instanceof Int32Array ? labels[row] >= 0 : !Number.isNaN(labels[row])

function gather(table: Float32Array, rows: Int32Array, width: number): Float32Array {
  const picked = new Float32Array(rows.length * width)
  rows.forEach((row, i) => picked.set(table.subarray(row * width, (row + 1) * width), i * width))
  return picked
}

function requireLabels({ instrument, rows }: FeatureMatrix, labels: LabelledSeries['labels'], heads: readonly string[]): void {
  const found = Object.keys(labels)
  if (found.length !== heads.length || heads.some((head) => !found.includes(head)))
    throw new TradingError('MODEL_LABEL_INVALID', `${instrument.symbol} has labels of ${found.join(', ')}, the first series of ${heads.join(', ')}; label every series alike`, { instrument: instrument.id, found, heads }) // prettier-ignore
  for (const head of heads)
    if (labels[head].labels.length !== rows)
      throw new TradingError('MODEL_LABEL_INVALID', `${instrument.symbol}: ${labels[head].labels.length} labels of "${head}" for ${rows} rows; make them of the prices of its matrix`, { instrument: instrument.id, head, rows }) // prettier-ignore
}
