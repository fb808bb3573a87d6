import * as zlib from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isTradingError } from '@gatehouse/durable-log'
import { ByteSink } from '../../src/codec/byte-sink.js'
import { decompress } from '../../src/codec/compression.js'
import { snappyCompress } from '../../src/codec/snappy.js'
import { random } from '../batches.js'

/** What the pages below stand for: repeats near and far, and stretches without any. */
const page = (() => {
  const next = random(9)
  const bytes = Buffer.alloc(6000)
  for (let at = 0; at < bytes.length; at++) bytes[at] = at % 997 < 500 ? (at >> 3) & 255 : next() * 256
  bytes.fill(7, 3000, 3400)
  return bytes
})()

function snappy(bytes: Uint8Array): Uint8Array {
  const sink = new ByteSink(64)
  snappyCompress(bytes, sink)
  return sink.view().slice()
}

/** A greedy LZ4 block writer for tests: matches of four bytes and more at any earlier place. */
function lz4(bytes: Uint8Array): Buffer {
  const out: number[] = []
  const length = (value: number): void => {
    for (let left = value - 15; left >= 0; left -= 255) out.push(Math.min(left, 255))
  }
  const seen = new Map<string, number>()
  let literalFrom = 0
  const sequence = (to: number, offset: number, match: number): void => {
    const literals = to - literalFrom
    out.push((Math.min(literals, 15) << 4) | (match === 0 ? 0 : Math.min(match - 4, 15)))
    length(literals)
    out.push(...bytes.subarray(literalFrom, to))
    if (match === 0) return
    out.push(offset & 255, offset >> 8)
    length(match - 4)
  }
  for (let at = 0; at + 12 < bytes.length;) {
    const key = bytes.subarray(at, at + 4).join()
    const from = seen.get(key)
    seen.set(key, at)
    if (from === undefined || at - from > 65_535) {
      at++
      continue
    }
    let match = 4
    while (at + match < bytes.length - 5 && bytes[from + match] === bytes[at + match]) match++
    sequence(at, at - from, match)
    at += match
    literalFrom = at
  }
  sequence(bytes.length, 0, 0)
  return Buffer.from(out)
}

/** As Hadoop frames it: blocks behind their two lengths. */
function hadoop(...parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    parts.map((part) => {
      const block = lz4(part)
      const head = Buffer.alloc(8)
      head.writeUInt32BE(part.length, 0)
      head.writeUInt32BE(block.length, 4)
      return Buffer.concat([head, block])
    }),
  )
}

/** Node 20 cannot write zstd; frames of raw blocks it can. */
const zstdCompress = Reflect.get(zlib, 'zstdCompressSync') as ((bytes: Uint8Array) => Buffer) | undefined
const rawFrame = (bytes: Uint8Array): Buffer => {
  const size = Buffer.alloc(4)
  size.writeUInt32LE(bytes.length)
  const block = (bytes.length << 3) | 1
  return Buffer.concat([
    Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xa0]),
    size,
    Buffer.from([block & 255, (block >> 8) & 255, block >> 16]),
    bytes,
  ])
}

const pages: Readonly<Record<string, readonly ['SNAPPY' | 'ZSTD' | 'GZIP' | 'BROTLI' | 'LZ4' | 'LZ4_RAW', Uint8Array]>> = {
  snappy: ['SNAPPY', snappy(page)],
  gzip: ['GZIP', zlib.gzipSync(page)],
  brotli: ['BROTLI', zlib.brotliCompressSync(page)],
  'bare LZ4': ['LZ4_RAW', lz4(page)],
  'LZ4 as Hadoop frames it': ['LZ4', hadoop(page.subarray(0, 2500), page.subarray(2500))],
  'LZ4 without a frame': ['LZ4', lz4(page)],
  'zstd of two frames': ['ZSTD', Buffer.concat([rawFrame(page.subarray(0, 4000)), rawFrame(page.subarray(4000))])],
  ...(zstdCompress && { zstd: ['ZSTD', zstdCompress(page)] as const }),
}

describe.each(Object.entries(pages))('a page of %s', (_name, [codec, bytes]) => {
  test('decompresses to what it was', () => {
    expect(Buffer.compare(decompress(codec, bytes, page.length), page)).toBe(0)
    expect(Buffer.compare(decompress(codec, bytes, page.length, true), page)).toBe(0)
  })

  test('is refused when its header states another length', () => {
    for (const length of [0, 1, page.length - 1, page.length + 1, 1 << 20])
      expect(() => decompress(codec, bytes, length), String(length)).toThrow(expect.objectContaining({ code: 'PARQUET_CORRUPT' }))
  })

  test('damaged anyhow ends in good time, in as many bytes as were stated or an error of ours', () => {
    const damage = fc.record({
      flips: fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 4 }),
      cut: fc.option(fc.nat(bytes.length - 1)),
      tail: fc.uint8Array({ maxLength: 4 }),
    })
    let slowest = 0
    fc.assert(
      fc.property(damage, ({ flips, cut, tail }) => {
        const damaged = Buffer.from(bytes)
        for (const [at, mask] of flips) damaged[at] ^= mask
        const input = Buffer.concat([cut === null ? damaged : damaged.subarray(0, cut), tail])
        const start = performance.now()
        try {
          expect(decompress(codec, input, page.length)).toHaveLength(page.length)
        } catch (error) {
          if (!isTradingError(error)) throw error
          expect(error.code).toBe('PARQUET_CORRUPT')
        }
        slowest = Math.max(slowest, performance.now() - start)
      }),
      { numRuns: 500 },
    )
    expect(slowest).toBeLessThan(500)
  })
})

test('a codec that nobody reads is refused by name', () => {
  expect(() => decompress('LZO', new Uint8Array(4), 4)).toThrow(expect.objectContaining({ code: 'PARQUET_UNSUPPORTED' }))
})
