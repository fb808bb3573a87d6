import { exactExp } from './exact-math.js'
import type { SessionMinutes } from './minute-world.js'
import { nameProfile } from './name-profile.js'
import { RandomStream } from './random.js'
import { leastVolume, SecondPath } from './second-path.js'

/**
 * Depth of a thin, normal and thick book and the sign of its signals, U-shaped in depth. Shares of 1/4, 1/2 and 1/4 make both E[sign] and
 * E[sign * depth] zero.
 */
export const regimeDepth: readonly number[] = [0.5, 1, 1.5]
export const regimeSign: readonly number[] = [1, -1, 1]

function drawRegime(random: RandomStream): number {
  const bits = random.word() & 3
  return bits === 0 ? 0 : bits === 3 ? 2 : 1
}

const regimeRenewal = 1 / 12
const burstRenewal = 1 / 5
/** Spreads are odd numbers of ticks from 1 to this, so that a change moves both sides alike and leaves the middle where it is. */
export const maxSpread = 9
/** Spread of log sizes of early trades, and their median as a share of the name's mean second. */
export const sizeSpread = 1.2
export const earlyShare = 0.08
/** Quotes of a second move between these parts of it. */
const moveFrom = 0.5
const moveTo = 0.95

/** How strongly a book's signals are planted. A loading is the correlation of what is shown with what comes. */
export interface BookLoadings {
  readonly imbalance: number
  readonly size: number
  /** Chance of a change of spread that regime and burst want, and of one against them. */
  readonly wantedChange: number
  readonly otherChange: number
}

export function bookLoadings(strength: number): BookLoadings {
  const bounded = Math.min(1.2, strength)
  const lean = 0.18 * Math.min(1, strength)
  return { imbalance: 0.7 * bounded, size: 0.7 * bounded, wantedChange: 0.22 + lean, otherChange: 0.22 - lean }
}

/**
 * What happens in one second of a book, decided before any event is made. Prices in ticks.
 *
 * Planted: the book *shows* `sign(regime) * (loading * z + noise)` as the logarithmic ratio of bid to ask size, where `z` is the move of this second and
 * the next in units of volatility; first trades are large when `sign(regime) * side` agrees with the second's move; and the spread narrows when
 * `sign(regime)` and `burst` agree, widens when they do not. `sign(regime)` is U-shaped in depth, so neither imbalance nor size nor depth alone
 * says anything.
 */
export interface SecondPlan {
  /** Seconds since 1970. */
  second: number
  /** 0 thin, 1 normal, 2 thick. */
  regime: number
  /** 1 while events come in bursts, else 0. */
  burst: number
  /** Spread and best bid when the second begins, and after its move. */
  spreadBefore: number
  bidBefore: number
  spread: number
  bid: number
  /** Logarithm of bid size over ask size near the best price. */
  imbalance: number
  /** Part of the second at which quotes move. */
  moveAt: number
  open: number
  high: number
  low: number
  close: number
  volume: number
  /** Mean volume of the name's seconds, over all times. */
  readonly typicalVolume: number
  /** First trade of the second; 1 when a buyer is the aggressor, -1 when a seller is. */
  earlySize: number
  earlySide: number
  /** The second's move in units of its volatility, and that in ticks. */
  move: number
  volatility: number
}

/** Decides the seconds of one name's day, one after the other. */
export class BookPlanner {
  readonly plan: SecondPlan
  readonly #random: RandomStream
  readonly #session: SessionMinutes
  readonly #name: number
  readonly #loadings: BookLoadings
  readonly #imbalanceNoise: number
  readonly #sizeNoise: number
  // The minute being planned and the one after it: a second knows two moves ahead.
  #current = new SecondPath()
  #following = new SecondPath()
  #index = -1
  #volatility = 1

  constructor(seed: number, symbol: string, session: SessionMinutes, name: number, loadings: BookLoadings) {
    this.#session = session
    this.#name = name
    this.#loadings = loadings
    this.#imbalanceNoise = Math.sqrt(1 - loadings.imbalance * loadings.imbalance)
    this.#sizeNoise = Math.sqrt(1 - loadings.size * loadings.size)
    this.#random = new RandomStream(seed, 'plan', symbol, session.day.day)
    this.#following.refine(session, name)
    const open = session.start[name]
    this.plan = {
      second: session.day.open - 1,
      regime: drawRegime(this.#random),
      burst: this.#random.word() & 1,
      spreadBefore: 1,
      bidBefore: open,
      spread: 1,
      bid: open,
      imbalance: 0,
      moveAt: 0,
      open,
      high: open,
      low: open,
      close: open,
      volume: 0,
      typicalVolume: nameProfile(seed, symbol).dailyVolume / 23_400,
      earlySize: 0,
      earlySide: 1,
      move: 0,
      volatility: 0,
    }
  }

  /** Plans the next second; false after the last. */
  next(): boolean {
    const index = ++this.#index
    if (index >= this.#session.minutes * 60) return false
    const i = index % 60
    if (i === 0) this.#turnMinute(index / 60)
    const { plan } = this
    const { open, high, low, close, volume, quote, move } = this.#current
    const random = this.#random
    if (random.uniform() < regimeRenewal) plan.regime = drawRegime(random)
    if (random.uniform() < burstRenewal) plan.burst = random.word() & 1
    const sign = regimeSign[plan.regime]

    plan.second++
    plan.volatility = this.#volatility
    plan.move = move[i]
    const nextMove = i < 59 ? move[i + 1] : this.#following.move[0]
    plan.imbalance = sign * ((this.#loadings.imbalance * (plan.move + nextMove)) / Math.SQRT2 + this.#imbalanceNoise * random.normal())
    plan.moveAt = moveFrom + (moveTo - moveFrom) * random.uniform()

    plan.open = open[i]
    plan.high = high[i]
    plan.low = low[i]
    plan.close = close[i]
    plan.volume = volume[i]
    this.#planTrade(sign)
    this.#planQuotes(sign, quote[i])
    return true
  }

  #planTrade(sign: number): void {
    const { plan } = this
    const random = this.#random
    // Trades come a tick apart around the middle: the upper is a buyer's. Within a wide spread they meet hidden orders.
    plan.earlySide = plan.open > plan.bid + (plan.spread - 1) / 2 ? 1 : -1
    const u = sign * plan.earlySide * this.#loadings.size * plan.move + this.#sizeNoise * random.normal()
    const size = Math.round(earlyShare * plan.typicalVolume * exactExp(sizeSpread * u))
    plan.earlySize = Math.max(1, Math.min(plan.volume - leastVolume + 1, size))
  }

  #planQuotes(sign: number, quote: number): void {
    const { plan } = this
    const { wantedChange, otherChange } = this.#loadings
    plan.bidBefore = plan.bid
    plan.spreadBefore = plan.spread
    const wanted = sign * (plan.burst === 1 ? -1 : 1)
    const u = this.#random.uniform()
    const change = u < wantedChange ? wanted : u < wantedChange + otherChange ? -wanted : 0
    plan.spread = Math.max(1, Math.min(maxSpread, plan.spread + 2 * change))
    plan.bid = quote - (plan.spread - 1) / 2
  }

  #turnMinute(minute: number): void {
    const done = this.#current
    this.#current = this.#following
    this.#following = done
    const cell = minute * this.#session.names + this.#name
    this.#volatility = this.#session.volatility[cell] / rootOfMinute
    if (minute + 1 < this.#session.minutes) done.refine(this.#session, cell + this.#session.names)
    else done.move.fill(0)
  }
}

/** Square root of 60 seconds. */
const rootOfMinute = 7.745966692414834
