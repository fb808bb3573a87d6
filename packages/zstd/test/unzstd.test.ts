import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isTradingError } from '@gatehouse/durable-log'
import { errorCodes, hasNodeZstd, unzstd, type ZstdBackend } from '@gatehouse/zstd'
import { compressedFixtures, rleFrame, wholeStream } from './support/frames.js'

const backends: readonly ZstdBackend[] = hasNodeZstd ? ['script', 'node'] : ['script']
const thrown = (action: () => unknown): string | undefined => {
  try {
    action()
    return undefined
  } catch (error) {
    return isTradingError(error) ? error.code : String(error)
  }
}

describe.each(backends)('unzstd, backend %s', (backend) => {
  test('gives what was stated, of one frame and of several', () => {
    expect(Buffer.from(unzstd(rleFrame(5), 5, { backend })).toString()).toBe('AAAAA')
    expect(Buffer.from(unzstd(Buffer.concat([rleFrame(5), rleFrame(3)]), 8, { backend })).toString()).toBe('AAAAAAAA')
  })

  test('a stream that holds more or less than was stated is refused', () => {
    expect(thrown(() => unzstd(rleFrame(5), 4, { backend }))).toBe('ZSTD_LENGTH')
    expect(thrown(() => unzstd(rleFrame(5), 6, { backend }))).toBe('ZSTD_LENGTH')
    expect(thrown(() => unzstd(new Uint8Array(0), 1, { backend }))).toBe('ZSTD_LENGTH')
  })

  test('what follows the last frame is refused', () => {
    expect(thrown(() => unzstd(Buffer.concat([rleFrame(5), Buffer.from('more')]), 5, { backend }))).toBe('ZSTD_CORRUPT')
    expect(thrown(() => unzstd(rleFrame(5).subarray(0, 9), 5, { backend }))).toBe('ZSTD_TRUNCATED')
  })

  test('a few bytes that stand for much more than was stated end at once', () => {
    const bomb = Buffer.concat(Array.from({ length: 10_000 }, () => rleFrame(131_072)))
    const start = performance.now()
    expect(thrown(() => unzstd(bomb, 1000, { backend }))).toBe('ZSTD_LENGTH')
    expect(performance.now() - start).toBeLessThan(1000)
  })

  test('after a damaged stream the next sound one is read', () => {
    expect(thrown(() => unzstd(rleFrame(5, { checksum: [1, 2, 3, 4] }), 5, { backend }))).toBe('ZSTD_CHECKSUM')
    expect(Buffer.from(unzstd(rleFrame(2), 2, { backend })).toString()).toBe('AA')
  })

  test.skipIf(compressedFixtures.length === 0)('any change of a stream gives the same bytes or an error of ours, in good time', () => {
    const small = compressedFixtures.filter(({ bytes }) => bytes.length < 4096)
    const contents = small.map(({ bytes }) => wholeStream(bytes))
    const change = fc.record({
      which: fc.nat(small.length - 1),
      at: fc.nat(4095),
      value: fc.integer({ min: 0, max: 255 }),
      cut: fc.option(fc.nat(4095)),
    })
    let slowest = 0
    fc.assert(
      fc.property(change, ({ which, at, value, cut }) => {
        const bytes = Buffer.from(small[which].bytes)
        bytes[at % bytes.length] = value
        const damaged = cut === null ? bytes : bytes.subarray(0, cut % bytes.length)
        const start = performance.now()
        const code = thrown(() => unzstd(damaged, contents[which].length, { backend }))
        slowest = Math.max(slowest, performance.now() - start)
        expect(code === undefined || code in errorCodes, code).toBe(true)
      }),
      { numRuns: 2000, seed: 1 },
    )
    expect(slowest).toBeLessThan(500)
  })
})
