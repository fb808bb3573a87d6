import { perInstrument } from '@gatehouse/core'
import { posture, type MacroRegimePrediction } from '@gatehouse/model-macro-regime'
import type { Sleeve } from './four-models.js'

/** Share of the equity that one name may take when the posture is full. */
const shareOfEquity = 0.2
/** Positions move in these steps of the full size: less turnover than following every breath of the model. */
const steps = 4

/** Holds the posture of the macro-regime model from hour to hour: size by bias, less where the regime is rough. */
export function hourlySleeve(): Sleeve {
  const sizes = perInstrument(() => ({ taken: 0 }))
  return {
    onBar(bar, context) {
      if (bar.schema !== 'ohlcv-1h') return
      const { equity } = context.portfolio
      const prediction = context.prediction('macro-regime', bar.instrument) as MacroRegimePrediction | undefined
      // Not warm yet, or something held has no price: nothing is traded on what is not known.
      if (prediction === undefined || equity === undefined || context.isWarmingUp) return
      const { bias, maximum } = posture(prediction)
      const wanted = Math.round(bias * maximum * steps) / steps
      const size = sizes(bar.instrument)
      if (wanted === size.taken) return
      const quantity = Math.trunc((wanted * shareOfEquity * equity) / bar.close)
      if (context.orders.target(bar.instrument, quantity, { reason: `bias ${bias.toFixed(2)}, so a position of ${quantity}` }).approved)
        size.taken = wanted
    },
  }
}
