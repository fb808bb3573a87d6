import { Transform } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { hasNodeZstd, nodeZstd } from '../../src/file/node-zstd.js'
import { openDbn } from '../../src/file/open-dbn.js'
import { ZstdDecoder } from '../../src/file/zstd.js'
import { fixtureBytes, fixturePath, fixtures, hasFixtures, malformed, unzstd } from '../support/fixtures.js'

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
      for (let output = decoder.next(); output !== undefined; output = decoder.next()) this.push(output.slice())
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

const compressed = fixtures.filter(({ file, kind }) => file.endsWith('.zst') && kind !== 'dbz-legacy')

describe.skipIf(!hasFixtures)('zstd through node:zlib', () => {
  test('a decompressor that stops after the first frame loses nothing', async () => {
    for (const { file } of compressed.slice(0, 12)) {
      const bytes = fixtureBytes(file)
      expect((await collect(nodeZstd(pieces(bytes, 4096), firstFrameOnly))).equals(unzstd(bytes)), file).toBe(true)
    }
  })

  test.skipIf(!hasNodeZstd)('every compressed fixture decompresses to the same bytes as in plain JavaScript', async () => {
    for (const { file } of compressed) {
      const bytes = fixtureBytes(file)
      for (const step of [bytes.length, 1000]) expect((await collect(nodeZstd(pieces(bytes, step)))).equals(unzstd(bytes)), file).toBe(true)
    }
  })

  test.skipIf(!hasNodeZstd)('damaged files give the same outcome with both backends', async () => {
    const outcome = async (file: string, zstd: 'node' | 'script'): Promise<unknown> => {
      let records = 0
      try {
        const dbn = await openDbn(fixturePath(file), { zstd })
        await dbn.forEachRun((run) => void (records += run.length))
        return { records }
      } catch (error) {
        return { code: (error as { code: string }).code }
      }
    }
    for (const { file } of malformed.filter(({ file }) => file.endsWith('.zst'))) {
      expect(await outcome(file, 'node'), file).toEqual(await outcome(file, 'script'))
    }
  })

  test('a reader that stops early leaves nothing running', async () => {
    const bytes = fixtureBytes('nautilus/esh4-glbx-mdp3-20231225.mbo.dbn.zst')
    for await (const chunk of nodeZstd(pieces(bytes, 1 << 16), firstFrameOnly)) {
      expect(chunk.length).toBeGreaterThan(0)
      break
    }
  })
})
