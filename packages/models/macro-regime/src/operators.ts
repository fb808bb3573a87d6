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

/**
 * Logarithm of a bar's number over its norm at that place in the session (exponential mean, `memory` a session): the open is not always "busy". Smoothed over bars
 * where `smoothing` is above 0. A short session's odd slot that has no norm yet changes nothing.
 */
export function bySlot(
  name: 'volume' | 'range',
  { memory = 0.99, smoothing }: { readonly memory?: number | undefined; readonly smoothing: number },
): FeatureOperator<typeof schema> {
  const norm = 2
  const count = norm + slots
  const smooth = count + slots
  return {
    schema,
    definition: `${schema}.${name} by session slot, ln to ewma(${memory}), smoothed(${smoothing})`,
    warmUp: 7 * sightings + 1,
    slots: smooth + 2,
    update: (state, at, bar, factor) => {
      const slot = advanceSlot(state, at, bar)
      const x = name === 'volume' ? bar.volume / factor : Math.log(bar.high / bar.low)
      if (!(x >= 0) || !Number.isFinite(x)) return NaN
      const place = at + norm + slot
      const seen = state[at + count + slot]
      // A bar without trade or range says nothing that a logarithm can hold.
      if (seen >= sightings && x > 0) {
        const surprise = Math.log(x / state[place])
        state[at + smooth] = smoothing * state[at + smooth] + (1 - smoothing) * Math.max(-3, Math.min(3, surprise))
        state[at + smooth + 1] = 1
      }
      if (x > 0) {
        const weight = Math.max(1 - memory, 1 / (seen + 1))
        state[place] += weight * (x - state[place])
        state[at + count + slot] = Math.min(seen + 1, 1 << 20)
      }
      return state[at + smooth + 1] === 1 ? state[at + smooth] : NaN
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
