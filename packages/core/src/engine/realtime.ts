import type { CallOptions } from '@gatehouse/contracts'
import type { TimeRange } from '../interfaces/time.js'
import { allTime } from './backtest.js'
import type { RunClock } from './clock.js'
import type { Engine } from './engine.js'
import { FeedQueue } from './feed-queue.js'
import type { Feed } from '../interfaces/feed.js'
import { Lane } from './lane.js'
import { rowLoop } from './rows.js'
import { never, timeKey, timeOfKey, type TimeKey } from './time-key.js'

/** What a run in real time needs besides the engine. */
export interface RealtimeOptions extends CallOptions {
  readonly clock: RunClock
  readonly range: TimeRange | undefined
  readonly queue: { readonly rows: number; readonly conflateQuotes: boolean }
  /** Called in every turn: commands are obeyed there. @returns true to stop */
  readonly between: () => Promise<boolean>
  /** Ends a wait early; the loop sets it. */
  readonly bell: Bell
}

/** Wakes the loop: something came, or someone wants something. */
export class Bell {
  #ring: (() => void) | undefined
  #hasRung = false

  readonly ring = (): void => {
    this.#hasRung = true
    this.#ring?.()
  }

  /** Waits for a ring, at most this long. */
  async wait(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
    if (!this.#hasRung) {
      await new Promise<void>((resolve) => {
        // Timers of this machine cannot be set for longer than 24.8 days.
        const timer = setTimeout(() => done(), Math.min(milliseconds, 1_000_000_000))
        const done = (): void => {
          clearTimeout(timer)
          signal?.removeEventListener('abort', done)
          resolve()
        }
        this.#ring = done
        signal?.addEventListener('abort', done, { once: true })
      })
      this.#ring = undefined
    }
    this.#hasRung = false
  }
}

/** Rows handled in one go before broker events and commands get their turn. */
const rowsPerTurn = 4096
/** Longest sleep: commands, latches and admissions are looked at this often at least. */
const longestWaitMs = 250

/**
 * Handles what comes, when it comes: a row once the clock has reached the time it could be known (live rows at once; recorded rows with an
 * accelerated clock as it passes), broker events, timers, commands. The order in which it handled them is what the journal keeps.
 */
export async function runRealtime(engine: Engine, feeds: readonly Feed[], options: RealtimeOptions): Promise<void> {
  const { clock, signal, between, onProgress, bell, queue } = options
  const range = options.range ?? { from: clock.now(), to: allTime.to }
  const [fromKey, toKey] = [timeKey(range.from), timeKey(range.to)]
  const stop = new AbortController()
  const queues = feeds.map(
    ({ name }, i) =>
      new FeedQueue(name, queue.rows, queue.conflateQuotes, bell.ring, (schema, rows) => engine.conflated(feeds[i].name, schema, rows)),
  )
  const lanes = feeds.map((feed, i) => new Lane(i, feed, queues[i], engine.table))
  const feedSignal = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal])
  const pumps = feeds.map((feed, i) => queues[i].pump(feed.batches(range, { signal: feedSignal })))
  engine.onEmit = bell.ring
  try {
    for (;;) {
      signal?.throwIfAborted()
      if (await between()) return
      const now = timeKey(clock.now())
      engine.advanceTo(now)
      // The clock moves only with what is written down, so that a replay finds the same times.
      if (engine.hasEvents && now > engine.nowKey) engine.nowKey = now
      engine.drain()
      const next = await nextLane(lanes, queues, fromKey, toKey)
      if (now >= toKey && (next === undefined || next.key > now)) break
      if (next === undefined) {
        if (lanes.every((lane) => lane.isEnded) && engine.isIdle) break
        const due = Math.min(longestWaitMs, engine.nextKey === never ? longestWaitMs : clock.millisecondsUntil(timeOfKey(engine.nextKey)))
        await bell.wait(due, signal)
        continue
      }
      if (next.key > now) {
        const soonest = engine.nextKey < next.key ? engine.nextKey : next.key
        await bell.wait(Math.min(longestWaitMs, clock.millisecondsUntil(timeOfKey(soonest))), signal)
        continue
      }
      handle(engine, next, lanes, now)
      onProgress?.({ stage: 'running', done: engine.rows, unit: 'rows' })
    }
  } finally {
    engine.onEmit = undefined
    stop.abort(new Error('the run has ended'))
    for (const waiting of queues) waiting.close()
    await Promise.allSettled(pumps)
  }
}

/** The lane whose next item could be known first; lanes that are empty take what has come for them. */
async function nextLane(lanes: readonly Lane[], queues: readonly FeedQueue[], fromKey: TimeKey, toKey: TimeKey): Promise<Lane | undefined> {
  let first: Lane | undefined
  for (let i = 0; i < lanes.length; i++) {
    const lane = lanes[i]
    if (lane.batch === undefined && lane.status === undefined && !lane.isEnded && !(queues[i].isEmpty && !queues[i].isEnded)) {
      await lane.advance(fromKey, toKey)
    }
    if (lane.key !== never && (first === undefined || lane.key < first.key)) first = lane
  }
  return first
}

/** Handles a status, or the rows of a lane that are due and come before those of other lanes. */
function handle(engine: Engine, lane: Lane, lanes: readonly Lane[], now: TimeKey): void {
  const { status, batch } = lane
  if (status !== undefined) {
    const key = timeKey(status.at)
    if (key > engine.nowKey) engine.nowKey = key
    engine.handleFeedStatus(status)
    lane.status = undefined
    return
  }
  if (batch === undefined) return
  let limit = now
  for (const other of lanes) if (other !== lane && other.key < limit) limit = other.key
  const from = lane.row
  let to = from
  const most = Math.min(lane.end, from + rowsPerTurn)
  while (to < most && lane.keys[to] <= limit) to++
  engine.beginRows(lane, from, to)
  lane.stop = to
  const before = engine.rows
  if (!engine.host.isEmpty) engine.host.checkSource(batch.schema, batch.source)
  rowLoop(batch.schema)(engine, lane, never, true)
  engine.countRows(batch.schema, engine.rows - before)
  engine.maybeCheckpoint()
  if (lane.row >= lane.end) lane.batch = undefined
}
