import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { seededRandom } from '@gatehouse/durable-log/testing'
import { bundleWriter, Writer } from './child-process.js'
import { Ledger, newTally, type Tally } from './ledger.js'

/** How many kills one log goes through before a new one is begun. */
const KILLS_PER_LOG = 20
const SEGMENT_BYTES = [4 * 1024, 64 * 1024, 1024 * 1024]

/** Options of a series. */
export interface SeriesOptions {
  readonly runs: number
  readonly seed: number
  /** Logs worked on at the same time. */
  readonly lanes?: number
}

/** SIGKILLs a mixed writer at random moments, also while it opens and recovers, and holds its acknowledgements against the log each time. */
export async function killRuns({ runs, seed, lanes = 2 }: SeriesOptions): Promise<Tally> {
  const tally = newTally()
  const folder = mkdtempSync(join(tmpdir(), 'durable-log-kill-'))
  try {
    const bundle = await bundleWriter(folder)
    const logs = Math.ceil(runs / KILLS_PER_LOG)
    let next = 0
    const lane = async (): Promise<void> => {
      for (let log = next++; log < logs; log = next++) {
        const directory = join(folder, `log-${log}`)
        const random = seededRandom(seed + log)
        const ledger = new Ledger(directory, tally)
        let wasBegun = false
        for (let run = 0; run < KILLS_PER_LOG && tally.runs < runs; run++) {
          tally.runs += 1
          const writer = new Writer(bundle, {
            directory,
            seed: seed + log,
            run,
            segmentBytes: SEGMENT_BYTES[log % SEGMENT_BYTES.length],
            mode: 'mixed',
          })
          // A fifth dies at any moment after the start of the process; the others once they are writing.
          if (random() < 0.2) await sleep(random() * 120)
          else {
            await writer.said(1)
            await sleep(random() ** 2 * 60)
          }
          writer.kill()
          await writer.ended
          const where = `log ${log} kill ${run}`
          if (writer.trouble !== undefined) tally.failures.push(`${where}: ${writer.trouble}`)
          // Only a log that was never begun, because each of its writers died too early, may be absent.
          if (existsSync(directory)) {
            wasBegun = true
            await ledger.check(writer.lines, where)
          } else if (wasBegun || writer.lines.length > 0) tally.failures.push(`${where}: the log is gone`)
        }
        rmSync(directory, { recursive: true, force: true })
      }
    }
    await Promise.all(Array.from({ length: lanes }, lane))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return tally
}

/** Two writers contend for one log, opening and closing; one is SIGKILLed and must be succeeded by the other, then that one too. */
export async function contentionRuns({ runs, seed, lanes = 2 }: SeriesOptions): Promise<Tally> {
  const tally = newTally()
  const folder = mkdtempSync(join(tmpdir(), 'durable-log-contend-'))
  try {
    const bundle = await bundleWriter(folder)
    let next = 0
    const lane = async (): Promise<void> => {
      for (let run = next++; run < runs; run = next++) {
        tally.runs += 1
        const directory = join(folder, `log-${run}`)
        const random = seededRandom(seed + run)
        const ledger = new Ledger(directory, tally)
        const task = { directory, seed: seed + run, segmentBytes: 16 * 1024, mode: 'contend' } as const
        const writers = [new Writer(bundle, { ...task, run: 1 }), new Writer(bundle, { ...task, run: 2 })]
        await Promise.all(writers.map((writer) => writer.said(1)))
        await sleep(random() * 100)
        const [first, second] = random() < 0.5 ? writers : writers.toReversed()
        first.kill()
        await first.ended
        // The survivor must get the lock, whatever the dead one held: three more lines prove that it still writes.
        await second.said(second.lines.length + 3)
        await sleep(random() * 50)
        second.kill()
        await second.ended
        const lines = writers.flatMap((writer) => writer.lines)
        for (const { trouble } of writers) if (trouble !== undefined) tally.failures.push(`contention ${run}: ${trouble}`)
        if (!second.lines.some((line) => line.startsWith('A'))) tally.failures.push(`contention ${run}: the survivor never wrote`)
        await ledger.check(lines, `contention ${run}`)
        rmSync(directory, { recursive: true, force: true })
      }
    }
    await Promise.all(Array.from({ length: lanes }, lane))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return tally
}
