import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { TradingError } from '@gatehouse/core'

/** Says that a folder is ours to empty. */
const marker = '.gatehouse-example'
/** Written last: what a run leaves that came to its end. */
const summary = 'summary.json'

/** A folder that one run has to itself. */
export interface ClaimedFolder {
  /** Writes the summary, and lets go of what an earlier run left. */
  finish(text: string): void
}

/**
 * Takes a folder for a new run: makes it, or empties one that an earlier run made. What an earlier run finished is kept beside it, as `<folder>.earlier`, until this
 * one has finished too.
 * @throws {TradingError} `OPTION_INVALID` for a folder that holds anything else (nobody's files are deleted), that another run is at work in, or that cannot be written
 */
export function claimFolder(directory: string): ClaimedFolder {
  const earlier = `${directory}.earlier`
  try {
    mkdirSync(dirname(directory), { recursive: true })
    lock(`${directory}.lock`, directory)
    for (const folder of [directory, earlier]) requireOurs(folder)
    if (existsSync(join(directory, summary))) {
      rmSync(earlier, { recursive: true, force: true })
      renameSync(directory, earlier)
    }
    rmSync(directory, { recursive: true, force: true })
    mkdirSync(directory)
    writeFileSync(join(directory, marker), 'npm start empties this folder before it runs.\n')
  } catch (cause) {
    if (cause instanceof TradingError) throw cause
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new TradingError('OPTION_INVALID', `${directory} cannot be written (${why}); name another folder with --out`, { directory }, { cause }) // prettier-ignore
  }
  return {
    finish(text) {
      writeFileSync(join(directory, summary), text)
      rmSync(earlier, { recursive: true, force: true })
    },
  }
}

function requireOurs(directory: string): void {
  const holds = existsSync(directory) ? readdirSync(directory) : []
  if (holds.length > 0 && !holds.includes(marker))
    throw new TradingError('OPTION_INVALID', `${directory} is not empty and was not made by npm start; name a new folder with --out`, { directory }) // prettier-ignore
}

/** Keeps the folder to this process until it ends, however it ends: a lock whose holder is dead counts for nothing. */
function lock(file: string, directory: string): void {
  const holder = existsSync(file) ? Number(readFileSync(file, 'utf8')) : undefined
  if (holder !== undefined && isAlive(holder))
    throw new TradingError('OPTION_INVALID', `process ${holder} is at work in ${directory}; wait for it, or name another folder with --out`, { directory, holder }) // prettier-ignore
  rmSync(file, { force: true })
  writeFileSync(file, String(process.pid), { flag: 'wx' })
  process.once('exit', () => rmSync(file, { force: true }))
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
