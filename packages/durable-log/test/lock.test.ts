import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { linkSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type DurableLog, isTradingError, type LogFileSystem, nodeFileSystem, openLog } from '@gatehouse/durable-log'
import { ownIdentity } from '../src/process-identity.js'
import { failure, opened, temporaryFolder, text } from './support/folder.js'

const own = ownIdentity(nodeFileSystem.bootId())
const hasProc = own.bootId !== ''
const TOKEN = 'a'.repeat(32)

/** A log folder with a LOCK that says what `holder` says. */
function locked(holder: object | string): string {
  const directory = temporaryFolder()
  mkdirSync(directory, { recursive: true })
  const content = typeof holder === 'string' ? holder : JSON.stringify({ ...own, token: TOKEN, ...holder })
  writeFileSync(join(directory, 'LOCK'), content)
  return directory
}

async function deadPid(): Promise<number> {
  const child = spawn('true', { stdio: 'ignore' })
  await once(child, 'exit')
  return child.pid!
}

test('a second writer is refused at once, naming the first', async () => {
  const directory = temporaryFolder()
  await opened({ directory })
  expect(await failure(() => openLog({ directory }))).toMatchObject({
    code: 'LOG_LOCKED',
    details: { pid: process.pid, liveness: 'alive' },
  })
})

test('a second writer that waits gets the lock when the first closes', async () => {
  const directory = temporaryFolder()
  const first = await openLog({ directory })
  first.appendSync(text('a'))
  const second = openLog({ directory, lockWaitMs: 10_000 })
  await first.close()
  const log = await second
  expect(log.head.index).toBe(1)
  await log.close()
})

test('the lock of a dead process is taken over and reported', async () => {
  const pid = await deadPid()
  const log = await opened({ directory: locked({ pid }) })
  expect(log.recovery.staleLock).toEqual({ pid, hostname: hostname(), token: TOKEN })
})

test.skipIf(!hasProc)('the lock of a dead process whose pid is in use again is stale: the start time differs', async () => {
  const log = await opened({ directory: locked({ pid: process.pid, startTime: '1' }) })
  expect(log.recovery.staleLock?.pid).toBe(process.pid)
})

test.skipIf(!hasProc)('the lock of an earlier boot of this machine is stale', async () => {
  const log = await opened({ directory: locked({ bootId: 'another boot' }) })
  expect(log.recovery.staleLock?.token).toBe(TOKEN)
})

test.skipIf(!hasProc).each([
  ['another machine', { bootId: 'another boot', hostname: 'elsewhere' }],
  ['another container', { pidNamespace: 'pid:[1]' }],
])('the lock of a process on %s is not taken for stale', async (_, holder) => {
  expect(await failure(() => openLog({ directory: locked(holder), lockWaitMs: 60 }))).toMatchObject({
    code: 'LOG_LOCKED',
    details: { liveness: 'unknown' },
  })
})

test.skipIf(!hasProc)('a holder that cannot be looked at is succeeded once it has been silent for ten seconds', async () => {
  // Ten seconds of silence pass in a hundredth of the time.
  const startedAt = Date.now()
  const clock = { now: () => startedAt + (Date.now() - startedAt) * 100 }
  const log = await opened({ directory: locked({ pidNamespace: 'pid:[1]' }), lockWaitMs: 60_000, clock })
  expect(log.recovery.staleLock?.token).toBe(TOKEN)
})

test('an unreadable LOCK is refused, not deleted', async () => {
  const directory = locked('no json')
  expect(await failure(() => openLog({ directory }))).toMatchObject({ code: 'LOG_LOCKED' })
  expect(readFileSync(join(directory, 'LOCK'), 'utf8')).toBe('no json')
})

test('a contender that died between succeeding and taking LOCK is itself succeeded', async () => {
  const directory = locked({ pid: await deadPid() })
  const claim = join(directory, 'LOCK.claim-x')
  writeFileSync(claim, JSON.stringify({ ...own, pid: await deadPid(), token: 'b'.repeat(32) }))
  linkSync(claim, join(directory, `LOCK.successor-${TOKEN}`))
  const log = await opened({ directory })
  expect(log.recovery.staleLock?.token).toBe('b'.repeat(32))
  expect(readdirSync(directory).filter((name) => name.startsWith('LOCK.successor'))).toEqual([])
})

test('a contender overtaken between judging a lock stale and succeeding it backs off', async () => {
  const directory = locked({ pid: await deadPid() })
  let rival: Promise<DurableLog> | undefined
  const slow: LogFileSystem = {
    ...nodeFileSystem,
    linkSync: (from, to) => {
      // Up to here the lock was stale. Now another contender succeeds it and tidies up, all before this link is made.
      if (to.endsWith(TOKEN)) rival ??= openLog({ directory })
      nodeFileSystem.linkSync(from, to)
    },
  }
  expect(await failure(() => openLog({ directory, fileSystem: slow }))).toMatchObject({ code: 'LOG_LOCKED' })
  const winner = await rival!
  expect(winner.appendSync(text('mine')).index).toBe(0)
  await winner.close()
})

test('of many contenders for a stale lock exactly one wins', async () => {
  for (let round = 0; round < 6; round++) {
    const directory = locked({ pid: await deadPid() })
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => openLog({ directory })))
    const winners = outcomes.filter((outcome): outcome is PromiseFulfilledResult<DurableLog> => outcome.status === 'fulfilled')
    const refusals = outcomes.filter((outcome) => outcome.status === 'rejected' && isTradingError(outcome.reason, 'LOG_LOCKED'))
    expect([winners.length, refusals.length]).toEqual([1, 7])
    await winners[0].value.close()
  }
})

test('nothing of the lock is left after closing', async () => {
  const directory = temporaryFolder()
  await (await openLog({ directory })).close()
  expect(readdirSync(directory).sort()).toEqual(['0000000000000000.log', 'HEAD'])
})
