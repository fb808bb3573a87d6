import { appendFileSync, copyFileSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openLog, readLog, TradingError, verifyLog } from '@gatehouse/durable-log'
import { faultyFileSystem } from '@gatehouse/durable-log/testing'
import { failure, opened, temporaryFolder, text, words } from './support/folder.js'

const SEGMENT = '0000000000000000.log'

/** A log whose process died after these appends: files as they are, LOCK left, HEAD unclean. */
async function abandoned(appends: readonly string[], segmentBytes = 64 * 1024): Promise<string> {
  const directory = temporaryFolder()
  const fileSystem = faultyFileSystem()
  const log = await openLog({ directory, fileSystem, segmentBytes, syncWithinMs: 0 })
  for (const word of appends) log.appendSync(text(word))
  fileSystem.restart()
  return directory
}

test('a new log is empty and was closed cleanly', async () => {
  const log = await opened({ directory: temporaryFolder() })
  expect(log.head).toEqual({ index: 0, hash: '0'.repeat(64) })
  expect(log.recovery).toMatchObject({ cleanlyClosed: true, headLost: false, records: 0 })
})

test('a log goes on where it was closed', async () => {
  const directory = temporaryFolder()
  const first = await openLog({ directory })
  first.appendSync(text('a'))
  const head = first.head
  await first.close()
  const second = await opened({ directory })
  expect(second.head).toEqual(head)
  expect(second.appendSync(text('b')).index).toBe(1)
  expect(await words(second.read())).toEqual(['a', 'b'])
})

test.each([
  [{ segmentBytes: 10 }, 'segmentBytes'],
  [{ syncWithinMs: -1 }, 'syncWithinMs'],
  [{ lockWaitMs: Number.NaN }, 'lockWaitMs'],
  [{ durability: 'maybe' as 'power' }, 'durability'],
  [{ directory: '' }, 'directory'],
])('the option %o is refused by name', async (options, name) => {
  const error = await failure(() => openLog({ directory: temporaryFolder(), ...options }))
  expect(error).toMatchObject({ code: 'LOG_INVALID_OPTION', message: expect.stringContaining(name) as string })
})

test('a folder that cannot be made is an open failure that names it', async () => {
  const directory = join(import.meta.filename, 'log')
  expect(await failure(() => openLog({ directory }))).toMatchObject({ code: 'LOG_OPEN_FAILED', details: { directory, system: 'ENOTDIR' } })
})

describe('a torn tail', () => {
  test('is cut, kept in a side file and reported', async () => {
    const directory = await abandoned(['a', 'b'])
    const whole = readFileSync(join(directory, SEGMENT))
    truncateSync(join(directory, SEGMENT), whole.length - 10)
    // The lock names this very process, which lives: delete it by hand, as its cure says.
    rmSync(join(directory, 'LOCK'))
    const log = await opened({ directory })
    const { tornTail } = log.recovery
    expect(tornTail).toMatchObject({ segment: SEGMENT, offset: 121, bytes: whole.length - 10 - 121, reason: 'interrupted-write' })
    expect(readFileSync(join(directory, tornTail!.sideFile))).toEqual(whole.subarray(121, -10))
    expect(await words(log.read())).toEqual(['a'])
  })

  test('of several crashes is kept each time, in files of their own', async () => {
    const directory = temporaryFolder()
    await (await openLog({ directory })).close()
    for (let crash = 0; crash < 3; crash++) {
      appendFileSync(join(directory, SEGMENT), `half ${crash}`)
      await (await openLog({ directory })).close()
    }
    expect(readdirSync(directory).filter((name) => name.includes('torn'))).toEqual([1, 2, 3].map((n) => `${SEGMENT}.torn-${n}`))
  })

  test('of a segment that was just being made is cut with its header', async () => {
    const directory = temporaryFolder()
    const fileSystem = faultyFileSystem()
    const log = await openLog({ directory, fileSystem, segmentBytes: 1024 })
    log.appendSync(new Uint8Array(900))
    fileSystem.inject({ operation: 'rename', code: 'EIO', path: /0001\.log$/ })
    await failure(() => log.appendSync(new Uint8Array(900)))
    await log.close()
    writeFileSync(join(directory, '0000000000000001.log'), 'GHLO')
    const again = await opened({ directory, segmentBytes: 1024 })
    expect(again.recovery.tornTail).toMatchObject({ segment: '0000000000000001.log', offset: 0, bytes: 4 })
    expect(again.appendSync(text('on'))).toMatchObject({ index: 1, offset: 64 })
  })
})

describe('corruption is never taken for a torn tail:', () => {
  async function damaged(change: (bytes: Buffer) => Buffer): Promise<string> {
    const directory = temporaryFolder()
    const log = await openLog({ directory })
    for (const word of ['first', 'second', 'third']) log.appendSync(text(word))
    await log.close()
    const path = join(directory, SEGMENT)
    writeFileSync(path, change(readFileSync(path)))
    return directory
  }
  const secondAt = 64 + 56 + 5
  const thirdAt = secondAt + 56 + 6

  test.each([
    [
      'the length of the second record grown past the end of the file',
      secondAt,
      (bytes: Buffer) => (bytes.writeUInt32LE(1_000_000, secondAt + 4), bytes),
    ],
    ['a bit of the last record', thirdAt, (bytes: Buffer) => ((bytes[bytes.length - 35] ^= 1), bytes)],
    ['the length of the last record', thirdAt, (bytes: Buffer) => ((bytes[thirdAt + 5] ^= 1), bytes)],
    ['the end of the log cut off at a record’s border', thirdAt, (bytes: Buffer) => bytes.subarray(0, thirdAt)],
    ['the end of the log cut off inside a record', thirdAt, (bytes: Buffer) => bytes.subarray(0, thirdAt + 30)],
    [
      'two records exchanged',
      secondAt,
      (b: Buffer) => Buffer.concat([b.subarray(0, secondAt), b.subarray(thirdAt), b.subarray(secondAt, thirdAt)]),
    ],
  ])('%s', async (_, offset, change) => {
    const directory = await damaged(change)
    const error = await failure(() => openLog({ directory }))
    expect(error).toMatchObject({ code: 'LOG_CORRUPT', details: { segment: SEGMENT, offset } })
  })

  test.each([
    ['the last record', thirdAt],
    ['a record with others behind it', secondAt],
  ])('a bit of %s, although none of them was synced yet: the machine did not go down', async (_, offset) => {
    const directory = await abandoned(['first', 'second', 'third'])
    rmSync(join(directory, 'LOCK'))
    const path = join(directory, SEGMENT)
    const bytes = readFileSync(path)
    bytes[offset + 25] ^= 1
    writeFileSync(path, bytes)
    expect(await failure(() => openLog({ directory }))).toMatchObject({ code: 'LOG_CORRUPT', details: { segment: SEGMENT, offset } })
    expect((await verifyLog(directory)).findings).toMatchObject([{ code: 'LOG_FRAME_DAMAGED', segment: SEGMENT, offset }])
  })

  test('what lies before the damage can still be read', async () => {
    const directory = await damaged((bytes) => ((bytes[thirdAt + 24] ^= 1), bytes))
    const seen: string[] = []
    const error = await failure(async () => {
      for await (const { payload } of readLog(directory)) seen.push(Buffer.from(payload).toString())
    })
    expect(seen).toEqual(['first', 'second'])
    expect(error).toMatchObject({ code: 'LOG_CORRUPT', details: { offset: thirdAt } })
  })
})

test('a log that lost HEAD opens and says that a shortened log could not be noticed', async () => {
  const directory = temporaryFolder()
  const log = await openLog({ directory })
  log.appendSync(text('a'))
  await log.close()
  rmSync(join(directory, 'HEAD'))
  expect((await verifyLog(directory)).findings).toMatchObject([{ code: 'LOG_HEAD_DAMAGED' }])
  const again = await opened({ directory })
  expect(again.recovery.headLost).toBe(true)
  expect(await words(again.read())).toEqual(['a'])
})

test('a missing first segment is not mistaken for compaction', async () => {
  const directory = temporaryFolder()
  const log = await openLog({ directory, segmentBytes: 1024 })
  for (let at = 0; at < 10; at++) log.appendSync(new Uint8Array(400))
  await log.close()
  rmSync(join(directory, SEGMENT))
  expect(await failure(() => openLog({ directory }))).toMatchObject({ code: 'LOG_CORRUPT', details: { finding: 'LOG_SEGMENT_MISSING' } })
})

test('a log replaced by an older copy of itself is found shortened', async () => {
  const directory = temporaryFolder()
  const log = await openLog({ directory })
  log.appendSync(text('a'), { durability: 'power' })
  copyFileSync(join(directory, SEGMENT), `${directory}.copy`)
  log.appendSync(text('b'), { durability: 'power' })
  await log.close()
  copyFileSync(`${directory}.copy`, join(directory, SEGMENT))
  expect(await failure(() => openLog({ directory }))).toMatchObject({ details: { finding: 'LOG_SHORTENED' } })
})

test('opening only the tail proves the last segment and trusts the seals of the others', async () => {
  const directory = temporaryFolder()
  const log = await openLog({ directory, segmentBytes: 1024 })
  for (let at = 0; at < 10; at++) log.appendSync(new Uint8Array(400))
  await log.close()
  const path = join(directory, SEGMENT)
  const bytes = readFileSync(path)
  bytes[100] ^= 1
  writeFileSync(path, bytes)
  await (await openLog({ directory, verify: 'tail' })).close()
  expect(await failure(() => openLog({ directory }))).toMatchObject({ details: { segment: SEGMENT, offset: 64 } })
})

test('a log of a newer format is refused as such', async () => {
  const directory = await abandoned(['a'])
  const path = join(directory, SEGMENT)
  const bytes = readFileSync(path)
  bytes[7] = 2
  const { crc32 } = await import('node:zlib')
  bytes.writeUInt32LE(crc32(bytes.subarray(32, 64), crc32(bytes.subarray(0, 28))), 28)
  writeFileSync(path, bytes)
  rmSync(join(directory, 'LOCK'))
  const error = await failure(() => openLog({ directory }))
  expect(error).toBeInstanceOf(TradingError)
  expect(error).toMatchObject({ code: 'LOG_FORMAT' })
})
