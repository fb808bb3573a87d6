import { TradingError } from '@gatehouse/contracts'
import type { BarView, CorporateActionView, FundamentalsView, Instrument, MarketView, NewsView } from '@gatehouse/core'
import type { SentimentScorer } from '../sentiment/scorer.js'
import { featureCount, flagged, items, required, writeItems } from './items.js'
import { clockOfLocal, dayOfLocal, localSeconds } from './local-time.js'
import { slot, slotsPerName, startName, takeDay, takeSplit, warmUpDays } from './name-state.js'

/** Which names of a morning are ranked. All of it is known before the open. */
export interface CandidateRule {
  /** Least and most of P/C - 1, fractions. */
  readonly minGap: number
  readonly maxGap: number
  /** Least previous close, currency. */
  readonly minPrice: number
  /** Least mean daily traded value over 20 days, currency. */
  readonly minDollarVolume: number
  /** Fewer names make no ranking. */
  readonly minNames: number
  /** Most names; the ones that trade most by value are kept. */
  readonly maxNames: number
}

export interface UniverseOptions {
  readonly rule: CandidateRule
  readonly scorer: SentimentScorer
  /** Seconds after New York's midnight up to which bars count as this morning's: the trigger, never later than the open. */
  readonly cutoff: number
}

/** Bars before this are last evening's. */
const preMarketFrom = 4 * 3600
export const regularOpen = 9 * 3600 + 1800
/** A bar of a day can be known when its session has ended: 13:00 at the earliest. */
const earliestClose = 13 * 3600
/** Days without a session that are no gap in the data: a long weekend, or 11 to 16 September 2001. */
const longestPause = 7

/**
 * Streaming features of all names at once; the same code in training and live. One slab of float64 holds every name, so saving is copying. Of a day's
 * minutes only those count that end before the open, so the day's own regular volume cannot enter.
 */
export class UniverseFeatures {
  /** Names of the last {@link assemble}, by index into the instruments, in their order. */
  readonly candidates: Int32Array
  readonly #rows: Float32Array
  readonly #inputs: readonly Float32Array[]
  /** By id: a recorded feed may make its instruments anew at every reading. */
  readonly #index: ReadonlyMap<string, number>
  readonly #state: Float64Array
  /** Local day of each name's latest pre-market price; apart from the slab, so that a morning's scan stays in the cache. */
  readonly #morning: Float64Array
  readonly #bytes: Uint8Array
  /** Latest day that any name has a bar of, and names with enough of them. */
  readonly #market: Float64Array

  constructor(
    readonly instruments: readonly Instrument[],
    readonly options: UniverseOptions,
  ) {
    const count = instruments.length
    const { maxNames } = options.rule
    const slab = new Float64Array(count * slotsPerName + count + 2)
    this.#bytes = new Uint8Array(slab.buffer)
    this.#state = slab.subarray(0, count * slotsPerName)
    this.#morning = slab.subarray(count * slotsPerName, count * slotsPerName + count).fill(-1)
    this.#market = slab.subarray(count * slotsPerName + count).fill(0)
    this.#market[0] = -1
    for (let name = 0; name < count; name++) startName(this.#state, name * slotsPerName)
    this.#index = new Map(instruments.map(({ id }, name) => [id, name]))
    const most = Math.min(count, maxNames)
    this.candidates = new Int32Array(most)
    this.#rows = new Float32Array(most * featureCount)
    this.#inputs = Array.from({ length: most + 1 }, (_, rows) => this.#rows.subarray(0, rows * featureCount))
  }

  /** True once a name has the daily bars that its features need. */
  get isWarm(): boolean {
    return this.#market[1] > 0
  }

  /**
   * Takes a row of any schema it reads; others, and names it was not opened on, pass by.
   * @throws {TradingError} `MODEL_INPUT_INVALID` for a number that cannot be, naming it; `GAP_DAY_BAR_EARLY`
   */
  update(view: MarketView): void {
    const name = this.#index.get(view.instrument.id)
    if (name === undefined) return
    const { schema } = view
    if (schema === 'ohlcv-1m') this.#takeMinute(name, view as BarView)
    else if (schema === 'ohlcv-1d') this.#takeDay(name, view as BarView)
    else if (schema === 'news') this.#takeNews(name, view as NewsView)
    else if (schema === 'fundamentals') this.#takeFigure(name, view as FundamentalsView)
    else if (schema === 'corporate-action') this.#takeAction(name, view as CorporateActionView)
  }

  /**
   * Finds this morning's names and writes their rows.
   * @param now the trigger; its day in New York is the morning meant
   * @returns raw features `[names, featureCount]` in the order of {@link candidates}, `NaN` where missing; empty when there are too few names. Reused
   */
  assemble(now: bigint): Float32Array {
    const found = this.#findCandidates(dayOfLocal(localSeconds(now)))
    let count = 0
    for (let i = 0; i < found; i++) {
      const name = this.candidates[i]
      if (!this.#writeRow(count, name * slotsPerName)) continue
      this.candidates[count++] = name
    }
    return this.#inputs[count < this.options.rule.minNames ? 0 : count]
  }

  /** A view of one row that {@link assemble} writes. */
  row(row: number): Float32Array {
    return this.#rows.subarray(row * featureCount, (row + 1) * featureCount)
  }

  save(): Uint8Array {
    return this.#bytes.slice()
  }

  /** @throws {TradingError} `MODEL_STATE_INVALID` when the bytes are not of this many names */
  restore(state: Uint8Array): void {
    if (state.length !== this.#bytes.length)
      throw new TradingError(
        'MODEL_STATE_INVALID',
        `gap-ranker: the state of ${this.instruments.length} names has ${this.#bytes.length} bytes, found ${state.length}; warm up from recorded data`,
        { expected: this.#bytes.length, found: state.length },
      )
    this.#bytes.set(state)
  }

  #takeMinute(name: number, bar: BarView): void {
    const start = localSeconds(bar.tsEvent)
    const clock = clockOfLocal(start)
    if (clock < preMarketFrom || clock + 60 > this.options.cutoff) return
    const { high, low, close, volume } = bar
    if (!(low > 0 && high >= low && close > 0 && volume >= 0)) throw badBar(bar)
    const state = this.#state
    const at = name * slotsPerName
    const day = dayOfLocal(start)
    if (day < this.#morning[name]) return
    if (day > this.#morning[name]) {
      this.#morning[name] = day
      state[at + slot.preVolume] = NaN
      state[at + slot.preNotional] = NaN
      state[at + slot.preHigh] = NaN
    }
    state[at + slot.price] = close
    if (volume === 0) return
    const isFirst = !(state[at + slot.preVolume] > 0)
    state[at + slot.preVolume] = (isFirst ? 0 : state[at + slot.preVolume]) + volume
    state[at + slot.preNotional] = (isFirst ? 0 : state[at + slot.preNotional]) + (volume * (high + low + close)) / 3
    if (isFirst || high > state[at + slot.preHigh]) state[at + slot.preHigh] = high
  }

  #takeDay(name: number, bar: BarView): void {
    const { open, high, low, close, volume } = bar
    if (!(low > 0 && high >= low && open > 0 && close > 0 && volume >= 0)) throw badBar(bar)
    // Daily bars start at midnight UTC, at midnight in New York or at the open: the UTC date is the session's in all three.
    const day = Math.floor(Number(bar.tsEvent) / 86_400e9)
    const known = localSeconds(bar.availableAt)
    if (known < day * 86_400 + earliestClose)
      throw new TradingError(
        'GAP_DAY_BAR_EARLY',
        `gap-ranker: the daily bar of ${bar.instrument.symbol} at ${bar.tsEvent} claims to have been known at ${bar.availableAt}, before its session could end; state availableAt as the close or later`,
        { instrument: bar.instrument.id, tsEvent: bar.tsEvent, availableAt: bar.availableAt },
      )
    const at = name * slotsPerName
    const before = this.#state[at + slot.count]
    takeDay(this.#state, at, day, bar)
    if (before < warmUpDays && this.#state[at + slot.count] >= warmUpDays) this.#market[1]++
    if (day > this.#market[0]) this.#market[0] = day
  }

  #takeNews(name: number, news: NewsView): void {
    const { scorer } = this.options
    const score = Number.isNaN(news.sentiment) ? scorer.score(news.headline, news.body) : news.sentiment
    if (!(score >= -1 && score <= 1))
      throw new TradingError(
        'MODEL_INPUT_INVALID',
        `gap-ranker: news of ${news.instrument.symbol} at ${news.availableAt} has sentiment ${score}, which is not in [-1, 1]; scale it, or leave it NaN and ${scorer.name} scores it`,
        { instrument: news.instrument.id, availableAt: news.availableAt, score },
      )
    this.#state[name * slotsPerName + slot.newsSum] += score
    this.#state[name * slotsPerName + slot.newsCount]++
  }

  #takeFigure(name: number, figure: FundamentalsView): void {
    const place = figures[figure.field]
    if (place === undefined) return
    const { value } = figure
    if (!(value >= 0 && Number.isFinite(value)))
      throw new TradingError(
        'MODEL_INPUT_INVALID',
        `gap-ranker: ${figure.field} of ${figure.instrument.symbol} published at ${figure.availableAt} is ${value}; a missing figure is left out, not written as a number`,
        { instrument: figure.instrument.id, field: figure.field, availableAt: figure.availableAt, value },
      )
    // A float of zero is none, and divides nothing.
    this.#state[name * slotsPerName + place] = value === 0 && place === slot.floatShares ? NaN : value
  }

  #takeAction(name: number, action: CorporateActionView): void {
    const at = name * slotsPerName
    if (action.kind === 'split' && action.ratio > 0 && Number.isFinite(action.ratio)) takeSplit(this.#state, at, action.ratio)
    else if (action.kind === 'delisting') {
      if (this.#state[at + slot.count] >= warmUpDays) this.#market[1]--
      startName(this.#state, at)
    }
  }

  #findCandidates(day: number): number {
    const { minGap, maxGap, minPrice, minDollarVolume } = this.options.rule
    const [previous] = this.#market
    if (!(previous < day && day - previous <= longestPause)) return 0
    const state = this.#state
    const most = this.candidates.length
    let count = 0
    for (let name = 0; name < this.#morning.length; name++) {
      if (this.#morning[name] !== day) continue
      const at = name * slotsPerName
      const close = state[at + slot.previousClose]
      const gap = state[at + slot.price] / close - 1
      const isCandidate =
        state[at + slot.count] >= warmUpDays &&
        state[at + slot.lastDay] === previous &&
        gap >= minGap &&
        gap < maxGap &&
        close >= minPrice &&
        state[at + slot.dollarVolume] >= minDollarVolume
      if (!isCandidate) continue
      if (count < most) this.candidates[count++] = name
      else this.#replaceSmallest(name)
    }
    return count
  }

  /** On a morning on which more names gap than there are rows, those that trade most stay, in their order. */
  #replaceSmallest(name: number): void {
    const { candidates } = this
    const traded = (of: number): number => this.#state[of * slotsPerName + slot.dollarVolume]
    let smallest = 0
    for (let i = 1; i < candidates.length; i++) if (traded(candidates[i]) < traded(candidates[smallest])) smallest = i
    if (traded(name) <= traded(candidates[smallest])) return
    candidates.copyWithin(smallest, smallest + 1)
    candidates[candidates.length - 1] = name
  }

  /** @returns false when an item that must be known is not: a price that stood still for a month has no volatility to measure in */
  #writeRow(row: number, at: number): boolean {
    const rows = this.#rows
    const start = row * featureCount
    let isComplete = true
    writeItems(this.#state, at, rows, start)
    for (let k = 0; k < required.length; k++) {
      const x = rows[start + required[k]]
      if (x !== x) isComplete = false
    }
    for (let k = 0; k < flagged.length; k++) {
      const x = rows[start + flagged[k]]
      rows[start + items.length + k] = x === x ? 0 : 1
    }
    return isComplete
  }
}

/** Fields of `fundamentals` that are read. */
const figures: Readonly<Record<string, number | undefined>> = {
  floatShares: slot.floatShares,
  sharesShort: slot.sharesShort,
  shortRatio: slot.shortRatio,
}

function badBar({ schema, instrument, availableAt, open, high, low, close, volume }: BarView): TradingError {
  return new TradingError(
    'MODEL_INPUT_INVALID',
    `gap-ranker: the ${schema} bar of ${instrument.symbol} known at ${availableAt} has open ${open}, high ${high}, low ${low}, close ${close}, volume ${volume}; clean or drop it`,
    { instrument: instrument.id, schema, availableAt, open, high, low, close, volume },
  )
}
