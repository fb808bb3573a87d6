import type { PriceArray } from '../interfaces/batch.js'
import type { Instrument } from '../interfaces/instrument.js'
import { isBarSchema, type BarSchema, type QuoteSchema, type Schema } from '../interfaces/schema.js'
import type {
  AggressorSide,
  BarView,
  BookAction,
  BookView,
  CorporateActionKind,
  CorporateActionView,
  Cursor,
  FundamentalsView,
  MarketView,
  NewsView,
  OrderEventView,
  QuoteView,
  TradeView,
  TradingStatusView,
} from '../interfaces/view.js'
import type { ColumnarBatch } from './columnar-batch.js'
import { priceColumn, type PriceColumn } from './price-column.js'

/** Letters by ASCII code, so that a view never builds a string. */
const letters: readonly string[] = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code))

/** What every row has. Subclasses add the accessors of their schema. */
class RowCursor<S extends Schema> implements MarketView<S> {
  row = 0

  constructor(
    protected readonly batch: ColumnarBatch<S>,
    private readonly instruments: readonly Instrument[],
  ) {}

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
    return (this.batch.columns as unknown as { tsEvent: BigInt64Array }).tsEvent[this.row]
  }
  get availableAt(): bigint {
    return this.batch.availableAt[this.row]
  }
  copy(): this {
    return this.batch.slice(this.row, this.row + 1).view(this.instruments) as unknown as this
  }
}

class BarCursor extends RowCursor<BarSchema> implements BarView {
  readonly #open: PriceColumn
  readonly #high: PriceColumn
  readonly #low: PriceColumn
  readonly #close: PriceColumn

  constructor(batch: ColumnarBatch<BarSchema>, instruments: readonly Instrument[]) {
    super(batch, instruments)
    const { columns, priceDivisor } = batch
    this.#open = priceColumn(columns.open, priceDivisor)
    this.#high = priceColumn(columns.high, priceDivisor)
    this.#low = priceColumn(columns.low, priceDivisor)
    this.#close = priceColumn(columns.close, priceDivisor)
  }
  get open(): number {
    return this.#open.at(this.row)
  }
  get high(): number {
    return this.#high.at(this.row)
  }
  get low(): number {
    return this.#low.at(this.row)
  }
  get close(): number {
    return this.#close.at(this.row)
  }
  get volume(): number {
    return this.batch.columns.volume[this.row]
  }
}

/** Bars whose prices are float64 as they are, which most bars are: nothing to divide and nothing to test, so that reading one is a load. */
class FloatBarCursor extends RowCursor<BarSchema> implements BarView {
  readonly #open: Float64Array
  readonly #high: Float64Array
  readonly #low: Float64Array
  readonly #close: Float64Array
  readonly #volume: Float64Array | Uint32Array

  constructor(batch: ColumnarBatch<BarSchema>, instruments: readonly Instrument[]) {
    super(batch, instruments)
    const { open, high, low, close, volume } = batch.columns
    this.#open = open as Float64Array
    this.#high = high as Float64Array
    this.#low = low as Float64Array
    this.#close = close as Float64Array
    this.#volume = volume
  }
  static fits({ columns: { open, high, low, close }, priceDivisor }: ColumnarBatch<BarSchema>): boolean {
    return priceDivisor === 1 && [open, high, low, close].every((column) => column instanceof Float64Array)
  }
  get open(): number {
    return this.#open[this.row]
  }
  get high(): number {
    return this.#high[this.row]
  }
  get low(): number {
    return this.#low[this.row]
  }
  get close(): number {
    return this.#close[this.row]
  }
  get volume(): number {
    return this.#volume[this.row]
  }
}

class QuoteCursor extends RowCursor<QuoteSchema> implements QuoteView {
  readonly #bid: PriceColumn
  readonly #ask: PriceColumn

  constructor(batch: ColumnarBatch<QuoteSchema>, instruments: readonly Instrument[]) {
    super(batch, instruments)
    this.#bid = priceColumn(batch.columns.bidPx00, batch.priceDivisor)
    this.#ask = priceColumn(batch.columns.askPx00, batch.priceDivisor)
  }
  get bidPrice(): number {
    return this.#bid.at(this.row)
  }
  get askPrice(): number {
    return this.#ask.at(this.row)
  }
  get bidSize(): number {
    return this.batch.columns.bidSz00[this.row]
  }
  get askSize(): number {
    return this.batch.columns.askSz00[this.row]
  }
}

class TradeCursor extends RowCursor<'trades'> implements TradeView {
  readonly #price: PriceColumn

  constructor(batch: ColumnarBatch<'trades'>, instruments: readonly Instrument[]) {
    super(batch, instruments)
    this.#price = priceColumn(batch.columns.price, batch.priceDivisor)
  }
  get price(): number {
    return this.#price.at(this.row)
  }
  get size(): number {
    return this.batch.columns.size[this.row]
  }
  get side(): AggressorSide {
    return letters[this.batch.columns.side[this.row]] as AggressorSide
  }
}

const levelNames = ['00', '01', '02', '03', '04', '05', '06', '07', '08', '09'] as const

/** A book but for the prices of its levels, which are read in the way of their array. */
class LevelCursor extends RowCursor<'mbp-10'> {
  readonly levels = 10
  readonly #price: PriceColumn
  readonly #bidSizes: readonly (Float64Array | Uint32Array)[]
  readonly #askSizes: readonly (Float64Array | Uint32Array)[]
  readonly #bidCounts: readonly Uint32Array[]
  readonly #askCounts: readonly Uint32Array[]

  constructor(batch: ColumnarBatch<'mbp-10'>, instruments: readonly Instrument[]) {
    super(batch, instruments)
    const { columns } = batch
    this.#price = priceColumn(columns.price, batch.priceDivisor)
    this.#bidSizes = levelNames.map((level) => columns[`bidSz${level}`])
    this.#askSizes = levelNames.map((level) => columns[`askSz${level}`])
    this.#bidCounts = levelNames.map((level) => columns[`bidCt${level}`])
    this.#askCounts = levelNames.map((level) => columns[`askCt${level}`])
  }
  get action(): BookAction {
    return letters[this.batch.columns.action[this.row]] as BookAction
  }
  get side(): AggressorSide {
    return letters[this.batch.columns.side[this.row]] as AggressorSide
  }
  get price(): number {
    return this.#price.at(this.row)
  }
  get size(): number {
    return this.batch.columns.size[this.row]
  }
  get depth(): number {
    return this.batch.columns.depth[this.row]
  }
  get flags(): number {
    return this.batch.columns.flags[this.row]
  }
  get sequence(): number {
    return this.batch.columns.sequence[this.row]
  }
  bidSize(level: number): number {
    return this.#bidSizes[level][this.row]
  }
  askSize(level: number): number {
    return this.#askSizes[level][this.row]
  }
  bidCount(level: number): number {
    return this.#bidCounts[level][this.row]
  }
  askCount(level: number): number {
    return this.#askCounts[level][this.row]
  }
}

class BookCursor extends LevelCursor implements BookView {
  readonly #bids: readonly PriceColumn[]
  readonly #asks: readonly PriceColumn[]

  constructor(batch: ColumnarBatch<'mbp-10'>, instruments: readonly Instrument[]) {
    super(batch, instruments)
    const { columns, priceDivisor } = batch
    this.#bids = levelNames.map((level) => priceColumn(columns[`bidPx${level}`], priceDivisor))
    this.#asks = levelNames.map((level) => priceColumn(columns[`askPx${level}`], priceDivisor))
  }
  bidPrice(level: number): number {
    return this.#bids[level].at(this.row)
  }
  askPrice(level: number): number {
    return this.#asks[level].at(this.row)
  }
}

/** Books whose prices are float64 as they are: see {@link FloatBarCursor}. */
class FloatBookCursor extends LevelCursor implements BookView {
  readonly #bids: readonly Float64Array[]
  readonly #asks: readonly Float64Array[]

  constructor(batch: ColumnarBatch<'mbp-10'>, instruments: readonly Instrument[]) {
    super(batch, instruments)
    this.#bids = levelNames.map((level) => batch.columns[`bidPx${level}`] as Float64Array)
    this.#asks = levelNames.map((level) => batch.columns[`askPx${level}`] as Float64Array)
  }
  static fits({ columns, priceDivisor }: ColumnarBatch<'mbp-10'>): boolean {
    const isFloat = (column: PriceArray): boolean => column instanceof Float64Array
    return priceDivisor === 1 && levelNames.every((level) => isFloat(columns[`bidPx${level}`]) && isFloat(columns[`askPx${level}`]))
  }
  bidPrice(level: number): number {
    return this.#bids[level][this.row]
  }
  askPrice(level: number): number {
    return this.#asks[level][this.row]
  }
}

class OrderEventCursor extends RowCursor<'mbo'> implements OrderEventView {
  readonly #price: PriceColumn

  constructor(batch: ColumnarBatch<'mbo'>, instruments: readonly Instrument[]) {
    super(batch, instruments)
    this.#price = priceColumn(batch.columns.price, batch.priceDivisor)
  }
  get orderId(): bigint {
    return this.batch.columns.orderId[this.row]
  }
  get action(): BookAction {
    return letters[this.batch.columns.action[this.row]] as BookAction
  }
  get side(): AggressorSide {
    return letters[this.batch.columns.side[this.row]] as AggressorSide
  }
  get price(): number {
    return this.#price.at(this.row)
  }
  get size(): number {
    return this.batch.columns.size[this.row]
  }
  get flags(): number {
    return this.batch.columns.flags[this.row]
  }
  get sequence(): number {
    return this.batch.columns.sequence[this.row]
  }
}

class NewsCursor extends RowCursor<'news'> implements NewsView {
  get headline(): string {
    return this.batch.columns.headline[this.row]
  }
  get body(): string {
    return this.batch.columns.body[this.row]
  }
  get sentiment(): number {
    return this.batch.columns.sentiment[this.row]
  }
  get publisher(): string {
    return this.batch.columns.publisher[this.row]
  }
}

class FundamentalsCursor extends RowCursor<'fundamentals'> implements FundamentalsView {
  get field(): string {
    return this.batch.columns.field[this.row]
  }
  get value(): number {
    return this.batch.columns.value[this.row]
  }
  get unit(): string {
    return this.batch.columns.unit[this.row]
  }
}

class CorporateActionCursor extends RowCursor<'corporate-action'> implements CorporateActionView {
  get kind(): CorporateActionKind {
    return this.batch.columns.kind[this.row] as CorporateActionKind
  }
  get ratio(): number {
    return this.batch.columns.ratio[this.row]
  }
  get amount(): number {
    return this.batch.columns.amount[this.row]
  }
  get symbol(): string {
    return this.batch.columns.symbol[this.row]
  }
}

/** Databento's tri-state letters. */
function yesNo(code: number): boolean | undefined {
  return code === 0x59 ? true : code === 0x4e ? false : undefined
}

class TradingStatusCursor extends RowCursor<'status'> implements TradingStatusView {
  get action(): number {
    return this.batch.columns.action[this.row]
  }
  get reason(): number {
    return this.batch.columns.reason[this.row]
  }
  get isTrading(): boolean | undefined {
    return yesNo(this.batch.columns.isTrading[this.row])
  }
  get isQuoting(): boolean | undefined {
    return yesNo(this.batch.columns.isQuoting[this.row])
  }
}

/** Schemas with one cursor whatever their arrays are. */
type OtherSchema = Exclude<Schema, BarSchema | 'mbp-10'>

const cursors: {
  readonly [S in OtherSchema]: new (batch: ColumnarBatch<S>, instruments: readonly Instrument[]) => MarketView & { row: number }
} = {
  trades: TradeCursor,
  tbbo: QuoteCursor,
  'mbp-1': QuoteCursor,
  'bbo-1s': QuoteCursor,
  mbo: OrderEventCursor,
  definition: RowCursor,
  status: TradingStatusCursor,
  imbalance: RowCursor,
  statistics: RowCursor,
  news: NewsCursor,
  fundamentals: FundamentalsCursor,
  'corporate-action': CorporateActionCursor,
}

/** A cursor over a columnar batch, of the class its schema asks for. */
export function openCursor<S extends Schema>(batch: ColumnarBatch<S>, instruments: readonly Instrument[]): Cursor<S> {
  if (isBarSchema(batch.schema)) {
    const bars = batch as unknown as ColumnarBatch<BarSchema>
    return new (FloatBarCursor.fits(bars) ? FloatBarCursor : BarCursor)(bars, instruments) as unknown as Cursor<S>
  }
  if (batch.schema === 'mbp-10') {
    const books = batch as unknown as ColumnarBatch<'mbp-10'>
    return new (FloatBookCursor.fits(books) ? FloatBookCursor : BookCursor)(books, instruments) as unknown as Cursor<S>
  }
  return new cursors[batch.schema as S & OtherSchema](batch as never, instruments) as unknown as Cursor<S>
}
