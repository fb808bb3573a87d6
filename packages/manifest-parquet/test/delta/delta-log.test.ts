import { mkdtemp, readFile, rename, rm, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DeltaLog, type Proposal } from '@gatehouse/manifest-parquet'
import { sql, duckdb } from '../peers.js'

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-delta-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const create: Proposal = {
  info: { operation: 'CREATE TABLE' },
  actions: [
    { protocol: { minReaderVersion: 1, minWriterVersion: 2 } },
    {
      metaData: {
        id: 'test',
        format: { provider: 'parquet', options: {} },
        schemaString: '{"type":"struct","fields":[]}',
        partitionColumns: ['symbol'],
        configuration: { 'delta.appendOnly': 'true' },
        createdTime: 5,
      },
    },
  ],
}
const odd = 'a/b%20 c=é.parquet'
const add = (path: string) => ({
  add: {
    path,
    partitionValues: { symbol: 'BRK/B %' },
    size: 10,
    modificationTime: 3,
    dataChange: true,
    stats: '{"numRecords":2}',
    tags: { sha256: 'x' },
  },
})
const now = (): number => 1000
const entry = (version: number): string => join(directory, '_delta_log', `${String(version).padStart(20, '0')}.json`)

async function filled(versions: number, checkpointEvery = 10): Promise<DeltaLog> {
  const log = new DeltaLog({ directory, checkpointEvery })
  await log.commit(() => create, now)
  for (let i = 1; i < versions; i++) {
    const actions = [
      { txn: { appId: 'writer', version: i } },
      add(`file-${i}.parquet`),
      ...(i === 7 ? [{ remove: { path: 'file-3.parquet', deletionTimestamp: 9, dataChange: true } }] : []),
    ]
    await log.commit(() => ({ info: { operation: 'WRITE' }, actions }), now)
  }
  return log
}

const files = async (log: DeltaLog): Promise<string[]> => [...(await log.refresh()).files.keys()]

describe('a log', () => {
  test('gives another process the same state, with checkpoints and without', async () => {
    const written = (await filled(35)).head
    const withCheckpoint = await new DeltaLog({ directory }).refresh()
    const fromStart = await new DeltaLog({ directory }).fromStart(34)
    for (const state of [withCheckpoint, fromStart]) {
      expect([...state.files].sort()).toEqual(
        [...written.files].map(([path, file]) => [path, { ...file, dataChange: state.files.get(path)!.dataChange }]).sort(),
      )
      expect(state).toMatchObject({ version: 34, chain: written.chain, timestamp: written.timestamp, transactions: written.transactions })
      expect([...state.tombstones.keys()]).toEqual(['file-3.parquet'])
      expect(state.metaData).toEqual(written.metaData)
    }
  })

  test('gives older versions as they were', async () => {
    const log = await filled(25)
    expect((await log.at(5)).files.size).toBe(5)
    expect((await log.at(12)).files.size).toBe(11)
    await expect(log.at(25)).rejects.toMatchObject({ code: 'MANIFEST_NO_VERSION' })
  })

  test('lets every writer through exactly once', async () => {
    await filled(1)
    const writers = Array.from({ length: 6 }, () => new DeltaLog({ directory, checkpointEvery: 10 }))
    await Promise.all(
      writers.map(async (log, writer) => {
        for (let i = 0; i < 12; i++) {
          await log.commit(() => ({ info: { operation: 'WRITE' }, actions: [add(`${writer}-${i}.parquet`)] }), now)
        }
      }),
    )
    expect((await files(new DeltaLog({ directory }))).length).toBe(72)
    expect((await new DeltaLog({ directory }).fromStart(72)).files.size).toBe(72)
  })

  test('keeps commit times rising when the clock goes back', async () => {
    const log = await filled(1)
    const times = [5000, 4000, 400_000_000_000, 10]
    for (const time of times)
      await log.commit(
        () => ({ info: { operation: 'WRITE' }, actions: [add(`${time}.parquet`)] }),
        () => time,
      )
    const stamps = await Promise.all([1, 2, 3, 4].map(async (version) => (await log.entry(version))[0].commitInfo!.timestamp))
    expect(stamps).toEqual([5000, 5001, 400_000_000_000, 400_000_000_001])
    expect(await log.versionAt(5001)).toBe(2)
    expect(await log.versionAt(4)).toBeUndefined()
  })

  test('refuses a lost entry in the middle', async () => {
    await filled(8)
    await unlink(entry(4))
    await expect(new DeltaLog({ directory }).refresh()).rejects.toMatchObject({ code: 'MANIFEST_LOG_GAP', details: { missing: 4 } })
  })

  test('refuses a changed entry', async () => {
    await filled(8)
    const text = await readFile(entry(3), 'utf8')
    await writeFile(entry(3), text.replace('file-3', 'file-9'))
    await expect(new DeltaLog({ directory }).refresh()).rejects.toMatchObject({ code: 'MANIFEST_CHAIN_BROKEN', details: { version: 4 } })
  })

  test('notices a changed entry below a checkpoint when it proves the log from its start', async () => {
    await filled(25)
    const text = await readFile(entry(3), 'utf8')
    await writeFile(entry(3), text.replace('file-3', 'file-9'))
    const log = new DeltaLog({ directory })
    expect((await log.refresh()).version).toBe(24)
    await expect(log.fromStart(24)).rejects.toMatchObject({ code: 'MANIFEST_CHAIN_BROKEN', details: { version: 4 } })
  })

  test('refuses an entry that is cut short', async () => {
    await filled(8)
    const bytes = await readFile(entry(7))
    await writeFile(entry(7), bytes.subarray(0, bytes.length - 9))
    await expect(new DeltaLog({ directory }).refresh()).rejects.toMatchObject({ code: 'MANIFEST_LOG_CORRUPT' })
  })

  test('refuses an entry that another program wrote, and still reads what came before', async () => {
    await filled(4)
    await writeFile(entry(4), '{"commitInfo":{"operation":"OPTIMIZE","engineInfo":"Apache-Spark"}}\n')
    const log = new DeltaLog({ directory })
    await expect(log.refresh()).rejects.toMatchObject({ code: 'MANIFEST_FOREIGN_COMMIT', details: { version: 4 } })
    expect((await log.at(3)).files.size).toBe(3)
  })

  test.each([
    ['absent', async (path: string) => unlink(path)],
    ['damaged', async (path: string) => writeFile(path, '{"version":1')],
    ['ahead of the log', async (path: string) => writeFile(path, '{"version":999,"gatehouseCheckpoints":[{"version":999,"sha256":"0"}]}')],
  ])('does not need _last_checkpoint: %s', async (_what, damage) => {
    const expected = (await filled(25)).head
    await damage(join(directory, '_delta_log', '_last_checkpoint'))
    expect(await new DeltaLog({ directory }).refresh()).toMatchObject({ version: 24, chain: expected.chain })
  })

  test('does not trust a damaged checkpoint', async () => {
    const expected = (await filled(25)).head
    const path = join(directory, '_delta_log', '_gatehouse', `${'20'.padStart(20, '0')}.json`)
    const bytes = await readFile(path)
    bytes[bytes.length >> 1] ^= 4
    await writeFile(path, bytes)
    const state = await new DeltaLog({ directory }).refresh()
    expect([state.version, [...state.files.keys()].sort()]).toEqual([24, [...expected.files.keys()].sort()])
  })

  test('stays whole when its folder is moved', async () => {
    const log = await filled(12)
    const elsewhere = `${directory}-moved`
    await rename(directory, elsewhere)
    expect(await new DeltaLog({ directory: elsewhere }).refresh()).toMatchObject({ chain: log.head.chain })
    await rename(elsewhere, directory)
  })

  test('names files whose names need encoding', async () => {
    const log = await filled(1)
    await log.commit(() => ({ info: { operation: 'WRITE' }, actions: [add(encodeURIComponent(odd))] }), now)
    expect(await files(new DeltaLog({ directory }))).toEqual([odd])
  })

  test.skipIf(!duckdb)('writes checkpoints that DuckDB reads', async () => {
    const { head } = await filled(21)
    const path = join(directory, '_delta_log', `${'20'.padStart(20, '0')}.checkpoint.parquet`)
    const rows = await sql(
      `SELECT add.path AS path, add.tags['sha256'] AS tag FROM read_parquet('${path}') WHERE add IS NOT NULL ORDER BY 1`,
    )
    expect(rows.map((row) => row.path)).toEqual([...head.files.keys()].sort())
    expect(rows.every((row) => row.tag === 'x')).toBe(true)
  })
})
