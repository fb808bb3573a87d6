import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type DurableLog, openLog, readSnapshot, verifyLog } from '@gatehouse/durable-log'
import { faultyFileSystem } from '@gatehouse/durable-log/testing'
import { failure, opened, temporaryFolder, text } from './support/folder.js'

function fill(log: DurableLog, records: number): void {
  for (let at = 0; at < records; at++) log.appendSync(new Uint8Array(200))
}
const segments = (directory: string): string[] => readdirSync(directory).filter((name) => name.endsWith('.log'))

test('a log without a snapshot has none', async () => {
  const directory = temporaryFolder()
  await opened({ directory })
  expect(await readSnapshot(directory)).toBeUndefined()
})

test('a snapshot carries state, index and chain hash, and survives power loss', async () => {
  const directory = temporaryFolder()
  const fileSystem = faultyFileSystem()
  const log = await openLog({ directory, fileSystem, syncWithinMs: 0 })
  fill(log, 3)
  const { head } = log
  await log.snapshot(text('state'))
  fileSystem.powerLoss('nothing')
  expect(await readSnapshot(directory)).toEqual({ ...head, state: Uint8Array.from(text('state')) })
  await (await openLog({ directory, fileSystem })).close()
  expect(await verifyLog(directory)).toMatchObject({ ok: true, records: 3 })
})

test('compaction drops covered segments only, keeps as many as asked, and the rest verifies', async () => {
  const directory = temporaryFolder()
  const log = await opened({ directory, segmentBytes: 1024 })
  fill(log, 20)
  expect(await log.compact()).toEqual([])
  const before = segments(directory)
  await log.snapshot(text('state'))
  fill(log, 5)
  const dropped = await log.compact({ keepSegments: 2 })
  expect(dropped).toEqual(before.slice(0, -3))
  expect(await verifyLog(directory)).toMatchObject({ ok: true, head: log.head })
})

test('a compacted log opens, goes on, and is not taken for a shortened one', async () => {
  const directory = temporaryFolder()
  const log = await openLog({ directory, segmentBytes: 1024 })
  fill(log, 20)
  await log.snapshot(text('state'))
  await log.compact()
  await log.close()
  const again = await opened({ directory, segmentBytes: 1024 })
  expect(again.appendSync(text('on')).index).toBe(20)
})

test('a damaged newest snapshot is passed over while the log reaches back to the one before', async () => {
  const directory = temporaryFolder()
  const log = await opened({ directory, segmentBytes: 1024 })
  fill(log, 3)
  await log.snapshot(text('older'))
  fill(log, 3)
  await log.snapshot(text('newer'))
  damage(directory, 6)
  expect(await readSnapshot(directory)).toMatchObject({ index: 3 })
  expect((await verifyLog(directory)).findings).toMatchObject([{ code: 'LOG_SNAPSHOT_DAMAGED', segment: '0000000000000006.snapshot' }])
})

test('compaction refuses on a damaged snapshot rather than drop what it should cover', async () => {
  const directory = temporaryFolder()
  const log = await opened({ directory, segmentBytes: 1024 })
  fill(log, 20)
  await log.snapshot(text('state'))
  damage(directory, 20)
  const before = segments(directory)
  expect(await failure(() => log.compact())).toMatchObject({ code: 'LOG_SNAPSHOT_DAMAGED' })
  expect(segments(directory)).toEqual(before)
})

test('a snapshot that does not fit on the disk is refused, and the log goes on', async () => {
  const fileSystem = faultyFileSystem()
  const log = await opened({ directory: temporaryFolder(), fileSystem })
  fill(log, 3)
  fileSystem.freeBytes = 500
  expect(await failure(() => log.snapshot(new Uint8Array(10_000)))).toMatchObject({ code: 'LOG_NO_SPACE' })
  expect(log.appendSync(text('on')).index).toBe(3)
})

test('a number of segments to keep that is none is refused', async () => {
  const log = await opened({ directory: temporaryFolder() })
  expect(await failure(() => log.compact({ keepSegments: -1 }))).toMatchObject({ code: 'LOG_INVALID_OPTION' })
})

function damage(directory: string, index: number): void {
  const path = join(directory, `${String(index).padStart(16, '0')}.snapshot`)
  const bytes = readFileSync(path)
  bytes[50] ^= 1
  writeFileSync(path, bytes)
}
