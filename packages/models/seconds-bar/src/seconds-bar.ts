import { TradingError } from '@gatehouse/contracts'
import type { InputSpec } from '@gatehouse/core'
import { defineFamily, type FamilyDefinition, type FeatureSet, type KitFamily } from '@gatehouse/model-kit'
import { lookback, mirrorSigns, secondsFeatures } from './features.js'
import { baselines, deciles, economics, measure } from './measure.js'
import { mirrored } from './mirror.js'
import { secondsNetwork } from './network.js'
import { resolveOptions, type ResolvedOptions, type SecondsBarOptions } from './options.js'
import type { SecondsBarPrediction } from './prediction.js'
import { openSeconds } from './predictor.js'
import { readRows, type SecondsRows } from './rows.js'
import type { SecondQuotes } from './second-grid.js'

/**
 * The family of one-second bars: will a barrier be reached within the next minute, and which one first.
 * @throws {TradingError} `OPTION_INVALID`; while training and judging the kit's `MODEL_…` codes
 */
export function secondsBar(options: SecondsBarOptions = {}): KitFamily<SecondsRows, SecondsBarPrediction> {
  return defineFamily(definition(resolveOptions(options)))
}

function definition(options: ResolvedOptions): FamilyDefinition<SecondsRows, SecondsBarPrediction> {
  const { name, horizonSeconds, barrierDeviations, epochs, restarts, weightDecay, mirror, shuffleLabels, inThread, quotes, codeHash } =
    options
  const features = (source: string): FeatureSet => secondsFeatures(source, { quotes })
  const { items } = features('any').spec
  const signs = mirrorSigns(features('any'))
  const horizon = `${horizonSeconds} s`
  const barrier = `${barrierDeviations} sd(60 s) sqrt(${horizonSeconds}), at least 0.9 ticks`
  return {
    name: 'seconds-bar',
    modelName: name,
    codeHash,
    features,
    readRows: (dataset, call) => readRows(dataset, call, options),
    network: secondsNetwork(items.length),
    heads: [
      {
        output: 'touch',
        kind: 'binary',
        horizon,
        definition: `after entry at the close of the next second that trades, a barrier at ${barrier} is reached`,
      },
      { output: 'direction', kind: 'binary', horizon, definition: `of barriers at ${barrier} the upper one is reached first; no label where none is` }, // prettier-ignore
    ],
    training: {
      epochs,
      restarts,
      inThread,
      shuffleLabels,
      batch: 256,
      patience: 4,
      optimiser: { rate: 0.004, weightDecay },
      normaliser: { clip: 4 },
      embargoNs: BigInt(horizonSeconds) * 1_000_000_000n,
    },
    augment: mirror ? (rows, indices) => mirrored(rows, indices, signs) : undefined,
    columns: ['availableAt', 'tsEvent', 'open', 'high', 'low', 'close', 'volume'],
    extra: (rows, train) => {
      requireBothSides(rows, train)
      return { horizonSeconds, barrierDeviations, quotes: quotes ?? 'none' }
    },
    settings: { horizonSeconds, barrierDeviations, strideSeconds: options.strideSeconds, weightDecay, mirror, quotes: quotes ?? 'none' },
    measure,
    baselines: baselines(items.findIndex((item) => item.name === 'trend-60')),
    economics: (judging) => economics(judging, options),
    deciles: (judging) => deciles(judging, options),
    serving: {
      trigger: { every: 'ohlcv-1s' },
      inputs: (set) => inputsOf(set, quotes),
      open: openSeconds,
    },
  }
}

function inputsOf({ spec, source }: FeatureSet, quotes: SecondQuotes | undefined): readonly InputSpec[] {
  const warmUp = Math.max(...spec.items.map((item) => item.warmUp.amount)) + lookback
  return [
    { schema: 'ohlcv-1s', source, warmUp },
    ...(quotes ? [{ schema: quotes, source, warmUp: 1 }] : []),
    { schema: 'corporate-action', source, warmUp: 0 },
  ]
}

/** @throws {TradingError} `MODEL_ONE_CLASS` where only one barrier, or none, was ever touched */
function requireBothSides({ outcome }: SecondsRows, train: Int32Array): void {
  const [down, up] = [0, 2].map((which) => train.reduce((count, row) => count + (outcome[row] === which ? 1 : 0), 0))
  if (down > 0 && up > 0) return
  throw new TradingError(
    'MODEL_ONE_CLASS',
    `seconds-bar: of ${train.length} training rows ${up} touched the upper barrier first and ${down} the lower; direction needs both, use a longer range or nearer barriers`,
    { rows: train.length, up, down },
  )
}
