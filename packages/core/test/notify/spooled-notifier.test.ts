import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Notice } from '@gatehouse/contracts'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Notifier } from '../../src/interfaces/notifier.js'
import { noticeLine } from '../../src/notify/console-notifier.js'
import { spooledNotifier, type Delivery } from '../../src/notify/spooled-notifier.js'
import { notifierCases, type NotifierHarness } from '../../src/testing/notifier-cases.js'
import { runCases } from '../../src/testing/suite.js'

type Fault = 'none' | 'refuse' | 'hang' | 'lose-answer'

/** A recipient whose line can fail in each way a network can. */
function recipient() {
  const arrived: Notice[] = []
  const duplicates: string[] = []
  let fault: Fault = 'none'
  const deliver = async ({ notice, possibleDuplicate, signal }: Delivery): Promise<void> => {
    if (fault === 'refuse') throw new Error('connection refused')
    if (fault === 'hang')
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true }))
    arrived.push(notice)
    if (possibleDuplicate) duplicates.push(notice.id)
    if (fault === 'lose-answer') throw new Error('connection reset')
  }
  return { arrived, duplicates, deliver, setFault: (next: Fault) => void (fault = next) }
}

async function openSpool(): Promise<NotifierHarness & { duplicates: readonly string[] }> {
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-spool-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const world = recipient()
  const open = () => spooledNotifier({ directory, deliver: world.deliver, retryMs: 5 })
  const notifier = await open()
  return {
    notifier,
    world,
    duplicates: world.duplicates,
    reopen: async () => {
      await notifier.close()
      return open()
    },
  }
}

describe('the spooled notifier is a Notifier', () => {
  for (const { name, run } of notifierCases(openSpool)) test(name, run)
})

describe('a wrong notifier fails the suite', () => {
  const wrong = (notify: (notice: Notice, arrived: Notice[]) => void): (() => Promise<NotifierHarness>) => {
    return async () => {
      const arrived: Notice[] = []
      const notifier: Notifier = {
        notify: (notice) => notify(notice, arrived),
        health: async () => ({ status: 'healthy', message: 'always', pending: 0 }),
        async close() {},
        async [Symbol.asyncDispose]() {},
      }
      return { notifier, world: { arrived, setFault() {} }, reopen: async () => notifier }
    }
  }

  test('one that drops everything and says it is well', async () => {
    expect(
      (
        await runCases(
          notifierCases(
            wrong(() => undefined),
            { patienceMs: 100 },
          ),
        )
      ).length,
    ).toBeGreaterThan(2)
  })

  test('one that delivers in the wrong order', async () => {
    const failures = await runCases(
      notifierCases(
        wrong((notice, arrived) => void arrived.unshift(notice)),
        { patienceMs: 100 },
      ),
    )
    expect(failures.map(({ name }) => name)).toContain('Notifier: notices arrive in the order they were given')
  })
})

test('a second try after a lost answer says that it may be a duplicate', async () => {
  const { notifier, world, duplicates } = await openSpool()
  world.setFault('lose-answer')
  notifier.notify(heartbeat('twice'))
  while (world.arrived.length < 2) await new Promise((resolve) => setTimeout(resolve, 5))
  expect(duplicates).toContain('twice')
  await notifier.close()
})

test('a notice given twice is one notice', async () => {
  const { notifier, world } = await openSpool()
  world.setFault('refuse')
  notifier.notify(heartbeat('same'))
  notifier.notify(heartbeat('same'))
  expect((await notifier.health()).pending).toBe(1)
  await notifier.close()
})

test('a line names severity, kind, subject and values, and shortens digests', () => {
  const line = noticeLine({
    ...heartbeat('x'),
    severity: 'notice',
    type: 'gatehouse.promotion.granted.v1',
    subject: 'macro-regime',
    data: {
      name: 'macro-regime',
      artifactDigest: 'ab'.repeat(32),
      stage: 'paper',
      previous: null,
      policy: 'p',
      expiresAt: '2027-01-01T00:00:00Z',
      promoter: 'me',
    },
  })
  expect(line).toBe(
    '[notice] promotion.granted macro-regime: name macro-regime, artifactDigest abababababab…, stage paper, policy p, expiresAt 2027-01-01T00:00:00Z, promoter me',
  )
})

function heartbeat(id: string): Extract<Notice, { type: 'gatehouse.heartbeat.v1' }> {
  return {
    specversion: '1.0',
    id,
    source: '/test',
    time: '2026-01-02T03:04:05Z',
    type: 'gatehouse.heartbeat.v1',
    datacontenttype: 'application/json',
    severity: 'info',
    data: { component: 'test', sequence: 1, everySeconds: 60, status: 'ok' },
  }
}
