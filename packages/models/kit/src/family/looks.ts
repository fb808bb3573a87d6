import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { parseTime, TradingError, type Evaluation } from '@gatehouse/contracts'

/** One judgement on some stretch of data. */
export interface LookEntry {
  /** Of the artifact, or {@link fittedDigest} of a model that was fitted and never written. */
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
      // Kept first: a look that cannot be recorded is not taken.
      onLook(entry)
      all.push(entry)
      const overlapping = all.filter(({ test }) => test.from < entry.test.to && entry.test.from < test.to)
      return new Set(overlapping.map(({ artifactDigest }) => artifactDigest)).size
    },
  }
}

/** Test data behind a ledger: who wants to see them is written down first. */
export interface HeldOutByLedger<T> {
  look(candidate: Pick<LookEntry, 'artifactDigest' | 'reason'>): T
  /** Different candidates that the ledger knows to have looked at data of this stretch by the last look; 0 before it. */
  readonly trials: number
}

/** Wraps held-out data. @param test their stretch, as `stretchOf` has it */
export function heldOutByLedger<T>(looks: LookLedger, test: LookEntry['test'], value: T): HeldOutByLedger<T> {
  let trials = 0
  return {
    get trials() {
      return trials
    },
    look(candidate) {
      trials = looks.look({ ...candidate, test })
      return value
    },
  }
}

/**
 * A ledger in a file that outlives the session, one look a line (JSON), each on the disk before any figure is told. The file is made at the first look; several
 * sessions may append to it, and each counts what was there when it opened it.
 * @throws {TradingError} `MODEL_LOOKS_INVALID` naming the line that is no look: passing over it would understate the trials
 */
export function openLookLedger(path: string): LookLedger {
  return lookLedger(readLooks(path), (entry) => {
    const file = openSync(path, 'a')
    try {
      writeSync(file, `${JSON.stringify({ artifactDigest: entry.artifactDigest, test: entry.test, reason: entry.reason })}\n`)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
  })
}

function readLooks(path: string): readonly LookEntry[] {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return []
    throw error
  }
  return text
    .split('\n')
    .map((line, i) => ({ line, at: { path, line: i + 1 } }))
    .filter(({ line }) => line !== '')
    .map(({ line, at }) => parseLook(line, at))
}

function parseLook(line: string, at: { readonly path: string; readonly line: number }): LookEntry {
  try {
    const { artifactDigest, test, reason } = JSON.parse(line) as LookEntry
    if (typeof artifactDigest === 'string' && typeof reason === 'string' && parseTime(test.from) < parseTime(test.to))
      return { artifactDigest, test: { from: test.from, to: test.to }, reason }
  } catch (cause) {
    throw notALook(at, cause)
  }
  throw notALook(at)
}

const notALook = (at: { readonly path: string; readonly line: number }, cause?: unknown): TradingError =>
  new TradingError('MODEL_LOOKS_INVALID', `line ${at.line} of ${at.path} is no look at test data; restore the file, or remove the line if it is a torn last one`, at, { cause }) // prettier-ignore
