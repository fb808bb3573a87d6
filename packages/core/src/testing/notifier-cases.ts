import assert from 'node:assert/strict'
import type { Notice } from '@gatehouse/contracts'
import type { Notifier } from '../interfaces/notifier.js'
import { conformanceSuite, type ConformanceCase } from './suite.js'

/** The people's side of a notifier: what arrived, and ways to make arriving fail. */
export interface NotifierWorld {
  /** Notices that arrived, in order, duplicates included. */
  readonly arrived: readonly Notice[]
  /** From now on nothing arrives (`'refuse'`), or everything arrives and the answer is lost (`'lose-answer'`), or all is well. */
  setFault(fault: 'none' | 'refuse' | 'hang' | 'lose-answer'): void
}

export interface NotifierHarness {
  readonly notifier: Notifier
  readonly world: NotifierWorld
  /** Closes the notifier and opens a new one on the same durable state. */
  readonly reopen: () => Promise<Notifier>
}

const notice = (id: string, severity: Notice['severity'] = 'info'): Notice => ({
  specversion: '1.0',
  id,
  source: '/conformance',
  time: '2026-01-02T03:04:05Z',
  type: 'gatehouse.heartbeat.v1',
  datacontenttype: 'application/json',
  severity,
  data: { component: 'conformance', sequence: 1, everySeconds: 60, status: 'ok' },
})

const ids = (notices: readonly Notice[]): readonly string[] => notices.map(({ id }) => id)

/** What every notifier must do, whatever carries its notices. `patienceMs` bounds the wait for a delivery in the background; default 10 s. */
export function notifierCases(open: () => Promise<NotifierHarness>, { patienceMs = 10_000 } = {}): readonly ConformanceCase[] {
  const eventually = async (condition: () => boolean | Promise<boolean>, what: string): Promise<void> => {
    const deadline = Date.now() + patienceMs
    while (!(await condition())) {
      if (Date.now() > deadline) throw new Error(`${patienceMs} ms passed and still not: ${what}`)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
  return conformanceSuite<NotifierHarness>({
    suite: 'Notifier',
    open,
    release: ({ notifier }) => notifier.close(),
    cases: [
      {
        name: 'notices arrive in the order they were given',
        async check({ notifier, world }) {
          for (const id of ['a', 'b', 'c']) notifier.notify(notice(id))
          await eventually(() => world.arrived.length === 3, 'three notices arrived')
          assert.deepEqual(ids(world.arrived), ['a', 'b', 'c'])
        },
      },
      {
        name: 'notify returns at once while the network hangs',
        async check({ notifier, world }) {
          world.setFault('hang')
          const started = performance.now()
          for (let index = 0; index < 100; index++) notifier.notify(notice(`hang-${index}`))
          const took = performance.now() - started
          assert.ok(took < 1_000, `100 calls took ${took.toFixed(0)} ms: notify waited for delivery`)
        },
      },
      {
        name: 'what could not be delivered is delivered later, and health says so meanwhile',
        async check({ notifier, world }) {
          world.setFault('refuse')
          notifier.notify(notice('late', 'critical'))
          await eventually(async () => (await notifier.health()).status !== 'healthy', 'health is no longer healthy while delivery fails')
          assert.equal((await notifier.health()).pending, 1)
          world.setFault('none')
          await eventually(() => ids(world.arrived).includes('late'), 'the notice arrived after the fault ended')
          await eventually(async () => (await notifier.health()).status === 'healthy', 'health recovered')
        },
      },
      {
        name: 'a notice accepted before a restart arrives after it',
        async check({ notifier, world, reopen }) {
          world.setFault('refuse')
          notifier.notify(notice('before-restart'))
          const reopened = await reopen()
          world.setFault('none')
          await eventually(() => ids(world.arrived).includes('before-restart'), 'the notice survived the restart')
          await reopened.close()
        },
      },
      {
        name: 'a lost answer never loses the notice',
        async check({ notifier, world }) {
          world.setFault('lose-answer')
          notifier.notify(notice('unsure'))
          await eventually(() => ids(world.arrived).includes('unsure'), 'the notice arrived')
          world.setFault('none')
          await eventually(async () => (await notifier.health()).pending === 0, 'the notice is settled')
        },
      },
      {
        name: 'close can be called twice, and later notices are refused, not dropped in silence',
        async check({ notifier }) {
          await notifier.close()
          await notifier.close()
          assert.throws(() => notifier.notify(notice('too-late')))
        },
      },
    ],
  })
}
