import { TradingError } from '@gatehouse/contracts'
import type { Engine } from './engine.js'
import type { Lane } from './lane.js'
import { keptOf } from './conflated-rows.js'
import { rowLoop } from './rows.js'
import { never, timeKey } from './time-key.js'
import { allTime, comparedSteps } from './backtest.js'

/** Does a real-time run again: its journal says which rows of which feed came next, and what came between them. */
export async function runRecorded(engine: Engine, lanes: readonly Lane[], between: () => Promise<boolean>): Promise<void> {
  const [fromKey, toKey] = [timeKey(allTime.from), timeKey(allTime.to)]
  for (;;) {
    if (await between()) return
    if (!(await engine.prepare())) return
    // A long wait for a row can hold more timers than entries are at hand.
    while (!engine.replayBetween(comparedSteps)) await engine.prepare()
    const upcoming = engine.journal?.upcoming
    if (upcoming?.kind !== 'market-data') return
    const entry = engine.journal?.decode(upcoming)
    if (entry?.type !== 'market-data') return
    const lane = lanes[entry.feed]
    const { count } = entry.reference
    if (lane !== undefined && lane.batch === undefined) {
      while (lane.batch === undefined && (await lane.advance(fromKey, toKey)));
      // Of this batch only some rows were handled: the others had been dropped before their turn.
      const kept = keptOf(entry.reference.segment)
      if (kept !== undefined) lane.keep(kept)
    }
    if (lane?.batch === undefined || lane.end - lane.row < count) {
      const left = lane?.batch === undefined ? 0 : lane.end - lane.row
      throw new TradingError(
        'REPLAY_ROWS_MISSING',
        `Entry ${upcoming.number} names ${count} rows of ${entry.reference.segment}; the feed that was passed has ${left} at hand there. Pass the data that was recorded, in batches no smaller`,
        { entry: upcoming.number, wanted: count, found: left },
      )
    }
    const { batch, row } = lane
    engine.beginRows(lane, row, row + count)
    lane.stop = row + count
    const before = engine.rows
    if (!engine.host.isEmpty) engine.host.checkSource(batch.schema, batch.source)
    rowLoop(batch.schema)(engine, lane, never, true)
    engine.countRows(batch.schema, engine.rows - before)
    engine.maybeCheckpoint()
    if (lane.row >= lane.end) lane.batch = undefined
  }
}
