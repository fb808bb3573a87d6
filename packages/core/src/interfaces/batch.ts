import type { Instrument } from './instrument.js'
import type { Schema, schemaColumns } from './schema.js'
import type { Cursor } from './view.js'

/** Prices as the source has them: float64, or integers that `Batch.priceDivisor` turns into prices. Undefined is `NaN`, `-2^31` or `2^63 - 1`. */
export type PriceArray = Float64Array | Int32Array | BigInt64Array
export type SizeArray = Float64Array | Uint32Array

interface ArrayOfKind {
  time: BigInt64Array
  id: BigUint64Array
  price: PriceArray
  size: SizeArray
  count: Uint32Array
  char: Uint8Array
  flags: Uint8Array
  number: Float64Array
  text: readonly string[]
}
type SpecOf<S extends Schema> = (typeof schemaColumns)[S][number]
export type ColumnName<S extends Schema> = SpecOf<S>['name']
export type ColumnOf<S extends Schema, N extends ColumnName<S>> = ArrayOfKind[Extract<SpecOf<S>, { name: N }>['kind']]

/** All columns of a schema by name. Distributes over schemas, so that a batch of bars is a batch of something. */
export type ColumnsOf<S extends Schema> = S extends Schema ? { readonly [N in ColumnName<S>]: ColumnOf<S, N> } : never

/** Where a recorder keeps a run of rows, so that a journal names market data instead of copying it. */
export interface MarketDataReference {
  /** Digest of the file or segment that holds the rows. */
  readonly segment: string
  /** First row within it. */
  readonly row: number
  readonly count: number
  /** SHA-256 (hex) of the rows as {@link batchDigest} writes them. */
  readonly sha256: string
}

/**
 * Rows of one schema from one source, in `availableAt` order: typed arrays, or an overlay on the source's own bytes.
 * Valid until the next one is asked for, unless retained.
 */
export interface Batch<S extends Schema = Schema> {
  readonly type: 'batch'
  readonly schema: S
  /** Dataset or venue the rows came from: `'XNAS.ITCH'`, `'synthetic'`. Models refuse a source they were not trained on. */
  readonly source: string
  readonly length: number
  /** What `instrumentIndex` points into. */
  readonly instruments: readonly Instrument[]
  readonly instrumentIndex: Uint32Array
  /**
   * When a consumer could have known each row, ns: receive time where there is one, bar *end* for bars, publication for fundamentals.
   * The merge key. Non-negative, so the same bytes seen as `Float64Array` sort alike: hot code compares without bigints.
   */
  readonly availableAt: BigInt64Array
  /** An integer price divided by this is the price; 1 where prices are float64. Division, not multiplication: it rounds correctly. */
  readonly priceDivisor: number
  /** Arrays by name; an overlay materialises a column when it is first read (see `lazyColumns`). */
  readonly columns: ColumnsOf<S>
  /**
   * A new cursor over the rows, standing on row 0.
   * @param instruments what views name instead of `instruments`, place by place: the reader's own objects for the same ids, so that identity holds over feeds
   */
  view(instruments?: readonly Instrument[]): Cursor<S>
  /** A batch that outlives the turn: itself where it owns its memory, else a copy. */
  retain(): Batch<S>
  /** Where the rows are recorded, when they are. */
  readonly reference?: MarketDataReference | undefined
}
