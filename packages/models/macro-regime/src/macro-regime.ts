import {
  constantBaseline,
  defineFamily,
  linearBaseline,
  openInstrument,
  ruleBaseline,
  universePredictor,
  type KitFamily,
  type LoadedFamily,
} from '@gatehouse/model-kit'
import { type Instrument } from '@gatehouse/core'
import { regimeFeatures, schema } from './features.js'
import { measureRegime, namedClasses, regimeDeciles, regimeEconomics } from './measure.js'
import { mirroredRows } from './mirror.js'
import { regimeNetwork, resolveOptions, type MacroRegimeOptions } from './options.js'
import { MacroRegimePrediction, regimes, signals } from './prediction.js'
import { contextOf, readRegimeRows, type RegimeRows } from './rows.js'
import { scalesFrom, scalesOf } from './scales.js'

/** The hourly macro-regime family: five ordered signals and five regimes from hourly bars of one or many names, and of context series. */
export function macroRegime(options: MacroRegimeOptions = {}): KitFamily<RegimeRows, MacroRegimePrediction> {
  const { horizon, context, detail, symbols, epochs, hidden, dropout, mirror, restarts, inThread, name, codeHash, shuffleLabels } =
    resolveOptions(options)
  const features = (source: string) => regimeFeatures(source, { context, detail })
  const names = features('').spec.items.map((item) => item.name)
  const heads = { horizon: `${horizon} bars` }
  const open = (loaded: LoadedFamily, instrument: Instrument, universe: readonly Instrument[]) => {
    const scales = scalesOf(loaded.artifact.description.extra ?? {})
    return openInstrument(loaded, instrument, {
      every: schema,
      context: contextOf(universe, context),
      prediction: (values, { model, digest }) => new MacroRegimePrediction(model, digest, instrument, scales, values),
    })
  }
  return defineFamily<RegimeRows, MacroRegimePrediction>({
    name: 'macro-regime',
    modelName: name,
    codeHash,
    features,
    readRows: (dataset, reading) => readRegimeRows(dataset, { ...reading, horizon, context, symbols }),
    network: regimeNetwork(names.length, { hidden, dropout }),
    heads: [
      {
        output: 'signal',
        kind: 'ordered-classes',
        classes: [...signals],
        ...heads,
        definition: 'forward log return / (sd(140) sqrt horizon), cut at -1, -0.25, 0.25, 1',
      },
      {
        output: 'regime',
        kind: 'classes',
        classes: [...regimes],
        ...heads,
        definition: 'trend at 0.25 sd; volatile: forward sd above 1.15 sd(700)',
      },
    ],
    training: {
      epochs,
      batch: 256,
      patience: 8,
      optimiser: { rate: 0.003, weightDecay: 0.001 },
      restarts,
      averaged: true,
      inThread,
      shuffleLabels,
    },
    augment: mirror ? (rows, indices) => mirroredRows(rows, indices, names) : undefined,
    columns: ['availableAt', 'high', 'low', 'close', 'volume'],
    settings: { horizon, detail, hidden: [...hidden], dropout, mirror, ...(context.length === 0 ? {} : { context: context.join(',') }) },
    extra: scalesFrom,
    measure: measureRegime,
    baselines: [
      constantBaseline('majority', { edges: ['macroF1', 'rps'], say: 'commonest' }),
      ruleBaseline<RegimeRows>('persistence', {
        description: 'the classes that were last known when the row was made',
        edges: ['macroF1'],
        rule({ knownSignal, knownRegime }, row, target) {
          // Before the first label is known: nothing either way, and a range.
          target[knownSignal[row] < 0 ? 2 : knownSignal[row]] = 1
          target[signals.length + (knownRegime[row] < 0 ? 2 : knownRegime[row])] = 1
        },
      }),
      linearBaseline('logistic', { edges: ['macroF1', 'auc', 'rps'] }),
    ],
    economics: regimeEconomics,
    named: namedClasses,
    deciles: regimeDeciles,
    serving: {
      trigger: { every: schema },
      scope: context.length === 0 ? 'instrument' : 'universe',
      open: (loaded, instruments) =>
        context.length === 0
          ? open(loaded, instruments[0], instruments)
          : universePredictor(instruments, { every: schema, open: (instrument) => open(loaded, instrument, instruments) }),
    },
  })
}
