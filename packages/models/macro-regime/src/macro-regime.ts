import type { ModelFamily } from '@gatehouse/core'
import { evaluateRegime } from './evaluate.js'
import { regimeFeatureSpec } from './features.js'
import { loadRegime } from './model.js'
import { resolveOptions, type MacroRegimeOptions } from './options.js'
import type { MacroRegimePrediction } from './prediction.js'
import { trainRegime } from './train.js'

/** The hourly macro-regime family: five ordered signals and five regimes from hourly bars of one or many names. */
export function macroRegime(options: MacroRegimeOptions = {}): ModelFamily<MacroRegimePrediction> {
  const resolved = resolveOptions(options)
  return {
    name: 'macro-regime',
    features: regimeFeatureSpec,
    train: (dataset, trainOptions) => trainRegime(dataset, resolved, trainOptions),
    evaluate: (candidate, dataset, judging) => evaluateRegime(candidate, dataset, resolved, judging),
    load: loadRegime,
  }
}
