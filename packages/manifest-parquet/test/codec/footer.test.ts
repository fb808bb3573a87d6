import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isTradingError } from '@gatehouse/durable-log'
import { type ColumnSpec, memorySource, ParquetEncoder, ParquetFile } from '@gatehouse/manifest-parquet'

const columns: ColumnSpec[] = [
  { name: 'ts', type: 'INT64' },
  { name: 'price', type: 'DOUBLE' },
  { name: 'count', type: 'INT32' },
  { name: 'symbol', type: 'TEXT' },
]

function file(groups: number): Buffer {
  const encoder = new ParquetEncoder({ columns })
  const parts = Array.from({ length: groups }, (_, group) => {
    const rows = 40 + group
    return encoder
      .rowGroup([
        BigInt64Array.from({ length: rows }, (_, row) => BigInt(group * 1000 + row)),
        Float64Array.from({ length: rows }, (_, row) => row / 4 - group),
        Int32Array.from({ length: rows }, (_, row) => row * group),
        { codes: Int32Array.from({ length: rows }, (_, row) => row % 2), dictionary: ['A', 'B'] },
      ])
      .slice()
  })
  return Buffer.concat([...parts, encoder.finish({ 'a key': 'a text' })])
}

/** A file whose footer is `footer`, and nothing else. */
function withFooter(footer: Uint8Array): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32LE(footer.length)
  return Buffer.concat([Buffer.from('PAR1'), footer, length, Buffer.from('PAR1')])
}

describe('a footer', () => {
  test('says of each chunk what hyparquet reads of it', async () => {
    const { footer } = await ParquetFile.open(memorySource(file(20)))
    expect(footer.groups).toBe(20)
    expect(footer.texts.get('a key')).toBe('a text')
    for (const [group, { columns: chunks, num_rows }] of footer.metadata.row_groups.entries()) {
      expect(footer.groupRows(group)).toBe(Number(num_rows))
      for (const [index, { meta_data }] of chunks.entries()) {
        const { type, codec, encodings, num_values, data_page_offset, dictionary_page_offset, total_compressed_size, statistics } =
          meta_data!
        expect(footer.chunk(group, footer.leaves[index])).toEqual({
          type,
          codec,
          encodings,
          values: Number(num_values),
          start: Number(dictionary_page_offset ?? data_page_offset),
          length: Number(total_compressed_size),
          min: statistics?.min_value,
          max: statistics?.max_value,
        })
      }
    }
  })

  test.each<[string, readonly number[]]>([
    ['structs in structs without end', new Array<number>(100_000).fill(0x1c)],
    ['a list of more elements than there are bytes', [0x49, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x0f]],
    ['a text that is longer than the footer', [0x18, 0xff, 0xff, 0xff, 0xff, 0x0f]],
    ['nothing', []],
    ['no row groups', [0x15, 0x02, 0x00]],
  ])('of %s is refused', async (_what, bytes) => {
    const start = performance.now()
    await expect(ParquetFile.open(memorySource(withFooter(Uint8Array.from(bytes))))).rejects.toMatchObject({ code: 'PARQUET_CORRUPT' })
    expect(performance.now() - start).toBeLessThan(1000)
  })

  test('changed anyhow is read, or refused by a code of ours', async () => {
    const sound = file(2)
    const from = sound.length - 8 - sound.readUInt32LE(sound.length - 8)
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: from, max: sound.length - 1 }), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
        const bytes = Buffer.from(sound)
        bytes[at] ^= mask
        try {
          const parquet = await ParquetFile.open(memorySource(bytes))
          for (let group = 0; group < parquet.groups; group++) await parquet.readGroup(group)
        } catch (error) {
          if (!isTradingError(error)) throw error
          expect(error.code).toMatch(/^PARQUET_/)
        }
      }),
      { numRuns: 1500 },
    )
  })
})
