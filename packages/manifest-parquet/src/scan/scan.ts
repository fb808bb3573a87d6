import { ColumnarBatch, type Batch, type Instrument } from '@gatehouse/core'
import { TradingError } from '@gatehouse/durable-log'
import { type StoredColumn, type TableLayout } from '../table/layout.js'
import { type BatchArray, newArray } from './batch-columns.js'
import { type ScannedFile, type ScanPlan } from './file-cursor.js'
import { FileMerge, type Run } from './merge.js'

/** Rows of a batch that is put together from several files. */
const mergedRows = 16_384
/** Runs this long are handed out as views of the row group instead of copies. */
const longRun = 4096

/** A batch whose memory the scan takes back when the next one is asked for. */
class ScannedBatch extends ColumnarBatch {
  override retain(): Batch {
    const own = this.slice(0, this.length)
    // What was not asked for is refused by name in the copy too.
    return new ColumnarBatch({
      ...own,
      columns: Object.setPrototypeOf(own.columns, Object.getPrototypeOf(this.columns) as object) as never,
    })
  }
}

/**
 * Stand-ins for the columns a scan leaves out: of the right array type, so that a view opens over them, but whoever reads one is refused by name.
 * `undefined` would surface far from its cause.
 */
function refusals(layout: TableLayout, scanned: readonly StoredColumn[]): object {
  const left = layout.columns.filter((column) => !scanned.includes(column))
  return Object.create(
    {},
    Object.fromEntries(
      left.map((column) => {
        const get = (): never => {
          const { name } = column
          throw new TradingError('MANIFEST_COLUMN_NOT_SCANNED', `column ${name} was not asked for: add it to the scan's columns`, { name })
        }
        return [column.name, { value: new Proxy(newArray(column, 0), { get }) }]
      }),
    ),
  ) as object
}

/** Yields the rows of `files` within the plan in `availableAt` order; rows of one instant by file order, then by their order in the file. */
export async function* scanFiles(
  layout: TableLayout,
  plan: ScanPlan,
  files: readonly ScannedFile[],
  signal: AbortSignal | undefined,
): AsyncGenerator<Batch> {
  const merge = new FileMerge(plan, files)
  const assembly = new Assembly(layout, plan.columns)
  try {
    while (merge.isReady || (await merge.ready())) {
      signal?.throwIfAborted()
      const run = merge.run(Number.MAX_SAFE_INTEGER)
      if (assembly.rows === 0 && run.to - run.from >= longRun && !run.cursor.selected) {
        yield assembly.view(run)
        await merge.used(run)
        continue
      }
      const cut = { ...run, to: Math.min(run.to, run.from + mergedRows - assembly.rows) }
      assembly.add(cut)
      // The cursor's arrays are reused when it reads on, so what points into them is written out first.
      const readsOn = cut.to === cut.cursor.end
      if (readsOn) assembly.flush()
      const reading = merge.used(cut)
      if (reading) await reading
      if (assembly.rows === mergedRows) yield assembly.take()
    }
    if (assembly.rows > 0) yield assembly.take()
  } finally {
    await merge.close()
  }
}

/** Collects runs of rows and copies them column by column into arrays that every batch of the scan shares. */
class Assembly {
  rows = 0
  readonly #layout: TableLayout
  readonly #columns: readonly StoredColumn[]
  readonly #arrays: BatchArray[]
  readonly #availableAt = new BigInt64Array(mergedRows)
  readonly #index = new Uint32Array(mergedRows)
  readonly #refusals: object
  #instruments: Instrument[] = []
  /** a batch handed out holds the list: it is copied before it grows */
  #isListShared = false
  readonly #places = new Map<Instrument, number>()
  #runs: { run: Run; to: number }[] = []

  constructor(layout: TableLayout, columns: readonly StoredColumn[]) {
    this.#layout = layout
    this.#columns = columns
    this.#arrays = columns.map((column) => newArray(column, mergedRows))
    this.#refusals = refusals(layout, columns)
  }

  /** A batch over the row group itself: nothing is copied. */
  view({ cursor, from, to }: Run): Batch {
    const group = cursor.group!
    return this.#batch(
      group.columns.map((values) => (Array.isArray(values) ? values.slice(from, to) : values.subarray(from, to))),
      group.availableAt.subarray(from, to),
      group.instrumentIndex.subarray(from, to),
      group.instruments,
    )
  }

  add(run: Run): void {
    this.#runs.push({ run, to: this.rows })
    this.rows += run.to - run.from
  }

  /** Copies what was added. */
  flush(): void {
    const runs = this.#runs
    if (runs.length === 0) return
    this.#runs = []
    for (const { run, to } of runs) this.#copyTimes(run, to)
    this.#arrays.forEach((target, column) => {
      for (const { run, to } of runs) copyRun(target, to, run.cursor.group!.columns[column], run)
    })
  }

  /** The collected rows as a batch; its arrays are written again after the next call. */
  take(): Batch {
    this.flush()
    const { rows } = this
    this.rows = 0
    this.#isListShared = true
    return this.#batch(
      this.#arrays.map((values) => (Array.isArray(values) ? values.slice(0, rows) : values.subarray(0, rows))),
      this.#availableAt.subarray(0, rows),
      this.#index.subarray(0, rows),
      this.#instruments,
    )
  }

  #copyTimes(run: Run, to: number): void {
    const { availableAt, instrumentIndex, instruments } = run.cursor.group!
    const { selected } = run.cursor
    if (selected) for (let i = run.from, at = to; i < run.to; i++, at++) this.#availableAt[at] = availableAt[selected[i]]
    else this.#availableAt.set(availableAt.subarray(run.from, run.to), to)
    for (let i = run.from, at = to; i < run.to; i++, at++)
      this.#index[at] = this.#place(instruments[instrumentIndex[selected ? selected[i] : i]])
  }

  #place(instrument: Instrument): number {
    let place = this.#places.get(instrument)
    if (place === undefined) {
      place = this.#places.size
      this.#places.set(instrument, place)
      if (this.#isListShared) this.#instruments = [...this.#instruments]
      this.#isListShared = false
      this.#instruments.push(instrument)
    }
    return place
  }

  #batch(
    columns: readonly BatchArray[],
    availableAt: BigInt64Array,
    instrumentIndex: Uint32Array,
    instruments: readonly Instrument[],
  ): Batch {
    const { schema, source, priceDivisor } = this.#layout
    const byName = Object.create(this.#refusals) as Record<string, unknown>
    for (const [index, { name }] of this.#columns.entries()) byName[name] = columns[index]
    return new ScannedBatch({
      schema,
      source,
      priceDivisor,
      instruments,
      instrumentIndex,
      availableAt,
      columns: byName as never,
    })
  }
}

function copyRun(target: BatchArray, to: number, source: BatchArray, { from, to: end, cursor: { selected } }: Run): void {
  if (selected || end - from < 16 || Array.isArray(source)) {
    const into = target as { [row: number]: unknown }
    const values = source as { readonly [row: number]: unknown }
    for (let i = from, at = to; i < end; i++, at++) into[at] = values[selected ? selected[i] : i]
  } else (target as Float64Array).set((source as Float64Array).subarray(from, end), to)
}
