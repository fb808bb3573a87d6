import { writeSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { type DurableLog, isTradingError, openLog } from '@gatehouse/durable-log'
import { seededRandom } from '@gatehouse/durable-log/testing'
import { makePayload } from './payload.js'

/** What the parent asks of this writer. */
export interface WriterTask {
  readonly directory: string
  readonly seed: number
  readonly run: number
  readonly segmentBytes: number
  /** `mixed`: write until killed. `contend`: open, write a little, close, again, until killed. */
  readonly mode: 'mixed' | 'contend'
}

// fd 1 written directly, so an acknowledgement that was sent is in the parent's hands even if the next instruction is never run.
function say(line: string): void {
  for (let rest = Buffer.from(`${line}\n`); rest.length > 0;) {
    try {
      rest = rest.subarray(writeSync(1, rest))
    } catch (error) {
      if (!(error instanceof Error) || !('code' in error) || error.code !== 'EAGAIN') throw error
      // The pipe is full and does not block: the parent is busy checking another log.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
    }
  }
}

async function mixed(
  log: DurableLog,
  { seed, run }: WriterTask,
  random: () => number,
  attempts: { next: number },
  turns: number,
): Promise<void> {
  const payload = (): [Buffer, number] => [makePayload(seed, run, attempts.next), attempts.next++]
  const durability = (): 'process' | 'power' => (random() < 0.3 ? 'power' : 'process')
  const outstanding = new Set<Promise<void>>()
  for (let turn = 0; turn < turns; turn++) {
    const draw = random()
    if (draw < 0.5) {
      for (let count = 1 + Math.floor(random() * 8); count > 0; count--) {
        const [bytes, attempt] = payload()
        const done = log.append(bytes, { durability: durability() }).then(({ index }) => say(`A ${index} ${run} ${attempt}`))
        outstanding.add(done)
        void done.finally(() => outstanding.delete(done))
      }
      if (outstanding.size > 32) await Promise.all(outstanding)
    } else if (draw < 0.85) {
      const [bytes, attempt] = payload()
      say(`A ${log.appendSync(bytes, { durability: durability() }).index} ${run} ${attempt}`)
    } else if (draw < 0.96) {
      const batch = Array.from({ length: 1 + Math.floor(random() * 10) }, payload)
      const positions = log.appendAllSync(
        batch.map(([bytes]) => bytes),
        { durability: durability() },
      )
      say(positions.map(({ index }, at) => `A ${index} ${run} ${batch[at][1]}`).join('\n'))
    } else {
      await Promise.all(outstanding)
      const { index } = log.head
      await log.snapshot(Buffer.from(`state before ${index}`))
      say(`S ${index}`)
      if (random() < 0.5) await log.compact({ keepSegments: Math.floor(random() * 3) })
    }
    await setImmediate()
  }
  await Promise.all(outstanding)
}

async function main(task: WriterTask): Promise<void> {
  const { directory, seed, run, segmentBytes, mode } = task
  const random = seededRandom(seed * 7919 + run)
  const attempts = { next: 0 }
  for (;;) {
    try {
      const log = await openLog({
        directory,
        segmentBytes,
        lockWaitMs: mode === 'contend' ? 60_000 : 0,
        syncWithinMs: 1 + Math.floor(random() * 10),
      })
      say(`R ${JSON.stringify({ tornTail: log.recovery.tornTail !== undefined, staleLock: log.recovery.staleLock !== undefined })}`)
      await mixed(log, task, random, attempts, mode === 'contend' ? 1 + Math.floor(random() * 5) : Number.POSITIVE_INFINITY)
      await log.close()
      say('C')
    } catch (error) {
      say(`E ${isTradingError(error) ? `${error.code} ${error.message}` : String(error)}`)
      return
    }
  }
}

await main(JSON.parse(process.argv[2]) as WriterTask)
