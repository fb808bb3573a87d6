import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type LogFileSystem, nodeFileSystem, openLog, readLog, verifyLog } from '@gatehouse/durable-log'
import { faultyFileSystem } from '@gatehouse/durable-log/testing'
import { failure, opened, temporaryFolder, text, words } from './support/folder.js'

/** node:fs, counting what reaches segments. */
function counting(): { fileSystem: LogFileSystem; counts: { writes: number; syncs: number } } {
  const counts = { writes: 0, syncs: 0 }
  const segments = new Set<number>()
  const fileSystem: LogFileSystem = {
    ...nodeFileSystem,
    openSync: (path, flags) => {
      const fd = nodeFileSystem.openSync(path, flags)
      if (path.endsWith('.log')) segments.add(fd)
      else segments.delete(fd)
      return fd
    },
    writeSync: (fd, ...rest) => {
      if (segments.has(fd)) counts.writes += 1
      return nodeFileSystem.writeSync(fd, ...rest)
    },
    fdatasync: (fd, done) => {
      counts.syncs += 1
      nodeFileSystem.fdatasync(fd, done)
    },
    fdatasyncSync: (fd) => {
      if (segments.has(fd)) counts.syncs += 1
      nodeFileSystem.fdatasyncSync(fd)
    },
  }
  return { fileSystem, counts }
}

test('concurrent appends share one write and one fdatasync', async () => {
  const { fileSystem, counts } = counting()
  const log = await opened({ directory: temporaryFolder(), fileSystem, durability: 'power' })
  Object.assign(counts, { writes: 0, syncs: 0 })
  await Promise.all(Array.from({ length: 100 }, (_, at) => log.append(text(`${at}`))))
  expect(counts).toEqual({ writes: 1, syncs: 1 })
})

test('a batch is one write', async () => {
  const { fileSystem, counts } = counting()
  const log = await opened({ directory: temporaryFolder(), fileSystem, syncWithinMs: 0 })
  Object.assign(counts, { writes: 0, syncs: 0 })
  log.appendAllSync(Array.from({ length: 100 }, (_, at) => text(`${at}`)))
  expect(counts).toEqual({ writes: 1, syncs: 0 })
})

test('append and appendSync keep the order of the calls', async () => {
  const log = await opened({ directory: temporaryFolder() })
  const pending = [log.append(text('a')), log.append(text('b'), { durability: 'power' })]
  log.appendSync(text('c'))
  pending.push(log.append(text('d')))
  await Promise.all(pending)
  expect(await words(log.read())).toEqual(['a', 'b', 'c', 'd'])
})

test('a payload changed after the call is not changed in the log', async () => {
  const log = await opened({ directory: temporaryFolder() })
  const payload = Buffer.from('before')
  const pending = log.append(payload)
  payload.write('after!')
  await pending
  expect(await words(log.read())).toEqual(['before'])
})

test('a process append is synced in the background', async () => {
  const { fileSystem, counts } = counting()
  const log = await opened({ directory: temporaryFolder(), fileSystem, syncWithinMs: 5 })
  counts.syncs = 0
  log.appendSync(text('a'))
  await expect.poll(() => counts.syncs).toBe(1)
})

test('a process append is synced in time even when the event loop is kept busy', async () => {
  const { fileSystem, counts } = counting()
  const log = await opened({ directory: temporaryFolder(), fileSystem, syncWithinMs: 5 })
  counts.syncs = 0
  for (const until = performance.now() + 3_000; performance.now() < until && counts.syncs < 4;) log.appendSync(text('a'))
  expect(counts.syncs).toBe(4)
})

test('past its bound the queue of unsynced bytes makes append itself wait for the disk', async () => {
  const { fileSystem, counts } = counting()
  const log = await opened({ directory: temporaryFolder(), fileSystem, queueBytes: 1024 * 1024, durability: 'power' })
  counts.syncs = 0
  const pending = Array.from({ length: 80 }, () => log.append(new Uint8Array(100_000)))
  expect(counts.syncs).toBeGreaterThan(2)
  await Promise.all(pending)
})

test('a record larger than a segment gets one of its own', async () => {
  const directory = temporaryFolder()
  const log = await opened({ directory, segmentBytes: 1024 })
  log.appendAllSync([text('a')])
  log.appendSync(new Uint8Array(5000))
  log.appendSync(text('b'))
  expect(readdirSync(directory).filter((name) => name.endsWith('.log'))).toHaveLength(3)
  expect((await verifyLog(directory)).ok).toBe(true)
})

test('a record beyond the limit is refused and nothing is written', async () => {
  const log = await opened({ directory: temporaryFolder() })
  expect(await failure(() => log.append(new Uint8Array(64 * 1024 * 1024 + 1)))).toMatchObject({ code: 'LOG_RECORD_TOO_LARGE' })
  expect(log.head.index).toBe(0)
})

test('a closed log refuses, and closing twice is one closing', async () => {
  const log = await openLog({ directory: temporaryFolder() })
  const pending = log.append(text('a'), { durability: 'power' })
  await Promise.all([log.close(), log.close(), pending])
  expect(await failure(() => log.append(text('b')))).toMatchObject({ code: 'LOG_CLOSED' })
  expect(await failure(() => log.appendSync(text('b')))).toMatchObject({ code: 'LOG_CLOSED' })
})

describe('a full disk', () => {
  test('refuses what did not fit, keeps what did, and goes on once there is space', async () => {
    const directory = temporaryFolder()
    const fileSystem = faultyFileSystem()
    const log = await opened({ directory, fileSystem })
    fileSystem.freeBytes = 150
    const outcomes = await Promise.allSettled(['a', 'b', 'c', 'd'].map((word) => log.append(text(word))))
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected'])
    expect(outcomes[3]).toMatchObject({ reason: { code: 'LOG_NO_SPACE' } })
    fileSystem.freeBytes = Number.POSITIVE_INFINITY
    expect(log.appendSync(text('e')).index).toBe(2)
    expect(await words(readLog(directory))).toEqual(['a', 'b', 'e'])
  })

  test('takes back a whole batch', async () => {
    const fileSystem = faultyFileSystem()
    const log = await opened({ directory: temporaryFolder(), fileSystem })
    fileSystem.freeBytes = 100
    expect(await failure(() => log.appendAllSync([text('a'), text('b')]))).toMatchObject({ code: 'LOG_NO_SPACE' })
    expect(log.head.index).toBe(0)
    expect(await words(log.read())).toEqual([])
  })

  test.each([0, 30, 60, 100, 130])('at a roll, with room for %i bytes, loses nothing', async (freeBytes) => {
    const directory = temporaryFolder()
    const fileSystem = faultyFileSystem()
    const log = await opened({ directory, fileSystem, segmentBytes: 1024 })
    log.appendSync(new Uint8Array(900))
    fileSystem.freeBytes = freeBytes
    for (let attempt = 0; attempt < 3; attempt++) await failure(() => log.appendSync(new Uint8Array(200)))
    fileSystem.freeBytes = Number.POSITIVE_INFINITY
    expect(log.appendSync(text('on')).index).toBe(1)
    expect(await verifyLog(directory)).toMatchObject({ ok: true, records: 2 })
  })

  test('that cannot be cut back stops the log, and opening again finds everything acknowledged', async () => {
    const directory = temporaryFolder()
    const fileSystem = faultyFileSystem()
    const log = await openLog({ directory, fileSystem })
    log.appendSync(text('a'))
    fileSystem.inject({ operation: 'write', code: 'ENOSPC', path: /\.log$/, shortBytes: 20 })
    fileSystem.inject({ operation: 'truncate', code: 'EIO' })
    expect(await failure(() => log.appendSync(text('b')))).toMatchObject({ code: 'LOG_WRITE_FAILED' })
    expect(await failure(() => log.appendSync(text('c')))).toMatchObject({ code: 'LOG_POISONED', cause: { code: 'LOG_WRITE_FAILED' } })
    await log.close()
    const again = await opened({ directory })
    expect(again.recovery.tornTail?.bytes).toBe(20)
    expect(await words(again.read())).toEqual(['a'])
  })
})

test('a failed write is an error with its cause, and the next append works', async () => {
  const fileSystem = faultyFileSystem()
  const log = await opened({ directory: temporaryFolder(), fileSystem })
  fileSystem.inject({ operation: 'write', code: 'EIO', path: /\.log$/, shortBytes: 7 })
  expect(await failure(() => log.append(text('a')))).toMatchObject({
    code: 'LOG_WRITE_FAILED',
    details: { system: 'EIO' },
    cause: { code: 'EIO' },
  })
  await log.append(text('b'))
  expect(await words(log.read())).toEqual(['b'])
})

describe('after a failed fdatasync', () => {
  test.each(['append', 'appendSync', 'sync'] as const)('%s is not acknowledged and the log stops for good', async (way) => {
    const fileSystem = faultyFileSystem()
    const log = await opened({ directory: temporaryFolder(), fileSystem, syncWithinMs: 0 })
    log.appendSync(text('a'))
    fileSystem.inject({ operation: 'sync', code: 'EIO', path: /\.log$/ })
    const act = {
      append: () => log.append(text('b'), { durability: 'power' }),
      appendSync: () => log.appendSync(text('b'), { durability: 'power' }),
      sync: () => log.sync(),
    }
    expect(await failure(act[way])).toMatchObject({ code: 'LOG_SYNC_FAILED' })
    expect(await failure(() => log.sync())).toMatchObject({ code: 'LOG_POISONED' })
    expect(await failure(() => log.appendSync(text('c')))).toMatchObject({ code: 'LOG_POISONED' })
  })

  test('opening writes the unproven bytes again before it trusts them', async () => {
    const directory = temporaryFolder()
    const fileSystem = faultyFileSystem()
    const log = await openLog({ directory, fileSystem, syncWithinMs: 0 })
    log.appendSync(text('a'))
    fileSystem.inject({ operation: 'sync', code: 'EIO', path: /\.log$/ })
    await failure(() => log.sync())
    await log.close()
    const again = await openLog({ directory, fileSystem })
    expect(again.recovery).toMatchObject({ cleanlyClosed: false, resyncedBytes: 57 })
    fileSystem.powerLoss('nothing')
    expect(await failure(() => again.close())).toMatchObject({ code: 'LOG_SYNC_FAILED' })
    expect(await words(readLog(directory))).toEqual(['a'])
  })
})

describe('a lock lost under a running writer', () => {
  test.each(['process', 'power'] as const)('is noticed before anything is acknowledged at %s', async (durability) => {
    const directory = temporaryFolder()
    const log = await opened({ directory, durability })
    rmSync(join(directory, 'LOCK'))
    expect(await failure(() => log.append(text('a')))).toMatchObject({ code: 'LOG_LOCK_LOST' })
    expect(await failure(() => log.appendSync(text('b')))).toMatchObject({ code: 'LOG_LOCK_LOST' })
  })

  test.each(['append', 'appendSync'] as const)('while the disk syncs is noticed before %s is acknowledged', async (way) => {
    const directory = temporaryFolder()
    const lose = (): void => rmSync(join(directory, 'LOCK'), { force: true })
    let isArmed = false
    const fileSystem: LogFileSystem = {
      ...nodeFileSystem,
      fdatasync: (fd, done) =>
        nodeFileSystem.fdatasync(fd, (error) => {
          if (isArmed) lose()
          done(error)
        }),
      fdatasyncSync: (fd) => {
        nodeFileSystem.fdatasyncSync(fd)
        if (isArmed) lose()
      },
    }
    const log = await opened({ directory, fileSystem, syncWithinMs: 0 })
    isArmed = true
    expect(await failure(() => log[way](text('a'), { durability: 'power' }))).toMatchObject({ code: 'LOG_LOCK_LOST' })
  })

  test('to a second writer leaves the second writer’s log whole', async () => {
    const directory = temporaryFolder()
    const ousted = await openLog({ directory })
    ousted.appendSync(text('a'))
    rmSync(join(directory, 'LOCK'))
    const heir = await opened({ directory })
    heir.appendSync(text('b'))
    expect(await failure(() => ousted.appendSync(text('stray')))).toMatchObject({ code: 'LOG_LOCK_LOST' })
    heir.appendSync(text('c'))
    await ousted.close()
    expect(await words(readLog(directory))).toEqual(['a', 'b', 'c'])
    expect((await verifyLog(directory)).findings.map(({ code }) => code)).toEqual(['LOG_STRAY_BYTES'])
    expect(readdirSync(directory)).toContain('LOCK')
  })
})
