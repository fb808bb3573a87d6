import type { Batch } from '../interfaces/batch.js'
import type { TimeRange } from '../interfaces/time.js'
import { anyBatch } from '../market-data/any-batch.js'
import { BarBuilder } from '../market-data/bar-builder.js'
import { HourlyWorld } from './hourly-world.js'
import { syntheticSource, ticksPerUnit, type World } from './market-options.js'
import { sessionsBetween } from './sessions.js'

const batchRows = 4096

/** Hourly bars of all names, hour by hour. Stamped with their clock hour (the first with 09:00, though it opens 09:30), known at their end. */
export function* hourlyBars(world: World, range: TimeRange): Generator<Batch> {
  const hours = new HourlyWorld(
    world.seed,
    world.instruments.map(({ symbol }) => symbol),
    world.strength,
  )
  const [fromSeconds, toSeconds] = rangeSeconds(range)
  const rows = new BarBuilder({
    schema: 'ohlcv-1h',
    source: syntheticSource,
    instruments: world.instruments,
    capacity: batchRows,
    priceDivisor: ticksPerUnit,
  })
  for (const session of sessionsBetween(world.fromDay, world.toDay)) {
    if (session.open >= toSeconds) break
    const bars = hours.next(session)
    if (session.close < fromSeconds) continue
    for (let bar = 0; bar < bars.barCount; bar++) {
      const known = session.open + bars.to[bar]
      for (let name = 0; name < bars.names; name++) {
        const cell = bar * bars.names + name
        rows.times(name, bars.stamp[bar], 0, known, 0)
        rows.values(bars.open[cell], bars.high[cell], bars.low[cell], bars.close[cell], bars.volume[cell])
        if (rows.isFull) yield anyBatch(rows.take())
      }
    }
  }
  if (rows.length > 0) yield anyBatch(rows.take())
}

/** A daily bar is the sum of its session's hours: stamped with the open, known at the close. */
export function* dailyBars(world: World, range: TimeRange): Generator<Batch> {
  const hours = new HourlyWorld(
    world.seed,
    world.instruments.map(({ symbol }) => symbol),
    world.strength,
  )
  const [fromSeconds, toSeconds] = rangeSeconds(range)
  const rows = new BarBuilder({
    schema: 'ohlcv-1d',
    source: syntheticSource,
    instruments: world.instruments,
    capacity: batchRows,
    priceDivisor: ticksPerUnit,
  })
  for (const session of sessionsBetween(world.fromDay, world.toDay)) {
    if (session.open >= toSeconds) break
    const bars = hours.next(session)
    if (session.close < fromSeconds) continue
    for (let name = 0; name < bars.names; name++) {
      let high = 0
      let low = Infinity
      let volume = 0
      for (let cell = name; cell < bars.barCount * bars.names; cell += bars.names) {
        high = Math.max(high, bars.high[cell])
        low = Math.min(low, bars.low[cell])
        volume += bars.volume[cell]
      }
      rows.times(name, session.open, 0, session.close, 0)
      rows.values(bars.open[name], high, low, bars.close[(bars.barCount - 1) * bars.names + name], volume)
      if (rows.isFull) yield anyBatch(rows.take())
    }
  }
  if (rows.length > 0) yield anyBatch(rows.take())
}

/** A range in whole seconds, wide enough to hold it. */
export function rangeSeconds({ from, to }: TimeRange): readonly [number, number] {
  return [Number(from / 1_000_000_000n), Number(to / 1_000_000_000n) + 1]
}
