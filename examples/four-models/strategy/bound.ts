import type { Context, Instrument } from '@gatehouse/core'
import { posture, type MacroRegimePrediction, type Posture } from '@gatehouse/model-macro-regime'

/** Nobody bounds: no macro model trades along. */
const free: Posture = { bias: 0, maximum: 1 }

/** What the macro model lets one name have; the full size where it says nothing of the name. */
export function boundOn(instrument: Instrument, { prediction }: Pick<Context, 'prediction'>): Posture {
  const said = prediction('macro-regime', instrument) as MacroRegimePrediction | undefined
  return said === undefined ? free : posture(said)
}

/** What it lets the market as a whole have: the mean over the names that it speaks of. */
export function boundOnMarket(context: Pick<Context, 'prediction' | 'instruments'>): number {
  const said = context.instruments.flatMap((instrument) => context.prediction('macro-regime', instrument) ?? [])
  if (said.length === 0) return free.maximum
  return said.reduce((sum, prediction) => sum + posture(prediction as MacroRegimePrediction).maximum, 0) / said.length
}
