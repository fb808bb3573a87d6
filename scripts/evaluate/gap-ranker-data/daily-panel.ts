import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createBatch, equity, inMemory, openTimeZone, type Batch, type Dataset, type Instrument } from '@gatehouse/core'
import { memorySource, ParquetFile } from '@gatehouse/manifest-parquet'
import { feedDataset } from '@gatehouse/model-kit/testing'

const source = 'pystock-data'
const zone = openTimeZone('America/New_York')
const at = (day: number, hours: number): bigint => zone.timeOfLocal(day, Math.round(hours * 3600))
/** A change of scale by more than this over night is a split, and such a name no candidate that day. */
const splitShare = 0.2
/** Names that open this far up are told of at all: the family's own rule starts higher. */
const told = 0.04

interface Row {
  readonly symbol: number
  readonly day: number
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
  readonly volume: number
  readonly adjusted: number
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
  const { rows, symbols, dropped } = await readPanel(join(folder, 'us_daily_2015-03_2016-06.parquet'))
  const instruments = symbols.map((symbol) => equity(symbol))
  const byDay = groupByDay(rows)
  const previous = new Map<number, Row>()
  const [bars, opens, scales]: [Batch[], Batch[], Batch[]] = [[], [], []]
  for (const [day, today] of byDay) {
    const rescaled = today.flatMap((row) => {
      const before = previous.get(row.symbol)
      const ratio = before === undefined ? 1 : before.close / before.adjusted
      return Math.abs(ratio - 1) > 1e-9 && ratio > 0 && Number.isFinite(ratio) ? [{ row, ratio }] : []
    })
    const isSplit = new Set(rescaled.filter(({ ratio }) => Math.abs(1 / ratio - 1) > splitShare).map(({ row }) => row.symbol))
    const up = today.filter((row) => {
      const before = previous.get(row.symbol)
      return before !== undefined && !isSplit.has(row.symbol) && row.open / before.adjusted - 1 >= told
    })
    if (rescaled.length > 0) scales.push(scaleBatch(day, rescaled, instruments))
    if (up.length > 0) opens.push(openBatch(day, up, instruments))
    bars.push(barBatch(day, today, instruments))
    for (const row of today) previous.set(row.symbol, row)
  }
  const days = [...byDay.keys()]
  const dataset = feedDataset({
    name: 'gap-daily',
    source,
    instruments,
    range: { from: at(days[0], 0), to: at(days[days.length - 1] + 1, 0) },
    feeds: { 'ohlcv-1d': inMemory(bars), 'ohlcv-1m': inMemory(opens), 'corporate-action': inMemory(scales) },
  })
  return { dataset, dropped }
}

async function readPanel(path: string): Promise<{ rows: Row[]; symbols: string[]; dropped: number }> {
  const file = await ParquetFile.open(memorySource(readFileSync(path), path))
  const rows: Row[] = []
  const places = new Map<string, number>()
  let dropped = 0
  for (let group = 0; group < file.groups; group++) {
    const columns = new Map((await file.readGroup(group)).map(({ name, values }) => [name, values]))
    const text = columns.get('symbol')
    if (text === undefined || !('codes' in text)) throw new TypeError(`${path}: symbol is no text column`)
    const numbers = (name: string): ArrayLike<number | bigint> => {
      const values = columns.get(name)
      if (values === undefined || 'codes' in values || 'other' in values) throw new TypeError(`${path}: ${name} is no number column`)
      return values
    }
    const [date, open, high, low, close, volume, adjusted] = ['date', 'open', 'high', 'low', 'close', 'volume', 'adj_close_next'].map(
      numbers,
    )
    for (let i = 0; i < text.codes.length; i++) {
      const symbol = text.dictionary[text.codes[i]]
      if (/[.^-]/.test(symbol)) continue
      const row = { day: Number(date[i]), open: Number(open[i]), high: Number(high[i]), low: Number(low[i]), close: Number(close[i]), volume: Number(volume[i]), adjusted: Number(adjusted[i]) } // prettier-ignore
      const isSound = row.low > 0 && row.high >= row.low && row.open > 0 && row.close > 0 && row.volume >= 0
      if (!isSound) {
        dropped++
        continue
      }
      let place = places.get(symbol)
      if (place === undefined) places.set(symbol, (place = places.size))
      rows.push({ symbol: place, ...row })
    }
  }
  return { rows, symbols: [...places.keys()], dropped }
}

function groupByDay(rows: readonly Row[]): ReadonlyMap<number, readonly Row[]> {
  const days = new Map<number, Row[]>()
  for (const row of rows) {
    const list = days.get(row.day)
    if (list === undefined) days.set(row.day, [row])
    else list.push(row)
  }
  return new Map([...days].sort(([a], [b]) => a - b).map(([day, list]) => [day, list.sort((a, b) => a.symbol - b.symbol)]))
}

const midnight = (day: number): bigint => BigInt(day) * 86_400_000_000_000n
const filled = (count: number, value: bigint): BigInt64Array => new BigInt64Array(count).fill(value)
const indexOf = (rows: readonly Row[]): Uint32Array => Uint32Array.from(rows, ({ symbol }) => symbol)
const column = (rows: readonly Row[], of: (row: Row) => number): Float64Array => Float64Array.from(rows, of)

function barBatch(day: number, rows: readonly Row[], instruments: readonly Instrument[]): Batch {
  return createBatch({
    schema: 'ohlcv-1d',
    source,
    instruments,
    instrumentIndex: indexOf(rows),
    availableAt: filled(rows.length, at(day, 16)),
    columns: {
      tsEvent: filled(rows.length, midnight(day)),
      open: column(rows, (row) => row.open),
      high: column(rows, (row) => row.high),
      low: column(rows, (row) => row.low),
      close: column(rows, (row) => row.close),
      volume: column(rows, (row) => row.volume),
    },
  })
}

function openBatch(day: number, rows: readonly Row[], instruments: readonly Instrument[]): Batch {
  const price = column(rows, (row) => row.open)
  return createBatch({
    schema: 'ohlcv-1m',
    source,
    instruments,
    instrumentIndex: indexOf(rows),
    availableAt: filled(rows.length, at(day, 9.5)),
    columns: { tsEvent: filled(rows.length, at(day, 9.5) - 60_000_000_000n), open: price, high: price, low: price, close: price, volume: new Float64Array(rows.length) }, // prettier-ignore
  })
}

function scaleBatch(
  day: number,
  changes: readonly { readonly row: Row; readonly ratio: number }[],
  instruments: readonly Instrument[],
): Batch {
  const count = changes.length
  return createBatch({
    schema: 'corporate-action',
    source,
    instruments,
    instrumentIndex: indexOf(changes.map(({ row }) => row)),
    availableAt: filled(count, at(day, 9)),
    columns: {
      tsEvent: filled(count, at(day, 9)),
      kind: changes.map(() => 'split'),
      ratio: Float64Array.from(changes, ({ ratio }) => ratio),
      amount: new Float64Array(count).fill(NaN),
      symbol: changes.map(() => ''),
    },
  })
}
