import { classPrior, predictRows, type Fit, type Judging } from '@gatehouse/model-kit'
import { type ClassScales, regimes, signals } from './prediction.js'
import { type RegimeRows } from './rows.js'

/** How common every class was in training, and the scales of the signals, for the artifact. Counted as if each class had come once more: one that never came has a share, too. */
export function scalesFrom(rows: RegimeRows, train: Int32Array, fit?: Fit) {
  const shares = (head: string, classes: readonly string[]): number[] => {
    const known = Array.from(train, (row) => rows.labels.get(head)![row])
    return Array.from(classPrior([...known, ...classes.keys()], classes.length))
  }
  const signalPriors = shares('signal', signals)
  const priors = { signalPriors, regimePriors: shares('regime', regimes) }
  if (fit === undefined) return priors
  const said = predictRows(fit, rows, fit.validation)
  return { ...priors, signalScales: matchingScales(said, fit.network.outputWidth, signalPriors) }
}

/** Neither side of a ratio of probabilities is smaller. */
const least = 1e-9

/**
 * Scales under which ordered classes are named as often as they came. The direction of a market moves their probabilities by a few hundredths: the largest of them would
 * name the two commonest classes, and the largest multiple of a share the two extremes alone.
 * @param probabilities of rows that the weights were not fitted on, the first numbers of every `width`. One number orders the rows of an ordered head, so that each
 * pair of neighbours is parted where the shares say
 */
function matchingScales(probabilities: Float32Array, width: number, shares: readonly number[]): number[] {
  const rows = probabilities.length / width
  const scales = [1]
  let below = 0
  for (let k = 0; k + 1 < shares.length; k++) {
    below += shares[k]
    const ratios = Float64Array.from({ length: rows }, (_, row) => {
      const at = row * width + k
      return Math.max(least, probabilities[at + 1]) / Math.max(least, probabilities[at])
    }).sort()
    scales.push(scales[k] * ratios[Math.min(rows - 1, Math.floor(below * rows))])
  }
  return scales
}

/** What decisions are relative to, as the artifact has it, even where it does not say: the roots of how common the classes were stand in for scales of their own. */
export function scalesOf(extra: Judging['extra']): ClassScales {
  const read = (name: string, classes: readonly string[]): readonly number[] | undefined => {
    const numbers = extra[name]
    return Array.isArray(numbers) && numbers.length === classes.length && numbers.every((number) => number > 0)
      ? (numbers as number[])
      : undefined
  }
  const roots = (name: string, classes: readonly string[]) => (read(name, classes) ?? classes.map(() => 1)).map(Math.sqrt)
  return { signals: read('signalScales', signals) ?? roots('signalPriors', signals), regimes: roots('regimePriors', regimes) }
}
