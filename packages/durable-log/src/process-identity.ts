import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { kill, pid } from 'node:process'
import { systemCode } from './system-code.js'

/** Names one process for ever: pids are reused, (boot, pid namespace, pid, start time) are not. */
export interface ProcessIdentity {
  readonly pid: number
  /** Start time in clock ticks since boot, from /proc; empty where there is no /proc. */
  readonly startTime: string
  /** Kernel's boot id; empty where there is no /proc. */
  readonly bootId: string
  /** Pid namespace: in another container the same pid is another process. Empty where there is no /proc. */
  readonly pidNamespace: string
  readonly hostname: string
}

/** What is known about another process. `unknown`: it lives where we cannot look (another machine, another container). */
export type Liveness = 'alive' | 'dead' | 'unknown'

// Identity and liveness of processes are the lock's subject, so this module alone looks at the machine it runs on.
function readProc(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, 'utf8').trim()
  } catch (error) {
    if (['ENOENT', 'EACCES', 'ESRCH', 'ENOTDIR'].includes(systemCode(error) ?? '')) return ''
    throw error
  }
}

function startTimeOf(process: number): string {
  // Field 22 of stat; field 2, the command, may contain spaces and parentheses, so count from the last one.
  const stat = readProc(`${process}/stat`)
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}

function ownPidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return ''
  }
}

/** The boot this process runs in; empty where the kernel does not say. */
export function currentBootId(): string {
  return readProc('sys/kernel/random/boot_id')
}

/** This process. @param bootId the machine's current boot */
export function ownIdentity(bootId: string): ProcessIdentity {
  return { pid, startTime: startTimeOf(pid), bootId, pidNamespace: ownPidNamespace(), hostname: hostname() }
}

/** Does the process named by `other` still run? */
export function livenessOf(other: ProcessIdentity, own: ProcessIdentity): Liveness {
  if (own.bootId !== '' && other.bootId !== '') {
    // The kernel's boot id is the machine's: same id, same machine, whatever the containers call themselves.
    if (other.bootId !== own.bootId) return other.hostname === own.hostname ? 'dead' : 'unknown'
    if (other.pidNamespace !== own.pidNamespace) return 'unknown'
    return startTimeOf(other.pid) === other.startTime ? 'alive' : 'dead'
  }
  if (other.hostname !== own.hostname) return 'unknown'
  try {
    kill(other.pid, 0)
    return 'alive'
  } catch (error) {
    return systemCode(error) === 'ESRCH' ? 'dead' : 'alive'
  }
}
