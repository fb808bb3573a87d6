import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { serialize } from 'node:v8'

/** A young generation that no round fills: what is collected in the middle of a round would not be counted. */
const flags = ['--expose-gc', '--min-semi-space-size=64', '--max-semi-space-size=64', '--conditions=@gatehouse/source', '--import', 'tsx']

/**
 * What a measuring program finds of a value, in a process of its own: one that compiles nothing but what it measures.
 * @param program reads the value, serialized, from the file that its first argument names, and prints JSON
 */
export function heapBytes<Found>(program: URL, value: unknown, ...args: readonly string[]): Found {
  const folder = mkdtempSync(join(tmpdir(), 'heap-bytes-'))
  try {
    const file = join(folder, 'value')
    writeFileSync(file, serialize(value))
    const { stdout, stderr } = spawnSync(process.execPath, [...flags, fileURLToPath(program), file, ...args], { encoding: 'utf8' })
    if (stdout === '') throw new Error(stderr)
    return JSON.parse(stdout) as Found
  } finally {
    rmSync(folder, { recursive: true })
  }
}
