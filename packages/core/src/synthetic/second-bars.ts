import type { Batch } from '../interfaces/batch.js'
import type { TimeRange } from '../interfaces/time.js'
import { anyBatch } from '../market-data/any-batch.js'
import { ColumnarBatch } from '../market-data/columnar-batch.js'
import { TimeColumn } from '../market-data/time-column.js'
import { rangeSeconds, sessionsOf } from './coarse-bars.js'
import { syntheticSource, ticksPerUnit, type World } from './market-options.js'
import type { SessionMinutes } from './minute-world.js'
import { SecondPath } from './second-path.js'

/** Rows of a batch are whole minutes of all names, at least this many. */
const batchRows = 4096

/** Bars of one second of all names, in time order, a session at a time. */
export function* secondBars(world: World, range: TimeRange): Generator<Batch> {
  const [fromSeconds, toSeconds] = rangeSeconds(range)
  const path = new SecondPath()
  const minutesPerBatch = Math.ceil(batchRows / (60 * world.instruments.length))
  for (const session of sessionsOf(world, fromSeconds, toSeconds)) {
    for (let minute = 0; minute < session.minutes; minute += minutesPerBatch) {
      const end = Math.min(session.minutes, minute + minutesPerBatch)
      if (session.day.open + end * 60 >= fromSeconds) yield minutesInSeconds(world, { session, path, from: minute, to: end })
    }
  }
}

interface Minutes {
  readonly session: SessionMinutes
  readonly path: SecondPath
  readonly from: number
  readonly to: number
}

function minutesInSeconds(world: World, { session, path, from, to }: Minutes): Batch {
  const { names } = session
  const rows = (to - from) * 60 * names
  const index = new Uint32Array(rows)
  const tsEvent = new TimeColumn(rows)
  const availableAt = new TimeColumn(rows)
  const columns = {
    open: new Int32Array(rows),
    high: new Int32Array(rows),
    low: new Int32Array(rows),
    close: new Int32Array(rows),
    volume: new Uint32Array(rows),
  }
  for (let minute = from; minute < to; minute++) {
    const second = session.day.open + minute * 60
    for (let name = 0; name < names; name++) {
      path.refine(session, minute * names + name)
      let row = (minute - from) * 60 * names + name
      for (let i = 0; i < 60; i++, row += names) {
        index[row] = name
        tsEvent.set(row, second + i, 0)
        availableAt.set(row, second + i + 1, 0)
        columns.open[row] = path.open[i]
        columns.high[row] = path.high[i]
        columns.low[row] = path.low[i]
        columns.close[row] = path.close[i]
        columns.volume[row] = path.volume[i]
      }
    }
  }
  return anyBatch(
    new ColumnarBatch({
      schema: 'ohlcv-1s',
      source: syntheticSource,
      instruments: world.instruments,
      instrumentIndex: index,
      availableAt: availableAt.times,
      priceDivisor: ticksPerUnit,
      columns: { tsEvent: tsEvent.times, ...columns },
    }),
  )
}
