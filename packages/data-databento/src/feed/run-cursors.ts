import type {
  AggressorSide,
  BarSchema,
  BarView,
  BookAction,
  BookView,
  Cursor,
  Instrument,
  MarketView,
  OrderEventView,
  QuoteSchema,
  QuoteView,
  Schema,
  TradeView,
  TradingStatusView,
} from '@gatehouse/core'
import { chars, scaled } from '../records/cursor.js'
import type { DbnBatch } from './dbn-batch.js'

/** What every row has. Subclasses read the fields of their record at fixed words; see `structs.ts` for the offsets. */
class RunCursor<S extends Schema> implements MarketView<S> {
  row = 0
  protected readonly bytes: Uint8Array
  protected readonly int32: Int32Array
  protected readonly uint32: Uint32Array
  readonly #stride: number
  readonly #first: number

  constructor(
    protected readonly batch: DbnBatch<S>,
    private readonly instruments: readonly Instrument[],
  ) {
    const { run } = batch
    this.bytes = run.bytes
    this.int32 = run.int32
    this.uint32 = run.uint32
    this.#stride = run.stride
    this.#first = run.wordOffset
  }

  /** First word of the row. */
  protected get word(): number {
    return this.#first + this.row * this.#stride
  }
  protected priceAt(word: number): number {
    return scaled(this.int32[word + 1], this.uint32[word])
  }
  get schema(): S {
    return this.batch.schema
  }
  get source(): string {
    return this.batch.source
  }
  get instrument(): Instrument {
    return this.instruments[this.batch.instrumentIndex[this.row]]
  }
  get tsEvent(): bigint {
    return this.batch.run.window.view.getBigUint64((this.word + 2) << 2, true)
  }
  get availableAt(): bigint {
    return this.batch.availableAt[this.row]
  }
  copy(): this {
    return this.batch.slice(this.row, this.row + 1).view(this.instruments) as unknown as this
  }
}

class BarCursor extends RunCursor<BarSchema> implements BarView {
  get open(): number {
    return this.priceAt(this.word + 4)
  }
  get high(): number {
    return this.priceAt(this.word + 6)
  }
  get low(): number {
    return this.priceAt(this.word + 8)
  }
  get close(): number {
    return this.priceAt(this.word + 10)
  }
  get volume(): number {
    return this.uint32[this.word + 13] * 4294967296 + this.uint32[this.word + 12]
  }
}

class QuoteCursor extends RunCursor<QuoteSchema> implements QuoteView {
  get bidPrice(): number {
    return this.priceAt(this.word + 12)
  }
  get askPrice(): number {
    return this.priceAt(this.word + 14)
  }
  get bidSize(): number {
    return this.uint32[this.word + 16]
  }
  get askSize(): number {
    return this.uint32[this.word + 17]
  }
}

class TradeCursor extends RunCursor<'trades'> implements TradeView {
  get price(): number {
    return this.priceAt(this.word + 4)
  }
  get size(): number {
    return this.uint32[this.word + 6]
  }
  get side(): AggressorSide {
    return chars[this.bytes[(this.word << 2) + 29]] as AggressorSide
  }
}

class BookCursor extends RunCursor<'mbp-10'> implements BookView {
  readonly levels = 10

  get action(): BookAction {
    return chars[this.bytes[(this.word << 2) + 28]] as BookAction
  }
  get side(): AggressorSide {
    return chars[this.bytes[(this.word << 2) + 29]] as AggressorSide
  }
  get price(): number {
    return this.priceAt(this.word + 4)
  }
  get size(): number {
    return this.uint32[this.word + 6]
  }
  get depth(): number {
    return this.bytes[(this.word << 2) + 31]
  }
  get flags(): number {
    return this.bytes[(this.word << 2) + 30]
  }
  get sequence(): number {
    return this.uint32[this.word + 11]
  }
  bidPrice(level: number): number {
    return this.priceAt(this.word + 12 + (level << 3))
  }
  askPrice(level: number): number {
    return this.priceAt(this.word + 14 + (level << 3))
  }
  bidSize(level: number): number {
    return this.uint32[this.word + 16 + (level << 3)]
  }
  askSize(level: number): number {
    return this.uint32[this.word + 17 + (level << 3)]
  }
  bidCount(level: number): number {
    return this.uint32[this.word + 18 + (level << 3)]
  }
  askCount(level: number): number {
    return this.uint32[this.word + 19 + (level << 3)]
  }
}

class OrderEventCursor extends RunCursor<'mbo'> implements OrderEventView {
  get orderId(): bigint {
    return this.batch.run.window.view.getBigUint64((this.word + 4) << 2, true)
  }
  get action(): BookAction {
    return chars[this.bytes[(this.word << 2) + 38]] as BookAction
  }
  get side(): AggressorSide {
    return chars[this.bytes[(this.word << 2) + 39]] as AggressorSide
  }
  get price(): number {
    return this.priceAt(this.word + 6)
  }
  get size(): number {
    return this.uint32[this.word + 8]
  }
  get flags(): number {
    return this.bytes[(this.word << 2) + 36]
  }
  get sequence(): number {
    return this.uint32[this.word + 13]
  }
}

/** Databento's tri-state letters. */
const yesNo = (code: number): boolean | undefined => (code === 0x59 ? true : code === 0x4e ? false : undefined)

class TradingStatusCursor extends RunCursor<'status'> implements TradingStatusView {
  get action(): number {
    return this.uint32[this.word + 6] & 0xffff
  }
  get reason(): number {
    return this.uint32[this.word + 6] >>> 16
  }
  get isTrading(): boolean | undefined {
    return yesNo(this.bytes[(this.word << 2) + 30])
  }
  get isQuoting(): boolean | undefined {
    return yesNo(this.bytes[(this.word << 2) + 31])
  }
}

/** Schemas of core that DBN has no records for are never in a DBN batch. */
const cursors: Partial<Record<Schema, new (batch: never, instruments: readonly Instrument[]) => MarketView & { row: number }>> = {
  'ohlcv-1s': BarCursor,
  'ohlcv-1m': BarCursor,
  'ohlcv-1h': BarCursor,
  'ohlcv-1d': BarCursor,
  trades: TradeCursor,
  tbbo: QuoteCursor,
  'mbp-1': QuoteCursor,
  'bbo-1s': QuoteCursor,
  'mbp-10': BookCursor,
  mbo: OrderEventCursor,
  status: TradingStatusCursor,
}

/** A cursor over the rows of a batch, of the class its schema asks for. */
export function openRunCursor<S extends Schema>(batch: DbnBatch<S>, instruments: readonly Instrument[]): Cursor<S> {
  const type = cursors[batch.schema] ?? RunCursor
  return new type(batch as never, instruments) as unknown as Cursor<S>
}
