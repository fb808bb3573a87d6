import { execFileSync } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DurableLog, isTradingError, openLog } from '@gatehouse/durable-log'
import { faultyFileSystem, seededRandom } from '@gatehouse/durable-log/testing'
import type { SeriesOptions } from './kill-runs.js'
import { Ledger, newTally, type Tally } from './ledger.js'
import { makePayload } from './payload.js'

const DISK_BYTES = 1024 * 1024
const BALLAST_BYTES = 400 * 1024

/** Mounts a small tmpfs; undefined, with the reason, where that is not allowed. */
function mountSmallDisk(): { directory: string; unmount: () => void } | { reason: string } {
  const directory = mkdtempSync(join(tmpdir(), 'durable-log-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', directory], { stdio: 'pipe' })
  } catch (error) {
    rmSync(directory, { recursive: true, force: true })
    return { reason: error instanceof Error ? error.message.trim() : String(error) }
  }
  return {
    directory,
    unmount: () => {
      // Lazily: if a run was cut short by an error, its files are still open, and that error is the one to be seen.
      execFileSync('umount', ['-l', directory])
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** The disk runs full under the writer, room is made, the writer goes on, several times over. On a real tmpfs when that can be mounted. */
export async function fullDiskRuns({ runs, seed }: SeriesOptions): Promise<Tally & { skipped?: string }> {
  const disk = mountSmallDisk()
  if ('reason' in disk) return { ...newTally(), skipped: disk.reason }
  try {
    const directory = join(disk.directory, 'log')
    const ballast = join(disk.directory, 'ballast')
    return await series({ runs, seed }, directory, {
      fill: () => writeBallast(ballast),
      makeRoom: () => rmSync(ballast, { force: true }),
      reset: () => rmSync(directory, { recursive: true, force: true }),
      open: () => openLog({ directory, segmentBytes: 100 * 1024, syncWithinMs: 2 }),
    })
  } finally {
    disk.unmount()
  }
}

/** The same with a pretended disk, whose writes also come out short at any byte. */
export async function pretendedFullDiskRuns({ runs, seed }: SeriesOptions): Promise<Tally> {
  const folder = mkdtempSync(join(tmpdir(), 'durable-log-full-'))
  const directory = join(folder, 'log')
  mkdirSync(folder, { recursive: true })
  const random = seededRandom(seed)
  const fileSystem = faultyFileSystem({ seed })
  try {
    return await series({ runs, seed }, directory, {
      fill: () => (fileSystem.freeBytes = 20_000 + Math.floor(random() * DISK_BYTES)),
      makeRoom: () => (fileSystem.freeBytes = 200_000 + Math.floor(random() * 1000)),
      reset: () => {
        fileSystem.freeBytes = Number.POSITIVE_INFINITY
        rmSync(directory, { recursive: true, force: true })
      },
      open: () => openLog({ directory, fileSystem, segmentBytes: 100 * 1024, syncWithinMs: 2 }),
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** As much of the ballast as fits. */
function writeBallast(path: string): void {
  const fd = openSync(path, 'w')
  try {
    for (let done = 0; done < BALLAST_BYTES; done += 4096) writeSync(fd, Buffer.alloc(4096))
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'ENOSPC') throw error
  } finally {
    closeSync(fd)
  }
}

interface Disk {
  fill(): unknown
  makeRoom(): unknown
  reset(): void
  open(): Promise<DurableLog>
}

async function series({ runs, seed }: SeriesOptions, directory: string, disk: Disk): Promise<Tally> {
  const tally = newTally()
  for (let run = 0; run < runs; run++) {
    tally.runs += 1
    disk.reset()
    const random = seededRandom(seed + run)
    const ledger = new Ledger(directory, tally)
    const told: string[] = []
    const log = await disk.open()
    let attempt = 0
    for (let round = 0; round < 2; round++) {
      disk.fill()
      let refusals = 0
      // Goes on trying for a while after the first refusal: small records may still fit, and none of the refused may appear.
      for (let turn = 0; turn < 5_000 && refusals < 8; turn++)
        refusals += await appendSome(log, () => attempt++, random, { seed: seed + run, told, tally })
      if (refusals === 0) tally.failures.push(`full disk ${run}: the disk never ran full`)
      disk.makeRoom()
      const after = makePayload(seed + run, 0, attempt)
      try {
        told.push(`A ${log.appendSync(after, { durability: 'power' }).index} 0 ${attempt++}`)
      } catch (error) {
        tally.failures.push(`full disk ${run}: the log did not go on once there was room: ${String(error)}`)
      }
    }
    await log.close()
    if (!existsSync(directory)) tally.failures.push(`full disk ${run}: the log is gone`)
    await ledger.check(told, `full disk ${run}`)
  }
  return tally
}

/** Several appends of every kind at once. @returns how many were refused for want of space */
async function appendSome(
  log: DurableLog,
  nextAttempt: () => number,
  random: () => number,
  { seed, told, tally }: { seed: number; told: string[]; tally: Tally },
): Promise<number> {
  let refusals = 0
  const refused = (error: unknown): void => {
    if (isTradingError(error, 'LOG_NO_SPACE')) refusals += 1
    else tally.failures.push(`a full disk gave ${String(error)}`)
  }
  const pending = Array.from({ length: Math.floor(random() * 4) }, async () => {
    const attempt = nextAttempt()
    try {
      told.push(
        `A ${(await log.append(makePayload(seed, 0, attempt), { durability: random() < 0.5 ? 'power' : 'process' })).index} 0 ${attempt}`,
      )
    } catch (error) {
      refused(error)
    }
  })
  const batch = Array.from({ length: 1 + Math.floor(random() * 3) }, nextAttempt)
  try {
    const positions = log.appendAllSync(batch.map((attempt) => makePayload(seed, 0, attempt)))
    positions.forEach(({ index }, at) => told.push(`A ${index} 0 ${batch[at]}`))
  } catch (error) {
    refused(error)
  }
  await Promise.all(pending)
  return refusals
}
