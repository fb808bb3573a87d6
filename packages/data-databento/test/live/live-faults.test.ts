import { describe, expect, test } from 'vitest'
import { liveTrial, type GatewayFault } from '@gatehouse/data-databento/testing'
import type { Recovery } from '@gatehouse/data-databento'

const kinds: readonly GatewayFault['kind'][] = [
  'cut',
  'close',
  'reset',
  'stall',
  'garbage',
  'skip',
  'internal',
  'early-close',
  'auth-close',
]
const recoveries: readonly Recovery[] = ['refresh', 'replay', 'snapshot']

describe('live recovery: every record comes once or lies in a reported gap', () => {
  for (const recovery of recoveries) {
    for (const kind of kinds) {
      test.concurrent(`${kind} with recovery by ${recovery}`, async () => {
        const isGreeting = kind === 'early-close' || kind === 'auth-close'
        // What goes wrong in a greeting goes wrong in the second one, after a plain close.
        const faults: GatewayFault[] = isGreeting
          ? [
              { kind: 'close', session: 1, afterRecords: 200 },
              { kind, session: 2 },
            ]
          : [{ kind, session: 1, afterRecords: 200, records: 30 }]
        const outcome = await liveTrial({ recovery, faults, seed: 11, records: 700 })
        expect(outcome).toMatchObject({ duplicates: 0, unreported: 0, invented: 0 })
        if (recovery === 'replay' && kind !== 'skip') expect(outcome.missing).toBe(0)
        if (kind !== 'skip') expect(outcome.sessions).toBeGreaterThan(1)
        expect(outcome.statuses.map(({ status }) => status)).toContain('gap')
      })
    }
  }

  test('replay recognises records although ts_out differs', async () => {
    const outcome = await liveTrial({
      recovery: 'replay',
      faults: [{ kind: 'cut', session: 1, afterRecords: 150 }],
      seed: 5,
      records: 500,
      tsOut: true,
    })
    expect(outcome).toMatchObject({ duplicates: 0, missing: 0, unreported: 0 })
  })
})
