import { featureSpecHash, TradingError, type FeatureSpec } from '@gatehouse/contracts'
import type { BarView, CorporateActionView } from '@gatehouse/core'

/** Bars of the long, the middle and the short look-back: about five months, one month, one week of hourly bars. */
const [long, middle, week] = [700, 140, 35]
const day = 7
/** Session slots that volume seasonality is kept for: a regular session has seven hourly bars, an extended one up to sixteen. */
const slots = 16
/** A pause longer than this between two bars is a new session. */
const sessionGapSeconds = 2 * 3600
/** One wild bar must not rule an average for its whole memory. */
const stepBound = 3

interface Definition {
  readonly name: string
  readonly unit: string
  readonly definition: string
}

const dimensionless = 'dimensionless'
const sd = 'standard-deviations'

/** The features in the order of the vector. `sd(n)` is the standard deviation of the last n log returns; logarithms are natural. */
const definitions: readonly Definition[] = [
  { name: 'return1', unit: sd, definition: 'r / sd(140)' },
  { name: 'return7', unit: sd, definition: 'ln(C/C[-7]) / (sd(140) sqrt 7)' },
  { name: 'return35', unit: sd, definition: 'ln(C/C[-35]) / (sd(140) sqrt 35)' },
  { name: 'return140', unit: sd, definition: 'ln(C/C[-140]) / (sd(140) sqrt 140)' },
  { name: 'momentum20', unit: sd, definition: 'ewma(0.95) of r / sqrt ewma(0.9) of r^2, bounded at 3, unit variance' },
  { name: 'momentum7', unit: sd, definition: 'ewma(0.85) of r / sqrt ewma(0.9) of r^2, bounded at 3, unit variance' },
  { name: 'volatilityFast', unit: 'ln-ratio', definition: 'ln(sqrt(ewma(0.9) of r^2) / sd(700))' },
  { name: 'volatility7', unit: 'ln-ratio', definition: 'ln(sd(7) / sd(700))' },
  { name: 'volatility35', unit: 'ln-ratio', definition: 'ln(sd(35) / sd(700))' },
  { name: 'volatility140', unit: 'ln-ratio', definition: 'ln(sd(140) / sd(700))' },
  { name: 'range7', unit: 'ln-ratio', definition: 'ln(mean(ln(H/L), 7) / mean(ln(H/L), 140))' },
  { name: 'volumeFast', unit: 'ln-ratio', definition: 'ewma(0.8) of ln(V / ewma(0.98) of V in the same slot of the session)' },
  { name: 'volumeSlow', unit: 'ln-ratio', definition: 'ewma(0.95) of ln(V / ewma(0.98) of V in the same slot of the session)' },
  { name: 'distance35', unit: sd, definition: '(ln C - mean(ln C, 35)) / (sd(140) sqrt 35)' },
  { name: 'distance140', unit: sd, definition: '(ln C - mean(ln C, 140)) / (sd(140) sqrt 140)' },
  { name: 'drawdown140', unit: sd, definition: '(ln C - max(ln C, 140)) / (sd(140) sqrt 140)' },
  { name: 'rise140', unit: sd, definition: '(ln C - min(ln C, 140)) / (sd(140) sqrt 140)' },
  { name: 'slot', unit: dimensionless, definition: 'bars since the session began / 7' },
]

export const featureCount = definitions.length
/** Bars before the first vector. */
export const warmUpBars = long + 1

/** The spec for one source of hourly bars; its hash is part of every artifact, and a model refuses another source. */
export function regimeFeatureSpec(dataset: string): FeatureSpec {
  const items = definitions.map(({ name, unit, definition }) => ({
    name,
    unit,
    source: { dataset, schema: 'ohlcv-1h' },
    warmUp: { amount: warmUpBars, of: 'rows' as const },
    missing: 'refuse' as const,
    definition,
  }))
  return { items, rows: 1, hash: featureSpecHash({ items, rows: 1 }) }
}

/** Places in the one state array, so that save and restore are a copy. */
const at = { count: 0, lastSeconds: 1, slot: 2, variance: 3, momentum20: 4, momentum7: 5, volumeFast: 6, volumeSlow: 7, volume: 8 } as const
const closesAt = at.volume + slots
const rangesAt = closesAt + long + 1
const stateLength = rangesAt + middle

/**
 * Streaming features of one instrument's hourly bars; the same code in training and live. Windows are summed anew at every bar: at one bar an
 * hour that costs nothing, and sums that are never updated never drift.
 */
export class RegimeFeatures {
  /** The vector after the last bar; reused. */
  readonly values = new Float32Array(featureCount)
  readonly #state = new Float64Array(stateLength)

  get isWarm(): boolean {
    return this.#state[at.count] >= warmUpBars
  }

  /** Standard deviation of the last 140 log returns: the unit that labels are measured in. */
  get deviation(): number {
    return this.#deviation(middle)
  }

  /** @throws {TradingError} `MODEL_INPUT_INVALID` for a price that is not positive or a volume that is not a number */
  update(bar: BarView): void {
    const { close, high, low, volume } = bar
    if (!(close > 0 && low > 0 && high >= low && volume >= 0)) {
      throw new TradingError(
        'MODEL_INPUT_INVALID',
        `macro-regime: the bar of ${bar.instrument.symbol} known at ${bar.availableAt} has close ${close}, high ${high}, low ${low}, volume ${volume}; clean or drop it`,
        { instrument: bar.instrument.id, availableAt: bar.availableAt, close, high, low, volume },
      )
    }
    const s = this.#state
    const seconds = Number(bar.availableAt / 1_000_000_000n)
    const step = s[at.count] === 0 ? 0 : Math.log(close) - this.#logClose(0)
    s[at.slot] = s[at.count] > 0 && seconds - s[at.lastSeconds] <= sessionGapSeconds ? Math.min(s[at.slot] + 1, slots - 1) : 0
    s[at.lastSeconds] = seconds
    this.#average(step, volume)
    s[closesAt + (s[at.count] % (long + 1))] = Math.log(close)
    s[rangesAt + (s[at.count] % middle)] = Math.log(high / low)
    s[at.count]++
    if (this.isWarm) this.#write(step)
  }

  /** A split changes the unit of price and volume, not what happened. */
  adjust(action: CorporateActionView): void {
    if (action.kind !== 'split' || !(action.ratio > 0)) return
    const shift = Math.log(action.ratio)
    for (let i = 0; i <= long; i++) this.#state[closesAt + i] -= shift
    for (let i = 0; i < slots; i++) this.#state[at.volume + i] *= action.ratio
  }

  save(): Uint8Array {
    return new Uint8Array(this.#state.slice().buffer)
  }

  /** @throws {TradingError} `MODEL_STATE_INVALID` when the bytes are not of this state */
  restore(state: Uint8Array): void {
    if (state.byteLength !== stateLength * 8) {
      throw new TradingError(
        'MODEL_STATE_INVALID',
        `macro-regime: a state has ${stateLength * 8} bytes, found ${state.byteLength}; it was saved by another model or version`,
        { expected: stateLength * 8, found: state.byteLength },
      )
    }
    const saved = new Float64Array(state.slice().buffer)
    const isWhole = (place: number, below: number): boolean => Number.isInteger(saved[place]) && saved[place] >= 0 && saved[place] < below
    if (
      !saved.every(Number.isFinite) ||
      !isWhole(at.count, Number.MAX_SAFE_INTEGER) ||
      !isWhole(at.slot, slots) ||
      saved[at.variance] < 0
    ) {
      throw new TradingError('MODEL_STATE_INVALID', 'macro-regime: the state holds numbers that these features never have; it is damaged', {
        count: saved[at.count],
        slot: saved[at.slot],
        variance: saved[at.variance],
      })
    }
    this.#state.set(saved)
    if (this.isWarm) this.#write(this.#logClose(0) - this.#logClose(1))
  }

  /** Exponential averages: variance first, since a step is measured in it. */
  #average(step: number, volume: number): void {
    const s = this.#state
    if (s[at.count] > 0) {
      s[at.variance] = s[at.count] === 1 ? step * step : 0.9 * s[at.variance] + 0.1 * step * step
      const z = s[at.variance] > 0 ? Math.max(-stepBound, Math.min(stepBound, step / Math.sqrt(s[at.variance]))) : 0
      s[at.momentum20] = 0.95 * s[at.momentum20] + Math.sqrt(1 - 0.95 * 0.95) * z
      s[at.momentum7] = 0.85 * s[at.momentum7] + Math.sqrt(1 - 0.85 * 0.85) * z
    }
    const slot = at.volume + s[at.slot]
    if (volume > 0) {
      const surprise = s[slot] > 0 ? Math.log(volume / s[slot]) : 0
      s[at.volumeFast] = 0.8 * s[at.volumeFast] + 0.2 * surprise
      s[at.volumeSlow] = 0.95 * s[at.volumeSlow] + 0.05 * surprise
      s[slot] = s[slot] > 0 ? 0.98 * s[slot] + 0.02 * volume : volume
    }
  }

  #write(step: number): void {
    const s = this.#state
    const v = this.values
    const deviation = this.#deviation(middle)
    const reference = this.#deviation(long)
    const close = this.#logClose(0)
    const perMiddle = 1 / (deviation * Math.sqrt(middle))
    const perWeek = 1 / (deviation * Math.sqrt(week))
    let [highest, lowest] = [-Infinity, Infinity]
    for (let i = 0; i < middle; i++) {
      const c = this.#logClose(i)
      if (c > highest) highest = c
      if (c < lowest) lowest = c
    }
    v[0] = step / deviation
    v[1] = (close - this.#logClose(day)) / (deviation * Math.sqrt(day))
    v[2] = (close - this.#logClose(week)) * perWeek
    v[3] = (close - this.#logClose(middle)) * perMiddle
    v[4] = s[at.momentum20]
    v[5] = s[at.momentum7]
    v[6] = Math.log(Math.sqrt(s[at.variance]) / reference)
    v[7] = Math.log(this.#deviation(day) / reference)
    v[8] = Math.log(this.#deviation(week) / reference)
    v[9] = Math.log(deviation / reference)
    v[10] = Math.log(this.#meanRange(day) / this.#meanRange(middle))
    v[11] = s[at.volumeFast]
    v[12] = s[at.volumeSlow]
    v[13] = (close - this.#meanClose(week)) * perWeek
    v[14] = (close - this.#meanClose(middle)) * perMiddle
    v[15] = (close - highest) * perMiddle
    v[16] = (close - lowest) * perMiddle
    v[17] = s[at.slot] / day
    // A market that stood still for a whole look-back has no scale to measure in; a missing feature is the mean, not infinity.
    for (let i = 0; i < featureCount; i++) if (!Number.isFinite(v[i])) v[i] = 0
  }

  #logClose(back: number): number {
    const s = this.#state
    return s[closesAt + ((s[at.count] - 1 - back) % (long + 1))]
  }

  /** Standard deviation about zero of the last `bars` log returns: hourly means are noise. */
  #deviation(bars: number): number {
    let sum = 0
    let newer = this.#logClose(0)
    for (let i = 1; i <= bars; i++) {
      const older = this.#logClose(i)
      sum += (newer - older) * (newer - older)
      newer = older
    }
    return Math.sqrt(sum / bars)
  }

  #meanClose(bars: number): number {
    let sum = 0
    for (let i = 0; i < bars; i++) sum += this.#logClose(i)
    return sum / bars
  }

  #meanRange(bars: number): number {
    const s = this.#state
    let sum = 0
    for (let i = 0; i < bars; i++) sum += s[rangesAt + ((s[at.count] - 1 - i) % middle)]
    return sum / bars
  }
}
