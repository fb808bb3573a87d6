import type { Batch } from '../interfaces/batch.js'
import type { TimeRange } from '../interfaces/time.js'
import { anyBatch } from '../market-data/any-batch.js'
import { ColumnarBatch } from '../market-data/columnar-batch.js'
import { selectRows } from '../market-data/select-rows.js'
import { BookEvents, roomForSecond } from './book-events.js'
import { BookPlanner, bookLoadings } from './book-plan.js'
import { rangeSeconds, sessionsOf } from './coarse-bars.js'
import type { World } from './market-options.js'

const batchRows = 4096

/** MBP-10 rows of one name, a session at a time. Sessions outside the range cost only their minutes. */
export function* bookBatches(world: World, name: number, range: TimeRange): Generator<Batch<'mbp-10'>> {
  const [fromSeconds, toSeconds] = rangeSeconds(range)
  const instrument = world.instruments[name]
  for (const session of sessionsOf(world, fromSeconds, toSeconds)) {
    const planner = new BookPlanner(world.seed, instrument.symbol, session, name, bookLoadings(world.strength))
    const events = new BookEvents(world.seed, instrument, planner, batchRows)
    while (planner.next()) {
      if (planner.plan.second >= toSeconds) break
      events.play()
      if (events.length > batchRows - roomForSecond) yield events.take()
    }
    if (events.length > 0) yield events.take()
  }
}

const tradeAction = 84

/** The trades among book rows. */
export function tradesOf(book: Batch<'mbp-10'>): Batch | undefined {
  const { action } = book.columns
  const rows: number[] = []
  for (let row = 0; row < book.length; row++) if (action[row] === tradeAction) rows.push(row)
  if (rows.length === 0) return undefined
  const picked = selectRows(book, Uint32Array.from(rows))
  const { tsEvent, tsRecv, side, price, size, flags, sequence } = picked.columns
  return anyBatch(
    new ColumnarBatch<'trades'>({
      schema: 'trades',
      source: picked.source,
      instruments: picked.instruments,
      instrumentIndex: picked.instrumentIndex,
      availableAt: picked.availableAt,
      priceDivisor: picked.priceDivisor,
      columns: { tsEvent, tsRecv, action: picked.columns.action, side, price, size, flags, sequence },
    }),
  )
}
