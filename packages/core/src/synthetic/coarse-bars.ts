import type { Batch } from '../interfaces/batch.js'
import type { TimeRange } from '../interfaces/time.js'
import { anyBatch } from '../market-data/any-batch.js'
import { BarBuilder } from '../market-data/bar-builder.js'
import { syntheticSource, ticksPerUnit, type World } from './market-options.js'
import { MinuteWorld, type SessionMinutes } from './minute-world.js'
import { tradingDays } from './sessions.js'

const batchRows = 4096

/**
 * Bars of a minute or longer, of all names, in time order. Hours are clock hours: the first is stamped 09:00 and holds 09:30 to 10:00, as in
 * LEAN's files. Days are stamped with the open and known at the close.
 */
export function* coarseBars(world: World, schema: 'ohlcv-1m' | 'ohlcv-1h' | 'ohlcv-1d', range: TimeRange): Generator<Batch> {
  const [fromSeconds, toSeconds] = rangeSeconds(range)
  const rows = new BarBuilder({
    schema,
    source: syntheticSource,
    instruments: world.instruments,
    capacity: batchRows,
    priceDivisor: ticksPerUnit,
  })
  for (const session of sessionsOf(world, fromSeconds, toSeconds)) {
    const { day, minutes, names } = session
    for (let first = 0; first < minutes;) {
      const begins = day.open + first * 60
      const stamp = schema === 'ohlcv-1h' ? begins - (begins % 3600) : begins
      const length = schema === 'ohlcv-1m' ? 1 : schema === 'ohlcv-1d' ? minutes : (stamp + 3600 - begins) / 60
      const end = Math.min(minutes, first + length)
      for (let name = 0; name < names; name++) {
        rows.times(name, stamp, 0, day.open + end * 60, 0)
        append(rows, session, first * names + name, end * names + name)
        if (rows.isFull) yield anyBatch(rows.take())
      }
      first = end
    }
  }
  if (rows.length > 0) yield anyBatch(rows.take())
}

/** One bar out of the cells of a name from `first` to before `end`. */
function append(rows: BarBuilder, { open, high, low, close, volume, names }: SessionMinutes, first: number, end: number): void {
  let highest = high[first]
  let lowest = low[first]
  let sum = volume[first]
  for (let cell = first + names; cell < end; cell += names) {
    if (high[cell] > highest) highest = high[cell]
    if (low[cell] < lowest) lowest = low[cell]
    sum += volume[cell]
  }
  rows.values(open[first], highest, lowest, close[end - names], sum)
}

/**
 * The world's sessions that can hold rows known from `fromSeconds` to `toSeconds`; earlier ones are run through.
 * @param hasBars false for the states alone, ten times as fast
 */
export function* sessionsOf(world: World, fromSeconds: number, toSeconds: number, { hasBars = true } = {}): Generator<SessionMinutes> {
  const minutes = new MinuteWorld(
    world.seed,
    world.instruments.map(({ symbol }) => symbol),
    world.strength,
  )
  for (const day of tradingDays(world.fromDay, world.toDay)) {
    if (day.open >= toSeconds) return
    const isWanted = day.close >= fromSeconds
    const session = minutes.next(day, { hasBars: isWanted && hasBars })
    if (isWanted) yield session
  }
}

/** A range in whole seconds, wide enough to hold it. */
export function rangeSeconds({ from, to }: TimeRange): readonly [number, number] {
  return [Number(from / 1_000_000_000n), Number(to / 1_000_000_000n) + 1]
}
