import { perInstrument } from '@gatehouse/core'
import { stake, type GapPrediction } from '@gatehouse/model-gap-ranker'
import { boundOnMarket } from './bound.js'
import type { Sleeve } from './four-models.js'

/** Share of the equity for the names of one morning, when nothing bounds it. */
const shareOfEquity = 0.1
/** Names that are bought, and the least probability that they close above their open. */
const choice = { top: 3, atLeast: 0.5 }

/** Buys the best names of the morning in the opening auction and sells them in the closing one. */
export function openingSleeve(): Sleeve {
  const prices = perInstrument(() => ({ last: NaN }))
  const entries = new Set<string>()
  return {
    onBar(bar) {
      if (bar.schema === 'ohlcv-1m') prices(bar.instrument).last = bar.close
    },
    onPrediction(prediction, context) {
      if (prediction.type !== 'gap-ranker' || context.isWarmingUp || context.exitOnly) return
      const { instrument, rank, names, probability } = prediction as GapPrediction
      const share = stake({ rank, probability }, choice) * shareOfEquity * boundOnMarket(context)
      const quantity = Math.trunc((share * (context.portfolio.equity ?? 0)) / prices(instrument).last)
      // Also where no price is known: NaN is no quantity.
      if (!(quantity > 0)) return
      const reason = `rank ${rank} of ${names}, ${(100 * probability).toFixed(0)} % to close above its open`
      const entry = context.orders.buy(instrument, quantity, { type: 'marketOnOpen', reason })
      if (entry.approved) entry.orders.forEach(({ clientOrderId }) => entries.add(clientOrderId))
    },
    onFill({ instrument, clientOrderId, quantity }, { orders }) {
      if (entries.has(clientOrderId)) orders.sell(instrument, quantity, { type: 'marketOnClose', reason: 'held for the session' })
    },
  }
}
