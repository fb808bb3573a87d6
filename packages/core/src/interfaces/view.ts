import type { Instrument } from './instrument.js'
import type { BarSchema, QuoteSchema, Schema } from './schema.js'
import type { TimeNs } from './time.js'

/** One row of a batch, seen through a reused object: valid during the call; `copy()` to keep. */
export interface MarketView<S extends Schema = Schema> {
  readonly schema: S
  /** Dataset or venue of the row. */
  readonly source: string
  readonly instrument: Instrument
  /** When it happened; for a bar, its start. */
  readonly tsEvent: TimeNs
  /** When it could be known; for a bar, its end. */
  readonly availableAt: TimeNs
  copy(): this
}

/** Time bar. Prices in price units, volume in quantity. */
export interface BarView extends MarketView<BarSchema> {
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
  readonly volume: number
}

/** Best bid and offer. `NaN` where a side is empty. */
export interface QuoteView extends MarketView<QuoteSchema> {
  readonly bidPrice: number
  readonly askPrice: number
  readonly bidSize: number
  readonly askSize: number
}

/** Who was the aggressor: `'A'` a seller hit the bid, `'B'` a buyer lifted the offer, `'N'` not said. Databento's letters. */
export type AggressorSide = 'A' | 'B' | 'N'

export interface TradeView extends MarketView<'trades'> {
  readonly price: number
  readonly size: number
  readonly side: AggressorSide
}

/** `'A'` add, `'C'` cancel, `'M'` modify, `'R'` clear, `'T'` trade, `'F'` fill, `'N'` none. Databento's letters. */
export type BookAction = 'A' | 'C' | 'M' | 'R' | 'T' | 'F' | 'N'

/** Ten best levels after the event that `action`, `side`, `price`, `size` and `depth` describe. */
export interface BookView extends MarketView<'mbp-10'> {
  readonly action: BookAction
  readonly side: AggressorSide
  readonly price: number
  readonly size: number
  /** Level that changed, 0 is the best. */
  readonly depth: number
  readonly flags: number
  readonly sequence: number
  /** Levels a side; 10 for MBP-10. */
  readonly levels: number
  /** Price of a level, 0 is the best; `NaN` where the level is empty. */
  bidPrice(level: number): number
  askPrice(level: number): number
  /** Resting quantity of a level; 0 where it is empty. */
  bidSize(level: number): number
  askSize(level: number): number
  /** Orders at a level; 0 where the source does not say. */
  bidCount(level: number): number
  askCount(level: number): number
}

/** One order-by-order message. */
export interface OrderEventView extends MarketView<'mbo'> {
  readonly orderId: bigint
  readonly action: BookAction
  readonly side: AggressorSide
  readonly price: number
  readonly size: number
  readonly flags: number
  readonly sequence: number
}

/** A headline with the score its source or our scorer gave it; `NaN` when unscored. */
export interface NewsView extends MarketView<'news'> {
  readonly headline: string
  readonly body: string
  /** -1 (bad) to 1 (good). */
  readonly sentiment: number
  readonly publisher: string
}

/** One published figure: float, shares short, short ratio, earnings. `availableAt` is its publication. */
export interface FundamentalsView extends MarketView<'fundamentals'> {
  readonly field: string
  readonly value: number
  readonly unit: string
}

/** In-band change of an instrument; features, positions and P&L follow it. */
export interface CorporateActionView extends MarketView<'corporate-action'> {
  readonly kind: CorporateActionKind
  /** New shares per old share for a split; price ratio for a roll; `NaN` otherwise. */
  readonly ratio: number
  /** Cash per share for a dividend; `NaN` otherwise. */
  readonly amount: number
  /** New symbol for a rename or roll; `''` otherwise. */
  readonly symbol: string
}
export type CorporateActionKind = 'split' | 'dividend' | 'rename' | 'roll' | 'delisting'

/** Trading status of a venue or instrument: halts, auctions, short-sale restriction. */
export interface TradingStatusView extends MarketView<'status'> {
  /** Databento's `StatusAction`: 7 trading, 8 halt, 9 pause, … */
  readonly action: number
  readonly reason: number
  readonly isTrading: boolean | undefined
  readonly isQuoting: boolean | undefined
}

/** Schemas that handlers see as plain columns only. */
export type ColumnOnlySchema = 'definition' | 'imbalance' | 'statistics'

export type ViewOf<S extends Schema> = S extends BarSchema
  ? BarView
  : S extends QuoteSchema
    ? QuoteView
    : S extends 'trades'
      ? TradeView
      : S extends 'mbp-10'
        ? BookView
        : S extends 'mbo'
          ? OrderEventView
          : S extends 'news'
            ? NewsView
            : S extends 'fundamentals'
              ? FundamentalsView
              : S extends 'corporate-action'
                ? CorporateActionView
                : S extends 'status'
                  ? TradingStatusView
                  : MarketView<S>

/** A view that can be moved along its batch. */
export type Cursor<S extends Schema = Schema> = ViewOf<S> & {
  /** Row it stands on; settable, unchecked: the loop that moves it owns the bound. */
  row: number
}
