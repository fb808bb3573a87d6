import { TradingError } from '@gatehouse/contracts'
import type { Batch } from '../interfaces/batch.js'
import type { Feed, FeedStatus } from '../interfaces/feed.js'
import { barNs, isBarSchema, type BarSchema } from '../interfaces/schema.js'
import { anyBatch } from '../market-data/any-batch.js'
import { createBatch } from '../market-data/columnar-batch.js'
import { recordedFeed } from './recorded-feed.js'

const none = 'N'.charCodeAt(0)
const trade = 'T'.charCodeAt(0)

/**
 * The opening price of every bar as a trade at the bar's start, for strategies that decide at the open: to size an order on the price it
 * fills at, as backtesting.py does. The trade has size 0, for the bar does not say how much traded there. Give it to `run` before the bars themselves.
 * @throws {TradingError} `FEED_OPTIONS_INVALID` when the feed has no bars
 */
export function barOpens(bars: Feed): Feed {
  const schemas = bars.schemas.filter((schema) => isBarSchema(schema))
  if (schemas.length === 0) {
    throw new TradingError('FEED_OPTIONS_INVALID', `barOpens: feed ${bars.name} has no bars, only ${bars.schemas.join(', ')}`, {
      feed: bars.name,
    })
  }
  const longest = schemas.reduce((most, schema) => (barNs[schema] > most ? barNs[schema] : most), 0n)
  return recordedFeed({
    name: `${bars.name}-opens`,
    schemas: ['trades'],
    instruments: (options) => bars.instruments(options),
    async *open({ from, to }, _book, options): AsyncGenerator<Batch | FeedStatus> {
      // A bar that begins within the range may be known only after its end.
      const until = to > 0x7fff_ffff_ffff_ffffn - 2n * longest ? to : to + 2n * longest
      for await (const item of bars.batches({ from, to: until }, options)) {
        if (item.type === 'feed-status') yield item
        else if (isBarSchema(item.schema)) yield opensOf(item as Batch<BarSchema>)
      }
    },
    close: () => bars.close(),
  })
}

function opensOf(bars: Batch<BarSchema>): Batch {
  const { length, columns } = bars
  const bar = bars.view()
  const price = Float64Array.from({ length }, (_, row) => {
    bar.row = row
    return bar.open
  })
  return anyBatch(
    createBatch({
      schema: 'trades',
      source: bars.source,
      instruments: bars.instruments,
      instrumentIndex: bars.instrumentIndex.slice(),
      availableAt: columns.tsEvent.slice(),
      columns: {
        tsEvent: columns.tsEvent.slice(),
        tsRecv: columns.tsEvent.slice(),
        action: new Uint8Array(length).fill(trade),
        side: new Uint8Array(length).fill(none),
        price,
        size: new Float64Array(length),
        flags: new Uint8Array(length),
        sequence: new Uint32Array(length),
      },
    }),
  )
}
