import { TradingError } from '@gatehouse/contracts'
import { splitTime } from '@gatehouse/model-kit'
import type { BarView, CorporateActionView, Instrument, MarketView, QuoteView, TimeNs } from '@gatehouse/core'

/** Seconds without a bar that are filled in; after a longer pause (a night, a halt that drags on) the window starts afresh. */
export const longestPause = 600
/** Half life of the volatility that barriers are measured in, seconds. */
export const volatilityHalfLife = 60
const keep = 2 ** (-1 / volatilityHalfLife)
/** One wild second must not set barriers and trends for minutes: a change counts up to this many times the volatility. */
const wildest = 8
/** Seconds of one stretch before its volatility is taken for one. */
const volatilityWarmUp = 300

/** Schemas of quotes that can be read beside bars: sampled each second, or each change. */
export type SecondQuotes = 'bbo-1s' | 'mbp-1'

/** What is remembered between bars, in the order of the saved state. */
const slots = { second: 0, close: 1, level: 2, squares: 3, weight: 4, rows: 5, factor: 6, changes: 7, mid: 8, spread: 9, imbalance: 10, quotes: 11, now: 12 } as const // prettier-ignore
/** `now` is followed by its nanoseconds. */
const slotCount = 14

/**
 * One second of one instrument as the features see it: the bar, or, for a second without a trade, an empty bar at the last close. Reused from row to row.
 */
export class SecondRow implements BarView {
  readonly schema = 'ohlcv-1s'
  source = ''
  /** Start of the second, seconds since 1970. */
  second = 0
  open = NaN
  high = NaN
  low = NaN
  close = NaN
  /** Shares, in units of before any split; 0 in a second without a trade. */
  volume = 0
  /** Log return against the second before; `NaN` in the first second after a pause. */
  change = NaN
  /** The change in units of the volatility that counts it in, between -8 and 8; 0 in a market that stands still. `NaN` until there is a volatility. */
  score = NaN
  /** Volatility of one second's log return, known now; `NaN` until there is one. A field: what a getter gives may be boxed. */
  volatility = NaN
  /** Sum of all changes: a log price that no split, roll or pause interrupts. */
  level = 0
  /** Seconds since the pause before, 0 for the first. */
  sincePause = 0
  /** False for a second without a trade. */
  isTraded = false
  /** Of the last quote that came before the row was made, where quotes come; `NaN` before the first. Size imbalance, -1 (all offered) to 1 (all bid for). */
  imbalance = NaN
  /** Distance of bid and ask, and of the middle from the last trade, in ticks. */
  spreadTicks = NaN
  midTicks = NaN

  constructor(readonly instrument: Instrument) {}

  get tsEvent(): TimeNs {
    return BigInt(this.second) * 1_000_000_000n
  }
  get availableAt(): TimeNs {
    return this.tsEvent + 1_000_000_000n
  }
  copy(): this {
    const copied = new SecondRow(this.instrument)
    Object.assign(copied, this)
    return copied as this
  }
}

/**
 * Turns bars of a second as they come, with seconds missing where nobody traded, into one row a second. A second is known to be empty when a later bar
 * comes, so its row is made then, right before that bar's, in training and live alike. A bar of a second that has passed already is left out. Quotes,
 * where the model reads them, are kept until the next row.
 */
export class SecondGrid {
  readonly row: SecondRow
  readonly #state = new Float64Array(slotCount)

  /**
   * @param use takes each row; it is reused
   * @param quotes schema of the quotes that are read, if any are
   */
  constructor(
    readonly instrument: Instrument,
    readonly use: (row: SecondRow) => void,
    readonly quotes?: SecondQuotes | undefined,
  ) {
    this.row = new SecondRow(instrument)
    this.reset()
  }

  /** Volatility of one second's log return, known now; `NaN` until five minutes of seconds have come. */
  get volatility(): number {
    const state = this.#state
    return state[slots.changes] >= volatilityWarmUp ? Math.sqrt(state[slots.squares] / state[slots.weight]) : NaN
  }

  /** Seconds since 1970 of the last row's start; -1 before the first. */
  get second(): number {
    return this.#state[slots.second]
  }

  /**
   * Takes a view; false when it is of another instrument or schema, or of a second that is over.
   * @throws {TradingError} `MODEL_INPUT_INVALID` for a bar without prices, or whose prices contradict each other
   */
  update(view: MarketView): boolean {
    if (view.instrument !== this.instrument) return false
    if (view.schema === 'corporate-action') return this.#follow(view as CorporateActionView)
    if (view.schema === this.quotes) return this.#quote(view as QuoteView)
    if (view.schema !== 'ohlcv-1s') return false
    const bar = view as BarView
    const state = this.#state
    splitTime(state, slots.now, bar.tsEvent)
    const second = state[slots.now]
    const last = state[slots.second]
    if (second <= last) return false
    const { open, high, low, close, volume } = bar
    if (!(low > 0 && high >= low && close >= low && close <= high && open >= low && open <= high && volume >= 0) || high === Infinity)
      throw badBar(bar)
    const { row } = this
    row.source = bar.source
    const isFirst = last < 0 || second - last > longestPause
    if (isFirst) state[slots.rows] = 0
    else for (let empty = last + 1; empty < second; empty++) this.#fill(empty)
    row.second = state[slots.second] = second
    row.open = open
    row.high = high
    row.low = low
    row.close = close
    row.volume = volume / state[slots.factor]
    row.isTraded = true
    row.change = isFirst ? NaN : Math.log(close / state[slots.close])
    state[slots.close] = close
    this.#push()
    return true
  }

  reset(): void {
    this.#state.fill(0)
    this.#state[slots.second] = -1
    this.#state[slots.factor] = 1
  }
  save(): Uint8Array {
    return new Uint8Array(this.#state.slice().buffer)
  }
  /** @throws {TradingError} `MODEL_STATE_INVALID` */
  restore(saved: Uint8Array): void {
    if (saved.length !== slotCount * 8) throw badState()
    const state = new Float64Array(saved.slice().buffer)
    if (!state.every(Number.isFinite) || !Number.isInteger(state[slots.second]) || !(state[slots.factor] > 0)) throw badState()
    this.#state.set(state)
  }

  /** The row of a second without a trade: an empty bar at the last close. */
  #fill(second: number): void {
    const { row } = this
    row.second = second
    row.open = row.high = row.low = row.close = this.#state[slots.close]
    row.volume = row.change = 0
    row.isTraded = false
    this.#push()
  }

  /** Adds to the row what is remembered, and hands it on. */
  #push(): void {
    const { row } = this
    const state = this.#state
    if (row.change === row.change) this.#observe()
    row.volatility = this.volatility
    const score = row.volatility > 0 ? row.change / row.volatility : row.volatility * row.change
    row.score = score > wildest ? wildest : score < -wildest ? -wildest : score
    row.level = state[slots.level]
    row.sincePause = state[slots.rows]++
    if (state[slots.quotes] > 0) {
      row.imbalance = state[slots.imbalance]
      row.spreadTicks = state[slots.spread]
      row.midTicks = (state[slots.mid] - row.close) / this.instrument.tickSize
    }
    this.use(row)
  }

  /** Keeps a quote that has both sides; one that has not says nothing of where the market is. */
  #quote({ bidPrice, askPrice, bidSize, askSize }: QuoteView): boolean {
    if (!(bidPrice > 0 && askPrice > 0 && bidSize >= 0 && askSize >= 0 && askPrice < Infinity && bidSize + askSize < Infinity)) return false
    const state = this.#state
    state[slots.mid] = (bidPrice + askPrice) / 2
    state[slots.spread] = (askPrice - bidPrice) / this.instrument.tickSize
    state[slots.imbalance] = bidSize + askSize > 0 ? (bidSize - askSize) / (bidSize + askSize) : 0
    state[slots.quotes]++
    return true
  }

  /** Takes the row's change into the volatility. */
  #observe(): void {
    const state = this.#state
    const { change } = this.row
    const { squares, weight } = slots
    // Out of a flat start any move is wild, and bounding it at zero would keep the volatility at zero for ever: then, and before any move, there is no bound.
    const bound = (wildest * wildest * state[squares]) / state[weight]
    const square = change * change
    state[squares] = keep * state[squares] + (1 - keep) * (bound > 0 && square > bound ? bound : square)
    state[weight] = keep * state[weight] + (1 - keep)
    state[slots.changes]++
    state[slots.level] += change
  }

  /** After a split of `ratio` new shares an old one the price falls by the ratio; a roll's is the old contract's price over the new one's. */
  #follow({ kind, ratio }: CorporateActionView): boolean {
    if ((kind !== 'split' && kind !== 'roll') || !(ratio > 0 && Number.isFinite(ratio))) return false
    this.#state[slots.close] /= ratio
    this.#state[slots.mid] /= ratio
    if (kind === 'split') this.#state[slots.factor] *= ratio
    return true
  }
}

function badBar({ instrument, tsEvent, open, high, low, close, volume }: BarView): TradingError {
  return new TradingError(
    'MODEL_INPUT_INVALID',
    `seconds-bar: the bar of ${instrument.symbol} at ${tsEvent} ns has open ${open}, high ${high}, low ${low}, close ${close}, volume ${volume}; prices are positive and lie between low and high`,
    { instrument: instrument.symbol, tsEvent: String(tsEvent), open, high, low, close, volume },
  )
}

function badState(): TradingError {
  return new TradingError(
    'MODEL_STATE_INVALID',
    'seconds-bar: the saved state is not one of this predictor; warm up from recorded data',
    {},
  )
}
