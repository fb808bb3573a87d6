import { createHash } from 'node:crypto'

/** The chain before the first log entry. */
export const chainStart = '0'.repeat(64)

/** SHA-256 in lower-case hex. */
export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** The chain after a log entry: no entry can be changed, dropped or inserted without changing it. */
export function chainAfter(before: string, entry: Uint8Array): string {
  return sha256(before + sha256(entry))
}
