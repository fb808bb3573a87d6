import { describe, expect, test, vi } from 'vitest'
import { acceleratedClock, inMemory, positionLimit, readJournal, run, type Broker, type Order, type Strategy } from '@gatehouse/core'
import { adversarialVenue } from '@gatehouse/core/testing'
import { faultyFileSystem, type FaultyFileSystem } from '@gatehouse/durable-log/testing'
import type * as DurableLog from '@gatehouse/durable-log'
import { bars, folder, listening, minute, t0, walk } from './bench.js'

let disk: FaultyFileSystem = faultyFileSystem()
vi.mock('@gatehouse/durable-log', async (original) => {
  const real = await original<typeof DurableLog>()
  return { ...real, openLog: (options: Parameters<typeof real.openLog>[0]) => real.openLog({ ...options, fileSystem: disk }) }
})

/** Tries again whatever is thrown at it. */
const stubborn = (): Strategy => ({
  name: 'stubborn',
  onBar(bar, { orders, portfolio }) {
    try {
      orders.target(bar.instrument, portfolio.position(bar.instrument).quantity === 0 ? 10 : 0)
    } catch {
      orders.buy(bar.instrument, 1)
    }
  },
})
const honest = (): Strategy => ({
  name: 'honest',
  onBar: (bar, { orders, portfolio }) => void orders.target(bar.instrument, portfolio.position(bar.instrument).quantity === 0 ? 10 : 0),
})

describe('a disk that is full under the journal', () => {
  test.each([
    ['a strategy that lets it through', honest],
    ['a strategy that catches it and tries again', stubborn],
  ])('ends the run with a typed error, and nothing was sent that is not written: %s', async (_, strategy) => {
    disk = faultyFileSystem()
    const directory = await folder()
    const venue = adversarialVenue({ seed: 3 })
    const steps = setInterval(() => venue.step(), 1)
    const sent: string[] = []
    const broker: Broker = {
      ...venue.broker,
      submit: (group: readonly Order[]) => {
        sent.push(...group.map(({ clientOrderId }) => clientOrderId))
        if (sent.length === 5) disk.freeBytes = 0
        return venue.broker.submit(group)
      },
    }
    const { notifier, heard } = listening()
    const failed = run({
      time: 'realtime',
      strategy,
      feeds: [inMemory([bars(walk(600))])],
      broker,
      risk: [positionLimit(100)],
      clock: acceleratedClock({ from: t0, speed: 60 * 600 }),
      range: { from: t0, to: t0 + 601n * minute },
      journal: { directory },
      notifier,
    })
    await expect(failed).rejects.toMatchObject({
      name: 'TradingError',
      code: expect.stringMatching(/^LOG_(NO_SPACE|WRITE_FAILED|POISONED)$/) as string,
    })
    clearInterval(steps)
    disk.freeBytes = Infinity
    const written = new Set<string>()
    for await (const { entry } of readJournal(directory))
      if (entry.type === 'decision') for (const { clientOrderId } of entry.orders) written.add(clientOrderId)
    expect(sent.length).toBeGreaterThan(0)
    expect(sent.filter((id) => !written.has(id))).toEqual([])
    expect(heard.some(({ type, data }) => type === 'gatehouse.execution.stopped.v1' && !data.orderly)).toBe(true)
  })
})
