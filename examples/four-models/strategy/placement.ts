import { perInstrument, type Context, type Instrument, type OrderOptions, type Side } from '@gatehouse/core'
import { executionAdvice, type OrderBookPrediction } from '@gatehouse/model-order-book'
import { second } from '../lane.js'
import type { Sleeve } from './four-models.js'

/** How long an order that rests is given. */
const patienceNs = 2n * second
/** Older predictions say nothing of the book at hand. */
const staleNs = 1n * second

export interface Placement extends Required<Pick<Sleeve, 'onBook'>> {
  /** How to place a decided order now: across the spread, or resting for a moment where the book model expects to be paid for it. */
  entry(instrument: Instrument, side: Side, context: Pick<Context, 'now' | 'prediction'>): OrderOptions
}

/** Places orders as the book model advises; without its word they cross the spread. */
export function placement(): Placement {
  const books = perInstrument(() => ({ bid: NaN, ask: NaN }))
  return {
    onBook(book) {
      const seen = books(book.instrument)
      seen.bid = book.bidPrice(0)
      seen.ask = book.askPrice(0)
    },
    entry(instrument, side, { now, prediction }) {
      const said = prediction('order-book', instrument) as OrderBookPrediction | undefined
      const { bid, ask } = books(instrument)
      const limitPrice = side === 'buy' ? bid : ask
      if (said === undefined || now - said.at > staleNs || !(limitPrice > 0)) return { type: 'market' }
      const { action } = executionAdvice(said, { side })
      return action === 'take' ? { type: 'market' } : { type: 'limit', limitPrice, timeInForce: 'gtd', expiresAt: now + patienceNs }
    },
  }
}
