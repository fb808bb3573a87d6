import { TradingError } from '@gatehouse/contracts'
import { type NetworkDefinition } from '@gatehouse/model-kit'
import { bookColumns } from './feature/book-features.js'

/** When the book is looked at: on multiples of a time since 1970, or each so many events. */
export type Step = { readonly ms: number } | { readonly events: number }

export interface OrderBookOptions {
  /** Time or events between rows, and between predictions. Default 100 ms. */
  readonly step?: Step | undefined
  /** Steps that labels look ahead. Default 10. */
  readonly horizon?: number | undefined
  /**
   * Every so many steps are rows to train and judge on; it predicts at every step all the same. Rows closer than the horizon overlap and teach little more, so a
   * stride of half the horizon trains as well in a fraction of time and memory. Default 1.
   */
  readonly stride?: number | undefined
  /** What direction means: the mean middle of the steps ahead against the middle now (default), or the last of them. */
  readonly direction?: 'mean' | 'end' | undefined
  /** Moves of at most so many basis points are flat. Default 0: no move at all. */
  readonly flatBp?: number | undefined
  /** A book that was silent for longer is not predicted, ms. Default 2,000. */
  readonly staleMs?: number | undefined
  /** Most epochs; training stops earlier when validation no longer improves. Default 12. */
  readonly epochs?: number | undefined
  /** Widths of the hidden layers. Default [64, 32]. */
  readonly hidden?: readonly number[] | undefined
  /** Share of hidden units that are left out at each training step. Default 0.1. */
  readonly dropout?: number | undefined
  /** Peak learning rate. Default 0.003. */
  readonly rate?: number | undefined
  /** Decay of weights a step, times the rate. Default 0.01. */
  readonly weightDecay?: number | undefined
  /** Seeds that are trained; the one with the least validation loss is kept. Default 1. */
  readonly restarts?: number | undefined
  /** Fewest labelled rows to train on. Default 500. */
  readonly leastRows?: number | undefined
  /** Name under which candidates are registered. Default `order-book`. */
  readonly name?: string | undefined
  /** SHA-256 (hex) of the code that trains, so that a gate knows what made the weights. */
  readonly codeHash?: string | undefined
  /** Trains on labels in random order: the candidate that no gate may let through. For tests and demonstrations. */
  readonly shuffleLabels?: boolean | undefined
}

export type ResolvedOptions = { readonly [K in Exclude<keyof OrderBookOptions, 'codeHash'>]-?: NonNullable<OrderBookOptions[K]> } & {
  readonly codeHash: string | undefined
}

/** @throws {TradingError} `MODEL_INPUT_INVALID` naming the option */
export function resolveOptions({
  step = { ms: 100 },
  horizon = 10,
  stride = 1,
  direction = 'mean',
  flatBp = 0,
  staleMs = 2_000,
  epochs = 12,
  hidden = [64, 32],
  dropout = 0.1,
  rate = 0.003,
  weightDecay = 0.01,
  restarts = 1,
  leastRows = 500,
  name = 'order-book',
  codeHash,
  shuffleLabels = false,
}: OrderBookOptions = {}): ResolvedOptions {
  requirePositive('step', 'ms' in step ? step.ms : step.events)
  requirePositive('horizon', horizon)
  requirePositive('stride', stride)
  if (!(staleMs > 0)) throw invalid('staleMs', 'a positive number', staleMs)
  if (!(flatBp >= 0 && flatBp < Infinity)) throw invalid('flatBp', 'zero or a positive number', flatBp)
  if (direction !== 'mean' && direction !== 'end') throw invalid('direction', '"mean" or "end"', direction)
  return { step, horizon, stride, direction, flatBp, staleMs, epochs, hidden, dropout, rate, weightDecay, restarts, leastRows, name, codeHash, shuffleLabels } // prettier-ignore
}

/** Step and horizon in words: `10 steps of 100 ms`. */
export const horizonOf = ({ step, horizon }: Pick<ResolvedOptions, 'step' | 'horizon'>): string =>
  `${horizon} steps of ${'ms' in step ? `${step.ms} ms` : `${step.events} events`}`

/** Seconds that labels look ahead, as the scale of impact; a horizon in events counts as one second. */
export const horizonSeconds = ({ step, horizon }: Pick<ResolvedOptions, 'step' | 'horizon'>): number =>
  'ms' in step ? (step.ms * horizon) / 1000 : 1

/** What the heads share, before them. */
const shared = 24

/**
 * One network, three heads. A linear path and a nonlinear one are added, so that what is linear in the book need not be learnt by hidden units; the heads'
 * weights in the loss are learned from their uncertainty (Kendall et al. 2018). Without hidden layers it is the linear model.
 */
export function bookNetwork({ hidden, dropout }: Pick<ResolvedOptions, 'hidden' | 'dropout'>): NetworkDefinition {
  const body = hidden.flatMap((units) => [
    { kind: 'dense', units, activation: 'relu' } as const,
    ...(dropout > 0 ? [{ kind: 'dropout', rate: dropout } as const] : []),
  ])
  return {
    input: [bookColumns.length],
    layers: [
      { kind: 'dense', name: 'straight', units: shared },
      ...(hidden.length === 0
        ? []
        : [
            ...body.map((layer, i) => ({ ...layer, name: `hidden-${i}`, ...(i === 0 ? { from: 'input' } : {}) })),
            { kind: 'dense', name: 'bent', units: shared } as const,
            { kind: 'add', name: 'both', from: ['straight', 'bent'] } as const,
          ]),
    ],
    heads: [
      { kind: 'classes', name: 'direction', classes: 3, weight: 'learned' },
      { kind: 'classes', name: 'spread', classes: 3, weight: 'learned' },
      { kind: 'regression', name: 'impact', huberDelta: 3, weight: 'learned' },
    ],
  }
}

function requirePositive(option: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1) throw invalid(option, 'a positive whole number', value)
}
function invalid(option: string, expected: string, found: unknown): TradingError {
  return new TradingError('MODEL_INPUT_INVALID', `order-book: ${option} must be ${expected}, found ${String(found)}`, { option, found })
}
