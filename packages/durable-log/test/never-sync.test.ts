import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { isTradingError, type LogFileSystem, nodeFileSystem, openLog, readLog, verifyLog } from '@gatehouse/durable-log'
import { faultyFileSystem } from '@gatehouse/durable-log/testing'
import { failure, opened, temporaryFolder, text, words } from './support/folder.js'

const neverSync = true
const numbers = (count: number): string[] => Array.from({ length: count }, (_, at) => `record ${at}`)

test('nothing of a log that is never synced is synced: not at opening, rolling or closing', async () => {
  const synced: string[] = []
  const paths = new Map<number, string>()
  const note = (fd: number): void => void synced.push(paths.get(fd) ?? '?')
  const directory = temporaryFolder()
  const fileSystem: LogFileSystem = {
    ...nodeFileSystem,
    openSync: (path, flags) => {
      const fd = nodeFileSystem.openSync(path, flags)
      paths.set(fd, path)
      return fd
    },
    fsyncSync: (fd) => {
      note(fd)
      nodeFileSystem.fsyncSync(fd)
    },
    fdatasyncSync: note,
    fdatasync: (fd, done) => {
      note(fd)
      done(null)
    },
  }
  const log = await openLog({ directory, fileSystem, neverSync, segmentBytes: 1024, syncWithinMs: 1 })
  for (const word of numbers(50)) log.appendSync(text(word))
  await log.close()
  expect(synced).toEqual([])
  expect(await words(readLog(directory))).toEqual(numbers(50))
})

test.each([
  ['append', (log: Awaited<ReturnType<typeof openLog>>) => log.append(text('a'), { durability: 'power' })],
  ['appendSync', (log: Awaited<ReturnType<typeof openLog>>) => log.appendSync(text('a'), { durability: 'power' })],
  ['sync', (log: Awaited<ReturnType<typeof openLog>>) => log.sync()],
  ['snapshot', (log: Awaited<ReturnType<typeof openLog>>) => log.snapshot(text('a'))],
  ['compact', (log: Awaited<ReturnType<typeof openLog>>) => log.compact()],
])('a log that is never synced refuses what promises more: %s', async (_, ask) => {
  const log = await opened({ directory: temporaryFolder(), neverSync })
  expect(await failure(() => ask(log))).toMatchObject({ code: 'LOG_INVALID_OPTION' })
  expect(log.head.index).toBe(0)
})

test('a log cannot be opened for power and never be synced', async () => {
  const open = openLog({ directory: temporaryFolder(), neverSync, durability: 'power' })
  expect(await failure(() => open)).toMatchObject({ code: 'LOG_INVALID_OPTION' })
})

test('closed and opened again while the machine stays up, it was closed cleanly and goes on in its segment', async () => {
  const directory = temporaryFolder()
  for (const word of ['a', 'b', 'c']) {
    const log = await openLog({ directory, neverSync })
    expect(log.recovery).toMatchObject({ cleanlyClosed: true, headLost: false, lostRecords: 0 })
    expect(log.appendSync(text(word)).segment).toBe('0000000000000000.log')
    await log.close()
  }
  expect(await verifyLog(directory)).toMatchObject({ ok: true, records: 3 })
})

test('shortened while the machine stayed up, it is refused as any other', async () => {
  const directory = temporaryFolder()
  const log = await openLog({ directory, neverSync })
  for (const word of numbers(3)) log.appendSync(text(word))
  const { segment, offset } = log.appendSync(text('last'))
  await log.close()
  const fd = nodeFileSystem.openSync(join(directory, segment), 'r+')
  nodeFileSystem.ftruncateSync(fd, offset)
  nodeFileSystem.closeSync(fd)
  expect(await failure(() => openLog({ directory }))).toMatchObject({ code: 'LOG_CORRUPT', details: { finding: 'LOG_SHORTENED' } })
})

test('opened by a writer that syncs, all of it is made durable', async () => {
  const directory = temporaryFolder()
  const fileSystem = faultyFileSystem()
  const log = await openLog({ directory, fileSystem, neverSync, segmentBytes: 1024 })
  for (const word of numbers(50)) log.appendSync(text(word))
  await log.close()
  await (await openLog({ directory, fileSystem })).close()
  fileSystem.powerLoss('nothing')
  expect(await words(readLog(directory, { fileSystem }))).toEqual(numbers(50))
})

test('what a loss of power leaves is a beginning of it, and opening tells; so do reading and verifying when HEAD knows how much is gone', async () => {
  const seen = { whole: 0, shorter: 0, counted: 0, refused: 0, gone: 0 }
  for (let seed = 1; seed <= 200; seed++) {
    const directory = join(temporaryFolder(), String(seed))
    const fileSystem = faultyFileSystem({ seed })
    const count = 1 + (seed % 40)
    const log = await openLog({ directory, fileSystem, neverSync, segmentBytes: seed % 3 === 0 ? 1024 : undefined })
    for (const word of numbers(count)) log.appendSync(Buffer.concat([text(word), Buffer.alloc((seed % 7) * 400)]))
    const isClosed = seed % 4 !== 0
    if (isClosed) await log.close()
    fileSystem.powerLoss()
    if (!existsSync(join(directory, 'HEAD'))) {
      seen.gone++
      continue
    }
    const read: number = await words(readLog(directory, { fileSystem })).then(
      (all) => all.length,
      () => -1,
    )
    const { ok } = await verifyLog(directory, { fileSystem })
    try {
      const again = await openLog({ directory, fileSystem, neverSync })
      const left = (await words(again.read())).map((word) => word.replaceAll('\0', ''))
      const { lostRecords, cleanlyClosed, headLost } = again.recovery
      expect(left, `seed ${seed}`).toEqual(numbers(left.length))
      if (left.length < count) expect(headLost || !cleanlyClosed, `seed ${seed}: opening told nothing`).toBe(true)
      if (lostRecords > 0) {
        seen.counted++
        expect(lostRecords, `seed ${seed}`).toBeLessThanOrEqual(count - left.length)
        expect(read, `seed ${seed}: reading told nothing`).toBe(-1)
        expect(ok, `seed ${seed}: verifying told nothing`).toBe(false)
      }
      seen[left.length < count ? 'shorter' : 'whole']++
      again.appendSync(text(`record ${left.length}`))
      await again.close()
    } catch (error) {
      if (!isTradingError(error)) throw error
      expect(error.code, `seed ${seed}`).toBe('LOG_CORRUPT')
      seen.refused++
    }
  }
  for (const kind of ['shorter', 'counted', 'gone'] as const) expect(seen[kind], kind).toBeGreaterThan(5)
})

test.each(['', '\0'.repeat(200), '{"pid":1,"tok', '{"pid":1,"tok\0\0'])(
  'a LOCK that a loss of power cut is taken over: %j',
  async (content) => {
    const directory = temporaryFolder()
    const log = await openLog({ directory, neverSync })
    log.appendSync(text('a'))
    await log.close()
    writeFileSync(join(directory, 'LOCK'), content)
    const again = await openLog({ directory, neverSync })
    expect(again.recovery.staleLock).toMatchObject({ pid: 0 })
    await again.close()
    expect(readdirSync(directory).filter((name) => name.startsWith('LOCK'))).toEqual([])
  },
)

test('killed, it loses nothing', async () => {
  const directory = temporaryFolder()
  const fileSystem = faultyFileSystem()
  const log = await openLog({ directory, fileSystem, neverSync })
  for (const word of numbers(20)) log.appendSync(text(word))
  fileSystem.restart()
  const again = await openLog({ directory, fileSystem, neverSync })
  expect(again.recovery).toMatchObject({ lostRecords: 0 })
  expect(await words(again.read())).toEqual(numbers(20))
  await again.close()
})
