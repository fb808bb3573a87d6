import { describe, expect, test } from 'vitest'
import {
  acceleratedClock,
  inMemory,
  positionLimit,
  readJournal,
  start,
  type Broker,
  type Model,
  type RunClock,
  type Strategy,
} from '@gatehouse/core'
import { adversarialVenue } from '@gatehouse/core/testing'
import { defaultPolicy, formatTime, generateSigningKey, openRegistry, parseTime, type Admitted, type Registry } from '@gatehouse/contracts'
import { loadSmallNetwork, passingEvidence, smallCandidate } from '@gatehouse/contracts/testing'
import { bars, countingModel, folder, instrument, listening, walk } from './bench.js'

const hour = 3_600_000_000_000n
const promotedAt = parseTime('2026-06-15T10:00:00Z')

/** A model that a registry promoted to paper and admitted, as it would be in a real run. */
async function admitted(): Promise<{ readonly model: Admitted<Model>; readonly registry: Registry }> {
  const key = generateSigningKey()
  const registry = await openRegistry({
    directory: await folder(),
    signingKey: key,
    trustedKeys: [{ publicKey: key.publicKey, owner: 'ada', roles: ['promote', 'approve'] }],
    clock: { now: () => promotedAt },
  })
  const policy = defaultPolicy('order-book', 'paper')
  if (policy === undefined) throw new Error('no policy')
  const { digest } = await registry.register(smallCandidate({ seed: 1 }))
  const evidence = passingEvidence(policy, { artifactDigest: digest, measuredAt: formatTime(promotedAt - 1_000_000_000n) })
  await registry.promote({ name: 'order-book', stage: 'paper', artifactDigest: digest, policy, evidence, promoter: 'ada' })
  const model = await registry.admit('order-book@paper', 'paper', async (artifact) => {
    const network = await loadSmallNetwork(artifact)
    return countingModel('ohlcv-1m', 1, { digest, compute: (input) => network.compute(input) })
  })
  return { model, registry }
}

/** Wants a position of 10 and nothing by turns, all the time. */
const restless = (): Strategy => {
  let rows = 0
  return {
    name: 'restless',
    onBar(bar, { orders, exitOnly, portfolio }) {
      rows++
      const { quantity } = portfolio.position(bar.instrument)
      if (exitOnly && quantity !== 0) orders.sell(bar.instrument, quantity)
      else if (quantity === 0 && orders.working().length === 0) orders.buy(bar.instrument, 10, { reason: `row ${rows}` })
    },
  }
}

describe('an admission that ran out while a run was under way', () => {
  test('does not begin again for the run that goes on after it, when the clock was turned back meanwhile', async () => {
    const { model, registry } = await admitted()
    await using open = registry
    expect(open).toBe(registry)
    const { expiresAt } = model.admission
    const from = expiresAt - 3n * hour
    const directory = await folder()
    const attempt = (clock: RunClock, signal?: AbortSignal): Promise<unknown> =>
      start({
        time: 'realtime',
        strategy: restless,
        models: [model],
        risk: [positionLimit(100)],
        feeds: [inMemory([bars(walk(40), { from, step: hour })])],
        broker: { ...adversarialVenue({ seed: 3, startsAt: from }).broker, close: () => Promise.resolve() },
        clock,
        range: { from, to: expiresAt + 100n * hour },
        journal: { directory },
        runId: 'same-run',
        signal,
      }).done
    const cut = new AbortController()
    setTimeout(() => cut.abort(new Error('power')), 700)
    await expect(attempt(acceleratedClock({ from, speed: 60 * 60 * 6 }), cut.signal)).rejects.toThrow('power')
    await expect(attempt(acceleratedClock({ from, speed: 1 }))).rejects.toMatchObject({ code: 'MODEL_NOT_ADMITTED' })
  })
})

describe('an admission that runs out while a position is open', () => {
  test('was announced 72 hours before, then leaves exits only, and stays ended whatever the clock shows', { timeout: 20_000 }, async () => {
    const { model, registry } = await admitted()
    await using open = registry
    expect(open).toBe(registry)
    const { expiresAt } = model.admission
    const from = expiresAt - 76n * hour
    const to = expiresAt + 20n * hour
    const running = acceleratedClock({ from, speed: 60 * 60 * 32 })
    // Somebody turns the clock back by a week, an hour after the end.
    let isTurned = false
    const clock: RunClock = {
      now: () => running.now() - (isTurned ? 168n * hour : 0n),
      millisecondsUntil: (at) => running.millisecondsUntil(at),
    }
    const venue = adversarialVenue({ seed: 3, startsAt: from })
    const broker: Broker = venue.broker
    const steps = setInterval(() => venue.step(), 1)
    const { notifier, heard } = listening()
    const directory = await folder()
    const session = start({
      time: 'realtime',
      strategy: restless,
      models: [model],
      risk: [positionLimit(100)],
      feeds: [inMemory([bars(walk(96), { from, step: hour })])],
      broker,
      clock,
      range: { from, to },
      journal: { directory },
      notifier,
    })
    const entries: bigint[] = []
    const exits: bigint[] = []
    session.on('fill', ({ side, at }) => void (side === 'buy' ? entries : exits).push(at))
    session.on('refusal', () => {
      if (isTurned) return
      isTurned = true
      session.resume('tester', 'the clock says it holds')
      setTimeout(() => session.stop('seen enough'), 400)
    })
    const { report } = await session.done
    clearInterval(steps)

    const expiring = heard.flatMap(({ type, data }) => (type === 'gatehouse.promotion.expiring.v1' ? [data] : []))
    expect(expiring).toHaveLength(1)
    expect(expiring[0].hoursLeft).toBeLessThanOrEqual(72)
    expect(expiring[0].hoursLeft).toBeGreaterThan(0)
    const exitOnly = heard.flatMap(({ type, data }) => (type === 'gatehouse.execution.exit-only.v1' ? [data] : []))
    expect(exitOnly.length).toBeGreaterThan(0)
    expect(exitOnly[0].reason).toMatch(/the admission of counting has ended: The promotion of order-book@paper has expired/)

    let endedAt: bigint | undefined
    let entriesAfter = 0
    for await (const { entry } of readJournal(directory)) {
      if (entry.type === 'admission-ended') endedAt = entry.at
      if (entry.type === 'decision' && endedAt !== undefined) for (const { side } of entry.orders) if (side === 'buy') entriesAfter++
    }
    expect(endedAt !== undefined && endedAt >= expiresAt).toBe(true)
    expect(entriesAfter).toBe(0)
    expect(exits.length).toBeGreaterThan(0)
    expect(venue.position(instrument)).toBe(0)
    expect(report.record.refusals?.some(({ rule }) => rule === 'exit-only')).toBe(true)
  })
})
