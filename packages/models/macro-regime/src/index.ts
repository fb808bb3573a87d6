export { macroRegime } from './macro-regime.js'
export type { MacroRegimeOptions } from './options.js'
export { MacroRegimePrediction, posture, regimes, signals, type Posture, type Regime, type Signal } from './prediction.js'
export { regimeFeatureSpec, RegimeFeatures } from './features.js'
