import { exactExp, exactLog } from './exact-math.js'
import { RandomStream } from './random.js'
import { varianceUpTo, volumeUpTo } from './seasonality.js'
import type { Session } from './sessions.js'
import { activityRms, activityVolatility, activityVolume, SignalProcess } from './signal-process.js'

/** Clock hours that a session can touch, 09:00 to 15:00. */
export const maxSessionBars = 8
const secondsPerHour = 3600
const fullSession = 23_400
/** Part of a day's variance that comes while the market is closed. */
const overnightShare = 0.2
/** Part of a step that all names share. */
const marketLoading = 0.5
const ownLoading = Math.sqrt(1 - marketLoading * marketLoading)
/** Pulls the logarithm of a price to its first value with a half-life of twenty years: long runs stay within what integers hold. */
const reversion = 2e-5
const jumpChance = 0.004
const jumpScale = 4
const tradingDays = 252

export const hourlySignal = { memory: 0.95, renewal: 1 / 140, strength: 0.12 } as const

/** What a name is like; drawn from its own stream, so it does not depend on the other names. */
export interface NameProfile {
  readonly symbol: string
  /** First price, in ticks. */
  readonly firstPrice: number
  /** Daily volatility of log returns. */
  readonly dailyVolatility: number
  /** Mean shares a day. */
  readonly dailyVolume: number
}

export function nameProfile(seed: number, symbol: string): NameProfile {
  const random = new RandomStream(seed, 'profile', symbol)
  return {
    symbol,
    firstPrice: 6_000 + random.below(24_000),
    dailyVolatility: (0.16 + 0.2 * random.uniform()) / Math.sqrt(tradingDays),
    dailyVolume: 4_000_000 + random.below(16_000_000),
  }
}

/**
 * The bars of one session, reused from session to session. Bar `b` of name `s` is at `b * names + s`. Prices in ticks.
 * `momentum` and `activity` are those *after* the bar, which is what can be known when it ends.
 */
export interface SessionBars {
  readonly session: Session
  readonly names: number
  readonly barCount: number
  /** Clock hour that the bar is stamped with, seconds since 1970. */
  readonly stamp: Float64Array
  /** First second of the bar within the session, and one past its last. */
  readonly from: Float64Array
  readonly to: Float64Array
  readonly open: Int32Array
  readonly high: Int32Array
  readonly low: Int32Array
  readonly close: Int32Array
  readonly volume: Uint32Array
  readonly momentum: Float64Array
  readonly activity: Uint8Array
  /** Volatility of the bar without the overnight move, in log return. */
  readonly volatility: Float64Array
}

/** Generator of hourly bars of several names from the start of a world on: the top of the hierarchy that finer data refine. */
export class HourlyWorld {
  readonly profiles: readonly NameProfile[]
  readonly #market: RandomStream
  readonly #names: readonly NameState[]
  readonly #bars: { -readonly [Key in keyof SessionBars]: SessionBars[Key] }

  constructor(seed: number, symbols: readonly string[], strength: number) {
    this.profiles = symbols.map((symbol) => nameProfile(seed, symbol))
    this.#market = new RandomStream(seed, 'market', 'hour')
    this.#names = this.profiles.map((profile) => new NameState(seed, profile, strength))
    const cells = maxSessionBars * symbols.length
    this.#bars = {
      session: { day: 0, open: 0, close: 0 },
      names: symbols.length,
      barCount: 0,
      stamp: new Float64Array(maxSessionBars),
      from: new Float64Array(maxSessionBars),
      to: new Float64Array(maxSessionBars),
      open: new Int32Array(cells),
      high: new Int32Array(cells),
      low: new Int32Array(cells),
      close: new Int32Array(cells),
      volume: new Uint32Array(cells),
      momentum: new Float64Array(cells),
      activity: new Uint8Array(cells),
      volatility: new Float64Array(cells),
    }
  }

  /** The next session. The same object every time: read it before asking again. */
  next(session: Session): SessionBars {
    const bars = this.#bars
    const length = session.close - session.open
    bars.session = session
    bars.barCount = 0
    for (let stamp = Math.floor(session.open / secondsPerHour) * secondsPerHour; stamp < session.close; stamp += secondsPerHour) {
      const bar = bars.barCount++
      bars.stamp[bar] = stamp
      bars.from[bar] = Math.max(session.open, stamp) - session.open
      bars.to[bar] = Math.min(session.close, stamp + secondsPerHour) - session.open
      const from = bars.from[bar] / length
      const to = bars.to[bar] / length
      const variance = (varianceUpTo(to) - varianceUpTo(from)) * (length / fullSession) * (1 - overnightShare)
      const volume = (volumeUpTo(to) - volumeUpTo(from)) * (length / fullSession)
      const overnight = bar === 0 ? overnightShare : 0
      const market = shock(this.#market)
      for (let name = 0; name < this.#names.length; name++) {
        this.#names[name].step(bars, bar * bars.names + name, market, variance, overnight, volume)
      }
    }
    return bars
  }
}

/** Standard normal with rare jumps: fat tails that volatility alone does not explain. Always draws twice. */
function shock(random: RandomStream): number {
  const z = random.normal()
  return random.uniform() < jumpChance ? z * jumpScale : z
}

class NameState {
  readonly #random: RandomStream
  readonly #process: SignalProcess
  readonly #profile: NameProfile
  #deviation = 0

  constructor(seed: number, profile: NameProfile, strength: number) {
    this.#profile = profile
    this.#random = new RandomStream(seed, 'hour', profile.symbol)
    this.#process = new SignalProcess({ ...hourlySignal, strength: hourlySignal.strength * strength })
    this.#process.start(this.#random)
  }

  step(bars: SessionBars, cell: number, market: number, variance: number, overnight: number, volumeShare: number): void {
    const random = this.#random
    const process = this.#process
    const { firstPrice, dailyVolatility, dailyVolume } = this.#profile
    // What was known before the bar decides its drift; only then may activity change.
    const drift = process.drift
    process.renew(random)
    const level = (activityVolatility[process.activity] / activityRms) * dailyVolatility
    const total = level * Math.sqrt(variance + overnight)
    const within = level * Math.sqrt(variance)
    const step = total * (drift + marketLoading * market + ownLoading * shock(random)) - reversion * this.#deviation

    // The overnight part of the first bar's step is a bridge draw: its share of the step, and noise that does not change the sum.
    const nightPart = overnight / (variance + overnight)
    const night = nightPart * step + total * Math.sqrt(nightPart * (1 - nightPart)) * random.normal() * (overnight > 0 ? 1 : 0)
    const before = firstPrice * exactExp(this.#deviation)
    this.#deviation += step
    const after = firstPrice * exactExp(this.#deviation)
    const open = Math.max(200, Math.round(before * (1 + night)))
    const close = Math.max(200, Math.round(after))
    // Maximum and minimum of a Brownian bridge from open to close.
    const spread = within * open
    const move = close - open
    const up = 0.5 * (move + Math.sqrt(move * move - 2 * spread * spread * exactLog(random.uniform())))
    const down = 0.5 * (move - Math.sqrt(move * move - 2 * spread * spread * exactLog(random.uniform())))
    bars.open[cell] = open
    bars.close[cell] = close
    bars.high[cell] = Math.max(open, close, Math.round(open + up))
    bars.low[cell] = Math.max(100, Math.min(open, close, Math.round(open + down)))
    bars.volume[cell] = Math.max(
      secondsPerHour,
      Math.round(dailyVolume * volumeShare * activityVolume[process.activity] * exactExp(0.25 * random.normal())),
    )
    process.observe(step / (level * Math.sqrt(1 / 7)))
    bars.momentum[cell] = process.momentum
    bars.activity[cell] = process.activity
    bars.volatility[cell] = within
  }
}
