import { describe, expect, test } from 'vitest'
import { ZstdDecoder } from '@gatehouse/zstd'
import { isWasmCurrent } from './support/build-wasm.js'
import { compressedFixtures, rleFrame, wholeStream } from './support/frames.js'

test('the compiled decompressor is what its source gives', async () => {
  expect(await isWasmCurrent()).toBe(true)
})

describe('ZstdDecoder', () => {
  test('an RLE block, and the frame behind it', () => {
    expect(wholeStream(Buffer.concat([rleFrame(5), rleFrame(3)])).toString()).toBe('AAAAAAAA')
  })

  test('a window above 128 MiB is refused before memory is taken', () => {
    expect(() => wholeStream(rleFrame(1, { window: 0xff }))).toThrowError(expect.objectContaining({ code: 'ZSTD_WINDOW' }))
  })

  test('a wrong checksum is found', () => {
    expect(() => wholeStream(rleFrame(5, { checksum: [1, 2, 3, 4] }))).toThrowError(expect.objectContaining({ code: 'ZSTD_CHECKSUM' }))
  })

  test('a block that comes byte by byte costs no more than its bytes', () => {
    const length = 131_072
    const head = [0x28, 0xb5, 0x2f, 0xfd, 0, 0x50, ((length << 3) | 1) & 255, (length >> 5) & 255, length >> 13]
    const start = performance.now()
    expect(wholeStream(Buffer.concat([Uint8Array.from(head), Buffer.alloc(length, 65)]), 1)).toHaveLength(length)
    expect(performance.now() - start).toBeLessThan(1000)
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

  test.skipIf(compressedFixtures.length === 0)('a stream that is cut anywhere is an error, never a shorter one', () => {
    const { bytes } = compressedFixtures.find(({ file }) => file.endsWith('mbp-1.v3.dbn.zst')) ?? compressedFixtures[0]
    for (let end = 1; end < bytes.length; end += 1) expect(() => wholeStream(bytes.subarray(0, end)), `cut at ${end}`).toThrowError(/zstd/)
  })
})
