import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ColumnSpec, type ColumnValues, fileSource, ParquetEncoder, ParquetFile } from '@gatehouse/manifest-parquet'
import { duckdb, polars, sql } from '../peers.js'

const rows = 5000
const columns: ColumnSpec[] = [
  { name: 'ts', type: 'INT64' },
  { name: 'wide', type: 'INT64' },
  { name: 'ticks', type: 'INT32' },
  { name: 'jumps', type: 'INT32' },
  { name: 'price', type: 'DOUBLE' },
  { name: 'noise', type: 'DOUBLE' },
  { name: 'ratio', type: 'FLOAT' },
  { name: 'symbol', type: 'TEXT' },
  { name: 'headline', type: 'TEXT' },
]
const extremes32 = [2147483647, -2147483648, 0, -1]
const extremes64 = [2n ** 63n - 1n, -(2n ** 63n), 0n, -1n]

function group(shift: number): ColumnValues[] {
  const from = <T>(make: (i: number) => T): T[] => Array.from({ length: rows }, (_, i) => make(i + shift))
  return [
    BigInt64Array.from(from((i) => 1_700_000_000_000_000_000n + BigInt(i * i))),
    BigInt64Array.from(from((i) => extremes64[i % 4])),
    Int32Array.from(from((i) => (i % 7) - 3 + (i >> 4))),
    Int32Array.from(from((i) => extremes32[i % 4])),
    Float64Array.from(from((i) => (10_000 + (i % 61)) / 100)),
    Float64Array.from(from((i) => Math.sqrt(i))),
    Float32Array.from(from((i) => i / 8)),
    { codes: Int32Array.from(from((i) => (i >> 6) % 3)), dictionary: ['SPY', 'BRK.B', 'München €'] },
    { codes: Int32Array.from({ length: rows }, (_, i) => i), dictionary: from((i) => `headline ${i}`) },
  ]
}

const groups = [group(0), group(rows)]
const plain = (values: ColumnValues): unknown[] =>
  'codes' in values ? Array.from(values.codes, (code) => values.dictionary[code]) : Array.from(values as Float64Array)
const expected = (index: number): unknown[] => groups.flatMap((values) => plain(values[index]))

let directory = ''
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-parquet-'))
  for (const codec of ['snappy', 'uncompressed'] as const) {
    const encoder = new ParquetEncoder({ columns, codec })
    await writeFile(
      join(directory, `${codec}.parquet`),
      Buffer.concat([...groups.map((values) => encoder.rowGroup(values).slice()), encoder.finish()]),
    )
  }
})
afterAll(() => rm(directory, { recursive: true }))

describe.each(['snappy', 'uncompressed'])('a %s file', (codec) => {
  test.skipIf(!duckdb)('is the same to DuckDB', async () => {
    const read = await sql(`SELECT * FROM read_parquet('${join(directory, `${codec}.parquet`)}')`)
    expect(read).toHaveLength(rows * 2)
    columns.forEach(({ name }, index) => {
      expect(read.map((row) => row[name])).toEqual(expected(index))
    })
  })

  test.skipIf(!polars)('is the same to polars', () => {
    const frame = polars!.readParquet(join(directory, `${codec}.parquet`))
    expect(frame.height).toBe(rows * 2)
    columns.forEach(({ name, type }, index) => {
      const column = frame.getColumn(name)
      // `toArray` of polars makes doubles of 64-bit integers.
      expect(type === 'TEXT' ? column.toArray() : Array.from(column.toTypedArray())).toEqual(expected(index))
    })
  })
})

describe.skipIf(!duckdb)('files DuckDB wrote', () => {
  const source = `SELECT i::BIGINT * 1000003 AS ts, (i % 97)::INTEGER AS ticks, i / 8.0::DOUBLE AS price, (i % 5) / 4.0::FLOAT AS ratio,
    ['SPY','QQQ','ü'][i % 3 + 1] AS symbol, CASE WHEN i % 3 = 0 THEN NULL ELSE i::BIGINT END AS gaps,
    CASE WHEN i % 500 < 10 THEN NULL ELSE 'n' || i END AS note, CASE WHEN i >= 0 THEN NULL ELSE 1.0 END AS never, (i % 2 = 0) AS even,
    (i / 100)::DECIMAL(18,4) AS money FROM range(6000) t(i)`

  test.each([
    ['zstd', 'V1'],
    ['zstd', 'V2'],
    ['snappy', 'V1'],
    ['snappy', 'V2'],
    ['gzip', 'V1'],
    ['brotli', 'V1'],
    ['lz4_raw', 'V1'],
    ['uncompressed', 'V2'],
  ])('with %s pages of %s read as DuckDB reads them', async (codec, version) => {
    const path = join(directory, `duck-${codec}-${version}.parquet`)
    await sql(`COPY (${source}) TO '${path}' (FORMAT PARQUET, COMPRESSION ${codec}, PARQUET_VERSION ${version}, ROW_GROUP_SIZE 2048)`)
    const truth = await sql(`SELECT * FROM read_parquet('${path}')`)
    const file = await ParquetFile.open(await fileSource(path))
    const read: Record<string, unknown[]> = {}
    for (let index = 0; index < file.groups; index++) {
      for (const { name, values, present } of await file.readGroup(index)) {
        const list = 'other' in values ? [...values.other] : plain(values)
        ;(read[name] ??= []).push(...list.map((value, row) => (present?.[row] === 0 ? null : value)))
      }
    }
    await file.close()
    expect(Object.keys(read)).toEqual(Object.keys(truth[0]))
    for (const name of Object.keys(truth[0])) {
      // DECIMAL(18,4) comes back as the integers it is stored as.
      if (name === 'money') expect(read[name]).toEqual(truth.map((_, i) => BigInt(i) * 100n))
      else expect(read[name]).toEqual(truth.map((row) => row[name]))
    }
  })
})

test.skipIf(!polars)('files polars wrote, nulls and all, read back', async () => {
  const path = join(directory, 'polars.parquet')
  const gaps = Array.from({ length: 9000 }, (_, i) => (i % 5 === 0 ? null : i / 2))
  const names = Array.from({ length: 9000 }, (_, i) => (i % 7 === 0 ? null : `name ${i % 50}`))
  polars!.DataFrame({ gaps, names }).writeParquet(path, { compression: 'zstd' })
  const file = await ParquetFile.open(await fileSource(path))
  const [numbers, texts] = await file.readGroup(0)
  await file.close()
  const decoded = (column: typeof numbers): unknown[] =>
    plain(column.values as ColumnValues).map((value, row) => (column.present?.[row] === 0 ? null : value))
  expect(decoded(numbers)).toEqual(gaps)
  expect(decoded(texts)).toEqual(names)
})
