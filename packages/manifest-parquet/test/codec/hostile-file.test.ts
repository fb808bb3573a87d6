import { describe, expect, test } from 'vitest'
import type { Encoding, PageType } from 'hyparquet'
import { ByteWriter } from 'hyparquet-writer'
import { writePageHeader } from 'hyparquet-writer/src/datapage.js'
import { writeMetadata } from 'hyparquet-writer/src/metadata.js'
import { memorySource, ParquetFile } from '@gatehouse/manifest-parquet'

/** A file of one chunk that claims what it likes. */
function claiming(options: {
  rows: number
  type: 'INT64' | 'BYTE_ARRAY'
  page: PageType
  count: number
  body: readonly number[]
}): Uint8Array {
  const { rows, type, page, count, body } = options
  const encoding: Encoding = page === 'DICTIONARY_PAGE' ? 'PLAIN' : 'RLE_DICTIONARY'
  const writer = new ByteWriter()
  writer.appendUint32(0x31524150)
  const described = { num_values: count, encoding, definition_level_encoding: 'RLE', repetition_level_encoding: 'RLE' } as const
  writePageHeader(writer, {
    type: page,
    uncompressed_page_size: body.length,
    compressed_page_size: body.length,
    ...(page === 'DICTIONARY_PAGE' ? { dictionary_page_header: described } : { data_page_header: described }),
  })
  writer.appendBytes(Uint8Array.from(body))
  const size = BigInt(writer.offset - 4)
  writeMetadata(writer, {
    version: 2,
    schema: [
      { name: 'root', num_children: 1 },
      { name: 'x', type, repetition_type: 'REQUIRED', ...(type === 'BYTE_ARRAY' && { converted_type: 'UTF8' as const }) },
    ],
    num_rows: BigInt(rows),
    row_groups: [
      {
        columns: [
          {
            file_offset: 0n,
            meta_data: {
              type,
              encodings: ['PLAIN', 'RLE_DICTIONARY'],
              path_in_schema: ['x'],
              codec: 'UNCOMPRESSED',
              num_values: BigInt(rows),
              total_uncompressed_size: size,
              total_compressed_size: size,
              data_page_offset: 4n,
            },
          },
        ],
        total_byte_size: size,
        num_rows: BigInt(rows),
      },
    ],
    metadata_length: 0,
  })
  writer.appendUint32(0x31524150)
  return new Uint8Array(writer.getBytes())
}

async function read(bytes: Uint8Array): Promise<{ error: unknown; grownMb: number }> {
  const before = process.memoryUsage().arrayBuffers
  try {
    const file = await ParquetFile.open(memorySource(bytes))
    await file.readGroup(0)
    return { error: undefined, grownMb: 0 }
  } catch (error) {
    return { error, grownMb: (process.memoryUsage().arrayBuffers - before) / 2 ** 20 }
  }
}

describe('a file of a hundred bytes', () => {
  test.each([2 ** 31, 2 ** 40, 2 ** 45])('that claims %i rows is refused before memory is made for them', async (rows) => {
    // One run stands for all of them: nothing but the claim is wrong.
    const body = [1, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f, 0]
    const { error, grownMb } = await read(claiming({ rows, type: 'INT64', page: 'DATA_PAGE', count: 2 ** 31 - 1, body }))
    expect(error).toMatchObject({ code: 'PARQUET_UNSUPPORTED' })
    expect(grownMb).toBeLessThan(16)
  })

  test('that claims a dictionary of two thousand million texts is refused before memory is made for them', async () => {
    const bytes = claiming({ rows: 4, type: 'BYTE_ARRAY', page: 'DICTIONARY_PAGE', count: 2 ** 31 - 1, body: [1, 0, 0, 0, 65] })
    const { error, grownMb } = await read(bytes)
    expect(error).toMatchObject({ code: 'PARQUET_CORRUPT', message: expect.stringContaining('a dictionary of 2147483647 texts') as string })
    expect(grownMb).toBeLessThan(16)
  })

  test.each([-1, -(2 ** 31)])('that claims a page of %i values is refused', async (count) => {
    const { error } = await read(claiming({ rows: 4, type: 'INT64', page: 'DATA_PAGE', count, body: [1, 8, 0] }))
    expect(error).toMatchObject({ code: 'PARQUET_CORRUPT' })
  })

  test('that claims fewer than no rows is refused', async () => {
    const { error } = await read(claiming({ rows: -4, type: 'INT64', page: 'DATA_PAGE', count: 4, body: [1, 8, 0] }))
    expect(error).toMatchObject({ code: 'PARQUET_CORRUPT' })
  })
})
