import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { ZstdDecoder } from '@gatehouse/zstd'

/** Goldens and market data live outside the project; tests that need them skip loudly without. */
export const shared = process.env['GATEHOUSE_SHARED'] ?? fileURLToPath(new URL('../../../../../shared', import.meta.url))
const root = join(shared, 'fixtures/dbn')
export const hasFixtures = existsSync(join(root, 'index.json'))
if (!hasFixtures) process.stderr.write(`no DBN goldens at ${root}: tests against the official decoder are skipped (set GATEHOUSE_SHARED)\n`)

export interface Golden {
  readonly records: number
  readonly sha256: string
  readonly metadata_sha256?: string
  readonly golden: string
}
export interface Fixture {
  readonly file: string
  readonly kind: 'dbn' | 'fragment' | 'dbz-legacy'
  readonly version: 1 | 2 | 3
  readonly raw_sha256?: string
  readonly asis: Golden
  readonly v3?: Golden | null
  readonly reencoded_v3?: { readonly sha256: string } | null
}

export const fixtures: readonly Fixture[] = hasFixtures
  ? (JSON.parse(readFileSync(join(root, 'index.json'), 'utf8')) as { files: Fixture[] }).files
  : []
export interface Malformed {
  readonly file: string
  readonly wanted: string
}
export const malformed: readonly Malformed[] = hasFixtures
  ? (JSON.parse(readFileSync(join(root, 'malformed.json'), 'utf8')) as Malformed[])
  : []

export const fixturePath = (file: string): string => join(root, file)
export const fixtureBytes = (file: string): Buffer => readFileSync(join(root, file))
export const sharedPath = (file: string): string => join(shared, file)
export const gunzipText = (file: string): string => gunzipSync(readFileSync(file)).toString('utf8')

/** Everything a zstd stream holds, given in pieces of `step` bytes. */
export function unzstd(bytes: Uint8Array, step = bytes.length): Buffer {
  const decoder = new ZstdDecoder()
  const output: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += step) {
    decoder.push(bytes.subarray(at, at + step))
    for (let chunk = decoder.next(); chunk !== undefined; chunk = decoder.next()) output.push(chunk.slice())
  }
  decoder.end()
  return Buffer.concat(output)
}

/** Bytes of a DBN file, decompressed when it is compressed. */
export const dbnBytes = (file: string): Buffer => (file.endsWith('.zst') ? unzstd(fixtureBytes(file)) : fixtureBytes(file))
