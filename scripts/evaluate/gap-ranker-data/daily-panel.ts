import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  createBatch,
  equity,
  openTimeZone,
  recordedFeed,
  type Batch,
  type Dataset,
  type Feed,
  type Instrument,
  type Schema,
} from '@gatehouse/core'
import { memorySource, ParquetFile } from '@gatehouse/manifest-parquet'
import { feedDataset } from '@gatehouse/model-kit/testing'

const source = 'pystock-data'
const zone = openTimeZone('America/New_York')
const at = (day: number, hours: number): bigint => zone.timeOfLocal(day, Math.round(hours * 3600))
/** A change of scale by more than this over night is a split, and such a name no candidate that day. */
const splitShare = 0.2
/** Names that open this far up are told of at all: the family's own rule starts higher. */
const told = 0.04

/** All rows, column by column: two million objects would not fit in a small machine beside their bars. */
interface Panel {
  readonly symbols: readonly string[]
  readonly symbol: Uint32Array
  readonly day: Int32Array
  readonly open: Float64Array
  readonly high: Float64Array
  readonly low: Float64Array
  readonly close: Float64Array
  readonly volume: Float64Array
  readonly adjusted: Float64Array
  readonly dropped: number
}

/** The daily panel as a data set, and what was left out of it. */
export interface DailyPanel {
  readonly dataset: Dataset
  /** Rows whose prices contradict each other or are none. */
  readonly dropped: number
}

/**
 * The gap-daily set, as it could have been known: daily bars at 16:00; at 09:30 the opening price as an indication without volume, since the set has no
 * pre-market; at 09:00 the change of scale that the next day's adjusted close tells. Nothing else of a day is known before its close.
 */
export async function dailyPanel(folder: string): Promise<DailyPanel> {
  const panel = await readPanel(join(folder, 'us_daily_2015-03_2016-06.parquet'))
  const instruments = panel.symbols.map((symbol) => equity(symbol))
  const days = daysOf(panel)
  const feed = (schema: Schema, batchOf: (rows: Day) => Batch | undefined): Feed =>
    recordedFeed({
      name: `gap-daily ${schema}`,
      schemas: [schema],
      instruments: async () => instruments,
      async *open() {
        for (const rows of walk(panel, days)) {
          const batch = batchOf(rows)
          if (batch !== undefined) yield batch
        }
      },
    })
  const dataset = feedDataset({
    name: 'gap-daily',
    source,
    instruments,
    range: { from: at(days[0].day, 0), to: at(days[days.length - 1].day + 1, 0) },
    feeds: {
      'ohlcv-1d': feed('ohlcv-1d', ({ day, rows }) => barBatch(panel, { day, rows, instruments })),
      'ohlcv-1m': feed('ohlcv-1m', ({ day, up }) => (up.length > 0 ? openBatch(panel, { day, rows: up, instruments }) : undefined)),
      'corporate-action': feed('corporate-action', ({ day, rescaled, ratios }) =>
        rescaled.length > 0 ? scaleBatch(panel, { day, rows: rescaled, ratios, instruments }) : undefined,
      ),
    },
  })
  return { dataset, dropped: panel.dropped }
}

interface Day {
  readonly day: number
  /** Rows of the day, by symbol; of them those whose scale changed over night, and those that opened up. */
  readonly rows: Uint32Array
  readonly rescaled: Uint32Array
  readonly ratios: Float64Array
  readonly up: Uint32Array
}

/** The days one after the other, each with what the day before says of it. */
function* walk({ symbols, symbol, open, close, adjusted }: Panel, days: ReturnType<typeof daysOf>): Generator<Day> {
  const previous = new Int32Array(symbols.length).fill(-1)
  for (const { day, rows } of days) {
    const ratioOf = (row: number): number => {
      const before = previous[symbol[row]]
      return before < 0 ? 1 : close[before] / adjusted[before]
    }
    const rescaled = rows.filter((row) => {
      const ratio = ratioOf(row)
      return Math.abs(ratio - 1) > 1e-9 && ratio > 0 && Number.isFinite(ratio)
    })
    const ratios = Float64Array.from(rescaled, ratioOf)
    const isSplit = new Set([...rescaled].filter((_, i) => Math.abs(1 / ratios[i] - 1) > splitShare).map((row) => symbol[row]))
    const up = rows.filter((row) => {
      const before = previous[symbol[row]]
      return before >= 0 && !isSplit.has(symbol[row]) && open[row] / adjusted[before] - 1 >= told
    })
    yield { day, rows, rescaled, ratios, up }
    for (const row of rows) previous[symbol[row]] = row
  }
}

async function readPanel(path: string): Promise<Panel> {
  const file = await ParquetFile.open(memorySource(readFileSync(path), path))
  const places = new Map<string, number>()
  const [symbol, day] = [new Uint32Array(file.rows), new Int32Array(file.rows)]
  const names = ['open', 'high', 'low', 'close', 'volume', 'adj_close_next'] as const
  const numbers = names.map(() => new Float64Array(file.rows))
  let [count, dropped] = [0, 0]
  for (let group = 0; group < file.groups; group++) {
    const columns = new Map((await file.readGroup(group)).map(({ name, values }) => [name, values]))
    const text = columns.get('symbol')
    if (text === undefined || !('codes' in text)) throw new TypeError(`${path}: symbol is no text column`)
    const read = (name: string): ArrayLike<number | bigint> => {
      const values = columns.get(name)
      if (values === undefined || 'codes' in values || 'other' in values) throw new TypeError(`${path}: ${name} is no number column`)
      return values
    }
    const date = read('date')
    const values = names.map(read)
    for (let i = 0; i < text.codes.length; i++) {
      const name = text.dictionary[text.codes[i]]
      if (/[.^-]/.test(name)) continue
      const [open, high, low, close, volume] = values.map((column) => Number(column[i]))
      if (!(low > 0 && high >= low && open > 0 && close > 0 && volume >= 0)) {
        dropped++
        continue
      }
      let place = places.get(name)
      if (place === undefined) places.set(name, (place = places.size))
      symbol[count] = place
      day[count] = Number(date[i])
      numbers.forEach((column, k) => (column[count] = Number(values[k][i])))
      count++
    }
  }
  const [open, high, low, close, volume, adjusted] = numbers.map((column) => column.subarray(0, count))
  return { symbols: [...places.keys()], symbol: symbol.subarray(0, count), day: day.subarray(0, count), open, high, low, close, volume, adjusted, dropped } // prettier-ignore
}

/** Row numbers of each day, days ascending, by symbol within a day. */
function daysOf({ day, symbol }: Panel): readonly { readonly day: number; readonly rows: Uint32Array }[] {
  const counts = new Map<number, number>()
  for (const one of day) counts.set(one, (counts.get(one) ?? 0) + 1)
  const days = [...counts].sort(([a], [b]) => a - b).map(([one, count]) => ({ day: one, rows: new Uint32Array(count), filled: 0 }))
  const places = new Map(days.map((one) => [one.day, one]))
  day.forEach((one, row) => {
    const place = places.get(one)!
    place.rows[place.filled++] = row
  })
  for (const { rows } of days) rows.sort((a, b) => symbol[a] - symbol[b] || a - b)
  return days
}

const midnight = (day: number): bigint => BigInt(day) * 86_400_000_000_000n
const filled = (count: number, value: bigint): BigInt64Array => new BigInt64Array(count).fill(value)
const picked = (column: Float64Array, rows: Uint32Array): Float64Array => Float64Array.from(rows, (row) => column[row])

/** Rows of one day. */
interface RowsOfDay {
  readonly day: number
  readonly rows: Uint32Array
  readonly instruments: readonly Instrument[]
}

function barBatch({ symbol, ...panel }: Panel, { day, rows, instruments }: RowsOfDay): Batch {
  return createBatch({
    schema: 'ohlcv-1d',
    source,
    instruments,
    instrumentIndex: rows.map((row) => symbol[row]),
    availableAt: filled(rows.length, at(day, 16)),
    columns: {
      tsEvent: filled(rows.length, midnight(day)),
      open: picked(panel.open, rows),
      high: picked(panel.high, rows),
      low: picked(panel.low, rows),
      close: picked(panel.close, rows),
      volume: picked(panel.volume, rows),
    },
  })
}

function openBatch({ symbol, open }: Panel, { day, rows, instruments }: RowsOfDay): Batch {
  const price = picked(open, rows)
  return createBatch({
    schema: 'ohlcv-1m',
    source,
    instruments,
    instrumentIndex: rows.map((row) => symbol[row]),
    availableAt: filled(rows.length, at(day, 9.5)),
    columns: { tsEvent: filled(rows.length, at(day, 9.5) - 60_000_000_000n), open: price, high: price, low: price, close: price, volume: new Float64Array(rows.length) }, // prettier-ignore
  })
}

function scaleBatch({ symbol }: Panel, { day, rows, ratios, instruments }: RowsOfDay & { readonly ratios: Float64Array }): Batch {
  const count = rows.length
  return createBatch({
    schema: 'corporate-action',
    source,
    instruments,
    instrumentIndex: rows.map((row) => symbol[row]),
    availableAt: filled(count, at(day, 9)),
    columns: {
      tsEvent: filled(count, at(day, 9)),
      kind: Array.from(rows, () => 'split'),
      ratio: ratios,
      amount: new Float64Array(count).fill(NaN),
      symbol: Array.from(rows, () => ''),
    },
  })
}
