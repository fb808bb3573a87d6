import { describe, expect, test } from 'vitest'
import {
  equity,
  inMemory,
  killLatch,
  makeCalendar,
  positionLimit,
  preflight,
  run,
  simulatedBroker,
  wallClock,
  type Broker,
  type RunClock,
  type RunOptions,
} from '@gatehouse/core'
import { adversarialVenue } from '@gatehouse/core/testing'
import { bars, countingModel, flip, folder, instrument, listening, minute, t0 } from './bench.js'

const broker = (environment: Broker['environment'], findings: Awaited<ReturnType<Broker['preflight']>> = []): Broker => ({
  ...adversarialVenue({ seed: 1, environment }).broker,
  preflight: () => Promise.resolve(findings),
})
const live = (more: Partial<RunOptions> = {}): RunOptions => ({
  time: 'realtime',
  strategy: flip,
  feeds: [inMemory([bars([100, 101])])],
  broker: broker('live'),
  risk: [positionLimit(100)],
  notifier: listening().notifier,
  clock: standing(t0 + 5n * minute),
  range: { from: t0, to: t0 + minute * 4n },
  ...more,
})
/** A clock that stands still. */
function standing(at: bigint): RunClock {
  return { now: () => at, millisecondsUntil: () => 0 }
}
const kinds = async (options: RunOptions): Promise<string[]> => (await preflight(options)).map(({ id, severity }) => `${severity} ${id}`)

describe('a live run does not start', () => {
  const faults: readonly (readonly [string, Partial<RunOptions>, string, RegExp])[] = [
    ['without limits', { risk: [] }, 'error risk', /no risk limits/],
    ['without a notifier', { notifier: undefined }, 'error notifier', /no notifier/],
    ['with a notifier that is down', { notifier: listening('down').notifier }, 'error notifier', /notifier is down: as asked/],
    [
      'over an error of its broker',
      { broker: broker('live', [{ id: 'gateway', severity: 'error', message: 'the gateway is read-only', cure: 'Allow orders' }]) },
      'error gateway',
      /the gateway is read-only\. Allow orders/,
    ],
    [
      'on a market whose calendar has ended',
      { feeds: [inMemory([bars([100, 101], { of: equity('OLD') })])], clock: standing(BigInt(Date.parse('2028-03-01')) * 1_000_000n) },
      'error calendar',
      /OLD: its calendar XNYS knows 1998-01-01 to 2028-01-01, not 2028-03-01/,
    ],
  ]
  test.each(faults)('%s', async (_, fault, finding, message) => {
    expect(await kinds(live(fault))).toContain(finding)
    await expect(run(live(fault))).rejects.toMatchObject({ code: 'PREFLIGHT_FAILED', message: expect.stringMatching(message) as string })
  })

  test('with a model that no registry admitted, or a kill latch that is set', async () => {
    const latch = killLatch({ directory: await folder() })
    await latch.set({ by: 'ada', reason: 'smoke', at: '0' })
    const options = live({ models: [countingModel('ohlcv-1m', 1)], killLatch: latch })
    expect(await kinds(options)).toEqual(['error kill-latch', 'error model'])
    await expect(run(options)).rejects.toMatchObject({ code: 'KILL_LATCH_SET' })
  })

  test('and does start when all is well', async () => {
    expect(await kinds(live())).toEqual([])
    expect((await run(live())).outcome).toBe('completed')
  })
})

describe('a calendar that ends soon', () => {
  const soon = BigInt(Date.parse('2027-11-01T15:00:00Z')) * 1_000_000n
  const share = equity('SOON')
  const data = () => ({ feeds: [inMemory([bars([100, 101], { from: soon, of: share })])], range: { from: soon, to: soon + 4n * minute } })

  test('is a warning of the preflight, a notice, and a line of the report', async () => {
    const { notifier, heard } = listening()
    const options = live({ ...data(), notifier, clock: standing(soon + 5n * minute) })
    expect(await kinds(options)).toEqual(['warning calendar'])
    const { report } = await run(options)
    const told = heard.flatMap(({ type, data: told }) => (type === 'gatehouse.execution.degraded.v1' ? [told] : []))
    expect(told).toMatchObject([
      { component: 'preflight: calendar', reason: expect.stringMatching(/XNYS knows no session after 2027-12-31/) as string },
    ])
    expect(report.toString()).toMatch(/XNYS knows no session after 2027-12-31/)
  })

  test('is a line in the report of a backtest too', async () => {
    const { report } = await run({ time: 'backtest', strategy: flip, ...data(), broker: simulatedBroker({ cash: 1000 }) })
    expect(report.toString()).toMatch(/XNYS knows no session after 2027-12-31, 60 days from now/)
  })
})

describe('a calendar that nobody knows', () => {
  const odd = equity('ODD', { calendar: 'XMARS' })
  const options = (more: Partial<RunOptions> = {}): RunOptions => ({
    time: 'backtest',
    strategy: flip,
    feeds: [inMemory([bars([100, 101, 102], { of: odd })])],
    broker: simulatedBroker({ cash: 100_000 }),
    ...more,
  })

  test('is refused by name, with those that are known', async () => {
    await expect(run(options())).rejects.toMatchObject({
      code: 'CALENDAR_UNKNOWN',
      message: expect.stringMatching(/ODD trades by the calendar XMARS, which is not known; known are XNYS, .*FX/) as string,
    })
    expect(await kinds(options({ clock: wallClock }))).toContain('error calendar')
  })

  test('is known once it is passed', async () => {
    const always = { phase: 'regular', opens: 0, closes: 86_400 } as const
    const mars = makeCalendar({ name: 'XMARS', timeZone: 'UTC', firstDay: 19_000, lastDay: 25_000, ruleOf: () => ({ windows: [always] }) })
    expect((await run(options({ calendars: { XMARS: mars } }))).report.record.fills.times.length).toBeGreaterThan(0)
  })
})

test('orders at a time that the calendar does not know are refused: unknown is not open', async () => {
  const old = equity('OLD')
  const from = BigInt(Date.parse('1995-03-01T15:00:00Z')) * 1_000_000n
  const { report } = await run({
    time: 'backtest',
    strategy: flip,
    feeds: [inMemory([bars([100, 101, 102], { from, of: old })])],
    broker: simulatedBroker({ cash: 100_000 }),
  })
  expect(report.record.fills.times.length).toBe(0)
  expect(report.record.refusals?.[0]).toMatchObject({
    rule: 'calendar',
    lastReason: expect.stringMatching(/XNYS knows 1998-01-01/) as string,
  })
  expect(report.toString()).toMatch(/OLD: its calendar XNYS knows/)
})

test('limits belong to the configuration, with what they were set to', async () => {
  const of = async (limit: number): Promise<string> =>
    (
      await run({
        time: 'backtest',
        strategy: flip,
        feeds: [inMemory([bars([100, 101])])],
        broker: simulatedBroker({ cash: 100_000 }),
        risk: [positionLimit(limit)],
        instruments: [instrument],
      })
    ).runId
  expect(await of(10)).toBe(await of(10))
  expect(await of(10)).not.toBe(await of(11))
})
