import { defineFamily, type FamilyDefinition, type KitFamily } from '@gatehouse/model-kit'
import { mirroredRows } from './augment.js'
import { bookBaselines } from './baselines.js'
import { type BookFeatureSet, bookFeatures, warmUpEvents } from './feature/book-features.js'
import { bookDeciles, bookMeasures, namedClasses } from './measures.js'
import { bookNetwork, horizonOf, type OrderBookOptions, resolveOptions, type ResolvedOptions } from './options.js'
import { directions, type OrderBookPrediction, spreadChanges } from './prediction.js'
import { OrderBookPredictor } from './predictor.js'
import { type BookRows, readBookRows } from './rows.js'
import { tendenciesOf } from './tendencies.js'

/** The order-book family: direction, spread transition and market impact from ten levels of any source, by one network. */
export function orderBook(options: OrderBookOptions = {}): KitFamily<BookRows, OrderBookPrediction> {
  return defineFamily(definitionOf(resolveOptions(options)))
}

function definitionOf(options: ResolvedOptions): FamilyDefinition<BookRows, OrderBookPrediction> {
  const { step, direction, flatBp, epochs, rate, weightDecay, restarts, leastRows, shuffleLabels } = options
  const horizon = horizonOf(options)
  return {
    name: 'order-book',
    modelName: options.name,
    codeHash: options.codeHash,
    features: bookFeatures,
    readRows: (dataset, { features, ...rest }) => readBookRows(dataset, options, { ...rest, features: features as BookFeatureSet }),
    network: bookNetwork(options),
    heads: [
      {
        output: 'direction',
        kind: 'classes',
        classes: [...directions],
        horizon,
        definition: `${direction === 'mean' ? 'mean middle of the steps ahead' : 'middle at the horizon'} against the middle now, flat within ${flatBp} bp`,
      },
      {
        output: 'spread',
        kind: 'classes',
        classes: [...spreadChanges],
        horizon,
        definition: 'spread at the horizon against the spread now',
      },
      {
        output: 'impact',
        kind: 'regression',
        horizon,
        definition: 'log move from before a step with net aggressor volume to the horizon, in usual moves of the last minutes',
      },
    ],
    training: {
      epochs,
      batch: 128,
      patience: 4,
      optimiser: { rate, weightDecay },
      restarts,
      leastRows,
      shuffleLabels,
    },
    augment: mirroredRows,
    columns: columnsRead,
    extra: (rows, train) => ({ ...tendenciesOf(rows, train), ...('ms' in step ? { stepMs: step.ms } : { stepEvents: step.events }) }),
    settings: {
      horizon: options.horizon,
      stride: options.stride,
      hidden: [...options.hidden],
      dropout: options.dropout,
      rate,
      weightDecay,
    },
    measure: bookMeasures,
    baselines: bookBaselines,
    named: namedClasses,
    deciles: bookDeciles,
    serving: {
      trigger: 'ms' in step ? { everyNs: step.ms * 1e6 } : { every: 'mbp-10' },
      inputs: ({ source }) => [
        { schema: 'mbp-10', source, warmUp: warmUpEvents },
        // Splits and rolls, in-band: the book starts afresh.
        { schema: 'corporate-action', source, warmUp: 0 },
      ],
      open: (loaded, [instrument]) => new OrderBookPredictor(loaded, instrument, options),
    },
  }
}

const columnsRead = [
  'availableAt',
  'action',
  'side',
  'size',
  ...Array.from({ length: 10 }, (_, i) => ['bidPx', 'askPx', 'bidSz', 'askSz'].map((name) => `${name}0${i}`)).flat(),
]
