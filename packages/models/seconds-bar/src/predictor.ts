import { TradingError } from '@gatehouse/contracts'
import type { Instrument, Predictor } from '@gatehouse/core'
import { compileStreamingPlan, openInstrument, resolveNetwork, type KitPredictor, type LoadedFamily } from '@gatehouse/model-kit'
import { barrierDistance } from './barriers.js'
import { clockFeatures } from './features.js'
import { everySecond } from './network.js'
import { SaidOfSeconds, type SecondsBarPrediction } from './prediction.js'
import { SecondGrid, type SecondRow } from './second-grid.js'

/** A predictor with its drift against the training data. */
export interface SecondsBarPredictor extends Predictor<SecondsBarPrediction> {
  readonly drift: KitPredictor<SecondsBarPrediction>['drift']
}

/** What the labels were, as `model.json` has it: the artifact decides, not the options of the family that loads it. */
function barrierSettings({ artifact: { description } }: LoadedFamily) {
  const { horizonSeconds, barrierDeviations, quotes } = description.extra ?? {}
  if (typeof horizonSeconds === 'number' && horizonSeconds > 0 && typeof barrierDeviations === 'number' && barrierDeviations > 0)
    return { horizonSeconds, barrierDeviations, quotes: quotes === 'bbo-1s' || quotes === 'mbp-1' ? quotes : undefined } as const
  throw new TradingError(
    'MODEL_ARTIFACT_INVALID',
    'seconds-bar: model.json does not say in extra.horizonSeconds and extra.barrierDeviations what was predicted; train the model again',
    { extra: description.extra },
  )
}

/** Opens the predictor of one instrument: a grid of seconds, then the features and the network, which streams with a chain of minutes for every second. */
export function openSeconds(loaded: LoadedFamily, instruments: readonly Instrument[]): SecondsBarPredictor {
  const [instrument] = instruments
  if (instruments.length !== 1)
    throw new TradingError('MODEL_INPUT_INVALID', `seconds-bar: a predictor is of one instrument, found ${instruments.length}`, {
      instruments: instruments.map(({ id }) => id),
    })
  const settings = barrierSettings(loaded)
  const inner = openInstrument<SaidOfSeconds>(perSecond(loaded), instrument, {
    every: 'ohlcv-1s',
    prediction: (values, about) => new SaidOfSeconds(values, { ...about, horizonSeconds: settings.horizonSeconds }),
    fill: (said) => {
      const { volatility, close: price } = grid.row
      said.barrier = barrierDistance({ volatility, price, tickSize: instrument.tickSize }, settings)
    },
  })
  const push = (row: SecondRow): void => inner.update(row)
  const grid = new SecondGrid(instrument, push, settings.quotes)
  return {
    drift: inner.drift && withoutClock(inner.drift),
    get isWarm() {
      return inner.isWarm
    },
    update: (view) => void grid.update(view),
    predict: (now, emit) => inner.predict(now, emit),
    save() {
      const [own, rest] = [grid.save(), inner.save()]
      const state = new Uint8Array(own.length + rest.length)
      state.set(own)
      state.set(rest, own.length)
      return state
    },
    restore(state) {
      const { length } = grid.save()
      const own = state.subarray(0, length)
      // Both are checked before either is taken.
      new SecondGrid(instrument, push).restore(own)
      inner.restore(state.subarray(length))
      grid.restore(own)
    },
  }
}

/**
 * The artifact with the network that serves.
 * @throws {TradingError} `MODEL_STREAMING_INEXACT` for a network from elsewhere that cannot be streamed
 */
function perSecond({ artifact, features }: LoadedFamily): LoadedFamily {
  const network = resolveNetwork(everySecond(artifact.network.definition))
  const { weights, normaliser, plan } = artifact
  // Here and not in the predictor, which would fall back on a window of seconds where the network wants minutes.
  compileStreamingPlan({ network: network.definition, weights, normaliser, backend: plan.backend })
  return { artifact: { ...artifact, network }, features }
}

/** Training sees a few seconds of each minute, live all of them: that the clock runs is no drift. */
function withoutClock({ names, monitor }: NonNullable<SecondsBarPredictor['drift']>): SecondsBarPredictor['drift'] {
  const kept = names.flatMap((name, i) => (clockFeatures.has(name) ? [] : [i]))
  return {
    names: kept.map((i) => names[i]),
    monitor: {
      ...monitor,
      get rows() {
        return monitor.rows
      },
      stabilityIndex: () => {
        const all = monitor.stabilityIndex()
        return Float64Array.from(kept, (i) => all[i])
      },
    },
  }
}
