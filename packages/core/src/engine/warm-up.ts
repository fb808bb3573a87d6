import { formatTime, type CallOptions } from '@gatehouse/contracts'
import type { Batch } from '../interfaces/batch.js'
import { barNs, isBarSchema, type Schema } from '../interfaces/schema.js'
import type { TimeNs } from '../interfaces/time.js'
import { mergeFeeds } from '../feed/merge-feeds.js'
import { recordedFeed } from '../feed/recorded-feed.js'
import type { Feed } from '../interfaces/feed.js'
import type { Engine } from './engine.js'
import { comparedRows } from './backtest.js'
import { Lane } from './lane.js'
import type { WarmUpOptions } from './options.js'
import { rowLoop } from './rows.js'
import { never, timeKey, timeOfKey } from './time-key.js'

/**
 * Shows recorded rows before the run to predictors and strategy: those of `[from, until)` of each manifest, merged, so that the run's first row is
 * the next one. Nothing is sent meanwhile; `context.isWarmingUp` says so.
 */
export async function warmUp(
  engine: Engine,
  histories: readonly WarmUpOptions[],
  options: CallOptions & { readonly until: TimeNs },
): Promise<void> {
  const { until, signal, onProgress } = options
  if (histories.length === 0) return
  const schemas = new Set<Schema>()
  const from = histories.reduce((earliest, history) => (history.from < earliest ? history.from : earliest), histories[0].from)
  const feed = mergeFeeds(histories.map((history) => historyFeed(history, until)))
  const source = feed.batches({ from, to: until }, { signal })[Symbol.asyncIterator]()
  const lane = new Lane(-1, feed, source, engine.table)
  const before = engine.rows
  engine.beginWarmUp()
  try {
    while (await lane.advance(timeKey(from), timeKey(until))) {
      signal?.throwIfAborted()
      const batch: Batch | undefined = lane.batch
      if (batch === undefined) continue
      schemas.add(batch.schema)
      while (lane.row < lane.end) {
        // Predictions of the warm-up are journaled, too: while they are compared, theirs must be at hand.
        lane.stop = (await engine.prepare()) ? Math.min(lane.end, lane.row + comparedRows) : lane.end
        rowLoop(batch.schema)(engine, lane, never, true)
      }
      onProgress?.({ stage: 'warming up', done: engine.rows - before, unit: 'rows' })
    }
  } finally {
    await source.return?.()
    engine.endWarmUp()
  }
  const hole = largestHole(engine, schemas, until)
  if (hole !== undefined) engine.remarks.push(hole)
}

/** What a recorder that lags behind leaves unseen, in words: longer than a bar, and while the market was open. */
function largestHole(engine: Engine, schemas: ReadonlySet<Schema>, until: TimeNs): string | undefined {
  const longest = [...schemas].reduce((most, schema) => (isBarSchema(schema) && barNs[schema] > most ? barNs[schema] : most), minuteNs)
  let [most, count, words] = [longest, 0, '']
  for (const [index, instrument] of engine.table.instruments.entries()) {
    if (engine.priceKeys[index] === 0) continue
    const last = timeOfKey(engine.priceKeys[index])
    const missed = engine.calendars.openNs(instrument, last, until) ?? 0n
    if (missed > longest) count++
    if (missed <= most) continue
    most = missed
    words = `History of ${instrument.symbol} ends at ${formatTime(last).slice(0, 16).replace('T', ' ')}, ${missed / minuteNs} minutes of open market before the run began: what happened between was seen by nobody`
  }
  if (count === 0) return undefined
  return count === 1 ? words : `${words}; and of ${count - 1} more instruments likewise`
}

const minuteNs = 60_000_000_000n

function historyFeed({ manifest, pin = 'latest', from }: WarmUpOptions, until: TimeNs): Feed {
  const snapshot = manifest.at(pin)
  return recordedFeed({
    name: 'warm-up',
    schemas: [],
    instruments: async () => [],
    open: (_range, _book, { signal }) => snapshot.scan({ from, to: until, signal }),
  })
}
