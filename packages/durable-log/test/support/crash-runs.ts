import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { type DurableLog, isTradingError, openLog } from '@gatehouse/durable-log'
import { type FaultyFileSystem, faultyFileSystem, seededRandom } from '@gatehouse/durable-log/testing'
import type { SeriesOptions } from './kill-runs.js'
import { Ledger, newTally, type Tally } from './ledger.js'
import { makePayload } from './payload.js'

/** What a run knows about one log over its lives. */
interface Life {
  readonly fileSystem: FaultyFileSystem
  readonly random: () => number
  readonly seed: number
  readonly run: number
  attempt: number
  readonly told: { process: string[]; power: string[] }
}

/** Writes until an error. What was acknowledged goes to `told`. */
async function write(log: DurableLog, life: Life, turns: number): Promise<void> {
  const { random, told, seed, run } = life
  const tell = (index: number, attempt: number, durability: 'process' | 'power'): void =>
    void told[durability].push(`A ${index} ${run} ${attempt}`)
  const outstanding: Promise<unknown>[] = []
  for (let turn = 0; turn < turns; turn++) {
    const attempt = life.attempt++
    const payload = makePayload(seed, run, attempt)
    const durability = random() < 0.4 ? 'power' : 'process'
    const draw = random()
    if (draw < 0.45) tell(log.appendSync(payload, { durability }).index, attempt, durability)
    else if (draw < 0.9) {
      const done = log.append(payload, { durability }).then(({ index }) => tell(index, attempt, durability))
      // It is awaited below, unless another failure comes first.
      done.catch(() => undefined)
      outstanding.push(done)
    } else if (draw < 0.95) {
      await Promise.all(outstanding.splice(0))
      const { index } = log.head
      await log.snapshot(Buffer.from(`state before ${index}`))
      told.power.push(`S ${index}`)
      await log.compact({ keepSegments: Math.floor(random() * 2) })
    } else await setImmediate()
    if (outstanding.length > 8) await Promise.all(outstanding.splice(0))
  }
  await Promise.all(outstanding)
}

/** Lets a life end however it ends: the machine stops after so many more file operations. */
async function live(directory: string, life: Life, operations: number): Promise<string | undefined> {
  const { fileSystem, random } = life
  fileSystem.haltAfter = operations
  const settled: Promise<unknown>[] = []
  let opened = false
  try {
    const log = await openLog({ directory, fileSystem, segmentBytes: 8 * 1024, syncWithinMs: random() < 0.5 ? 1 : 0 })
    opened = true
    settled.push(write(log, life, 200).catch(() => undefined))
    await Promise.all(settled)
    if (random() < 0.5) await log.close()
  } catch (error) {
    // Halting makes everything fail, which is the point; only a log that refuses to open before the halt is a failure.
    if (!opened && fileSystem.haltAfter > 0) return isTradingError(error) ? `${error.code} ${error.message}` : String(error)
  }
  return undefined
}

/**
 * Power fails at a random file operation, also while opening. Acknowledged at `power` must be there afterwards, acknowledged at `process` may be gone
 * only from the end on, and opening must work.
 * @param options.syncLies the pretended disk says synced and is not: the runs must notice
 */
export async function powerLossRuns({ runs, seed, syncLies = false }: SeriesOptions & { readonly syncLies?: boolean }): Promise<Tally> {
  const tally = newTally()
  const folder = mkdtempSync(join(tmpdir(), 'durable-log-power-'))
  try {
    for (let run = 0; run < runs; run++) {
      const directory = join(folder, `log-${run}`)
      const random = seededRandom(seed + run)
      const fileSystem = faultyFileSystem({ seed: seed + run, syncLies })
      const life: Life = { fileSystem, random, seed: seed + run, run: 0, attempt: 0, told: { process: [], power: [] } }
      const ledger = new Ledger(directory, tally, { mayForget: true })
      for (let lives = 1 + Math.floor(random() * 3); lives > 0; lives--) {
        tally.runs += 1
        const where = `power loss ${run}, ${lives} to go`
        const refused = await live(directory, life, Math.floor(random() * 400))
        if (refused !== undefined) tally.failures.push(`${where}: ${refused}`)
        fileSystem.powerLoss()
        await inspect(directory, life, ledger, where)
      }
      rmSync(directory, { recursive: true, force: true })
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return tally
}

/** Opens the log once on sound ground, as its next writer would, closes it, and holds it against what was told. */
async function inspect(directory: string, life: Life, ledger: Ledger, where: string): Promise<void> {
  const { tally } = ledger
  try {
    const log = await openLog({ directory, fileSystem: life.fileSystem, segmentBytes: 8 * 1024 })
    if (log.recovery.tornTail !== undefined) tally.tornTails += 1
    if (log.recovery.staleLock !== undefined) tally.takenOver += 1
    await log.close()
  } catch (error) {
    tally.failures.push(`${where}: cannot be opened: ${String(error)}`)
    return
  }
  await ledger.check(life.told.power, where)
  life.told.power.length = 0
}

/** The process dies at every single file operation in turn: the same work, halted one operation later each time. Everything acknowledged must be there. */
export async function everyOperationRuns({ runs, seed }: SeriesOptions): Promise<Tally> {
  const tally = newTally()
  const folder = mkdtempSync(join(tmpdir(), 'durable-log-halt-'))
  try {
    for (let run = 0; run < runs; run++) {
      tally.runs += 1
      const directory = join(folder, `log-${run}`)
      const fileSystem = faultyFileSystem({ seed })
      const life: Life = { fileSystem, random: seededRandom(seed), seed, run: 0, attempt: 0, told: { process: [], power: [] } }
      const refused = await live(directory, life, run)
      if (refused !== undefined) tally.failures.push(`halt after ${run}: ${refused}`)
      fileSystem.restart()
      life.told.power.push(...life.told.process)
      await inspect(directory, life, new Ledger(directory, tally), `halt after ${run}`)
      rmSync(directory, { recursive: true, force: true })
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return tally
}
