/*
 * One act of the replay proof in a process of its own, so that it can be killed and done by another runtime:
 *   child.mjs record | replay | tape | tear DIRECTORY BARS
 * Prints one line of JSON.
 */
import { createHash } from 'node:crypto'
import { acceleratedClock, inspectJournal, isTradingError, replay, run, type RunOptions } from '@gatehouse/core'
import { adversarialVenue } from '@gatehouse/core/testing'
import { openLog, readLog } from '@gatehouse/durable-log'
import { splitEntries } from '../../packages/core/src/journal/codec.js'
import { firstBar, minute, recordedRun, shared } from './world.js'

const [act, directory, barsText] = process.argv.slice(2)
const bars = Number(barsText)

/** A session in real time, faster: a venue that loses, repeats, delays and corrects, and hangs up. */
function tape(): RunOptions {
  const venue = adversarialVenue({
    seed: 11,
    environment: 'simulated',
    startsAt: firstBar,
    faults: { duplicateEvent: 0.1, delayEvent: 0.1, loseEvent: 0.02, loseCommand: 0.02, correctFill: 0.05, disconnect: 0.002 },
  })
  const stepping = setInterval(() => {
    for (let i = 0; i < 20; i++) venue.step()
    venue.reconnect()
  }, 5)
  stepping.unref()
  return {
    ...shared(bars),
    time: 'realtime',
    broker: venue.broker,
    clock: acceleratedClock({ from: firstBar, speed: 60 * 4000 }),
    range: { from: firstBar, to: firstBar + BigInt(bars + 1) * minute },
    journal: { directory, checkpointEveryRows: 2_000 },
  }
}

/** SHA-256 of all that the journal's log holds, read without the journal's code. */
async function digestOf(folder: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const { payload } of readLog(folder)) hash.update(payload)
  return hash.digest('hex')
}

/** Half of a run's journal, closed; then a frame more, and the process dies before anything is synced. */
async function tear(): Promise<never> {
  const payloads: Uint8Array[] = []
  await run(recordedRun(`${directory}-source`, bars))
  for await (const { payload } of readLog(`${directory}-source`)) payloads.push(payload)
  const entries = payloads.flatMap((payload) => [...splitEntries(payload, 0)].map(({ bytes }) => bytes))
  const half = entries.length >> 1
  const log = await openLog({ directory, syncWithinMs: 0 })
  log.appendSync(Buffer.concat(entries.slice(0, half)))
  await log.close()
  const reopened = await openLog({ directory, syncWithinMs: 0 })
  reopened.appendSync(Buffer.concat(entries.slice(half, half + 8)))
  process.kill(process.pid, 'SIGKILL')
  return new Promise(() => {})
}

async function perform(): Promise<Record<string, unknown>> {
  if (act === 'tear') return tear()
  if (act === 'record' || act === 'tape') {
    try {
      const { journalHash, rows } = await run(act === 'tape' ? tape() : recordedRun(directory, bars))
      return { hash: journalHash, bytes: await digestOf(directory), rows }
    } catch (error) {
      // Killed after its end was written and before it could say so: there is nothing to resume, and the journal is whole.
      if (!isTradingError(error, 'JOURNAL_FINISHED')) throw error
      return { hash: (await inspectJournal(directory)).hash, bytes: await digestOf(directory) }
    }
  }
  const again = await replay({ directory, ...shared(bars) })
  return { ...again, firstDifference: again.firstDifference?.number ?? null }
}

const started = performance.now()
const outcome = await perform().catch((error: unknown) => ({
  failed: error instanceof Error ? `${(error as { code?: string }).code ?? error.name}: ${error.message}` : String(error),
}))
console.log(
  JSON.stringify({
    ...outcome,
    seconds: (performance.now() - started) / 1000,
    peakMb: process.resourceUsage().maxRSS / 1024,
    node: process.version,
  }),
)
