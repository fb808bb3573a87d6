import type { Instrument } from '../interfaces/instrument.js'
import { equity } from '../market-data/instruments.js'
import { exactExp } from './exact-math.js'
import { headlineOf } from './headlines.js'
import { RandomStream } from './random.js'
import type { TradingDay } from './sessions.js'

const gapChance = 0.12
export const preMarketFrom = 7 * 3600
export const preMarketMinutes = 150
const preMarketBars = 30
/** Root mean square of `0.75 * sentiment * sign + 0.5 * h(volume) - 0.25 * gap`, all of unit variance. */
const scoreRms = Math.sqrt(0.75 * 0.75 + 0.5 * 0.5 + 0.25 * 0.25)
/** Correlation of the best score with the day's standardised return. */
export const gapLoading = 0.65
const rootOfMinutes = Math.sqrt(390)

/** What the pre-market of one name on one day tells, and what its day becomes. Volumes in shares, prices in ticks. */
export interface GapDay {
  readonly name: number
  /** Logarithm of open over previous close. */
  readonly gap: number
  readonly previousClose: number
  readonly open: number
  readonly floatShares: number
  readonly sentiment: number
  /** Standardised logarithm of pre-market volume over the usual day's. */
  readonly relativeVolume: number
  readonly headline: string
  /** Seconds after local midnight at which the news came. */
  readonly newsAt: number
  /** Volatility of the day from open to close. */
  readonly volatility: number
  /** Expected return from open to close, all of it a function of what is known before the open. */
  readonly expectedReturn: number
  /** Minutes before the open that traded: minute of the pre-market, price, shares. */
  readonly preMarket: readonly { readonly minute: number; readonly open: number; readonly close: number; readonly volume: number }[]
}

/** Bars of one name's session. */
export interface GapBars {
  readonly open: Int32Array
  readonly high: Int32Array
  readonly low: Int32Array
  readonly close: Int32Array
  readonly volume: Uint32Array
}

export interface DailyBar {
  open: number
  high: number
  low: number
  close: number
  volume: number
}

/** A name that gaps now and then. Float is U-shaped in its effect as activity is: the same news moves small and large floats one way, others the other. */
export class GapName {
  readonly instrument: Instrument
  readonly floatShares: number
  readonly sharesShort: number
  readonly usualVolume: number
  /** Sign of news in this name's return. */
  readonly sign: number
  readonly day: DailyBar = { open: 0, high: 0, low: 0, close: 0, volume: 0 }
  readonly minutes: GapBars = {
    open: new Int32Array(390),
    high: new Int32Array(390),
    low: new Int32Array(390),
    close: new Int32Array(390),
    volume: new Uint32Array(390),
  }
  readonly #random: RandomStream
  readonly #volatility: number
  readonly #anchor: number
  readonly #loading: number
  #close: number

  constructor(
    seed: number,
    readonly index: number,
    strength: number,
  ) {
    const symbol = `GAP${String(index + 1).padStart(3, '0')}`
    const random = new RandomStream(seed, 'gap', symbol)
    this.#random = random
    this.instrument = equity(symbol, { venue: 'XNAS' })
    this.#anchor = 400 + random.below(5600)
    this.#close = this.#anchor
    this.#volatility = 0.025 + 0.035 * random.uniform()
    const place = random.uniform()
    this.sign = place < 0.25 || place >= 0.75 ? 1 : -1
    // Log-uniform from 2 to 200 million; a quarter small, half middling, a quarter large.
    this.floatShares = Math.round(2e6 * exactExp(4.605 * place))
    this.sharesShort = Math.round(this.floatShares * (0.01 + 0.29 * random.uniform() * random.uniform()))
    this.usualVolume = Math.round(this.floatShares * (0.005 + 0.03 * random.uniform()))
    this.#loading = Math.min(0.9, gapLoading * strength)
  }

  /** Makes the session: a gap with its minutes, or an ordinary day of which only the daily bar is of interest (`undefined`). */
  next(day: TradingDay): GapDay | undefined {
    const random = this.#random
    const previousClose = this.#close
    const isGap = random.uniform() < gapChance
    const pulled = previousClose + 0.02 * (this.#anchor - previousClose)
    if (!isGap) {
      this.#ordinaryDay(pulled)
      return undefined
    }
    const gapNoise = random.normal()
    const gap = 0.05 + 0.22 * exactExp(0.6 * gapNoise - 1)
    const sentiment = random.normal()
    const relativeVolume = random.normal()
    const volatility = this.#volatility * 1.6
    const score = (0.75 * sentiment * this.sign + (0.5 * (relativeVolume * relativeVolume - 1)) / Math.SQRT2 - 0.25 * gapNoise) / scoreRms
    const share = (day.close - day.open) / 23_400
    const expectedReturn = volatility * this.#loading * score * share
    const open = Math.max(50, Math.round(pulled * exactExp(gap)))
    const noise = volatility * Math.sqrt(1 - this.#loading * this.#loading)
    const preMarket = this.#preMarket(previousClose, open, relativeVolume)
    this.#session((day.close - day.open) / 60, open, expectedReturn, noise)
    const bounded = Math.max(-1, Math.min(1, sentiment / 2.5))
    return {
      name: this.index,
      gap,
      previousClose,
      open,
      floatShares: this.floatShares,
      sentiment: Math.round(bounded * 1000) / 1000,
      relativeVolume,
      headline: headlineOf(this.instrument.symbol, bounded, random),
      newsAt: 4 * 3600 + random.below(preMarketFrom - 4 * 3600 - 1),
      volatility,
      expectedReturn,
      preMarket,
    }
  }

  #ordinaryDay(from: number): void {
    const random = this.#random
    const open = Math.max(50, Math.round(from * (1 + 0.4 * this.#volatility * random.normal())))
    const close = Math.max(50, Math.round(open * (1 + this.#volatility * random.normal())))
    const reach = open * this.#volatility * 0.5
    const { day } = this
    day.open = open
    day.close = close
    day.high = Math.max(open, close) + Math.round(reach * random.uniform())
    day.low = Math.max(25, Math.min(open, close) - Math.round(reach * random.uniform()))
    day.volume = Math.round(this.usualVolume * (0.6 + 0.8 * random.uniform()))
    this.#close = close
  }

  #preMarket(previousClose: number, open: number, relativeVolume: number): GapDay['preMarket'] {
    const random = this.#random
    const total = Math.max(preMarketBars * 100, Math.round(this.usualVolume * 0.05 * exactExp(0.8 * relativeVolume)))
    const bars: { minute: number; open: number; close: number; volume: number }[] = []
    let price = Math.round(previousClose + (open - previousClose) * (0.6 + 0.4 * random.uniform()))
    let left = total
    for (let i = 0; i < preMarketBars; i++) {
      const close =
        i === preMarketBars - 1 ? open : price + Math.round((open - price) / (preMarketBars - i) + 0.002 * open * random.normal())
      const isLast = i === preMarketBars - 1
      const volume = isLast
        ? left
        : Math.min(left - (preMarketBars - 1 - i), 1 + Math.floor((left / (preMarketBars - i)) * 2 * random.uniform()))
      bars.push({
        minute: i * (preMarketMinutes / preMarketBars) + random.below(preMarketMinutes / preMarketBars),
        open: price,
        close,
        volume,
      })
      left -= volume
      price = close
    }
    return bars
  }

  /** Minutes from open to close; their sum is the daily bar. */
  #session(count: number, open: number, expectedReturn: number, noise: number): void {
    const random = this.#random
    const { minutes, day } = this
    const drift = (open * expectedReturn) / count
    const step = (open * noise) / rootOfMinutes
    let price = open
    let last = open
    day.open = open
    day.high = open
    day.low = open
    day.volume = 0
    for (let minute = 0; minute < count; minute++) {
      price = Math.max(25, price + drift + step * random.normal())
      const close = Math.round(price)
      const wick = Math.round(0.7 * step * random.uniform())
      minutes.open[minute] = last
      minutes.close[minute] = close
      minutes.high[minute] = Math.max(last, close) + wick
      minutes.low[minute] = Math.max(20, Math.min(last, close) - wick)
      minutes.volume[minute] = 1 + Math.round((this.usualVolume / 390) * 3 * (0.5 + random.uniform()))
      if (minutes.high[minute] > day.high) day.high = minutes.high[minute]
      if (minutes.low[minute] < day.low) day.low = minutes.low[minute]
      day.volume += minutes.volume[minute]
      last = close
    }
    day.close = last
    this.#close = last
  }
}
