import { type BookView } from '@gatehouse/core'
import { type FeatureOperator, type Reader } from './feature.js'

type Book = 'mbp-10'
const reader = (definition: string, read: (book: BookView, factor: number) => number): Reader<Book> => ({
  schema: 'mbp-10',
  definition,
  read,
})

/** Middle of the best bid and offer; `NaN` when a side is empty. */
export const mid = reader('mid', (book, factor) => ((book.bidPrice(0) + book.askPrice(0)) / 2) * factor)

/** Best offer less best bid, in ticks. */
export const spreadTicks = reader('spreadTicks', (book) => (book.askPrice(0) - book.bidPrice(0)) / book.instrument.tickSize)

/** Resting size of the best `levels`, (bid - ask) / (bid + ask): -1 to 1; `NaN` when both sides are empty. */
export const imbalance = (levels: number): Reader<Book> =>
  reader(`imbalance(${levels})`, (book) => {
    let [bid, ask] = [0, 0]
    for (let i = 0; i < levels; i++) {
      bid += book.bidSize(i)
      ask += book.askSize(i)
    }
    return bid + ask > 0 ? (bid - ask) / (bid + ask) : NaN
  })

/** Micro-price less mid in half spreads: -1 to 1. The price weighted by the opposite queue (Gatheral & Oomen 2010). */
export const micropriceDeviation = reader('micropriceDeviation', (book) => {
  const [bid, ask] = [book.bidSize(0), book.askSize(0)]
  return bid + ask > 0 && book.bidPrice(0) === book.bidPrice(0) && book.askPrice(0) === book.askPrice(0) ? (bid - ask) / (bid + ask) : NaN
})

/** A level's distance from mid in ticks (positive), and log(1 + size): the normalised book. `NaN` and 0 where the level is empty. */
export const levelDistance = (side: 'bid' | 'ask', level: number): Reader<Book> =>
  reader(`levelDistance(${side},${level})`, (book) => {
    const middle = (book.bidPrice(0) + book.askPrice(0)) / 2
    return (side === 'bid' ? middle - book.bidPrice(level) : book.askPrice(level) - middle) / book.instrument.tickSize
  })
export const levelSize = (side: 'bid' | 'ask', level: number): Reader<Book> =>
  reader(`levelSize(${side},${level})`, (book, factor) =>
    Math.log(1 + (side === 'bid' ? book.bidSize(level) : book.askSize(level)) / factor),
  )

/** log((1 + bid) / (1 + ask)) of the best queues. */
export const queueRatio = reader('queueRatio', (book) => Math.log((1 + book.bidSize(0)) / (1 + book.askSize(0))))

/** Mean order size of the best queues, log((1 + bid) / (1 + ask)); `NaN` where the source gives no counts. */
export const orderSizeRatio = reader('orderSizeRatio', (book) => {
  const [bids, asks] = [book.bidCount(0), book.askCount(0)]
  return bids > 0 && asks > 0 ? Math.log((1 + book.bidSize(0) / bids) / (1 + book.askSize(0) / asks)) : NaN
})

/** Distance between the outermost of `levels` on both sides, in ticks. */
export const bookWidth = (levels: number): Reader<Book> =>
  reader(`bookWidth(${levels})`, (book) => (book.askPrice(levels - 1) - book.bidPrice(levels - 1)) / book.instrument.tickSize)

/** Signed size of a trade event: positive when a buyer was the aggressor; 0 for other events. Follow with a sum or an `ewma`. */
export const tradeFlow = reader('tradeFlow', (book, factor) => {
  if (book.action !== 'T') return 0
  return book.side === 'B' ? book.size / factor : book.side === 'A' ? -book.size / factor : 0
})

/** 1 for events of one action, else 0: with an `ewma`, its share of events. */
export const isAction = (action: BookView['action']): Reader<Book> =>
  reader(`isAction(${action})`, (book) => (book.action === action ? 1 : 0))

/**
 * Order-flow imbalance of one level an event (Cont, Kukanov & Stoikov 2014): what joined and left the queues at the level, bid less ask, in quantity.
 * Follow with a sum or an `ewma`. An event that leaves a side empty gives `NaN` and starts afresh.
 */
export function orderFlowImbalance(level: number): FeatureOperator<Book> {
  return {
    schema: 'mbp-10',
    definition: `mbp-10.orderFlowImbalance(${level})`,
    warmUp: 2,
    slots: 5,
    update: (state, at, book, factor) => {
      const bidPrice = book.bidPrice(level) * factor
      const askPrice = book.askPrice(level) * factor
      const bidSize = book.bidSize(level) / factor
      const askSize = book.askSize(level) / factor
      const isKnown = state[at] === 1
      const bid = bidPrice > state[at + 1] ? bidSize : bidPrice < state[at + 1] ? -state[at + 2] : bidSize - state[at + 2]
      const ask = askPrice < state[at + 3] ? askSize : askPrice > state[at + 3] ? -state[at + 4] : askSize - state[at + 4]
      if (bidPrice !== bidPrice || askPrice !== askPrice) {
        state[at] = 0
        return NaN
      }
      state[at] = 1
      state[at + 1] = bidPrice
      state[at + 2] = bidSize
      state[at + 3] = askPrice
      state[at + 4] = askSize
      return isKnown ? bid - ask : NaN
    },
  }
}

/** Seconds since the event before, at most `cap`: with an `ewma`, the inverse of the event rate. */
export function secondsBetween(cap: number): FeatureOperator<Book> {
  return {
    schema: 'mbp-10',
    definition: `mbp-10.secondsBetween(${cap})`,
    warmUp: 2,
    slots: 3,
    update: (state, at, book) => {
      // Split in two, so that nanoseconds survive in float64: whole seconds and the rest.
      const seconds = Number(book.availableAt / 1_000_000_000n)
      const nanoseconds = Number(book.availableAt % 1_000_000_000n)
      const between = state[at] === 1 ? seconds - state[at + 1] + (nanoseconds - state[at + 2]) * 1e-9 : NaN
      state[at] = 1
      state[at + 1] = seconds
      state[at + 2] = nanoseconds
      return between < cap ? between : between === between ? cap : NaN
    },
  }
}
