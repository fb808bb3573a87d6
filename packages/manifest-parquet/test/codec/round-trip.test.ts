import { parquetReadObjects } from 'hyparquet'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type ColumnSpec, type ColumnValues, memorySource, ParquetEncoder, ParquetFile } from '@gatehouse/manifest-parquet'
import { random } from '../batches.js'
import { bitsOf, column } from './arbitrary-columns.js'

/** One file with one column and the given row groups. */
function write(type: ColumnSpec['type'], groups: readonly ColumnValues[], codec: 'snappy' | 'uncompressed'): Uint8Array {
  const encoder = new ParquetEncoder({ columns: [{ name: 'c', type }], codec, prove: true })
  const parts = groups.map((values) => encoder.rowGroup([values]).slice())
  return Buffer.concat([...parts, encoder.finish()])
}

const codec = fc.constantFrom('snappy' as const, 'uncompressed' as const)

describe('columns', () => {
  test('read back bit for bit, whatever they hold', async () => {
    await fc.assert(
      fc.asyncProperty(column, codec, async ({ type, values }, chosen) => {
        const file = await ParquetFile.open(memorySource(write(type, [values], chosen)))
        const rows = 'codes' in values ? values.codes.length : values.length
        expect(file.rows).toBe(rows)
        if (rows === 0) {
          expect(file.groups).toBe(0)
          return
        }
        const [read] = await file.readGroup(0)
        expect(read.present).toBeUndefined()
        expect(bitsOf(read.values as ColumnValues)).toEqual(bitsOf(values))
      }),
      { numRuns: 400 },
    )
  })

  test('are the same to hyparquet', async () => {
    await fc.assert(
      fc.asyncProperty(column, codec, async ({ type, values }, chosen) => {
        const bytes = write(type, [values, values], chosen)
        const rows = await parquetReadObjects({ file: new Uint8Array(bytes).buffer })
        const once = 'codes' in values ? Array.from(values.codes, (code) => values.dictionary[code]) : Array.from(values as Float64Array)
        expect(rows.map((row) => row.c as unknown)).toEqual([...once, ...once])
      }),
      { numRuns: 150 },
    )
  })

  test('give the same bytes for the same values', () => {
    fc.assert(
      fc.property(column, ({ type, values }) => {
        expect(Buffer.compare(write(type, [values], 'snappy'), write(type, [values], 'snappy'))).toBe(0)
      }),
      { numRuns: 50 },
    )
  })

  test('keep the range of the file in its footer', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), { minLength: 1 }), async (values) => {
        const file = await ParquetFile.open(memorySource(write('INT64', [BigInt64Array.from(values)], 'snappy')))
        const sorted = [...values].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
        expect(file.groupRange(0, 'c')).toEqual({ min: sorted[0], max: sorted.at(-1) })
      }),
    )
  })
})

describe('long columns', () => {
  const rows = 20_000
  const stamps = BigInt64Array.from({ length: rows }, (_, i) => 1_700_000_000_000_000_000n + BigInt(i) * 1_000_003n)
  const prices = Float64Array.from({ length: rows }, (_, i) => (40_000 + ((i * 7919) % 300)) / 100)
  const noise = Float64Array.from({ length: rows }, (_, i) => 100 + Math.sin(i))
  const counts = Int32Array.from({ length: rows }, (_, i) => i >> 3)
  const symbols = { codes: Int32Array.from({ length: rows }, (_, i) => i % 3), dictionary: ['SPY', 'QQQ', 'IWM'] }
  const columns: ColumnSpec[] = [
    { name: 'ts', type: 'INT64' },
    { name: 'price', type: 'DOUBLE' },
    { name: 'noise', type: 'DOUBLE' },
    { name: 'count', type: 'INT32' },
    { name: 'symbol', type: 'TEXT' },
  ]
  const encode = (): Buffer => {
    const encoder = new ParquetEncoder({ columns })
    return Buffer.concat([encoder.rowGroup([stamps, prices, noise, counts, symbols]).slice(), encoder.finish()])
  }

  test('take the encoding that is smallest for them', async () => {
    const file = await ParquetFile.open(memorySource(encode()))
    const chosen = file.footer.metadata.row_groups[0].columns.map(({ meta_data }) => meta_data!.encodings.at(-1))
    expect(chosen).toEqual(['DELTA_BINARY_PACKED', 'RLE_DICTIONARY', 'BYTE_STREAM_SPLIT', 'DELTA_BINARY_PACKED', 'RLE_DICTIONARY'])
  })

  test('are read by name into arrays that are handed in', async () => {
    const file = await ParquetFile.open(memorySource(encode()))
    const mine = new Float64Array(rows + 5)
    const [read, ticks] = await file.readGroup(0, ['price', 'count'], { reuse: new Map([['price', mine]]) })
    expect((read.values as Float64Array).buffer).toBe(mine.buffer)
    expect(mine.subarray(0, rows)).toEqual(prices)
    expect(ticks.values).toEqual(counts)
  })

  test('refuse a name the file does not have', async () => {
    const file = await ParquetFile.open(memorySource(encode()))
    await expect(file.readGroup(0, ['nope'])).rejects.toMatchObject({ code: 'PARQUET_COLUMN' })
  })

  test('never come back changed after a flipped bit', async () => {
    const sound = encode()
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: sound.length - 1 }), fc.nat({ max: 7 }), async (at, bit) => {
        const bytes = Buffer.from(sound)
        bytes[at] ^= 1 << bit
        try {
          const file = await ParquetFile.open(memorySource(bytes))
          const read = await file.readGroup(0)
          // What a flip may leave unharmed: magic at the start, statistics, names of the writer.
          expect(read.map(({ values }) => bitsOf(values as ColumnValues))).toEqual([stamps, prices, noise, counts, symbols].map(bitsOf))
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^PARQUET_/) as string })
        }
      }),
      { numRuns: 150 },
    )
  })

  test('never come back from a file that was cut short', async () => {
    const sound = encode()
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: sound.length - 1 }), async (length) => {
        await expect(ParquetFile.open(memorySource(sound.subarray(0, length)))).rejects.toMatchObject({ code: 'PARQUET_CORRUPT' })
      }),
      { numRuns: 100 },
    )
  })
})

describe('pages of megabytes', () => {
  const rows = 300_000
  const next = random(5)
  const wide = (): bigint => BigInt(Math.floor(next() * 2 ** 50))
  let time = 1_700_000_000_000_000_000n
  test.each<[string, ColumnSpec['type'], ColumnValues]>([
    ['deltas of 50 bits', 'INT64', BigInt64Array.from({ length: rows }, () => (time += wide() >> 16n))],
    ['deltas of 50 bits either way', 'INT64', BigInt64Array.from({ length: rows }, wide)],
    ['deltas of 20 bits', 'INT64', BigInt64Array.from({ length: rows }, () => (time += wide() >> 30n))],
    ['numbers of 32 bits', 'INT32', Int32Array.from({ length: rows }, () => next() * 2 ** 32 - 2 ** 31)],
    ['steps of 20 bits', 'INT32', Int32Array.from({ length: rows }, (_, i) => i * 1000 + next() * 2 ** 20)],
    ['doubles of any kind', 'DOUBLE', Float64Array.from({ length: rows }, () => next() ** 9)],
    ['some thousand prices', 'DOUBLE', Float64Array.from({ length: rows }, () => Math.round(next() * 60_000) / 100)],
    [
      'distinct strings',
      'TEXT',
      { codes: Int32Array.from({ length: rows }, (_, i) => i), dictionary: Array.from({ length: rows }, (_, i) => `s${i}`) },
    ],
  ])('come back bit for bit: %s', async (_what, type, values) => {
    for (const codec of ['snappy', 'uncompressed'] as const) {
      const file = await ParquetFile.open(memorySource(write(type, [values], codec)))
      const [read] = await file.readGroup(0)
      expect(bitsOf(read.values as ColumnValues)).toEqual(bitsOf(values))
    }
  })
})

describe('row groups', () => {
  test('refuse columns of unequal length and of the wrong array', () => {
    const encoder = new ParquetEncoder({
      columns: [
        { name: 'a', type: 'INT32' },
        { name: 'b', type: 'DOUBLE' },
      ],
    })
    expect(() => encoder.rowGroup([new Int32Array(2), new Float64Array(3)])).toThrow(expect.objectContaining({ code: 'PARQUET_COLUMN' }))
    expect(() => encoder.rowGroup([new Int32Array(2), new Int32Array(2)])).toThrow(expect.objectContaining({ code: 'PARQUET_COLUMN' }))
    expect(() => encoder.rowGroup([new Int32Array(2)])).toThrow(expect.objectContaining({ code: 'PARQUET_COLUMN' }))
  })

  test('of an unavailable codec are refused by name before a byte is written', () => {
    if (Number(process.versions.node.split('.')[0]) >= 22) return
    expect(() => new ParquetEncoder({ columns: [], codec: 'zstd' })).toThrow(expect.objectContaining({ code: 'PARQUET_NO_ZSTD' }))
  })
})
