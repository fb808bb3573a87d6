import { type BarView } from '@gatehouse/core'
import { chain, combine, type FeatureOperator, map, rollingMean, type Transform } from '@gatehouse/model-kit'

/** Root mean square of the last `n` numbers: the deviation of hourly returns about zero, since their means are noise. */
export const rms = (n: number): Transform => ({
  ...chain(map('square', (x) => x * x), rollingMean(n), map('sqrt', Math.sqrt)), // prettier-ignore
  definition: `rms(${n})`,
})

/** `a / b`, and 0 where `b` is 0: a market that stood still for a whole look-back has no scale to measure in. */
export const ratio = (a: Transform, b: Transform, factor = 1): Transform =>
  combine(`ratio[${factor}]`, a, b, (x, y) => (y > 0 ? x / (y * factor) : 0))

/** `ln(a / b)`, and 0 where either is 0. */
export const logRatio = (a: Transform, b: Transform): Transform =>
  combine('logRatio', a, b, (x, y) => (x > 0 && y > 0 ? Math.log(x / y) : 0))

const schema = 'ohlcv-1h'
/** A pause longer than this between the ends of two bars is a new session. */
const sessionGapSeconds = 2 * 3600
/** Hours of a session that are told apart: a regular one has seven bars, an extended one up to sixteen. */
const slots = 16

/** Slots 0 and 1: when the last bar ended, and its place in the session. @returns place of the bar in its session, from 0 */
function advanceSlot(state: Float64Array, at: number, bar: BarView): number {
  const seconds = Number(bar.availableAt / 1_000_000_000n)
  const follows = state[at] > 0 && seconds - state[at] <= sessionGapSeconds
  state[at + 1] = follows ? Math.min(state[at + 1] + 1, slots - 1) : 0
  state[at] = seconds
  return state[at + 1]
}

/** Place of the bar in its session over the seven of a regular one: time of day without a time zone. */
export const sessionSlot: FeatureOperator<typeof schema> = {
  schema,
  definition: `${schema}.sessionSlot(${sessionGapSeconds}s)/7`,
  warmUp: 1,
  slots: 2,
  update: (state, at, bar) => advanceSlot(state, at, bar) / 7,
}

/** How often a place in the session must have been seen before it has a norm. */
const sightings = 5
/** State of a surprise: two numbers for the place in the session, and a norm and a count for each place. */
const surpriseSlots = 2 + 2 * slots
type BarNumber = 'volume' | 'range'

/** A bar's volume as traded today, or the logarithm of its high over its low; `NaN` for a bar that cannot be. */
function numberOf(name: BarNumber, bar: BarView, factor: number): number {
  const x = name === 'volume' ? bar.volume / factor : Math.log(bar.high / bar.low)
  return x >= 0 && Number.isFinite(x) ? x : NaN
}

/**
 * Logarithm of a bar's number less its exponential mean at that place in the session (`memory` a session), within ±3: the open is not always "busy".
 * @returns `NaN` where there is nothing to say: a place without a norm yet, or a bar without trade or range, which no logarithm can hold
 */
function surprise(state: Float64Array, at: number, bar: BarView, { x, memory }: { readonly x: number; readonly memory: number }): number {
  const slot = advanceSlot(state, at, bar)
  if (x === 0) return NaN
  const norm = at + 2 + slot
  const count = norm + slots
  const seen = state[count]
  const z = Math.log(x) - state[norm]
  state[norm] += Math.max(1 - memory, 1 / (seen + 1)) * z
  state[count] = Math.min(seen + 1, 1 << 20)
  return seen >= sightings ? Math.max(-3, Math.min(3, z)) : NaN
}

/** The {@link surprise} of a bar, smoothed over bars where `smoothing` is above 0. A bar that surprises nobody changes nothing. */
export function bySlot(
  name: BarNumber,
  { memory = 0.995, smoothing }: { readonly memory?: number | undefined; readonly smoothing: number },
): FeatureOperator<typeof schema> {
  return {
    schema,
    definition: `${schema}.ln ${name} less ewma(${memory}) by session slot, smoothed(${smoothing})`,
    warmUp: 7 * sightings + 1,
    slots: surpriseSlots + 2,
    update: (state, at, bar, factor) => {
      const x = numberOf(name, bar, factor)
      if (Number.isNaN(x)) return NaN
      const z = surprise(state, at, bar, { x, memory })
      const smooth = at + surpriseSlots
      if (!Number.isNaN(z)) {
        state[smooth] = smoothing * state[smooth] + (1 - smoothing) * z
        state[smooth + 1] = 1
      }
      return state[smooth + 1] === 1 ? state[smooth] : NaN
    },
  }
}

/**
 * Chance that the market is in the busier of two states, of all surprises so far: what an average blurs for as long as it remembers, a filter knows after two or
 * three bars. States last `stay` of their bars; how far apart they are it learns as it goes.
 * @see Hamilton (1989), "A New Approach to the Economic Analysis of Nonstationary Time Series and the Business Cycle", Econometrica 57(2)
 */
export function busy(
  name: BarNumber,
  { memory = 0.995, stay = 0.97 }: { readonly memory?: number | undefined; readonly stay?: number | undefined } = {},
): FeatureOperator<typeof schema> {
  // Of a step towards what was seen: the states are learnt over some five hundred bars.
  const rate = 0.002
  const edge = 0.001
  const [calmMean, busyMean, variance] = [-0.5, 0.5, 0.15]
  return {
    schema,
    definition: `${schema}.chance of the busier state of ln ${name} less ewma(${memory}) by session slot, two states, stay ${stay}, learning ${rate}`,
    warmUp: 7 * sightings + 1,
    slots: surpriseSlots + 4,
    update: (state, at, bar, factor) => {
      const x = numberOf(name, bar, factor)
      if (Number.isNaN(x)) return NaN
      const z = surprise(state, at, bar, { x, memory })
      const p = at + surpriseSlots
      const [calm, stirred, spread] = [p + 1, p + 2, p + 3]
      if (Number.isNaN(z)) return state[spread] > 0 ? state[p] : NaN
      if (state[spread] === 0) {
        state[p] = 0.5
        state[calm] = calmMean
        state[stirred] = busyMean
        state[spread] = variance
      }
      const [fromCalm, fromBusy] = [z - state[calm], z - state[stirred]]
      const prior = stay * state[p] + (1 - stay) * (1 - state[p])
      // Odds by one exponential: of two that underflow nothing would be left.
      const odds = (prior / (1 - prior)) * Math.exp((fromCalm * fromCalm - fromBusy * fromBusy) / (2 * state[spread]))
      const chance = Math.max(edge, Math.min(1 - edge, odds === Infinity ? 1 : odds / (1 + odds)))
      state[p] = chance
      state[calm] += rate * (1 - chance) * fromCalm
      state[stirred] += rate * chance * fromBusy
      state[spread] += rate * ((1 - chance) * fromCalm * fromCalm + chance * fromBusy * fromBusy - state[spread])
      return chance
    },
  }
}

/** One wild bar must not rule an average for its whole memory. */
const stepBound = 3

/**
 * Exponential mean of returns in units of their volatility, scaled to variance 1 for a random walk. The unit is the root of the exponential mean square of the bars'
 * ranges, which says more of volatility than closes do (Parkinson 1980), and of returns, which see the night.
 */
export function momentum(memory: number, volatilityMemory = 0.85): FeatureOperator<typeof schema> {
  const gain = Math.sqrt(1 - memory * memory)
  // For a random walk the mean squared log range is 4 ln 2 variances.
  const parkinson = 1 / (4 * Math.LN2)
  return {
    schema,
    definition: `${schema}.momentum(${memory}) in units of ewma(${volatilityMemory}) of (range²/4ln2 + return²)/2, bounded at ${stepBound}`,
    warmUp: 30,
    slots: 4,
    update: (state, at, bar, factor) => {
      const close = Math.log(bar.close * factor)
      const range = Math.log(bar.high / bar.low)
      if (!Number.isFinite(close) || !Number.isFinite(range)) return NaN
      const count = state[at]
      const step = count === 0 ? 0 : close - state[at + 1]
      const variance = (parkinson * range * range + step * step) / 2
      const weight = Math.max(1 - volatilityMemory, 1 / (count + 1))
      state[at] = Math.min(count + 1, 1 << 20)
      state[at + 1] = close
      state[at + 2] += weight * (variance - state[at + 2])
      const unit = Math.sqrt(state[at + 2])
      const z = unit > 0 ? Math.max(-stepBound, Math.min(stepBound, step / unit)) : 0
      state[at + 3] = memory * state[at + 3] + gain * z
      return count >= 29 ? state[at + 3] : NaN
    },
  }
}
