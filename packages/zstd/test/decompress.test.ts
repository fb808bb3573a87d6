import { Transform } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { decompressZstd, hasNodeZstd, nodeZstd, ZstdDecoder, type ZstdBackend } from '@gatehouse/zstd'
import { compressedFixtures, damagedFixtures, wholeStream } from './support/frames.js'

/** Like `node:zlib` before Node 26: decompresses one frame and swallows whatever follows it, without an error. */
function firstFrameOnly(): Transform {
  const decoder = new ZstdDecoder()
  let frames = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const starts = chunk.readUInt32LE(0) === 0xfd2fb528
      if (starts) frames += 1
      if (frames > 1) return done()
      decoder.push(chunk)
      for (let output = decoder.next(); output !== undefined; output = decoder.next()) this.push(Buffer.from(output))
      done()
    },
  })
}

async function* pieces(bytes: Uint8Array, step: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step)
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = []
  for await (const chunk of chunks) all.push(chunk)
  return Buffer.concat(all)
}

describe.skipIf(compressedFixtures.length === 0)('zstd through node:zlib', () => {
  test('a decompressor that stops after the first frame loses nothing', async () => {
    for (const { file, bytes } of compressedFixtures.slice(0, 12))
      expect((await collect(nodeZstd(pieces(bytes, 4096), firstFrameOnly))).equals(wholeStream(bytes)), file).toBe(true)
  })

  test.skipIf(!hasNodeZstd)('every compressed fixture decompresses to the same bytes as by our own decoder', async () => {
    for (const { file, bytes } of compressedFixtures) {
      for (const step of [bytes.length, 1000])
        expect((await collect(nodeZstd(pieces(bytes, step)))).equals(wholeStream(bytes)), file).toBe(true)
    }
  })

  test.skipIf(!hasNodeZstd)('damaged streams give the same bytes and the same error with both backends', async () => {
    const outcome = async (bytes: Uint8Array, backend: ZstdBackend): Promise<unknown> => {
      let length = 0
      try {
        for await (const chunk of decompressZstd(pieces(bytes, bytes.length), backend)) length += chunk.length
        return { length }
      } catch (error) {
        return { code: (error as { code: string }).code }
      }
    }
    for (const { file, bytes } of damagedFixtures) expect(await outcome(bytes, 'node'), file).toEqual(await outcome(bytes, 'script'))
  })

  test('a reader that stops early leaves nothing running', async () => {
    const { bytes } = compressedFixtures.reduce((largest, fixture) => (fixture.bytes.length > largest.bytes.length ? fixture : largest))
    for await (const chunk of nodeZstd(pieces(bytes, 1 << 16), firstFrameOnly)) {
      expect(chunk.length).toBeGreaterThan(0)
      break
    }
  })
})
