import { createBatch, type Batch, type Instrument } from '@gatehouse/core'

/** How an importer names things. */
export interface ImportOptions {
  /** Source of the rows it makes: the one that the other data of the model has. */
  readonly source: string
  /** Whom a file's symbol meant at a time, such as `SymbolMap.resolve`. Rows of symbols that it does not know are left out and counted. */
  readonly resolve: (symbol: string, at: bigint) => Instrument | undefined
}

/** What an importer read. */
export interface Imported<S extends 'fundamentals' | 'news'> {
  /** Rows in the order in which they became known. */
  readonly batch: Batch<S>
  readonly report: ImportReport
}
export interface ImportReport {
  readonly rows: number
  /** Rows whose symbol nobody knows. */
  readonly unknownSymbols: number
  /** Rows without the figure. */
  readonly withoutValue: number
  /** Revised rows that were left out. */
  readonly revised: number
}

export interface FigureRow {
  readonly at: bigint
  readonly instrument: Instrument
  readonly field: string
  readonly value: number
  readonly unit: string
}

/** Published figures as a batch: sorted by publication, which is when they could be known. */
export function figureBatch(source: string, rows: readonly FigureRow[]): Batch<'fundamentals'> {
  const sorted = byTime(rows)
  return createBatch({
    schema: 'fundamentals',
    source,
    ...placed(sorted),
    columns: {
      tsEvent: BigInt64Array.from(sorted, ({ at }) => at),
      field: sorted.map(({ field }) => field),
      value: Float64Array.from(sorted, ({ value }) => value),
      unit: sorted.map(({ unit }) => unit),
    },
  })
}

/** Rows by time; those of one time stay in the file's order. */
export function byTime<R extends { readonly at: bigint }>(rows: readonly R[]): readonly R[] {
  return [...rows].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
}

/** The parts of a batch that every schema has. */
export function placed(rows: readonly { readonly at: bigint; readonly instrument: Instrument }[]) {
  const instruments = [...new Set(rows.map(({ instrument }) => instrument))]
  const places = new Map(instruments.map((instrument, place) => [instrument, place]))
  return {
    instruments,
    instrumentIndex: Uint32Array.from(rows, ({ instrument }) => places.get(instrument)!),
    availableAt: BigInt64Array.from(rows, ({ at }) => at),
  }
}
