import { copyFile, cp, mkdtemp, readdir, readFile, rm, stat, truncate, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ManifestPin } from '@gatehouse/contracts'
import { equity, isTradingError, type Batch } from '@gatehouse/core'
import { openManifest } from '@gatehouse/manifest-parquet'
import { random } from './kill-runs.js'
import { emptyTally, numberedBars, type Tally } from './numbered-bars.js'

const instruments = [equity('W0'), equity('W1')]

/** A small table with several files, commits and checkpoints, and all its rows. */
async function sound(): Promise<{ directory: string; rows: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-damage-'))
  await using manifest = await openManifest({ directory, checkpointEvery: 4 })
  for (let sequence = 1; sequence <= 10; sequence++) {
    await manifest.append(numberedBars(instruments[sequence % 2], sequence), { appId: 'writer', sequence })
    await manifest.commit()
  }
  return { directory, rows: await allRows(manifest.at('latest').scan()) }
}

async function allRows(batches: AsyncIterable<Batch>): Promise<string> {
  const rows: string[] = []
  for await (const batch of batches) {
    const { open, volume } = (batch as Batch<'ohlcv-1m'>).columns
    for (let row = 0; row < batch.length; row++) {
      rows.push([batch.availableAt[row], batch.instruments[batch.instrumentIndex[row]].symbol, open[row], volume[row]].join(' '))
    }
  }
  return rows.join('\n')
}

async function filesUnder(directory: string): Promise<string[]> {
  const found: string[] = []
  for (const name of await readdir(directory, { recursive: true })) {
    if (!name.startsWith('_wal') && (await stat(join(directory, name))).isFile()) found.push(name)
  }
  return found.sort()
}

const entry = (version: number): string => join('_delta_log', `${String(version).padStart(20, '0')}.json`)

type Damage = (directory: string, next: () => number) => Promise<string>

/** Ways to hurt a table from outside. Each says what it did. */
export const damages: Readonly<Record<string, Damage>> = {
  async 'a flipped bit in any file'(directory, next) {
    const files = await filesUnder(directory)
    const file = files[Math.floor(next() * files.length)]
    const bytes = await readFile(join(directory, file))
    const at = Math.floor(next() * bytes.length)
    const bit = Math.floor(next() * 8)
    bytes[at] ^= 1 << bit
    await writeFile(join(directory, file), bytes)
    return `bit ${bit} of byte ${at} of ${file}`
  },
  async 'a file cut short'(directory, next) {
    const files = await filesUnder(directory)
    const file = files[Math.floor(next() * files.length)]
    const { size } = await stat(join(directory, file))
    const length = Math.floor(next() * size)
    await truncate(join(directory, file), length)
    return `${file} cut to ${length} of ${size}`
  },
  async 'a deleted file'(directory, next) {
    const files = (await filesUnder(directory)).filter((name) => name.startsWith('data') || name.endsWith('.json'))
    const file = files[Math.floor(next() * files.length)]
    await unlink(join(directory, file))
    return `${file} deleted`
  },
  async 'two files exchanged'(directory, next) {
    const files = (await filesUnder(directory)).filter((name) => name.startsWith('data'))
    const [a, b] = [Math.floor(next() * files.length), Math.floor(next() * (files.length - 1))]
    const other = files.filter((_, index) => index !== a)[b]
    const [first, second] = [join(directory, files[a]), join(directory, other)]
    await copyFile(first, `${first}.x`)
    await copyFile(second, first)
    await copyFile(`${first}.x`, second)
    await unlink(`${first}.x`)
    return `${files[a]} and ${other} exchanged`
  },
  async 'an entry of another program'(directory, next) {
    const kinds = [
      '{"commitInfo":{"operation":"OPTIMIZE","engineInfo":"Apache-Spark/3.5.0 Delta-Lake/3.0.0"}}',
      '{"commitInfo":{"operation":"UPGRADE PROTOCOL"}}\n{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["deletionVectors"],"writerFeatures":["deletionVectors"]}}',
      '{"add":{"path":"part-0.parquet","partitionValues":{},"size":1,"modificationTime":1,"dataChange":true}}',
      '{"metaData":{"id":"other","format":{"provider":"parquet"},"schemaString":"{}","partitionColumns":[],"configuration":{}}}',
    ]
    const kind = kinds[Math.floor(next() * kinds.length)]
    await writeFile(join(directory, entry(11)), `${kind}\n`)
    return kind
  },
  async 'an entry rewritten with its chain'(directory, next) {
    const version = 1 + Math.floor(next() * 9)
    const text = await readFile(join(directory, entry(version)), 'utf8')
    await writeFile(
      join(directory, entry(version)),
      text.replace(/"rows":"4"/, '"rows":"3"').replace('"isBlindAppend":true', '"isBlindAppend":false'),
    )
    return `version ${version} rewritten`
  },
  async 'a log with its newest entries taken off'(directory, next) {
    const kept = 1 + Math.floor(next() * 8)
    for (let version = kept + 1; version <= 10; version++) await unlink(join(directory, entry(version)))
    for (const name of await readdir(join(directory, '_delta_log')))
      if (name.includes('checkpoint')) await unlink(join(directory, '_delta_log', name))
    return `only versions 0 to ${kept} left`
  },
  async 'hints lost or wrong'(directory, next) {
    const hint = join(directory, '_delta_log', '_last_checkpoint')
    const kinds = [async () => unlink(hint), async () => writeFile(hint, '{'), async () => writeFile(hint, '{"version":77,"size":1}')]
    await kinds[Math.floor(next() * kinds.length)]()
    return '_last_checkpoint lost, damaged or ahead'
  },
}

/**
 * Hurts a sound table and reads its newest pin again. It must refuse by code, or give exactly the rows that were there; and `verify` may
 * call a table sound only when every row of it is.
 */
export async function damageRuns(name: string, runs: number, seed: number): Promise<Tally & { noticed: number; harmless: number }> {
  const tally = { ...emptyTally(), noticed: 0, harmless: 0 }
  const { directory, rows } = await sound()
  const next = random(seed)
  const original = await openManifest({ directory })
  const pin = original.at('latest').pin
  await original.close()
  for (let run = 0; run < runs; run++) {
    const hurt = `${directory}-hurt`
    await cp(directory, hurt, { recursive: true })
    const what = await damages[name](hurt, next)
    tally.runs++
    try {
      // A function of its own: esbuild's `await using` in a loop throws the error of an earlier turn again.
      if (await isSound(hurt, pin, rows, what)) tally.harmless++
      else tally.noticed++
    } catch (error) {
      if (isTradingError(error)) tally.noticed++
      else {
        tally.failed++
        tally.problems.push(error instanceof Error ? (error.stack ?? error.message) : String(error))
      }
    }
    await rm(hurt, { recursive: true, force: true })
  }
  await rm(directory, { recursive: true, force: true })
  return tally
}

async function isSound(directory: string, pin: ManifestPin, rows: string, what: string): Promise<boolean> {
  await using manifest = await openManifest({ directory })
  const snapshot = manifest.at(pin)
  let read: string | undefined
  let code = ''
  try {
    read = await allRows(snapshot.scan())
  } catch (error) {
    if (!isTradingError(error)) throw error
    code = error.code
  }
  const { ok } = await snapshot.verify()
  if (read !== undefined && read !== rows) throw new Error(`${what}: other rows were read and nothing was said`)
  if (ok && read === undefined) throw new Error(`${what}: reading refuses (${code}) what verify calls sound`)
  return ok
}
