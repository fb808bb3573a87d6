import { TradingError } from '@gatehouse/contracts'
import { type Instrument, type MarketView, type Prediction, type Predictor, type TimeNs } from '@gatehouse/core'
import { packParts, unpackParts } from '../serve/packing.js'

/**
 * One predictor over several instruments that each have their own: for features that look across names. Every view goes to all of them; a prediction is made of
 * each instrument whose own row came since the last one.
 * @param every rows of this schema ask for a prediction
 */
export function universePredictor<P extends Prediction>(
  instruments: readonly Instrument[],
  { every, open }: { readonly every: string; readonly open: (instrument: Instrument) => Predictor<P> },
): Predictor<P> {
  if (instruments.length === 0) throw new TradingError('MODEL_INPUT_INVALID', 'a universe needs an instrument', {})
  const members = instruments.map((instrument) => open(instrument))
  const places = new Map(instruments.map((instrument, i) => [instrument, i]))
  const isDue = new Uint8Array(members.length)
  return {
    /** Some member can speak. */
    get isWarm() {
      for (let i = 0; i < members.length; i++) if (members[i].isWarm) return true
      return false
    },
    update(view: MarketView) {
      for (let i = 0; i < members.length; i++) members[i].update(view)
      const place = view.schema === every ? places.get(view.instrument) : undefined
      if (place !== undefined) isDue[place] = 1
    },
    predict(now: TimeNs, emit) {
      for (let i = 0; i < members.length; i++) {
        if (isDue[i] === 0) continue
        isDue[i] = 0
        if (members[i].isWarm) members[i].predict(now, emit)
      }
    },
    save: () => packParts([isDue, ...members.map((member) => member.save())]),
    restore(state) {
      const [due, ...states] = unpackParts(state, members.length + 1)
      if (due.length !== isDue.length)
        throw new TradingError('MODEL_STATE_INVALID', 'the saved state is of another universe; warm up from recorded data', {})
      states.forEach((one, i) => members[i].restore(one))
      isDue.set(due)
    },
  }
}
