import { open, rename, rm, mkdir } from 'node:fs/promises'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { TradingError } from '@gatehouse/contracts'

/** Who stopped trading, when and why. */
export interface KillRecord {
  readonly by: string
  readonly reason: string
  /** ns since the Unix epoch, UTC, as decimal digits. */
  readonly at: string
}

/**
 * Stops all trading until a person releases it. A file: any process may set it, it survives restarts, and every run that was given it
 * refuses to start, or stops sending, while it is there.
 */
export interface KillLatch {
  /** The record while it is set. An unreadable latch counts as set. */
  read(): KillRecord | undefined
  /** Durable when resolved. Setting it again keeps the first record. */
  set(record: KillRecord): Promise<void>
  /** A person lets trading go on. */
  release(): Promise<void>
}

/** A kill latch in a folder; runs, command line and chat that name the same folder share it. */
export function killLatch({ directory }: { readonly directory: string }): KillLatch {
  const file = join(directory, 'kill-latch.json')
  const read = (): KillRecord | undefined => {
    let text: string
    try {
      text = readFileSync(file, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      return { by: 'unknown', reason: `the latch cannot be read: ${(error as Error).message}`, at: '0' }
    }
    try {
      return JSON.parse(text) as KillRecord
    } catch {
      // A latch that was half written was meant to be set.
      return { by: 'unknown', reason: 'the latch is set but its record is damaged', at: '0' }
    }
  }
  return {
    read,
    async set(record) {
      if (read() !== undefined) return
      try {
        await mkdir(directory, { recursive: true })
        const next = `${file}.next`
        const handle = await open(next, 'w')
        await handle.writeFile(JSON.stringify(record))
        await handle.sync()
        await handle.close()
        await rename(next, file)
        const folder = await open(dirname(file), 'r')
        await folder.sync()
        await folder.close()
      } catch (cause) {
        throw new TradingError('KILL_LATCH_FAILED', `The kill latch could not be written to ${file}`, { file }, { cause })
      }
    },
    async release() {
      await rm(file, { force: true })
    },
  }
}
