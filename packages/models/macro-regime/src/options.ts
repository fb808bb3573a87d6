import { type LayerDefinition, type NetworkDefinition } from '@gatehouse/model-kit'
import { type RegimeFeatureOptions } from './features.js'
import { regimes, signals } from './prediction.js'

export interface MacroRegimeOptions {
  /** Bars that labels look ahead; 35 hourly bars are a week. Default 35. */
  readonly horizon?: number | undefined
  /** Symbols whose bars are context for every name: an index, a sector, rates. The model then opens on a universe that holds them. Default none. */
  readonly context?: readonly string[] | undefined
  /** `full` reads seventeen features more: trend strength, drawdown, calendar and others. Default `core`. */
  readonly detail?: RegimeFeatureOptions['detail']
  /** Names to learn and judge on; default all of the dataset. */
  readonly symbols?: readonly string[] | undefined
  /** Most epochs; training stops earlier when validation no longer improves. Default 50. */
  readonly epochs?: number | undefined
  /** Widths of the hidden layers. Default [48, 24]. */
  readonly hidden?: readonly number[] | undefined
  /** Share of hidden units left out at each step of training. Default 0.2. */
  readonly dropout?: number | undefined
  /** Learn from the rows and from the same rows upside down: a model without a bias for up or down. Default true. */
  readonly mirror?: boolean | undefined
  /** Seeds trained; the model is their mean, as one network. Default 1. */
  readonly restarts?: number | undefined
  /** Train the network in a worker thread. Default false. */
  readonly inThread?: boolean | undefined
  /** Name under which candidates are registered. Default `macro-regime`. */
  readonly name?: string | undefined
  /** SHA-256 (hex) of the code that trains, so that a gate knows what made the weights. */
  readonly codeHash?: string | undefined
  /** Trains on labels in random order: the candidate that no gate may let through. For tests and demonstrations. */
  readonly shuffleLabels?: boolean | undefined
}

type Defaulted = Required<Omit<MacroRegimeOptions, 'codeHash' | 'symbols'>>
export type ResolvedOptions = { readonly [K in keyof Defaulted]: NonNullable<Defaulted[K]> } & Pick<
  MacroRegimeOptions,
  'codeHash' | 'symbols'
>

export function resolveOptions(options: MacroRegimeOptions = {}): ResolvedOptions {
  const { horizon = 35, context = [], detail = 'core', epochs = 50, hidden = [48, 24], dropout = 0.2, mirror = true, restarts = 1, inThread = false, name = 'macro-regime' } = options // prettier-ignore
  return { ...options, horizon, context, detail, epochs, hidden, dropout, mirror, restarts, inThread, name, shuffleLabels: options.shuffleLabels ?? false, codeHash: options.codeHash, symbols: options.symbols } // prettier-ignore
}

/** A small multilayer perceptron with two heads: ordered signals, and regimes. */
export function regimeNetwork(features: number, { hidden, dropout }: Pick<ResolvedOptions, 'hidden' | 'dropout'>): NetworkDefinition {
  return {
    input: [features],
    layers: hidden.flatMap((units, i): LayerDefinition[] => [
      { kind: 'dense', units, activation: 'tanh', name: `hidden-${i + 1}` },
      ...(dropout > 0 ? [{ kind: 'dropout' as const, rate: dropout, name: `dropout-${i + 1}` }] : []),
    ]),
    heads: [
      { kind: 'ordered-classes', name: 'signal', classes: signals.length },
      { kind: 'classes', name: 'regime', classes: regimes.length },
    ],
  }
}
