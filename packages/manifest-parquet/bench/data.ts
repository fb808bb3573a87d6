/** Seeded data of the bench: ten-level books that move a tick at a time, and one-minute bars. Written once as raw columns, read batch by batch. */
import { closeSync, existsSync, fstatSync, openSync, readSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { ColumnSpec, NumericArray } from '@gatehouse/manifest-parquet'

export type SetName = 'mbp' | 'bars'
export interface DataSet {
  readonly name: SetName
  readonly columns: readonly ColumnSpec[]
  readonly rows: number
  readonly file: string
}

export const batchRows = 125_000
const arrays = { INT32: Int32Array, INT64: BigInt64Array, DOUBLE: Float64Array, FLOAT: Float32Array, TEXT: Int32Array } as const
const bytes = { INT32: 4, INT64: 8, DOUBLE: 8, FLOAT: 4, TEXT: 4 } as const

const int64 = (name: string): ColumnSpec => ({ name, type: 'INT64' })
const int32 = (name: string): ColumnSpec => ({ name, type: 'INT32' })
const double = (name: string): ColumnSpec => ({ name, type: 'DOUBLE' })
const levels = Array.from({ length: 10 }, (_, level) =>
  ['bid', 'ask'].flatMap((side) => [double(`${side}_px_${level}`), int32(`${side}_sz_${level}`), int32(`${side}_ct_${level}`)]),
).flat()

const schemas: Record<SetName, readonly ColumnSpec[]> = {
  mbp: [int64('ts_event'), int64('ts_recv'), int32('sequence'), int32('flags'), ...levels],
  bars: [int64('ts'), double('open'), double('high'), double('low'), double('close'), int64('volume'), double('vwap'), int32('trades')],
}
/** What the three-column reads ask for. */
export const projection: Record<SetName, readonly string[]> = { mbp: ['ts_event', 'bid_px_0', 'ask_px_0'], bars: ['ts', 'close', 'volume'] }

type Columns = Record<string, NumericArray>

/** The set, generated into `folder` when it is not there. */
export function dataSet(name: SetName, rows: number, folder: string): DataSet {
  const columns = schemas[name]
  const file = join(folder, `${name}-${rows}-2.raw`)
  if (!existsSync(file)) {
    const fd = openSync(`${file}.part`, 'w')
    const fill = name === 'mbp' ? books() : bars()
    const batch: Columns = Object.fromEntries(columns.map(({ name: column, type }) => [column, new arrays[type](batchRows)]))
    for (let done = 0; done < rows; done += batchRows) {
      fill(batch)
      for (const { name: column } of columns) writeSync(fd, new Uint8Array(batch[column].buffer as ArrayBuffer))
    }
    closeSync(fd)
    renameSync(`${file}.part`, file)
  }
  return { name, columns, rows, file }
}

/** Bytes of the set as raw columns. */
export function rawBytes({ columns, rows }: DataSet): number {
  return rows * columns.reduce((sum, { type }) => sum + bytes[type], 0)
}

/** Reads the set batch by batch into fresh arrays, adding the time it takes to `clock.ms`. */
export function* batches({ columns, file }: DataSet, clock: { ms: number }): Generator<Columns> {
  const fd = openSync(file, 'r')
  const size = fstatSync(fd).size
  let position = 0
  while (position < size) {
    const start = performance.now()
    const batch: Columns = {}
    for (const { name, type } of columns) {
      const values = new arrays[type](batchRows)
      readSync(fd, new Uint8Array(values.buffer), 0, values.byteLength, position)
      position += values.byteLength
      batch[name] = values
    }
    clock.ms += performance.now() - start
    yield batch
  }
  closeSync(fd)
}

/** Arrays for `columns` of the whole set. */
export function allocate({ columns, rows }: DataSet, only?: readonly string[]): Columns {
  return Object.fromEntries(
    columns.filter(({ name }) => !only || only.includes(name)).map(({ name, type }) => [name, new arrays[type](rows)]),
  )
}

/** Compares what was read with the source, byte by byte. */
export function requireEqual(set: DataSet, read: Columns): void {
  let at = 0
  for (const batch of batches(set, { ms: 0 })) {
    for (const [name, values] of Object.entries(read)) {
      const part = values.subarray(at, at + batchRows)
      const same = Buffer.compare(Buffer.from(part.buffer, part.byteOffset, part.byteLength), Buffer.from(batch[name].buffer)) === 0
      if (!same) throw new Error(`${set.name}.${name}: rows from ${at} on differ from the source`)
    }
    at += batchRows
  }
}

function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** Two random walks: the book shifts a tick in 8 % of rows, else one level changes its size. */
function books(): (batch: Columns) => void {
  const next = random(7)
  const size = (): number => Math.max(1, Math.floor(-Math.log(1 - next()) * 8 * (next() < 0.1 ? 10 : 1)))
  const orders = (): number => 1 + Math.floor(next() * 6)
  const side = (price: (level: number) => number) =>
    Array.from({ length: 10 }, (_, level) => ({ price: price(level), size: size(), orders: orders() }))
  const book = { bid: side((level) => 399_999 - level), ask: side((level) => 400_000 + level) }
  let time = 1_700_000_000_000_000_000n
  let sequence = 1
  return (batch) => {
    const column = (name: string): Int32Array => batch[name] as Int32Array
    for (let row = 0; row < batchRows; row++) {
      time += BigInt(Math.floor(-Math.log(1 - next()) * 50_000) + 37)
      if (next() < 0.08) {
        const step = next() < 0.5 ? 1 : -1
        for (const [name, levels] of Object.entries(book)) {
          const inward = (name === 'bid') === (step === 1)
          const edge = inward ? levels[0].price + step : levels[9].price + step
          const fresh = { price: edge, size: size(), orders: orders() }
          if (inward) levels.unshift(fresh)
          else levels.push(fresh)
          if (inward) levels.pop()
          else levels.shift()
        }
      } else {
        const level = (next() < 0.5 ? book.bid : book.ask)[Math.min(9, Math.floor(-Math.log(1 - next()) * 2.2))]
        level.size = Math.max(1, level.size + Math.floor((next() - 0.5) * 12))
        if (next() < 0.5) level.orders = Math.max(1, level.orders + (next() < 0.5 ? 1 : -1))
      }
      ;(batch.ts_event as BigInt64Array)[row] = time
      ;(batch.ts_recv as BigInt64Array)[row] = time + BigInt(120_000 + Math.floor(next() * 40_000))
      column('sequence')[row] = sequence
      sequence += 1 + (next() < 0.2 ? Math.floor(next() * 4) : 0)
      column('flags')[row] = next() < 0.9 ? 128 : 130
      for (let level = 0; level < 10; level++) {
        for (const [name, levels] of Object.entries(book)) {
          batch[`${name}_px_${level}`][row] = levels[level].price / 100
          column(`${name}_sz_${level}`)[row] = levels[level].size
          column(`${name}_ct_${level}`)[row] = levels[level].orders
        }
      }
    }
  }
}

function bars(): (batch: Columns) => void {
  const next = random(11)
  let price = 100_000
  let time = 1_600_000_000_000_000_000n
  return (batch) => {
    for (let row = 0; row < batchRows; row++) {
      time += 60_000_000_000n
      const open = price
      let high = price
      let low = price
      for (let step = 0; step < 4; step++) {
        price += Math.round((next() - 0.5) * 8)
        high = Math.max(high, price)
        low = Math.min(low, price)
      }
      const volume = Math.floor(-Math.log(1 - next()) * 5000)
      ;(batch.ts as BigInt64Array)[row] = time
      ;(batch.volume as BigInt64Array)[row] = BigInt(volume)
      batch.open[row] = open / 100
      batch.high[row] = high / 100
      batch.low[row] = low / 100
      batch.close[row] = price / 100
      batch.vwap[row] = (low + (high - low) * next()) / 100
      batch.trades[row] = 1 + Math.floor(volume / 37)
    }
  }
}
