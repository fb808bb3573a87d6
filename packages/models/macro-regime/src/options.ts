import type { NetworkDefinition } from '@gatehouse/model-kit'
import { featureCount } from './features.js'
import { regimes, signals } from './prediction.js'

export interface MacroRegimeOptions {
  /** Bars that labels look ahead; 35 hourly bars are a week. Default 35. */
  readonly horizon?: number | undefined
  /** Most epochs; training stops earlier when validation no longer improves. Default 40. */
  readonly epochs?: number | undefined
  /** Widths of the hidden layers. Default [48, 24]. */
  readonly hidden?: readonly number[] | undefined
  /** Name under which candidates are registered. Default `macro-regime`. */
  readonly name?: string | undefined
  /** SHA-256 (hex) of the code that trains, so that a gate knows what made the weights. */
  readonly codeHash?: string | undefined
  /** Trains on labels in random order: the candidate that no gate may let through. For tests and demonstrations. */
  readonly shuffleLabels?: boolean | undefined
}

export type ResolvedOptions = { readonly [K in Exclude<keyof MacroRegimeOptions, 'codeHash'>]-?: NonNullable<MacroRegimeOptions[K]> } & {
  readonly codeHash: string | undefined
}

export function resolveOptions(options: MacroRegimeOptions = {}): ResolvedOptions {
  const { horizon = 35, epochs = 40, hidden = [48, 24], name = 'macro-regime', shuffleLabels = false, codeHash } = options
  return { horizon, epochs, hidden, name, shuffleLabels, codeHash }
}

/** A small multilayer perceptron with two heads: ordered signals, and regimes. Without hidden layers it is the logistic baseline. */
export function regimeNetwork(hidden: readonly number[]): NetworkDefinition {
  return {
    input: [featureCount],
    layers:
      hidden.length === 0
        ? [{ kind: 'activation', activation: 'linear', name: 'input-pass' }]
        : hidden.map((units, i) => ({ kind: 'dense', units, activation: 'tanh', name: `hidden-${i + 1}` })),
    heads: [
      { kind: 'ordered-classes', name: 'signal', classes: signals.length },
      { kind: 'classes', name: 'regime', classes: regimes.length },
    ],
  }
}
