import { type BarView } from '@gatehouse/core'
import { chain, combineInto, type FeatureOperator, rollingMean, splitTime, square, squareRoot, type Transform } from '@gatehouse/model-kit'

/** Root mean square of the last `n` numbers: the deviation of hourly returns about zero, since their means are noise. */
export const rms = (n: number): Transform => ({
  ...chain(square, rollingMean(n), squareRoot),
  definition: `rms(${n})`,
})

/** `a / b`, and 0 where `b` is 0: a market that stood still for a whole look-back has no scale to measure in. */
export const ratio = (a: Transform, b: Transform, factor = 1): Transform =>
  combineInto(`ratio[${factor}]`, a, b, (cells, x, y, to) => void (cells[to] = cells[y] > 0 ? cells[x] / (cells[y] * factor) : 0))

/** `ln(a / b)`, and 0 where either is 0. */
export const logRatio = (a: Transform, b: Transform): Transform =>
  combineInto('logRatio', a, b, (cells, x, y, to) => void (cells[to] = cells[x] > 0 && cells[y] > 0 ? Math.log(cells[x] / cells[y]) : 0))

const schema = 'ohlcv-1h'
/** A pause longer than this between the ends of two bars is a new session. */
const sessionGapSeconds = 2 * 3600
/** Hours of a session that are told apart: a regular one has seven bars, an extended one up to sixteen. */
const slots = 16

/** Slots: when the last bar ended, its nanoseconds, and its place in the session, from 0: the one that this bar's takes. */
const sessionSlots = 3
const placeAt = 2
function advanceSlot(cells: Float64Array, at: number, bar: BarView): void {
  const before = cells[at]
  splitTime(cells, at, bar.availableAt)
  const follows = before > 0 && cells[at] - before <= sessionGapSeconds
  cells[at + placeAt] = follows ? Math.min(cells[at + placeAt] + 1, slots - 1) : 0
}

/** Place of the bar in its session over the seven of a regular one: time of day without a time zone. */
export const sessionSlot: FeatureOperator<typeof schema> = {
  schema,
  definition: `${schema}.sessionSlot(${sessionGapSeconds}s)/7`,
  warmUp: 1,
  slots: sessionSlots,
  update: (cells, at, bar, to) => {
    advanceSlot(cells, at, bar)
    cells[to] = cells[at + placeAt] / 7
  },
}

/** How often a place in the session must have been seen before it has a norm. */
const sightings = 5
/** State of a surprise: the place in the session, and a norm and a count for each place. */
const surpriseSlots = sessionSlots + 2 * slots
type BarNumber = 'volume' | 'range'

/** Puts a bar's volume as traded today, or the logarithm of its high over its low, into cell `to`; `NaN` for a bar that cannot be. */
function readNumber(name: BarNumber, cells: Float64Array, bar: BarView, to: number, factor: number): void {
  const x = name === 'volume' ? bar.volume / cells[factor] : Math.log(bar.high / bar.low)
  cells[to] = NaN
  if (x >= 0 && Number.isFinite(x)) cells[to] = x
}

/**
 * Turns a bar's number in cell `to` into its logarithm less the exponential mean of that at its place in the session (`memory` a session), within ±3: the open is not
 * always "busy". `NaN` where there is nothing to say: a place without a norm yet, or a bar without trade or range, which no logarithm can hold.
 */
function surprise(cells: Float64Array, at: number, bar: BarView, to: number, memory: number): void {
  advanceSlot(cells, at, bar)
  const x = cells[to]
  cells[to] = NaN
  if (x === 0) return
  const norm = at + sessionSlots + cells[at + placeAt]
  const count = norm + slots
  const seen = cells[count]
  const z = Math.log(x) - cells[norm]
  cells[norm] += Math.max(1 - memory, 1 / (seen + 1)) * z
  cells[count] = Math.min(seen + 1, 1 << 20)
  if (seen >= sightings) cells[to] = Math.max(-3, Math.min(3, z))
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
    update: (cells, at, bar, to, factor) => {
      readNumber(name, cells, bar, to, factor)
      if (Number.isNaN(cells[to])) return
      surprise(cells, at, bar, to, memory)
      const smooth = at + surpriseSlots
      const z = cells[to]
      if (!Number.isNaN(z)) {
        cells[smooth] = smoothing * cells[smooth] + (1 - smoothing) * z
        cells[smooth + 1] = 1
      }
      cells[to] = NaN
      if (cells[smooth + 1] === 1) cells[to] = cells[smooth]
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
    update: (cells, at, bar, to, factor) => {
      readNumber(name, cells, bar, to, factor)
      if (Number.isNaN(cells[to])) return
      surprise(cells, at, bar, to, memory)
      const z = cells[to]
      const p = at + surpriseSlots
      const calm = p + 1
      const stirred = p + 2
      const spread = p + 3
      if (Number.isNaN(z)) {
        if (cells[spread] > 0) cells[to] = cells[p]
        return
      }
      if (cells[spread] === 0) {
        cells[p] = 0.5
        cells[calm] = calmMean
        cells[stirred] = busyMean
        cells[spread] = variance
      }
      const fromCalm = z - cells[calm]
      const fromBusy = z - cells[stirred]
      const prior = stay * cells[p] + (1 - stay) * (1 - cells[p])
      // Odds by one exponential: of two that underflow nothing would be left.
      const odds = (prior / (1 - prior)) * Math.exp((fromCalm * fromCalm - fromBusy * fromBusy) / (2 * cells[spread]))
      const chance = Math.max(edge, Math.min(1 - edge, odds === Infinity ? 1 : odds / (1 + odds)))
      cells[p] = chance
      cells[calm] += rate * (1 - chance) * fromCalm
      cells[stirred] += rate * chance * fromBusy
      cells[spread] += rate * ((1 - chance) * fromCalm * fromCalm + chance * fromBusy * fromBusy - cells[spread])
      cells[to] = chance
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
    update: (cells, at, bar, to, factor) => {
      const close = Math.log(bar.close * cells[factor])
      const range = Math.log(bar.high / bar.low)
      cells[to] = NaN
      if (!Number.isFinite(close) || !Number.isFinite(range)) return
      const count = cells[at]
      const step = count === 0 ? 0 : close - cells[at + 1]
      const variance = (parkinson * range * range + step * step) / 2
      const weight = Math.max(1 - volatilityMemory, 1 / (count + 1))
      cells[at] = Math.min(count + 1, 1 << 20)
      cells[at + 1] = close
      cells[at + 2] += weight * (variance - cells[at + 2])
      const unit = Math.sqrt(cells[at + 2])
      const z = unit > 0 ? Math.max(-stepBound, Math.min(stepBound, step / unit)) : 0
      cells[at + 3] = memory * cells[at + 3] + gain * z
      if (count >= 29) cells[to] = cells[at + 3]
    },
  }
}
