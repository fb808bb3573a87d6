import { TradingError } from '@gatehouse/contracts'
import { readFile } from 'node:fs/promises'
import { dayOfCivil } from '../../calendar/civil.js'

/** Factors that hold up to and including a day. */
export interface FactorRow {
  /** Last local date they hold for, days since 1970. */
  readonly day: number
  /** Dividends since: adjusted = raw * priceFactor * splitFactor. */
  readonly priceFactor: number
  readonly splitFactor: number
  /** Raw close of `day`, for the amount of a dividend; 0 where not said. */
  readonly referencePrice: number
}

/** Something that happens to an instrument before its first trade on a local date. */
export interface DatedAction {
  /** First local date on or after which it holds: the day after the factor row's, so the next trading day. */
  readonly day: number
  readonly kind: 'split' | 'dividend' | 'rename'
  readonly ratio: number
  readonly amount: number
  readonly symbol: string
}

/** Price and split factors through time, as LEAN's `factor_files` hold them. */
export class FactorTable {
  readonly #rows: readonly FactorRow[]
  #last = 0

  /** @param rows oldest first */
  constructor(rows: readonly FactorRow[]) {
    this.#rows = rows
  }

  get rows(): readonly FactorRow[] {
    return this.#rows
  }

  /** The row that holds on a day: the first of that day or later; after the last row nothing is adjusted. */
  on(day: number): FactorRow {
    let i = this.#last
    // Files are read forwards, so the last answer is nearly always right.
    if (i >= this.#rows.length || (i > 0 && this.#rows[i - 1].day >= day)) i = 0
    while (i < this.#rows.length && this.#rows[i].day < day) i++
    this.#last = i
    return this.#rows[i] ?? unadjusted
  }

  /** Splits and dividends between rows, oldest first. Dividend amounts are rounded to cents, as they are paid. */
  actions(): readonly DatedAction[] {
    return this.#rows.flatMap((row, i): DatedAction[] => {
      const next = this.#rows[i + 1]
      if (next === undefined) return []
      const day = row.day + 1
      const ratio = next.splitFactor / row.splitFactor
      const cut = 1 - row.priceFactor / next.priceFactor
      const actions: DatedAction[] = []
      if (Math.abs(cut) > 1e-9) {
        actions.push({ day, kind: 'dividend', ratio: NaN, amount: Math.round(row.referencePrice * cut * 100) / 100, symbol: '' })
      }
      if (Math.abs(ratio - 1) > 1e-6) actions.push({ day, kind: 'split', ratio: plainRatio(ratio), amount: NaN, symbol: '' })
      return actions
    })
  }
}

const unadjusted: FactorRow = { day: Infinity, priceFactor: 1, splitFactor: 1, referencePrice: 0 }

/** Factor files round to seven places, so 7 for 1 reads 6.9999: ratios near p / q with small q are that fraction. */
function plainRatio(ratio: number): number {
  for (let q = 1; q <= 20; q++) {
    const p = Math.round(ratio * q)
    if (p > 0 && Math.abs(ratio - p / q) < 2e-4 * ratio) return p / q
  }
  return ratio
}

/**
 * Reads a LEAN factor file: `yyyyMMdd,priceFactor,splitFactor[,referencePrice]` by line.
 * @throws {TradingError} `LEAN_FILE_INVALID` naming file, line and value; `CSV_FILE_UNREADABLE`
 */
export async function readFactorFile(path: string): Promise<FactorTable> {
  const rows = (await readLines(path)).map(({ line, fields, text }): FactorRow => {
    const [priceFactor, splitFactor, referencePrice = 0] = fields.slice(1).map(Number)
    if (!(priceFactor > 0 && splitFactor > 0 && referencePrice >= 0)) throw invalid(path, line, text)
    return { day: readDay(path, line, fields[0]), priceFactor, splitFactor, referencePrice }
  })
  rows.forEach((row, i) => {
    if (i > 0 && row.day <= rows[i - 1].day) throw invalid(path, i + 1, `dates do not rise`)
  })
  return new FactorTable(rows)
}

export interface FileLine {
  readonly line: number
  readonly text: string
  readonly fields: readonly string[]
}

/** Lines of a small file, split at commas; blank ones are left out. */
export async function readLines(path: string): Promise<readonly FileLine[]> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new TradingError('CSV_FILE_UNREADABLE', `${path} cannot be read: ${reason}`, { file: path }, { cause })
  })
  return text
    .split(/\r?\n/)
    .map((line, i) => ({ line: i + 1, text: line, fields: line.split(',').map((field) => field.trim()) }))
    .filter((line) => line.text.trim() !== '')
}

/** `yyyyMMdd` as days since 1970. */
export function readDay(path: string, line: number, text: string): number {
  const [year, month, day] = [text.slice(0, 4), text.slice(4, 6), text.slice(6)].map(Number)
  if (!/^\d{8}$/.test(text) || month < 1 || month > 12 || day < 1 || day > 31) throw invalid(path, line, text)
  return dayOfCivil(year, month, day)
}

export function invalid(path: string, line: number, value: string): TradingError {
  return new TradingError('LEAN_FILE_INVALID', `${path}:${line}: ${JSON.stringify(value)} is not a row of such a file`, {
    file: path,
    line,
    value,
  })
}
