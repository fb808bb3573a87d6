import { type Evaluation } from '@gatehouse/contracts'

/** One judgement on some stretch of data. */
export interface LookEntry {
  readonly artifactDigest: string
  readonly test: Evaluation['windows']['test']
  readonly reason: string
}

/** Who has looked at which test data: every candidate that was judged on it is a trial, whether it was kept or not. */
export interface LookLedger {
  readonly entries: readonly LookEntry[]
  /** Records a look. @returns different candidates that have looked at data of this stretch, this one included: at least so many trials there were */
  look(entry: LookEntry): number
}

/** @param entries of earlier sessions, as kept by the caller; @param onLook called at every look, to keep it */
export function lookLedger(entries: readonly LookEntry[] = [], onLook: (entry: LookEntry) => void = () => undefined): LookLedger {
  const all = [...entries]
  return {
    entries: all,
    look(entry) {
      all.push(entry)
      onLook(entry)
      const overlapping = all.filter(({ test }) => test.from < entry.test.to && entry.test.from < test.to)
      return new Set(overlapping.map(({ artifactDigest }) => artifactDigest)).size
    },
  }
}
