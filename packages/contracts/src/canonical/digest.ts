import { createHash } from 'node:crypto'
import { canonicalJson } from './canonical-json.js'

/** SHA-256 of bytes, or of a text's UTF-8 bytes, as 64 lower-case hex digits. */
export function sha256Hex(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex')
}

/**
 * Digest of a document: SHA-256 over its canonical JSON, so that neither key order nor white space changes it.
 * @throws {TradingError} `CANONICAL_JSON_INVALID` when the value is not JSON
 */
export function documentDigest(document: unknown): string {
  return sha256Hex(canonicalJson(document))
}
