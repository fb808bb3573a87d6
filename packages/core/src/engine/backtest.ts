import type { CallOptions } from '@gatehouse/contracts'
import type { TimeRange } from '../interfaces/time.js'
import type { Engine } from './engine.js'
import type { Lane } from './lane.js'
import { rowLoop } from './rows.js'
import { never, timeKey, type TimeKey } from './time-key.js'

/** What a pass over history needs besides the engine. */
export interface BacktestOptions extends CallOptions {
  readonly range: TimeRange | undefined
  /** Called between runs of rows: commands are obeyed there. @returns true to stop */
  readonly between: () => Promise<boolean>
}

/** Earliest and latest times that feeds are asked for when a run names none. */
export const allTime: TimeRange = { from: 0n, to: 0x7fef_ffff_ffff_ffffn }

/** Rows that are handled in a turn while written entries are compared. */
export const comparedRows = 32
/** What is done between two rows is done in portions of this many while a run is compared with its journal. */
export const comparedSteps = 512

/** Does what is due up to a time; in portions while written entries are compared: days without a row can hold more timers than entries at hand. */
async function advance(engine: Engine, key: TimeKey): Promise<void> {
  while (await engine.prepare()) if (engine.advanceTo(key, comparedSteps)) return
  engine.advanceTo(key)
}

/** Merges the lanes by (time, rank of the feed, row) and hands runs of rows to the loops of their schemas. */
export async function runBacktest(engine: Engine, lanes: readonly Lane[], options: BacktestOptions): Promise<void> {
  const { range = allTime, signal, onProgress, between } = options
  const [fromKey, toKey] = [timeKey(range.from), timeKey(range.to)]
  for (const lane of lanes) await lane.advance(fromKey, toKey)
  for (;;) {
    signal?.throwIfAborted()
    if (await between()) return
    let first: Lane | undefined
    let firstKey: TimeKey = never
    let secondKey: TimeKey = never
    let secondNumber = -1
    for (const lane of lanes) {
      const { key } = lane
      if (lane.isEnded) continue
      if (first === undefined || key < firstKey) {
        secondKey = firstKey
        secondNumber = first?.number ?? -1
        first = lane
        firstKey = key
      } else if (key < secondKey) {
        secondKey = key
        secondNumber = lane.number
      }
    }
    if (first === undefined) {
      // What was set for a time within the range still happens, though no row comes after it.
      if (options.range !== undefined) await advance(engine, toKey)
      return
    }
    if (first.status !== undefined) {
      const { status } = first
      if (firstKey > engine.nowKey) {
        await advance(engine, firstKey)
        engine.nowKey = firstKey
      }
      // A run done again takes statuses from its journal, where they stand in their place.
      if (!engine.isReplaying) engine.handleFeedStatus(status)
      await first.advance(fromKey, toKey)
      continue
    }
    const { batch } = first
    if (batch === undefined) continue
    const before = engine.rows
    // While written entries are compared, a few rows at a time: their entries must be at hand.
    const isCompared = await engine.prepare()
    if (isCompared) await advance(engine, firstKey)
    first.stop = isCompared ? Math.min(first.end, first.row + comparedRows) : first.end
    // A checkpoint falls on its row whatever batches the rows came in.
    const untilCheckpoint = engine.nextCheckpoint - engine.rows
    if (first.stop - first.row > untilCheckpoint) first.stop = first.row + untilCheckpoint
    if (!engine.host.isEmpty) engine.host.checkSource(batch.schema, batch.source)
    rowLoop(batch.schema)(engine, first, secondKey, secondNumber === -1 || first.number < secondNumber)
    engine.countRows(batch.schema, engine.rows - before)
    engine.maybeCheckpoint()
    if (first.row < first.end) continue
    engine.endBatch(first)
    onProgress?.({ stage: 'running', done: engine.rows, unit: 'rows' })
    await first.advance(fromKey, toKey)
  }
}
