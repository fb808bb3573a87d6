import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { clearInterval, setInterval } from 'node:timers'
import { setTimeout as sleep } from 'node:timers/promises'
import { type LogFileSystem, readFully, syncDirectory, writeFully } from './file-system.js'
import { systemCode } from './system-code.js'
import { LOCK_FILE } from './layout.js'
import { type Liveness, livenessOf, ownIdentity, type ProcessIdentity } from './process-identity.js'
import { TradingError } from './trading-error.js'
import type { LockOwner, LogClock } from './types.js'

/** Who wrote a lock file. */
interface Holder extends ProcessIdentity {
  readonly token: string
}

/** How often a holder touches LOCK, and how long an untouched LOCK of a holder we cannot look at is waited on before it counts as stale. */
const HEARTBEAT_MS = 1_000
const SILENT_MS = 10_000
const POLL_MS = 20

/**
 * The single writer's lock.
 *
 * LOCK is made by linking a finished file into place, so it is never seen half written, and exactly one contender's link succeeds.
 * A stale LOCK is not deleted and made anew, because a slow contender could then delete the new one. Instead every token has at most one
 * successor: contenders link `LOCK.successor-<token of the dead>`; the one whose link succeeds, and who then still finds that token at the end of
 * the chain that starts in LOCK, renames its file over LOCK. A contender that died in between is itself succeeded in the same way.
 */
export class WriterLock {
  /** The dead holder whose lock was taken over. */
  readonly tookOver: LockOwner | undefined
  /** True when the last holder was not proven dead: it fell silent on another machine or in another container. */
  readonly holderMayLive: boolean

  readonly #fileSystem: LogFileSystem
  readonly #clock: LogClock
  readonly #path: string
  readonly #fd: number
  readonly #inode: number
  readonly #heartbeat: NodeJS.Timeout
  #touchedAt: number
  /** Why the last heartbeat of the timer failed. */
  #trouble: unknown
  #released = false

  private constructor(
    fileSystem: LogFileSystem,
    clock: LogClock,
    path: string,
    predecessor: { holder: Holder; liveness: Liveness } | undefined,
  ) {
    this.#fileSystem = fileSystem
    this.#clock = clock
    this.#path = path
    // Kept open: while it is, no other file can get this inode number.
    this.#fd = fileSystem.openSync(path, 'r+')
    this.#inode = fileSystem.fstatSync(this.#fd).ino
    this.#touchedAt = clock.now()
    // For a writer that has nothing to write. One that keeps the event loop busy touches LOCK as it writes.
    this.#heartbeat = setInterval(() => this.#beat(), HEARTBEAT_MS).unref()
    this.tookOver = predecessor && { pid: predecessor.holder.pid, hostname: predecessor.holder.hostname, token: predecessor.holder.token }
    this.holderMayLive = predecessor?.liveness === 'unknown'
  }

  /** @throws {TradingError} `LOG_LOCKED` when another writer still holds it after `waitMs` */
  static async acquire(fileSystem: LogFileSystem, directory: string, clock: LogClock, waitMs: number): Promise<WriterLock> {
    const own: Holder = { ...ownIdentity(fileSystem.bootId()), token: randomBytes(16).toString('hex') }
    const claim = join(directory, `${LOCK_FILE}.claim-${own.token}`)
    writeClaim(fileSystem, claim, own)
    const silence = new SilenceWatch(fileSystem, clock)
    const deadline = clock.now() + waitMs
    try {
      for (;;) {
        const seen = tryToTake(fileSystem, directory, own, claim, silence)
        if (seen.taken) {
          syncDirectory(fileSystem, directory)
          const lock = new WriterLock(fileSystem, clock, join(directory, LOCK_FILE), seen.predecessor)
          // The claim may have been linked, and the name taken from us again, only if somebody deleted LOCK by hand just now.
          if (readHolder(fileSystem, join(directory, LOCK_FILE))?.token === own.token) {
            sweep(fileSystem, directory, own)
            return lock
          }
          lock.#abandon()
        }
        if (clock.now() >= deadline) throw lockedError(directory, seen.holder, seen.liveness, waitMs)
        await sleep(Math.min(POLL_MS, Math.max(1, deadline - clock.now())))
      }
    } finally {
      unlinkIfThere(fileSystem, claim)
    }
  }

  /** False once LOCK is not our file any more. One stat; asked before each acknowledgement. @throws the system's error when that cannot be known */
  isHeld(): boolean {
    const now = this.#clock.now()
    if (this.#trouble !== undefined || now - this.#touchedAt >= HEARTBEAT_MS || now < this.#touchedAt) this.touch()
    return this.#fileSystem.statSync(this.#path)?.ino === this.#inode
  }

  /** Heartbeat for contenders that cannot see this process. */
  touch(): void {
    this.#touchedAt = this.#clock.now()
    this.#fileSystem.futimesSync(this.#fd, this.#touchedAt)
    this.#trouble = undefined
  }

  /** The timer has nobody to tell of a failure; the next acknowledgement tries again and reports it. */
  #beat(): void {
    try {
      this.touch()
    } catch (error) {
      this.#trouble = error
    }
  }

  /** Gives the lock back, unless it is somebody else's by now. */
  release(): void {
    if (this.#released) return
    const held = this.#fileSystem.statSync(this.#path)?.ino === this.#inode
    if (held) this.#fileSystem.unlinkSync(this.#path)
    this.#abandon()
  }

  #abandon(): void {
    this.#released = true
    clearInterval(this.#heartbeat)
    this.#fileSystem.closeSync(this.#fd)
  }
}

interface Attempt {
  readonly taken: boolean
  readonly holder?: Holder | undefined
  readonly liveness?: Liveness | undefined
  readonly predecessor?: { holder: Holder; liveness: Liveness } | undefined
}

/** One round: take a free lock, or succeed a dead holder, or report who holds it. */
function tryToTake(fileSystem: LogFileSystem, directory: string, own: Holder, claim: string, silence: SilenceWatch): Attempt {
  const lockPath = join(directory, LOCK_FILE)
  if (linkUnlessThere(fileSystem, claim, lockPath)) return { taken: true }
  const chain = readChain(fileSystem, directory)
  if (chain === undefined) return { taken: false }
  const rightful = chain[chain.length - 1]
  const known = wasLost(rightful.holder) ? 'dead' : livenessOf(rightful.holder, own)
  if (known === 'alive' || (known === 'unknown' && !silence.isSilent(rightful.path)))
    return { taken: false, holder: rightful.holder, liveness: known }
  const succession = successorPath(directory, rightful.holder.token)
  if (!linkUnlessThere(fileSystem, claim, succession)) return { taken: false, holder: rightful.holder, liveness: known }
  // Nobody else can succeed this token while our link stands; but it may have been succeeded, and tidied up, before we linked.
  const again = readChain(fileSystem, directory)
  if (again?.at(-1)?.holder.token !== own.token) {
    unlinkIfThere(fileSystem, succession)
    return { taken: false, holder: again?.at(-1)?.holder, liveness: 'unknown' }
  }
  // rename does nothing when both names are links of one file, so the claim is renamed, not the successor's name.
  fileSystem.renameSync(claim, lockPath)
  return { taken: true, predecessor: { holder: rightful.holder, liveness: known } }
}

/** From the holder in LOCK along its successors to the one who holds it by right. Undefined when LOCK is gone. */
function readChain(fileSystem: LogFileSystem, directory: string): { path: string; holder: Holder }[] | undefined {
  const chain: { path: string; holder: Holder }[] = []
  for (let path = join(directory, LOCK_FILE); ;) {
    const holder = readHolder(fileSystem, path)
    if (holder === undefined) return chain.length === 0 ? undefined : chain
    chain.push({ path, holder })
    path = successorPath(directory, holder.token)
  }
}

/** Files are linked into place once they are written, a line each; one whose line is cut, or gone, was not synced when the machine went down. */
const lostToken = 'lost-'
const wasLost = ({ token }: Holder): boolean => token.startsWith(lostToken)

const successorPath = (directory: string, token: string): string => join(directory, `${LOCK_FILE}.successor-${token}`)

/** Who wrote the lock file at `path`; undefined when there is none. An unreadable one gets a token of its own and is never taken for dead. */
function readHolder(fileSystem: LogFileSystem, path: string): Holder | undefined {
  let text: string
  let inode: number
  try {
    const fd = fileSystem.openSync(path, 'r')
    try {
      inode = fileSystem.fstatSync(fd).ino
      text = readFully(fileSystem, fd, 0, 4096).toString('utf8')
    } finally {
      fileSystem.closeSync(fd)
    }
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
  const unreadable: Holder = { pid: 0, startTime: '', bootId: '', pidNamespace: '', hostname: '', token: `unreadable-${inode}` }
  try {
    const parsed = JSON.parse(text) as Partial<Holder> | null
    if (parsed === null || typeof parsed.token !== 'string' || !/^[0-9a-f]{32}$/.test(parsed.token) || !Number.isSafeInteger(parsed.pid))
      return unreadable
    const word = (value: unknown): string => (typeof value === 'string' ? value : '')
    return {
      pid: parsed.pid ?? 0,
      token: parsed.token,
      startTime: word(parsed.startTime),
      bootId: word(parsed.bootId),
      pidNamespace: word(parsed.pidNamespace),
      hostname: word(parsed.hostname),
    }
  } catch (error) {
    if (error instanceof SyntaxError) return /^(\{[^\n]*)?\0*$/.test(text) ? { ...unreadable, token: `${lostToken}${inode}` } : unreadable
    throw error
  }
}

function writeClaim(fileSystem: LogFileSystem, path: string, own: Holder): void {
  const fd = fileSystem.openSync(path, 'wx')
  try {
    writeFully(fileSystem, fd, Buffer.from(`${JSON.stringify(own)}\n`), 0)
    fileSystem.fsyncSync(fd)
  } catch (error) {
    fileSystem.unlinkSync(path)
    throw error
  } finally {
    fileSystem.closeSync(fd)
  }
}

/** Removes what finished or dead contenders left. Links to tokens that are not in LOCK mean nothing any more. */
function sweep(fileSystem: LogFileSystem, directory: string, own: Holder): void {
  for (const name of fileSystem.readdirSync(directory)) {
    const path = join(directory, name)
    if (name.startsWith(`${LOCK_FILE}.successor-`) && !name.endsWith(own.token)) unlinkIfThere(fileSystem, path)
    if (!name.startsWith(`${LOCK_FILE}.claim-`) || name.endsWith(own.token)) continue
    const claimant = readHolder(fileSystem, path)
    if (claimant !== undefined && livenessOf(claimant, own) === 'dead') unlinkIfThere(fileSystem, path)
  }
}

function linkUnlessThere(fileSystem: LogFileSystem, from: string, to: string): boolean {
  try {
    fileSystem.linkSync(from, to)
    return true
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false
    throw error
  }
}

function unlinkIfThere(fileSystem: LogFileSystem, path: string): void {
  try {
    fileSystem.unlinkSync(path)
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error
  }
}

/** Watches whether a lock file we cannot judge otherwise is still touched by its holder. Only changes count, not clocks of other machines. */
class SilenceWatch {
  #seen: { path: string; mtimeMs: number; ino: number; since: number } | undefined

  constructor(
    readonly fileSystem: LogFileSystem,
    readonly clock: LogClock,
  ) {}

  isSilent(path: string): boolean {
    const status = this.fileSystem.statSync(path)
    if (status === undefined) return false
    const { mtimeMs, ino } = status
    const now = this.clock.now()
    const seen = this.#seen
    if (seen?.path === path && seen.mtimeMs === mtimeMs && seen.ino === ino) return now - seen.since >= SILENT_MS
    this.#seen = { path, mtimeMs, ino, since: now }
    return false
  }
}

function lockedError(directory: string, holder: Holder | undefined, liveness: Liveness | undefined, waitMs: number): TradingError {
  const details = { directory, pid: holder?.pid, hostname: holder?.hostname, liveness }
  if (liveness !== 'unknown' || holder === undefined) {
    const who = holder === undefined ? 'another writer' : `process ${holder.pid} on ${holder.hostname}`
    return new TradingError('LOG_LOCKED', `${directory} is being written by ${who}; close it first, or wait with lockWaitMs`, details)
  }
  const who =
    holder.pid === 0 ? 'an unreadable LOCK file' : `process ${holder.pid} on ${holder.hostname}, which cannot be looked at from here`
  return new TradingError(
    'LOG_LOCKED',
    `${directory} may be written by ${who}; wait with lockWaitMs above ${SILENT_MS} (waited ${waitMs}) to take it over if it stays silent, or delete LOCK if that writer is certainly gone`,
    details,
  )
}
