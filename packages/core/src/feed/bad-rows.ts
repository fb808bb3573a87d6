import { TradingError } from '@gatehouse/contracts'

/** What to do with a row that cannot be right: stop with its error, or leave it out, count it and say so in-band. */
export type BadRowPolicy = 'throw' | 'skip'

/** One policy for all kinds of bad rows, or one by code. Codes that are not named throw. */
export type BadRowPolicies = BadRowPolicy | { readonly [Code in BadRowCode]?: BadRowPolicy | undefined }

/** Kinds of bad rows. */
export const badRowCodes = [
  'CSV_COLUMN_COUNT',
  'CSV_CUT_SHORT',
  'CSV_TIME_INVALID',
  'CSV_TIME_ORDER',
  'CSV_TIME_DUPLICATE',
  'CSV_NUMBER_INVALID',
  'CSV_PRICE_INVALID',
  'CSV_BAR_INCONSISTENT',
  'CSV_OUTSIDE_SESSION',
] as const
export type BadRowCode = (typeof badRowCodes)[number]

/** Where a bad row stands and what is wrong with it. */
export interface BadRow {
  readonly code: BadRowCode
  readonly file: string
  readonly line: number
  /** The offending text. */
  readonly value: string
  readonly message: string
}

/** What reading found. Counts from the last call of `batches`. */
export interface ReadReport {
  /** Rows that became rows of batches. */
  rows: number
  /** Rows left out by policy. */
  skipped: number
  /** Sound rows outside the hours that were asked for (`hours`). */
  outsideHours: number
  /** Rows left out by code, each with the first few. */
  readonly bad: Map<BadRowCode, { count: number; readonly first: BadRow[] }>
  /** Files whose last row no newline ends: it may be cut, which nobody can see. */
  readonly unterminated: string[]
}

const kept = 5

/** Applies the policies and keeps the count. */
export class BadRows {
  report: ReadReport = emptyReport()

  constructor(readonly policies: BadRowPolicies) {}

  reset(): void {
    this.report = emptyReport()
  }

  /** Throws the row's error, or counts the row as left out. */
  handle(bad: BadRow): void {
    const policy = typeof this.policies === 'string' ? this.policies : (this.policies[bad.code] ?? 'throw')
    if (policy === 'throw') throw badRowError(bad)
    this.report.skipped++
    const known = this.report.bad.get(bad.code) ?? { count: 0, first: [] }
    known.count++
    if (known.first.length < kept) known.first.push(bad)
    this.report.bad.set(bad.code, known)
  }
}

function badRowError({ code, file, line, value, message }: BadRow): TradingError {
  const where = `${file}:${line}`
  return new TradingError(code, `${where}: ${message}; mend the file, or read on with onBadRow: 'skip'`, { file, line, value })
}

function emptyReport(): ReadReport {
  return { rows: 0, skipped: 0, outsideHours: 0, bad: new Map(), unterminated: [] }
}
