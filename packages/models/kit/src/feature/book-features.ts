import { type BookView } from '@gatehouse/core'
import { splitTime } from './clock-cells.js'
import { type FeatureOperator, type Reader } from './feature.js'

type Book = 'mbp-10'
const reader = (definition: string, read: Reader<Book>['read']): Reader<Book> => ({ schema: 'mbp-10', definition, read })

/** Middle of the best bid and offer; `NaN` when a side is empty. */
export const mid = reader('mid', (cells, book, to, factor) => void (cells[to] = ((book.bidPrice(0) + book.askPrice(0)) / 2) * cells[factor])) // prettier-ignore

/** Best offer less best bid, in ticks. */
export const spreadTicks = reader('spreadTicks', (cells, book, to) => {
  cells[to] = (book.askPrice(0) - book.bidPrice(0)) / book.instrument.tickSize
})

/** Resting size of the best `levels`, (bid - ask) / (bid + ask): -1 to 1; `NaN` when both sides are empty. */
export const imbalance = (levels: number): Reader<Book> =>
  reader(`imbalance(${levels})`, (cells, book, to) => {
    let bid = 0
    let ask = 0
    for (let i = 0; i < levels; i++) {
      bid += book.bidSize(i)
      ask += book.askSize(i)
    }
    // Of nothing by nothing, `NaN`.
    cells[to] = (bid - ask) / (bid + ask)
  })

/** Micro-price less mid in half spreads: -1 to 1. The price weighted by the opposite queue (Gatheral & Oomen 2010). */
export const micropriceDeviation = reader('micropriceDeviation', (cells, book, to) => {
  const bid = book.bidSize(0)
  const ask = book.askSize(0)
  const isWhole = bid + ask > 0 && book.bidPrice(0) === book.bidPrice(0) && book.askPrice(0) === book.askPrice(0)
  cells[to] = NaN
  if (isWhole) cells[to] = (bid - ask) / (bid + ask)
})

/** A level's distance from mid in ticks (positive), and log(1 + size): the normalised book. `NaN` and 0 where the level is empty. */
export const levelDistance = (side: 'bid' | 'ask', level: number): Reader<Book> =>
  reader(`levelDistance(${side},${level})`, (cells, book, to) => {
    const middle = (book.bidPrice(0) + book.askPrice(0)) / 2
    cells[to] = (side === 'bid' ? middle - book.bidPrice(level) : book.askPrice(level) - middle) / book.instrument.tickSize
  })
export const levelSize = (side: 'bid' | 'ask', level: number): Reader<Book> =>
  reader(`levelSize(${side},${level})`, (cells, book, to, factor) => {
    cells[to] = Math.log(1 + (side === 'bid' ? book.bidSize(level) : book.askSize(level)) / cells[factor])
  })

/** log((1 + bid) / (1 + ask)) of the best queues. */
export const queueRatio = reader('queueRatio', (cells, book, to) => {
  cells[to] = Math.log((1 + book.bidSize(0)) / (1 + book.askSize(0)))
})

/** Mean order size of the best queues, log((1 + bid) / (1 + ask)); `NaN` where the source gives no counts. */
export const orderSizeRatio = reader('orderSizeRatio', (cells, book, to) => {
  const bids = book.bidCount(0)
  const asks = book.askCount(0)
  cells[to] = NaN
  if (bids > 0 && asks > 0) cells[to] = Math.log((1 + book.bidSize(0) / bids) / (1 + book.askSize(0) / asks))
})

/** Distance between the outermost of `levels` on both sides, in ticks. */
export const bookWidth = (levels: number): Reader<Book> =>
  reader(`bookWidth(${levels})`, (cells, book, to) => {
    cells[to] = (book.askPrice(levels - 1) - book.bidPrice(levels - 1)) / book.instrument.tickSize
  })

/** Signed size of a trade event: positive when a buyer was the aggressor; 0 for other events. Follow with a sum or an `ewma`. */
export const tradeFlow = reader('tradeFlow', (cells, book, to, factor) => {
  const sign = book.action !== 'T' ? 0 : book.side === 'B' ? 1 : book.side === 'A' ? -1 : 0
  cells[to] = sign === 0 ? 0 : (sign * book.size) / cells[factor]
})

/** 1 for events of one action, else 0: with an `ewma`, its share of events. */
export const isAction = (action: BookView['action']): Reader<Book> =>
  reader(`isAction(${action})`, (cells, book, to) => void (cells[to] = book.action === action ? 1 : 0))

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
    update: (cells, at, book, to, factor) => {
      const bidPrice = book.bidPrice(level) * cells[factor]
      const askPrice = book.askPrice(level) * cells[factor]
      const bidSize = book.bidSize(level) / cells[factor]
      const askSize = book.askSize(level) / cells[factor]
      const isKnown = cells[at] === 1
      const bid = bidPrice > cells[at + 1] ? bidSize : bidPrice < cells[at + 1] ? -cells[at + 2] : bidSize - cells[at + 2]
      const ask = askPrice < cells[at + 3] ? askSize : askPrice > cells[at + 3] ? -cells[at + 4] : askSize - cells[at + 4]
      cells[to] = NaN
      cells[at] = bidPrice === bidPrice && askPrice === askPrice ? 1 : 0
      if (cells[at] === 0) return
      cells[at + 1] = bidPrice
      cells[at + 2] = bidSize
      cells[at + 3] = askPrice
      cells[at + 4] = askSize
      if (isKnown) cells[to] = bid - ask
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
    update: (cells, at, book, to) => {
      const seconds = cells[at + 1]
      const nanoseconds = cells[at + 2]
      splitTime(cells, at + 1, book.availableAt)
      const between = cells[at + 1] - seconds + (cells[at + 2] - nanoseconds) * 1e-9
      cells[to] = cells[at] === 0 ? NaN : between > cap ? cap : between
      cells[at] = 1
    },
  }
}
