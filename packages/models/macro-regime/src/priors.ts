import { classPrior, type Judging } from '@gatehouse/model-kit'
import { type ClassPriors, regimes, signals } from './prediction.js'
import { type RegimeRows } from './rows.js'

/** How common every class was in training, for the artifact. Counted as if each had come once more: one that never came has a prior, too. */
export function priorsFrom(rows: RegimeRows, train: Int32Array): { signalPriors: number[]; regimePriors: number[] } {
  const shares = (head: string, classes: readonly string[]): number[] => {
    const known = Array.from(train, (row) => rows.labels.get(head)![row])
    return Array.from(classPrior([...known, ...classes.keys()], classes.length))
  }
  return { signalPriors: shares('signal', signals), regimePriors: shares('regime', regimes) }
}

/** How common the classes were, as the artifact has it; even where it does not say. */
export function priorsOf(extra: Judging['extra']): ClassPriors {
  const read = (name: string, classes: readonly string[]): readonly number[] => {
    const priors = extra[name]
    return Array.isArray(priors) && priors.length === classes.length && priors.every((prior) => prior > 0)
      ? (priors as number[])
      : classes.map(() => 1 / classes.length)
  }
  return { signals: read('signalPriors', signals), regimes: read('regimePriors', regimes) }
}
