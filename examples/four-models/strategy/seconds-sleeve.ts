import { calendarNamed, perInstrument, type Context, type Instrument } from '@gatehouse/core'
import { entry, type SecondsBarPrediction } from '@gatehouse/model-seconds-bar'
import { second } from '../lane.js'
import { boundOn } from './bound.js'
import type { Sleeve } from './four-models.js'
import { placement } from './placement.js'

/** Share of the equity that one trade may take when nothing bounds it. */
const shareOfEquity = 0.2
/** Dollars a share that one way costs: the fee, and a tick. */
const costPerShare = 0.005 + 0.01
/** A bias beyond this against a trade forbids it. */
const contrary = 0.5
/** No entries in the last minutes of a session: nothing is held over night. */
const lastEntryNs = 300n * second

/** One trade a name at a time: entered when the seconds model expects more than the costs, left at a barrier or at the horizon. */
export function secondsSleeve(): Sleeve {
  const calendar = calendarNamed('XNYS')
  const prices = perInstrument(() => ({ last: NaN }))
  const place = placement()
  return {
    onBook: place.onBook,
    onBar(bar) {
      if (bar.schema === 'ohlcv-1s') prices(bar.instrument).last = bar.close
    },
    onPrediction(prediction, context) {
      if (prediction.type !== 'seconds-bar' || !mayEnter(prediction.instrument, context)) return
      const { instrument } = prediction
      const closes = calendar.nextClose(context.now)
      if (!calendar.isOpen(context.now) || closes === undefined || closes - context.now < lastEntryNs) return
      const said = prediction as SecondsBarPrediction
      const price = prices(instrument).last
      const wish = entry(said, { price, costPerTurnover: costPerShare / price })
      if (wish === undefined) return
      const { bias, maximum } = boundOn(instrument, context)
      if ((wish.side === 'buy' ? -bias : bias) > contrary) return
      const quantity = Math.trunc((shareOfEquity * maximum * wish.size * (context.portfolio.equity ?? 0)) / price)
      if (quantity === 0) return
      const { approved } = context.orders.bracket({
        instrument,
        side: wish.side,
        quantity,
        ...place.entry(instrument, wish.side, context),
        takeProfitPrice: onTick(wish.profitPrice, instrument),
        stopLossPrice: onTick(wish.stopPrice, instrument),
        reason: `quality ${said.quality.toFixed(2)} against ${said.risk.toFixed(2)}, at most ${maximum.toFixed(2)} of the size`,
      })
      if (approved) context.setTimer(leaving(instrument), context.now + BigInt(said.horizonSeconds) * second)
    },
    onTimer({ name }, context) {
      const instrument = context.instruments.find((one) => leaving(one) === name)
      if (instrument === undefined) return
      context.orders.cancelAll(instrument)
      context.orders.target(instrument, 0, { reason: 'the horizon has passed' })
    },
  }
}

const leaving = (instrument: Instrument): string => `leave ${instrument.id}`

/** Flat, nothing at work, and allowed to. */
function mayEnter(instrument: Instrument, { isWarmingUp, exitOnly, orders, portfolio }: Context): boolean {
  return !isWarmingUp && !exitOnly && portfolio.position(instrument).quantity === 0 && orders.working(instrument).length === 0
}

const onTick = (price: number, { tickSize }: Instrument): number => Math.round(price / tickSize) * tickSize
