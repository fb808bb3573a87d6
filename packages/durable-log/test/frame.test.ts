import { createHash } from 'node:crypto'
import { crc32 as zlibCrc32 } from 'node:zlib'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { openLog } from '@gatehouse/durable-log'
import { crc32, crc32Table } from '../src/crc32.js'
import { collect, opened, temporaryFolder } from './support/folder.js'

test('the table CRC is zlib’s CRC', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
      expect(crc32Table(bytes, 0, bytes.length)).toBe(zlibCrc32(bytes))
      expect(crc32(bytes, 0, bytes.length)).toBe(zlibCrc32(bytes))
    }),
  )
})

test('the chain hash is sha256 over hash before, frame header and payload, recomputed here from the format alone', async () => {
  const log = await opened({ directory: temporaryFolder() })
  const payloads = ['one', '', 'three'].map((word) => Buffer.from(word))
  const positions = log.appendAllSync(payloads)
  let chain = Buffer.alloc(32)
  for (const [index, payload] of payloads.entries()) {
    const header = Buffer.alloc(24)
    header.writeUInt32LE(0x47524543, 0)
    header.writeUInt32LE(payload.length, 4)
    header.writeBigUInt64LE(BigInt(index), 8)
    header.writeUInt32LE(zlibCrc32(payload), 16)
    header.writeUInt32LE(zlibCrc32(header.subarray(0, 20)), 20)
    chain = createHash('sha256').update(chain).update(header).update(payload).digest()
    expect(positions[index].hash).toBe(chain.toString('hex'))
  }
})

test('what goes in comes out, in order, whatever the sizes and the segments', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 3_000 }), { maxLength: 30 }),
      fc.integer({ min: 1024, max: 8192 }),
      async (payloads, segmentBytes) => {
        const directory = temporaryFolder()
        const log = await openLog({ directory, segmentBytes })
        await Promise.all(payloads.map((payload) => log.append(payload)))
        const records = await collect(log.read())
        await log.close()
        expect(records.map(({ payload }) => Buffer.from(payload))).toEqual(payloads.map((payload) => Buffer.from(payload)))
        expect(records.map(({ index }) => index)).toEqual(payloads.map((_, index) => index))
      },
    ),
    { numRuns: 25 },
  )
})

test('the head hash depends on the payloads only, not on segments, batches or restarts', async () => {
  const payloads = Array.from({ length: 40 }, (_, at) => Buffer.alloc(at * 10, at))
  const heads = new Set<string>()
  for (const segmentBytes of [1024, 5000, 1_000_000]) {
    const directory = temporaryFolder()
    const first = await openLog({ directory, segmentBytes })
    first.appendAllSync(payloads.slice(0, 15))
    await first.close()
    const second = await openLog({ directory, segmentBytes })
    for (const payload of payloads.slice(15)) second.appendSync(payload)
    heads.add(second.head.hash)
    await second.close()
  }
  expect(heads.size).toBe(1)
})
