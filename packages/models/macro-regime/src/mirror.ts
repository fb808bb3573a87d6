import { intervalsOf, uniquenessWeights, type FamilyRows } from '@gatehouse/model-kit'
import { type RegimeRows } from './rows.js'

/** Features that change their sign when the market is turned upside down; of context series, those behind the slash. */
const odd = /(^|\/)(return\d+|momentum\d+|distance\d+|efficiency\d+)$/
/** Two that change places, and sign: how far below the high is how far above the low. */
const swapped: Readonly<Record<string, string>> = { drawdown140: 'rise140', rise140: 'drawdown140' }
/** Bull and bear change places, range stays. */
const regimeUpsideDown = [3, 4, 2, 0, 1]

/**
 * The same rows in a market turned upside down: what rises falls, everything without a direction stays. Learning from both halves what there is to find by chance in
 * the direction of one stretch of history; it also takes away the drift that markets have had, which a bias of one's own can put back.
 */
export function mirroredRows(rows: RegimeRows, indices: Int32Array, names: readonly string[]): FamilyRows {
  const { width, table } = rows
  const source = names.map((name) => names.indexOf(swapped[name] ?? name))
  const sign = names.map((name) => (odd.test(name) || name in swapped ? -1 : 1))
  const mirrored = new Float32Array(indices.length * width)
  indices.forEach((row, i) => {
    for (let k = 0; k < width; k++) mirrored[i * width + k] = sign[k] * table[row * width + source[k]]
  })
  const [signal, regime] = ['signal', 'regime'].map((head) => rows.labels.get(head)!)
  const { t0, t1 } = intervalsOf(rows, indices)
  return {
    count: indices.length,
    table: mirrored,
    width,
    labels: new Map([
      ['signal', Int32Array.from(indices, (row) => (signal[row] < 0 ? -1 : 4 - signal[row]))],
      ['regime', Int32Array.from(indices, (row) => (regime[row] < 0 ? -1 : regimeUpsideDown[regime[row]]))],
    ]),
    t0,
    t1,
    instrument: Int32Array.from(indices, (row) => rows.instrument[row]),
    weights: uniquenessWeights({ t0, t1 }),
  }
}
