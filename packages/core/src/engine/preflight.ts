import { isTradingError, TradingError, type CallOptions, type Environment } from '@gatehouse/contracts'
import type { Finding } from '../interfaces/broker.js'
import type { Instrument } from '../interfaces/instrument.js'
import type { TimeNs } from '../interfaces/time.js'
import { Calendars } from './calendars.js'
import { wallClock } from './clock.js'
import { HostedModel, requireAdmissions } from './models.js'
import type { RunOptions } from './options.js'

/**
 * What must hold before a run may send an order, looked at without starting it: the broker's own checks, the kill latch, admissions, limits and notifier of a
 * live account, the calendars of all instruments. A paper or live run looks at the same and does not start over an `error`; its warnings stand in the
 * report and go out as notices.
 */
export async function preflight(options: RunOptions): Promise<readonly Finding[]> {
  const { broker, feeds, models = [], shadows = [], killLatch, instruments = [], signal, clock = wallClock } = options
  const { environment } = broker
  const now = clock.now()
  const listed = await Promise.all(feeds.map((feed) => feed.instruments({ signal })))
  const latched = killLatch?.read()
  const hosted = [
    ...models.map((model, i) => new HostedModel(i, model, false)),
    ...shadows.map((model, i) => new HostedModel(i, model, true)),
  ]
  return [
    ...(await accountFindings(options, environment)),
    ...(latched === undefined
      ? []
      : [
          error(
            'kill-latch',
            `The kill latch was set by ${latched.by}: ${latched.reason}`,
            'Find out why it was set; then a person releases it',
          ),
        ]),
    ...hosted.flatMap((model) => admissionFinding(model, environment, now)),
    ...calendarFindings(new Calendars(options.calendars), [...instruments, ...listed.flat()], now),
  ]
}

/** The broker's own checks, and what a live account needs besides: limits, and a notifier that works. */
export async function accountFindings(options: RunOptions & CallOptions, environment: Environment): Promise<readonly Finding[]> {
  const { broker, notifier, risk = [], signal } = options
  const findings = [...(await broker.preflight({ signal }))]
  if (environment !== 'live') return findings
  if (risk.length === 0) findings.push(error('risk', 'A live run has no risk limits', 'Pass risk: [positionLimit(…), …]'))
  const health = await notifier?.health({ signal })
  if (health === undefined) findings.push(error('notifier', 'A live run has no notifier', 'Pass one: nobody would hear of a fault'))
  else if (health.status === 'down') findings.push(error('notifier', `The notifier is down: ${health.message}`, 'Mend it, or pass another'))
  return findings
}

/** What the calendars of some instruments do not know, or soon will not. */
export function calendarFindings(calendars: Calendars, instruments: readonly Instrument[], now: TimeNs): readonly Finding[] {
  const update = 'Update @gatehouse/core, or pass a calendar of your own as calendars'
  const unknown = new Map<string, Finding>()
  for (const instrument of instruments) {
    const problem = calendars.problem(instrument, now)
    if (problem === undefined || unknown.has(instrument.calendar)) continue
    const isNamed = calendars.named(instrument.calendar) !== undefined
    const cure = isNamed ? update : `Pass it as calendars, or give ${instrument.symbol} one that is known: ${calendars.names.join(', ')}`
    unknown.set(instrument.calendar, error('calendar', problem, cure))
  }
  const ending = calendars
    .warnings(instruments, now)
    .filter(({ calendar, daysLeft }) => daysLeft > 0 && !unknown.has(calendar))
    .map(({ message }): Finding => ({ id: 'calendar', severity: 'warning', message, cure: update }))
  return [...unknown.values(), ...ending]
}

/** @throws {TradingError} `PREFLIGHT_FAILED` with all findings when one of them is an error */
export function requireNoError(broker: string, findings: readonly Finding[]): void {
  const failed = findings.find(({ severity }) => severity === 'error')
  if (failed !== undefined) throw new TradingError('PREFLIGHT_FAILED', `${broker}: ${failed.message}. ${failed.cure}`, { findings })
}

function admissionFinding(model: HostedModel, environment: Environment, now: TimeNs): readonly Finding[] {
  try {
    requireAdmissions([model], environment, now)
    return []
  } catch (cause) {
    if (!isTradingError(cause)) throw cause
    return [error('model', cause.message, 'Promote it, and pass what registry.admit gives')]
  }
}

function error(id: string, message: string, cure: string): Finding {
  return { id, severity: 'error', message, cure }
}
