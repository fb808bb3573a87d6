import { describe, expect, test } from 'vitest'
import { ZstdDecoder } from '@gatehouse/data-databento'
import { isWasmCurrent } from '../support/build-wasm.js'
import { staleRecords } from '../support/generate-records.js'
import { fixtureBytes, fixtures, hasFixtures, unzstd } from '../support/fixtures.js'

test('the compiled decompressor is what its source gives', async () => {
  expect(await isWasmCurrent()).toBe(true)
})

test('the generated records are what the layout table gives', async () => {
  expect(await staleRecords()).toEqual([])
})

/** A frame of one RLE block: `count` times the same byte. */
function rleFrame(count: number, { window = 0x50, checksum = [] as number[] } = {}): Uint8Array {
  const block = (count << 3) | 2 | 1
  return Uint8Array.from([
    0x28,
    0xb5,
    0x2f,
    0xfd,
    checksum.length > 0 ? 4 : 0,
    window,
    block & 255,
    (block >> 8) & 255,
    block >> 16,
    0x41,
    ...checksum,
  ])
}

describe('ZstdDecoder', () => {
  test('an RLE block, and the frame behind it', () => {
    expect(unzstd(Buffer.concat([rleFrame(5), rleFrame(3)])).toString()).toBe('AAAAAAAA')
  })

  test('a window above 128 MiB is refused before memory is taken', () => {
    expect(() => unzstd(rleFrame(1, { window: 0xff }))).toThrowError(expect.objectContaining({ code: 'DBN_ZSTD_WINDOW' }))
  })

  test('a wrong checksum is found', () => {
    expect(() => unzstd(rleFrame(5, { checksum: [1, 2, 3, 4] }))).toThrowError(expect.objectContaining({ code: 'DBN_ZSTD_CHECKSUM' }))
  })

  test('one step gives at most 128 KiB, however much a few bytes stand for', () => {
    const decoder = new ZstdDecoder()
    decoder.push(Buffer.concat(Array.from({ length: 100 }, () => rleFrame(131_072))))
    let total = 0
    for (let chunk = decoder.next(); chunk !== undefined; chunk = decoder.next()) {
      expect(chunk.length).toBeLessThanOrEqual(131_072)
      total += chunk.length
    }
    expect(total).toBe(100 * 131_072)
  })

  test.skipIf(!hasFixtures)('a stream that is cut anywhere is an error, never a shorter file', () => {
    const { file } = fixtures.find(({ file }) => file.endsWith('mbp-1.v3.dbn.zst')) ?? { file: '' }
    const bytes = fixtureBytes(file)
    for (let end = 1; end < bytes.length; end += 1) expect(() => unzstd(bytes.subarray(0, end)), `cut at ${end}`).toThrowError(/zstd/)
  })
})
