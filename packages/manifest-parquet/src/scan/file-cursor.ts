import { join } from 'node:path'
import { TradingError } from '@gatehouse/durable-log'
import { type Instrument } from '@gatehouse/core'
import { fileSource } from '../codec/byte-source.js'
import { type ColumnValues, type TextValues } from '../codec/column-spec.js'
import { type NumericArray } from '../codec/dictionary.js'
import { type GroupBytes, ParquetFile } from '../codec/parquet-file.js'
import { sha256 } from '../delta/chain.js'
import { type InstrumentPool } from '../table/instruments.js'
import { instrumentColumn, type StoredColumn, storedName, timeColumn } from '../table/layout.js'
import { type GroupRows, restoreColumn } from './batch-columns.js'

export interface ScanPlan {
  readonly directory: string
  readonly columns: readonly StoredColumn[]
  readonly from: bigint
  readonly to: bigint
  /** symbols or instrument ids; `undefined` for all */
  readonly symbols: ReadonlySet<string> | undefined
  readonly pool: InstrumentPool
}

/** A file as the log describes it. */
export interface ScannedFile {
  /** relative to the table */
  readonly path: string
  /** digest of its footer */
  readonly footer: string
  readonly rows: number
  /** times of its first and its last row */
  readonly from: bigint
  readonly to: bigint
  /** place among the files of the scan: decides between rows of one instant */
  readonly order: number
}

interface TimeRange {
  readonly min: bigint
  readonly max: bigint
}

/**
 * Times of each row group.
 * @throws {TradingError} `MANIFEST_FILE_CORRUPT` where the file's rows are not what the log says of them: scans leave files out, and order them, by that
 */
export function timeRanges(file: ParquetFile, stated: Pick<ScannedFile, 'rows' | 'from' | 'to'>, path: string): TimeRange[] {
  const ranges: TimeRange[] = []
  for (let group = 0; group < file.groups; group++) {
    const range = file.groupRange(group, timeColumn)
    if (typeof range?.min === 'bigint' && typeof range.max === 'bigint') ranges.push({ min: range.min, max: range.max })
  }
  const isAsStated =
    file.rows === stated.rows &&
    ranges.length === file.groups &&
    ranges.every(({ min, max }, group) => min <= max && (group === 0 || ranges[group - 1].max <= min)) &&
    ranges.at(0)?.min === stated.from &&
    ranges.at(-1)?.max === stated.to
  if (isAsStated) return ranges
  throw new TradingError('MANIFEST_FILE_CORRUPT', `${path} holds other rows and times than the log says: restore both from a copy`, {
    path,
  })
}

/** Reads one file's wanted rows in time order, a row group at a time, with the next group's bytes already on their way. */
export class FileCursor {
  /** the group at hand; `undefined` before the first and after the last */
  group: GroupRows | undefined
  /** rows of the group that are wanted, `undefined` for every row of `[at, end)` */
  selected: Int32Array | undefined
  /** next row, within `selected` where there is one */
  at = 0
  end = 0

  readonly #plan: ScanPlan
  readonly #path: string
  readonly #names: readonly string[]
  #file: ParquetFile | undefined
  #instruments: ReadonlyMap<string, Instrument> = new Map()
  #groups: number[] = []
  #next: { group: number; bytes: Promise<GroupBytes> } | undefined
  readonly #kept = new Map<string, NumericArray>()

  constructor(
    plan: ScanPlan,
    private readonly planned: ScannedFile,
  ) {
    this.#plan = plan
    this.#path = join(plan.directory, ...planned.path.split('/'))
    this.#names = [timeColumn, instrumentColumn, ...plan.columns.map(({ name }) => storedName(name))]
  }

  get order(): number {
    return this.planned.order
  }

  /** Time of the next row, as the float64 that has its bits: sorts like the integer. */
  head = Infinity

  /** Opens the file and stands on its first wanted row; false when it has none. */
  async open(): Promise<boolean> {
    try {
      return await this.#open()
    } catch (error) {
      await this.close()
      throw error
    }
  }

  async #open(): Promise<boolean> {
    const file = await ParquetFile.open(await fileSource(this.#path))
    this.#file = file
    if (sha256(file.footer.bytes) !== this.planned.footer) {
      throw new TradingError('MANIFEST_FILE_CORRUPT', `${this.#path} is not the file that was committed: restore it from a copy`, {
        path: this.#path,
      })
    }
    const ranges = timeRanges(file, this.planned, this.#path)
    const text = file.footer.texts.get('gatehouse.instruments')
    if (text === undefined)
      throw new TradingError('MANIFEST_FILE_CORRUPT', `${this.#path} does not name its instruments`, { path: this.#path })
    this.#instruments = new Map(this.#plan.pool.parse(text).map((instrument) => [instrument.id, instrument]))
    for (const [group, { min, max }] of ranges.entries()) if (max >= this.#plan.from && min < this.#plan.to) this.#groups.push(group)
    this.#prefetch()
    return this.advance()
  }

  /** Moves to the next group that has a wanted row; false, with the file closed, when there is none. */
  async advance(): Promise<boolean> {
    while (this.#next && this.#file) {
      const { group, bytes } = this.#next
      const fetched = await bytes
      const decoded = await this.#file.decodeGroup(group, this.#names, fetched, { reuse: this.#kept })
      this.#prefetch()
      this.#use(decoded.map(({ values }) => values as ColumnValues))
      if (this.at < this.end) {
        this.updateHead()
        return true
      }
    }
    await this.close()
    return false
  }

  updateHead(): void {
    const row = this.selected ? this.selected[this.at] : this.at
    this.head = this.#times[row]
  }

  /** Times of the group as sortable doubles. */
  get times(): Float64Array {
    return this.#times
  }
  #times: Float64Array = new Float64Array(0)

  async close(): Promise<void> {
    this.group = undefined
    this.head = Infinity
    const next = this.#next
    this.#next = undefined
    await next?.bytes.catch(() => undefined)
    await this.#file?.close()
    this.#file = undefined
  }

  #prefetch(): void {
    const group = this.#groups.shift()
    if (group === undefined || !this.#file) {
      this.#next = undefined
      return
    }
    const bytes = this.#file.fetchGroup(group, this.#names)
    // Whoever awaits it sees the failure; until then it must not count as unhandled.
    bytes.catch(() => undefined)
    this.#next = { group, bytes }
  }

  #use(values: readonly ColumnValues[]): void {
    const [availableAt, instrument, ...rest] = values as [BigInt64Array, TextValues, ...ColumnValues[]]
    const { columns, from, to, symbols } = this.#plan
    const instruments = instrument.dictionary.map((id) => {
      const known = this.#instruments.get(id)
      if (!known)
        throw new TradingError('MANIFEST_FILE_CORRUPT', `${this.#path} holds rows of ${id} and does not describe it`, {
          path: this.#path,
          id,
        })
      return known
    })
    rest.forEach((column, index) => {
      if (!('codes' in column)) this.#kept.set(storedName(columns[index].name), column)
    })
    this.#kept.set(timeColumn, availableAt)
    this.#times = new Float64Array(availableAt.buffer, availableAt.byteOffset, availableAt.length)
    this.group = {
      rows: availableAt.length,
      availableAt,
      instrumentIndex: new Uint32Array(instrument.codes.buffer as ArrayBuffer, instrument.codes.byteOffset, instrument.codes.length),
      instruments,
      columns: columns.map((column, index) => restoreColumn(column, rest[index])),
    }
    this.at = firstAtOrAfter(availableAt, from)
    this.end = firstAtOrAfter(availableAt, to)
    this.selected = undefined
    if (symbols) this.#select(instrument, instruments, symbols)
  }

  #select({ codes }: TextValues, instruments: readonly Instrument[], symbols: ReadonlySet<string>): void {
    const wanted = instruments.map(({ id, symbol }) => symbols.has(id) || symbols.has(symbol))
    if (wanted.every((is) => is)) return
    const rows: number[] = []
    for (let row = this.at; row < this.end; row++) if (wanted[codes[row]]) rows.push(row)
    this.selected = Int32Array.from(rows)
    this.at = 0
    this.end = rows.length
  }
}

function firstAtOrAfter(times: BigInt64Array, time: bigint): number {
  let low = 0
  let high = times.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (times[middle] < time) low = middle + 1
    else high = middle
  }
  return low
}
