import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { DeltaLog, fileSource, ParquetFile } from '@gatehouse/manifest-parquet'
import { duckdb, sql } from '../peers.js'

/**
 * Delta's own golden tables, from a mirror of github.com/delta-io/delta beside the project; nothing of it is kept here.
 * GATEHOUSE_DELTA_REPO names another git directory.
 */
const repository = process.env.GATEHOUSE_DELTA_REPO ?? fileURLToPath(new URL('../../../../../.mirror/delta-io+delta/repo', import.meta.url))
const present = existsSync(repository)
if (!present) process.stderr.write(`SKIPPED: no mirror of delta-io/delta at ${repository}: Delta's golden tables are not read\n`)

const folder = 'connectors/golden-tables/src/main/resources/golden'
const extracted = present ? await extract() : ''
afterAll(() => (extracted ? rm(extracted, { recursive: true }) : undefined))

/** Writes the tables to a folder of their own; files that the mirror leaves out (its largest) are left out here. */
async function extract(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-golden-'))
  const git = (args: string[], input?: string): Buffer =>
    execFileSync('git', ['-C', repository, ...args], { maxBuffer: 1 << 30, ...(input !== undefined && { input }) })
  const listed = git(['ls-tree', '-r', '-z', 'HEAD', folder]).toString().split('\0').filter(Boolean)
  const files = listed.map((line) => ({ object: line.split(/\s/)[2], path: line.slice(line.indexOf('\t') + 1) }))
  const contents = git(['cat-file', '--batch'], files.map(({ object }) => `${object}\n`).join(''))
  let at = 0
  for (const { path } of files) {
    const headEnd = contents.indexOf(10, at)
    const [, kind, size] = contents.toString('utf8', at, headEnd).split(' ')
    at = headEnd + 1
    if (kind === 'missing') continue
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), contents.subarray(at, at + Number(size)))
    at += Number(size) + 1
  }
  return directory
}
const table = (name: string): string => join(extracted, folder, name)

/** What each table asks for beyond reader version 1, or what is wrong with it on purpose. Every other table must read. */
const refused: Readonly<Record<string, string>> = {
  'data-reader-absolute-paths-escaped-chars': 'never states metadata',
  'data-reader-timestamp_ntz-id-mode': 'columnMapping',
  'data-reader-timestamp_ntz-name-mode': 'columnMapping',
  'data-skipping-basic-stats-all-types-columnmapping-id': 'columnMapping',
  'data-skipping-basic-stats-all-types-columnmapping-name': 'columnMapping',
  'deltalog-invalid-protocol-version': 'reader version 99',
  'deltalog-state-reconstruction-from-checkpoint-missing-metadata': 'never states metadata',
  'deltalog-state-reconstruction-from-checkpoint-missing-protocol': 'never states a protocol',
  'deltalog-state-reconstruction-without-metadata': 'never states metadata',
  'deltalog-state-reconstruction-without-protocol': 'never states a protocol',
  'dv-partitioned-with-checkpoint': 'deletionVectors',
  'dv-with-columnmapping': 'deletionVectors',
  'log-replay-dv-key-cases': 'deletionVectors',
  'spark-variant-checkpoint': 'variantType-preview',
  'table-with-columnmapping-mode-id': 'columnMapping',
  'table-with-columnmapping-mode-name': 'columnMapping',
  'table-with-icebegCompatV2Enabled': 'columnMapping',
  'type-widening': 'typeWidening-preview',
  'type-widening-nested': 'typeWidening-preview',
  'v2-checkpoint-json': 'v2Checkpoint',
  'v2-checkpoint-parquet': 'v2Checkpoint',
  'versions-not-contiguous': 'has lost version 1',
}
const names = present ? readdirSync(table('')).filter((name) => readdirSync(table(name)).includes('_delta_log')) : []

describe.skipIf(!present)("Delta's golden tables", () => {
  test.each(Object.entries(refused))('%s is refused, naming %s', async (name, reason) => {
    const log = new DeltaLog({ directory: table(name), chained: false })
    await expect(log.refresh()).rejects.toMatchObject({ message: expect.stringContaining(reason) as string })
  })

  test.each(names.filter((name) => !(name in refused)))('%s is replayed, and its files read', async (name) => {
    const log = new DeltaLog({ directory: table(name), chained: false })
    const state = await log.refresh()
    const adds = [...state.files].map(([path, add]) => ({ path: path.startsWith('/') ? path : join(table(name), path), add }))
    // Some tables test the log alone and name files that never were.
    const held = adds.filter(({ path }) => existsSync(path))
    for (const { path, add } of held) {
      const file = await ParquetFile.open(await fileSource(path))
      for (let group = 0; group < file.groups; group++) await file.readGroup(group)
      await file.close()
      const stated = (JSON.parse(add.stats ?? '{}') as { numRecords?: number }).numRecords
      if (stated !== undefined) expect(file.rows).toBe(stated)
      if (duckdb) {
        const [{ rows }] = await sql(
          `SELECT count(*) AS rows FROM read_parquet('${path.replaceAll("'", "''")}', hive_partitioning = false)`,
        )
        expect(file.rows).toBe(Number(rows))
      }
    }
  })

  // What Delta's own tests assert of these tables (GoldenTables.scala).
  test.each([
    ['canonicalized-paths-normal-a', 1, 0],
    ['canonicalized-paths-normal-b', 1, 0],
    ['canonicalized-paths-special-a', 1, 0],
    ['canonicalized-paths-special-b', 1, 0],
    ['checkpoint', 14, 1],
    ['corrupted-last-checkpoint', 10, 11],
    ['delete-re-add-same-file-different-transactions', 3, 2],
    ['log-replay-special-characters-a', 1, 0],
    ['log-replay-special-characters-b', 0, 1],
    ['snapshot-data3', 3, 4],
    ['time-travel-start-start20-start40', 2, 6],
  ])('%s has version %i and %i files', async (name, version, files) => {
    const state = await new DeltaLog({ directory: table(name), chained: false }).refresh()
    expect([state.version, state.files.size]).toEqual([version, files])
  })
})
