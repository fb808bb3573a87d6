/**
 * Appends a second at each durability, with and without group commit, beside bare write(2) and write + fdatasync of the same framed bytes in the same run.
 *
 *   node --conditions=@gatehouse/source --import tsx bench/durable-log.ts [--rounds 5]
 *
 * Input: payloads of 100 B and 4 KB, constant bytes. Figures are the best of several alternations; the ratios are what to look at, the machine's disk
 * decides the rest. A loop that never yields keeps the background fdatasync from reporting back, so the log syncs on the loop's own thread every 10 ms:
 * the row with syncWithinMs 0 shows the cost of the append alone. Memory and page cache effects hit both sides alike: every contender appends to a fresh file in the same folder.
 */
import { closeSync, fdatasyncSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Durability, openLog } from '@gatehouse/durable-log'

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } })
const folder = mkdtempSync(join(tmpdir(), 'durable-log-bench-'))
let files = 0

/** Appends `count` payloads and returns the seconds it took. */
type Contender = (payload: Buffer, count: number) => Promise<number>

const seconds = (startedAt: number): number => (performance.now() - startedAt) / 1000

/** The floor: no frame, no hash, no lock, no log. */
const bare =
  (isSynced: boolean, group = 1): Contender =>
  async (payload, count) => {
    const bytes = Buffer.alloc((payload.length + 56) * group, 1)
    const fd = openSync(join(folder, `bare-${files++}`), 'a')
    const startedAt = performance.now()
    for (let done = 0; done < count; done += group) {
      writeSync(fd, bytes, 0, bytes.length)
      if (isSynced) fdatasyncSync(fd)
    }
    const took = seconds(startedAt)
    closeSync(fd)
    return took
  }

const withLog =
  (
    durability: Durability,
    work: (log: Awaited<ReturnType<typeof openLog>>, payload: Buffer, count: number) => Promise<void>,
    syncWithinMs?: number,
  ): Contender =>
  async (payload, count) => {
    const log = await openLog({ directory: join(folder, `log-${files++}`), durability, syncWithinMs })
    const startedAt = performance.now()
    await work(log, payload, count)
    const took = seconds(startedAt)
    await log.close()
    return took
  }

const eachSync = (durability: Durability, syncWithinMs?: number): Contender =>
  withLog(
    durability,
    async (log, payload, count) => {
      for (let done = 0; done < count; done++) log.appendSync(payload)
    },
    syncWithinMs,
  )
const eachAwaited = (durability: Durability): Contender =>
  withLog(durability, async (log, payload, count) => {
    for (let done = 0; done < count; done++) await log.append(payload)
  })
const inGroups = (durability: Durability, group: number): Contender =>
  withLog(durability, async (log, payload, count) => {
    for (let done = 0; done < count; done += group) await Promise.all(Array.from({ length: group }, () => log.append(payload)))
  })
const inBatches = (durability: Durability, group: number): Contender =>
  withLog(durability, async (log, payload, count) => {
    const batch = new Array<Buffer>(group).fill(payload)
    for (let done = 0; done < count; done += group) log.appendAllSync(batch)
  })

/** [name, how, appends a round, the floor it is held against] */
const contenders: readonly (readonly [string, Contender, number, string])[] = [
  ['bare write', bare(false), 20_000, 'bare write'],
  ['process: appendSync, never yielding', eachSync('process'), 20_000, 'bare write'],
  ['process: appendSync, syncWithinMs 0', eachSync('process', 0), 20_000, 'bare write'],
  ['process: await append, one at a time', eachAwaited('process'), 10_000, 'bare write'],
  ['process: append, 64 at a time', inGroups('process', 64), 19_200, 'bare write'],
  ['bare write of 64 at once', bare(false, 64), 19_200, 'bare write of 64 at once'],
  ['process: appendAllSync of 64', inBatches('process', 64), 19_200, 'bare write of 64 at once'],
  ['bare write + fdatasync', bare(true), 200, 'bare write + fdatasync'],
  ['power: appendSync', eachSync('power'), 200, 'bare write + fdatasync'],
  ['power: await append, one at a time', eachAwaited('power'), 200, 'bare write + fdatasync'],
  ['power: append, 64 at a time', inGroups('power', 64), 6_400, 'bare write + fdatasync'],
  ['bare write + fdatasync of 64 at once', bare(true, 64), 6_400, 'bare write + fdatasync of 64 at once'],
  ['power: appendAllSync of 64', inBatches('power', 64), 6_400, 'bare write + fdatasync of 64 at once'],
]

try {
  for (const bytes of [100, 4096]) {
    const payload = Buffer.alloc(bytes, 7)
    const best = new Map<string, number>()
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const [name, run, count] of contenders) best.set(name, Math.max(best.get(name) ?? 0, count / (await run(payload, count))))
      rmSync(folder, { recursive: true, force: true })
      mkdirSync(folder)
    }
    console.log(`\n${bytes} B payloads, best of ${values.rounds}`.padEnd(48), 'appends/s'.padStart(12), 'of floor'.padStart(10), '  floor')
    for (const [name, , , floor] of contenders) {
      const rate = best.get(name)!
      const ratio = (rate / best.get(floor)!).toFixed(2)
      console.log(
        name.padEnd(47),
        Math.round(rate).toLocaleString('en').padStart(12),
        ratio.padStart(10),
        name === floor ? '' : `  ${floor}`,
      )
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
