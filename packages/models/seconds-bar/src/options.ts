import { TradingError } from '@gatehouse/contracts'
import type { SecondsFeatureOptions } from './features.js'
import type { SecondQuotes } from './second-grid.js'

/** Settings of the family. Another horizon or barrier is another label, so a candidate is judged with the settings it was trained with. */
export interface SecondsBarOptions extends SecondsFeatureOptions {
  /** Name under which candidates are registered. Default `seconds-bar`. */
  readonly name?: string | undefined
  /** Seconds after which a trade ends that no barrier ended. Default 60. */
  readonly horizonSeconds?: number | undefined
  /** Distance of both barriers in volatilities of the horizon. Default 0.75. */
  readonly barrierDeviations?: number | undefined
  /** Seconds between training rows of one instrument, a divisor of 60. Default 20. */
  readonly strideSeconds?: number | undefined
  /** Times that training goes over the rows. Default 8. */
  readonly epochs?: number | undefined
  /** Seeds that are trained; the best on the validation part is kept. Default 1. */
  readonly restarts?: number | undefined
  /** Decay of weights a step, times the rate of 0.004. Default 0.1. */
  readonly weightDecay?: number | undefined
  /** Learns every window also with rises and falls swapped. Default true. */
  readonly mirror?: boolean | undefined
  /** Fraction of the traded value that entering or leaving costs: half a spread and fees. Default 0.00005. */
  readonly costPerTurnover?: number | undefined
  /** Trains on labels in random order: the candidate that no gate may let through. */
  readonly shuffleLabels?: boolean | undefined
  /** Trains in a worker thread, so that this one stays free. */
  readonly inThread?: boolean | undefined
  /** SHA-256 (hex) of the code that trains. */
  readonly codeHash?: string | undefined
}

/** {@link SecondsBarOptions} with their defaults. */
export interface ResolvedOptions {
  readonly name: string
  readonly horizonSeconds: number
  readonly barrierDeviations: number
  readonly strideSeconds: number
  readonly epochs: number
  readonly restarts: number
  readonly weightDecay: number
  readonly mirror: boolean
  readonly costPerTurnover: number
  readonly shuffleLabels: boolean
  readonly inThread: boolean
  readonly quotes: SecondQuotes | undefined
  readonly codeHash: string | undefined
}

/** @throws {TradingError} `OPTION_INVALID` */
export function resolveOptions({
  name = 'seconds-bar',
  horizonSeconds = 60,
  barrierDeviations = 0.75,
  strideSeconds = 20,
  epochs = 8,
  restarts = 1,
  weightDecay = 0.1,
  mirror = true,
  costPerTurnover = 0.00005,
  shuffleLabels = false,
  inThread = false,
  quotes,
  codeHash,
}: SecondsBarOptions): ResolvedOptions {
  const whole = { horizonSeconds, strideSeconds, epochs, restarts }
  for (const [option, value] of Object.entries(whole))
    if (!Number.isInteger(value) || value < 1) throw invalid(`${option} is ${value}; it is a whole number from 1 on`, { [option]: value })
  if (horizonSeconds > 3600) throw invalid(`horizonSeconds is ${horizonSeconds}; at most an hour`, { horizonSeconds })
  if (quotes !== undefined && quotes !== 'bbo-1s' && quotes !== 'mbp-1')
    throw invalid(`quotes is ${String(quotes)}; it is 'bbo-1s' or 'mbp-1'`, { quotes })
  if (60 % strideSeconds !== 0) throw invalid(`strideSeconds is ${strideSeconds}; it divides 60`, { strideSeconds })
  if (!(barrierDeviations > 0 && barrierDeviations <= 10))
    throw invalid(`barrierDeviations is ${barrierDeviations}; it lies between 0 and 10`, { barrierDeviations })
  if (!(weightDecay >= 0 && weightDecay < Infinity))
    throw invalid(`weightDecay is ${weightDecay}; it is zero or a positive number`, { weightDecay })
  if (!(costPerTurnover >= 0 && costPerTurnover < 0.1))
    throw invalid(`costPerTurnover is ${costPerTurnover}; it is a fraction of the traded value, such as 0.00005`, { costPerTurnover })
  return { name, ...whole, barrierDeviations, weightDecay, mirror, costPerTurnover, shuffleLabels, inThread, quotes, codeHash }
}

function invalid(message: string, details: Readonly<Record<string, unknown>>): TradingError {
  return new TradingError('OPTION_INVALID', `seconds-bar: ${message}`, details)
}
