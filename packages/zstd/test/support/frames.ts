import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ZstdDecoder } from '@gatehouse/zstd'

/** Streams that other programs compressed live outside the project; tests that need them skip loudly without. */
const shared = process.env['GATEHOUSE_SHARED'] ?? fileURLToPath(new URL('../../../../../shared', import.meta.url))
const root = join(shared, 'fixtures/dbn')
if (!existsSync(root))
  process.stderr.write(`no zstd streams at ${root}: tests against other compressors are skipped (set GATEHOUSE_SHARED)\n`)

export interface StreamFixture {
  readonly file: string
  readonly bytes: Buffer
}

function streams(folder: string): readonly StreamFixture[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.zst'))
    .sort()
    .map((file) => ({ file, bytes: readFileSync(join(folder, file)) }))
}

const all = streams(root)
export const compressedFixtures: readonly StreamFixture[] = all.filter(({ file }) => !file.startsWith('malformed'))
export const damagedFixtures: readonly StreamFixture[] = all.filter(({ file }) => file.startsWith('malformed'))

/** A frame of one RLE block: `count` times the letter A. */
export function rleFrame(count: number, { window = 0x50, checksum = [] as number[] } = {}): Uint8Array {
  const block = (count << 3) | 2 | 1
  const head = [0x28, 0xb5, 0x2f, 0xfd, checksum.length > 0 ? 4 : 0, window]
  return Uint8Array.from([...head, block & 255, (block >> 8) & 255, block >> 16, 0x41, ...checksum])
}

/** Everything a zstd stream holds, given in pieces of `step` bytes. */
export function wholeStream(bytes: Uint8Array, step = bytes.length): Buffer {
  const decoder = new ZstdDecoder()
  const output: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += step) {
    decoder.push(bytes.subarray(at, at + step))
    for (let chunk = decoder.next(); chunk !== undefined; chunk = decoder.next()) output.push(chunk.slice())
  }
  decoder.end()
  return Buffer.concat(output)
}
