import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openLog, repairLog, verifyLog } from '@gatehouse/durable-log'
import { collect, failure, opened, temporaryFolder } from './support/folder.js'

async function closedLog(): Promise<string> {
  const directory = temporaryFolder()
  const log = await openLog({ directory, segmentBytes: 1024 })
  for (let at = 0; at < 20; at++) log.appendSync(Buffer.alloc(200, at))
  await log.close()
  return directory
}

function flip(directory: string, segment: string, at: number): void {
  const path = join(directory, segment)
  const bytes = readFileSync(path)
  bytes[at] ^= 1
  writeFileSync(path, bytes)
}

test('a sound log is left as it is', async () => {
  const directory = await closedLog()
  const { head } = await verifyLog(directory)
  expect(await repairLog(directory)).toEqual({ head, findings: [], movedAside: [] })
})

test('a damaged log is cut before the damage, opens again, and loses no byte', async () => {
  const directory = await closedLog()
  flip(directory, '0000000000000006.log', 64 + 256 + 100)
  const repair = await repairLog(directory)
  expect(repair.head.index).toBe(7)
  expect(repair.movedAside[0]).toBe('0000000000000006.log.torn-1')
  expect(repair.movedAside).toContain('0000000000000009.log.torn-1')
  const log = await opened({ directory, segmentBytes: 1024 })
  expect(log.appendSync(new Uint8Array(1)).index).toBe(7)
  expect(await collect(log.read())).toHaveLength(8)
  expect((await verifyLog(directory)).ok).toBe(true)
})

test('a log with a missing segment is cut before the gap', async () => {
  const directory = await closedLog()
  rmSync(join(directory, '0000000000000006.log'))
  expect((await repairLog(directory)).head.index).toBe(6)
  expect((await opened({ directory, segmentBytes: 1024 })).head.index).toBe(6)
})

test('a log shortened at the end is accepted as it is from then on', async () => {
  const directory = await closedLog()
  rmSync(join(directory, '0000000000000018.log'))
  expect((await repairLog(directory)).head.index).toBe(18)
  expect((await opened({ directory, segmentBytes: 1024 })).head.index).toBe(18)
})

test('a log of which nothing could be kept is refused, not emptied', async () => {
  const directory = await closedLog()
  flip(directory, '0000000000000000.log', 10)
  expect(await failure(() => repairLog(directory))).toMatchObject({ code: 'LOG_CORRUPT' })
})

test('a log that is being written is not repaired', async () => {
  const directory = temporaryFolder()
  await opened({ directory })
  expect(await failure(() => repairLog(directory))).toMatchObject({ code: 'LOG_LOCKED' })
})
