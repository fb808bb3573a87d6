import { nameProfile, type NameProfile } from './name-profile.js'
import { NoiseTape } from './noise-tape.js'
import { RandomStream } from './random.js'
import { varianceUpTo, volumeUpTo } from './seasonality.js'
import { SecondPath, seconds } from './second-path.js'
import type { TradingDay } from './sessions.js'
import { activityVolume, scaled, SignalProcess, type SignalProcessOptions } from './signal-process.js'

export const sessionMinutes = 390
const secondsPerHour = 3600
/** Part of a day's variance that comes while the market is closed. */
const overnightShare = 0.2
/** Part of a step that all names share. */
const marketLoading = 0.5
const ownLoading = Math.sqrt(1 - marketLoading * marketLoading)
/** Pulls a price back to its first value with a half-life of about five years: however long the run, ticks stay small against a second's moves. */
const dailyReversion = 5.5e-4
const jumpChance = 0.0004
const jumpScale = 8
const lowestPrice = 200

/**
 * The signal in hourly bars: momentum of about three days, activity that is drawn anew every week and a half. Trends feed on themselves where fades end
 * themselves: in equal parts momentum would have a mean sign, which is all that a linear model can use. So normal markets are the more common ones.
 */
export const hourSignal: SignalProcessOptions = { memory: 0.95, renewal: 1 / 50, normalShare: 0.6, trend: 0.3, fade: 0.5 }
/** The signal in seconds, decided minute by minute: momentum of about five minutes, activity that lasts about eight. */
export const minuteSignal: SignalProcessOptions = { memory: 0.8, renewal: 1 / 8, normalShare: 0.4, trend: 0.35, fade: 0.65 }

/**
 * The minutes of one session, reused from session to session. Minute `m` of name `n` is at `m * names + n`. Prices in ticks.
 * States are those *after* the minute, which is what can be known when it ends.
 */
export interface SessionMinutes {
  day: TradingDay
  readonly names: number
  minutes: number
  readonly open: Int32Array
  readonly high: Int32Array
  readonly low: Int32Array
  readonly close: Int32Array
  readonly volume: Uint32Array
  /** Quote (the tick below the middle of the market) when the minute ends, and when it began: after the overnight move, for the first. */
  readonly end: Int32Array
  readonly start: Int32Array
  /** Volatility of the minute, ticks. */
  readonly volatility: Float64Array
  /** Shares a second, but for what varies within the minute, and the place of the minute's seconds on the tape. */
  readonly pace: Float64Array
  readonly place: Uint32Array
  readonly tape: NoiseTape
  readonly momentum: Float64Array
  readonly activity: Uint8Array
  /** Expected step of the next minute in units of its volatility, from the minute's own signal. */
  readonly drift: Float64Array
  /** States of the hourly signal after the hour that the minute lies in (meaningful in its last minute). */
  readonly hourMomentum: Float64Array
  readonly hourActivity: Uint8Array
}

/**
 * Generator of minutes of several names from the start of a world on: the ground that hours and days are sums of and that seconds and books
 * refine. It runs forward only; a position is reached by running to it, which takes a hundred microseconds a day.
 */
export class MinuteWorld {
  readonly profiles: readonly NameProfile[]
  readonly session: SessionMinutes
  readonly #path = new SecondPath()
  readonly #market: RandomStream
  readonly #names: readonly NameState[]
  /** By length of a session in minutes: there are two. */
  readonly #shares: SessionShares[] = []

  constructor(seed: number, symbols: readonly string[], strength: number) {
    this.profiles = symbols.map((symbol) => nameProfile(seed, symbol))
    this.#market = new RandomStream(seed, 'market')
    this.#names = this.profiles.map((profile) => new NameState(seed, profile, strength))
    const cells = sessionMinutes * symbols.length
    this.session = {
      day: { day: 0, open: 0, close: 0 },
      names: symbols.length,
      minutes: 0,
      open: new Int32Array(cells),
      high: new Int32Array(cells),
      low: new Int32Array(cells),
      close: new Int32Array(cells),
      volume: new Uint32Array(cells),
      end: new Int32Array(cells),
      start: new Int32Array(cells),
      volatility: new Float64Array(cells),
      pace: new Float64Array(cells),
      place: new Uint32Array(cells),
      tape: new NoiseTape(seed),
      momentum: new Float64Array(cells),
      activity: new Uint8Array(cells),
      drift: new Float64Array(cells),
      hourMomentum: new Float64Array(cells),
      hourActivity: new Uint8Array(cells),
    }
  }

  /**
   * Generates the next session into `session`: read it before asking again.
   * @param hasBars false for a session that is only run through: it has no bars
   */
  next(day: TradingDay, { hasBars = true }: { readonly hasBars?: boolean | undefined } = {}): SessionMinutes {
    const { session } = this
    session.day = day
    session.minutes = (day.close - day.open) / 60
    const market = this.#market
    const shares = (this.#shares[session.minutes] ??= sharesOf(session.minutes))
    for (const name of this.#names) name.openSession()
    for (let minute = 0; minute < session.minutes; minute++) {
      const second = day.open + minute * 60
      const startsHour = minute === 0 || second % secondsPerHour === 0
      const endsHour = minute === session.minutes - 1 || (second + 60) % secondsPerHour === 0
      const share = shares.variance[minute]
      const volume = shares.volume[minute]
      const common = shock(market)
      const overnight = minute === 0 ? market.normal() : 0
      for (let name = 0; name < this.#names.length; name++) {
        const state = this.#names[name]
        if (startsHour) state.startHour(hourVariance(minute, second, session.minutes), minute === 0 ? overnightShare : 0, overnight)
        state.step(session, minute * session.names + name, share, volume, common)
        if (hasBars) this.#sumSeconds(minute * session.names + name)
        if (endsHour) state.endHour(session, minute * session.names + name)
      }
    }
    return session
  }

  /** A minute's bar out of its seconds. */
  #sumSeconds(cell: number): void {
    const { session } = this
    // Minutes after the first open where the last trade was.
    if (cell >= session.names) session.open[cell] = session.close[cell - session.names]
    const path = this.#path
    path.refine(session, cell)
    session.high[cell] = path.highest
    session.low[cell] = path.lowest
    session.close[cell] = path.close[seconds - 1]
    session.volume[cell] = path.shares
  }
}

interface SessionShares {
  readonly variance: Float64Array
  readonly volume: Float64Array
}

/** Shares of a full day's variance and volume by minute; a short session has as much a minute as a long one. */
function sharesOf(minutes: number): SessionShares {
  const share = (upTo: (u: number) => number, part: number) =>
    Float64Array.from({ length: minutes }, (_, m) => ((upTo((m + 1) / minutes) - upTo(m / minutes)) * minutes * part) / sessionMinutes)
  return { variance: share(varianceUpTo, 1 - overnightShare), volume: share(volumeUpTo, 1) }
}

/** Share of a day's variance in the clock hour that begins with a minute. */
function hourVariance(minute: number, second: number, minutes: number): number {
  const last = Math.min(minutes, minute + (secondsPerHour - (second % secondsPerHour)) / 60)
  return ((varianceUpTo(last / minutes) - varianceUpTo(minute / minutes)) * minutes * (1 - overnightShare)) / sessionMinutes
}

/** Standard normal with rare jumps: fat tails that volatility alone does not explain. Always draws twice. */
function shock(random: RandomStream): number {
  const z = random.normal()
  return random.uniform() < jumpChance ? z * jumpScale : z
}

class NameState {
  readonly #random: RandomStream
  readonly #hour: SignalProcess
  readonly #minute: SignalProcess
  readonly #profile: NameProfile
  /** The tick below the middle of the market; between ticks only until a session's first move. */
  #price: number
  /** Daily volatility as the hour's activity has it, as a fraction of the price. */
  #level = 0
  #volumeLevel = 1
  /** Drift of the next minute: decided before its activity is. */
  #minuteDrift = 0
  /** Drift per unit of minute volatility squared, from the hourly signal. */
  #hourSlope = 0
  /** Sum of the hour's returns so far. */
  #hourReturn = 0

  constructor(seed: number, profile: NameProfile, strength: number) {
    this.#profile = profile
    this.#price = profile.firstPrice
    this.#random = new RandomStream(seed, 'minute', profile.symbol)
    this.#hour = new SignalProcess(scaled(hourSignal, strength))
    this.#minute = new SignalProcess(scaled(minuteSignal, strength))
    this.#hour.start(this.#random)
  }

  openSession(): void {
    this.#minute.start(this.#random)
    this.#minuteDrift = this.#minute.drift
    this.#price += (this.#profile.firstPrice - this.#price) * dailyReversion
  }

  /** Decides the hour's drift by what was known before it, then its activity, then the overnight move if there was one. */
  startHour(variance: number, overnight: number, marketNight: number): void {
    const drift = this.#hour.drift
    this.#hour.renew(this.#random)
    this.#level = this.#hour.volatility * this.#profile.dailyVolatility
    this.#volumeLevel = activityVolume[this.#hour.activity]
    this.#hourSlope = drift / (this.#level * Math.sqrt(variance + overnight))
    this.#hourReturn = 0
    if (overnight === 0) return
    const own = this.#random.normal()
    const volatility = this.#level * Math.sqrt(overnight)
    this.#move(volatility * (this.#hourSlope * volatility + marketLoading * marketNight + ownLoading * own))
  }

  step(session: SessionMinutes, cell: number, varianceOfDay: number, volumeOfDay: number, common: number): void {
    const random = this.#random
    const minute = this.#minute
    const drift = this.#minuteDrift
    minute.renew(random)
    const volatility = this.#level * minute.volatility * Math.sqrt(varianceOfDay)
    const step = drift + this.#hourSlope * volatility + marketLoading * common + ownLoading * shock(random)
    const before = this.#price
    const ticks = volatility * before
    this.#move(volatility * step)
    const noise = 0.85 + 0.3 * random.uniform()
    session.open[cell] = before + (random.word() & 1)
    session.start[cell] = before
    session.end[cell] = this.#price
    session.volatility[cell] = ticks
    session.pace[cell] = (this.#profile.dailyVolume * this.#volumeLevel * volumeOfDay * activityVolume[minute.activity] * noise) / seconds
    session.place[cell] = random.word()
    // What quotes show of the step.
    minute.observe((this.#price - before) / ticks)
    session.momentum[cell] = minute.momentum
    session.activity[cell] = minute.activity
    session.drift[cell] = this.#minuteDrift = minute.drift
  }

  endHour(session: SessionMinutes, cell: number): void {
    // Seven bars a day share its variance.
    this.#hour.observe(this.#hourReturn / (this.#level * rootOfSeventh))
    session.hourMomentum[cell] = this.#hour.momentum
    session.hourActivity[cell] = this.#hour.activity
  }

  /** Moves to whole ticks, rounding up or down at random, so that a move says nothing of the next. */
  #move(fraction: number): void {
    const before = this.#price
    this.#price = Math.max(lowestPrice, Math.floor(before * (1 + fraction) + this.#random.uniform()))
    this.#hourReturn += this.#price / before - 1
  }
}

const rootOfSeventh = Math.sqrt(1 / 7)
