import { cp, mkdtemp, readdir, rm, unlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Batch, columnNames, createBatch, isTradingError, xnys } from '@gatehouse/core'
import { nodeTableFileSystem, openManifest, type ParquetManifest } from '@gatehouse/manifest-parquet'
import { bars, books, qqq, rowsOf, spy } from '../batches.js'
import { FaultPlan, faultyTableFiles } from '../support/faulty-files.js'

let directory = ''
let now = 1_750_000_000_000_000_000n
const day = 86_400_000_000_000n
const clock = { now: () => now }
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-maintain-'))
  now = BigInt(Date.now()) * 1_000_000n
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const monday = 1_704_205_800_000_000_000n // 2024-01-02T14:30Z, the open in New York
const minute = 60_000_000_000n
const ohlcv = columnNames('ohlcv-1m')

async function filled(parts: number): Promise<ParquetManifest> {
  const manifest = await openManifest({ directory, clock })
  for (let part = 0; part < parts; part++) {
    await manifest.append(bars({ from: monday + BigInt(part * 13) * minute, minutes: 20, instruments: [spy, qqq], seed: part }), {
      appId: 'test',
      sequence: part,
    })
    await manifest.commit()
  }
  return manifest
}
async function collect(batches: AsyncIterable<Batch>, columns: readonly string[] = ohlcv): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = []
  for await (const batch of batches) rows.push(...rowsOf(batch, columns))
  return rows
}
const dataFiles = async (): Promise<string[]> =>
  (await readdir(join(directory, 'data'), { recursive: true })).filter((name) => name.endsWith('.parquet'))

describe('joining', () => {
  test('changes no row and no order, and keeps old pins readable', async () => {
    await using manifest = await filled(9)
    const before = manifest.at('latest')
    const rows = await collect(before.scan())
    const report = await manifest.compact()
    expect(report).toMatchObject({ removed: 9, added: 1, rows: 360 })
    const after = await manifest.refresh()
    expect(await manifest.at(after).files()).toHaveLength(1)
    expect(await collect(manifest.at(after).scan())).toEqual(rows)
    expect(await collect(before.scan())).toEqual(rows)
    expect((await manifest.at(after).verify()).ok).toBe(true)
    expect((await before.verify()).ok).toBe(true)
  })

  test('keeps partitions apart', async () => {
    await using manifest = await openManifest({ directory, clock })
    for (let part = 0; part < 3; part++) {
      await manifest.append(books({ from: monday + BigInt(part) * minute, rows: 100, instruments: [spy, qqq], seed: part }), {
        appId: 'a',
        sequence: part,
      })
      await manifest.commit()
    }
    const columns = columnNames('mbp-10')
    const rows = await collect(manifest.at('latest').scan(), columns)
    await manifest.compact()
    expect((await manifest.at('latest').files()).map(({ path }) => path.split('/')[1])).toEqual([
      'instrument=QQQ.XNAS',
      'instrument=SPY.ARCX',
    ])
    expect(await collect(manifest.at('latest').scan(), columns)).toEqual(rows)
  })

  test('leaves alone what is large enough', async () => {
    await using manifest = await filled(4)
    expect(await manifest.compact({ targetBytes: 10 })).toMatchObject({ removed: 0, added: 0 })
  })

  test('by two processes at once happens once', async () => {
    await using manifest = await filled(6)
    await using other = await openManifest({ directory, clock })
    const rows = await collect(manifest.at('latest').scan())
    const reports = await Promise.all([manifest.compact(), other.compact()])
    expect(reports.reduce((sum, { removed }) => sum + removed, 0)).toBe(6)
    await manifest.refresh()
    expect(await collect(manifest.at('latest').scan())).toEqual(rows)
    expect((await manifest.at('latest').verify()).ok).toBe(true)
  })

  test('goes on beside a reader, whose rows stay as they were, also through retention', async () => {
    await using manifest = await filled(6)
    await using reader = await openManifest({ directory, clock })
    const expected = await collect(reader.at('latest').scan())
    const reading = reader.at('latest').scan()
    const rows = rowsOf((await reading.next()).value as Batch, ohlcv)
    await manifest.compact()
    await manifest.retention()
    rows.push(...(await collect(reading)))
    expect(rows).toEqual(expected)
  })

  test.each(['ENOSPC', 'EIO', 'torn'] as const)('that meets %s at any operation changes no row, and can be repeated', async (fault) => {
    const rows = await (async () => {
      await using manifest = await filled(4)
      return collect(manifest.at('latest').scan())
    })()
    for (let at = 0; ; at++) {
      const plan = new FaultPlan(at, fault)
      const copy = `${directory}-${at}`
      await cp(directory, copy, { recursive: true })
      try {
        await using hurt = await openManifest({ directory: copy, clock, fileSystem: faultyTableFiles(plan) })
        const refused = await hurt.compact().then(
          () => undefined,
          (error: unknown) => error,
        )
        if (refused !== undefined) expect(isTradingError(refused)).toBe(true)
        await hurt.compact()
        expect(await hurt.at(await hurt.refresh()).files()).toHaveLength(1)
        expect(await collect(hurt.at('latest').scan())).toEqual(rows)
        expect((await hurt.at('latest').verify()).ok).toBe(true)
      } finally {
        await rm(copy, { recursive: true, force: true })
      }
      if (plan.operations <= at) break
    }
  })

  test('lets appends of another process through and loses neither', async () => {
    await using manifest = await filled(5)
    await using other = await openManifest({ directory, clock })
    await other.append(bars({ from: monday, minutes: 7, seed: 99 }), { appId: 'other', sequence: 1 })
    const [report] = await Promise.all([manifest.compact(), other.commit()])
    expect(report.added).toBe(1)
    expect((await manifest.refresh()).holds.rows).toBe(5 * 40 + 7)
  })
})

describe('retention', () => {
  test('deletes replaced files once their time has passed, never a pinned one', async () => {
    await using manifest = await filled(4)
    const pinned = await manifest.pinAt({ version: 2 })
    await manifest.savePin('experiment-7', pinned)
    const rows = await collect(manifest.at(pinned).scan())
    await manifest.compact()
    expect((await manifest.retention()).deleted).toEqual([])
    now += 40n * day
    // The clock alone may not age files: the file system has to agree.
    expect((await manifest.retention()).deleted).toHaveLength(2)
    expect(await collect(manifest.at(pinned).scan())).toEqual(rows)
    expect((await manifest.at('latest').verify()).ok).toBe(true)
    await manifest.dropPin('experiment-7')
    expect((await manifest.retention()).deleted).toHaveLength(2)
    expect(await dataFiles()).toHaveLength(1)
  })

  test('deletes what a crash left after a day, and not before', async () => {
    await using manifest = await filled(1)
    const folder = join(directory, 'data', 'month=2024-01')
    const orphan = join(folder, `${'a'.repeat(64)}.parquet`)
    const temporary = join(folder, '.tmp-1234')
    for (const path of [orphan, temporary]) await writeFile(path, 'x')
    expect((await manifest.retention()).deleted).toEqual([])
    for (const path of [orphan, temporary]) await utimes(path, 1_600_000_000, 1_600_000_000)
    const { deleted } = await manifest.retention({ dryRun: true })
    expect(deleted.map(({ reason }) => reason).sort()).toEqual(['orphan', 'temporary'])
    await manifest.retention()
    expect(await dataFiles()).toHaveLength(1)
  })

  test('that is cut off at any file leaves a sound table, and goes on the next time', async () => {
    await using manifest = await filled(4)
    const pin = await manifest.compact().then(() => manifest.refresh())
    const rows = await collect(manifest.at(pin).scan())
    for (const file of await dataFiles()) {
      if (!(await manifest.at(pin).files()).some(({ path }) => path.endsWith(file)))
        await utimes(join(directory, 'data', file), 1_600_000_000, 1_600_000_000)
    }
    now += 40n * day
    let unlinked = 0
    const fileSystem = {
      ...nodeTableFileSystem,
      unlink: (path: string) =>
        ++unlinked > 2 ? Promise.reject(Object.assign(new Error('injected'), { code: 'EIO' })) : nodeTableFileSystem.unlink(path),
    }
    {
      await using cut = await openManifest({ directory, clock, fileSystem })
      await expect(cut.retention()).rejects.toMatchObject({ code: 'MANIFEST_WRITE_FAILED' })
    }
    expect((await manifest.at(pin).verify()).ok).toBe(true)
    expect((await manifest.retention()).deleted).toHaveLength(2)
    expect(await collect(manifest.at(pin).scan())).toEqual(rows)
  })

  test('deletes nothing while a saved pin does not read', async () => {
    await using manifest = await filled(2)
    await manifest.savePin('p', await manifest.refresh())
    await writeFile(join(directory, '_pins', 'p.json'), '{')
    await expect(manifest.retention()).rejects.toMatchObject({ code: 'MANIFEST_PIN_UNREADABLE' })
    await unlink(join(directory, '_pins', 'p.json'))
    await expect(manifest.dropPin('p')).rejects.toMatchObject({ code: 'MANIFEST_NO_PIN' })
  })

  test('keeps files that an unfinished commit needs', async () => {
    await using manifest = await openManifest({ directory, clock, pendingBytes: 1 })
    await manifest.append(bars({ from: monday, minutes: 30 }), { appId: 'test', sequence: 1 })
    const [file] = await dataFiles()
    await utimes(join(directory, 'data', file), 1_600_000_000, 1_600_000_000)
    now += 40n * day
    expect((await manifest.retention()).deleted).toEqual([])
    expect((await manifest.commit()).holds.rows).toBe(30)
  })
})

test('lineage names the writer, the transactions and the files of each version', async () => {
  await using manifest = await openManifest({ directory, clock, lineage: { program: 'test 1.0', source: 'generator' } })
  await manifest.append(bars({ from: monday, minutes: 5 }), { appId: 'feed', sequence: 3 })
  await manifest.append(bars({ from: monday, minutes: 5, seed: 2 }), { appId: 'feed', sequence: 4 })
  const pin = await manifest.commit()
  const entries = []
  for await (const entry of manifest.lineage()) entries.push(entry)
  const [{ sha256 }] = await manifest.at(pin).files()
  expect(entries).toHaveLength(2)
  expect(entries[1]).toMatchObject({
    version: 1,
    operation: 'WRITE',
    transactions: { feed: '3-4' },
    producer: { program: 'test 1.0', source: 'generator' },
    added: [{ sha256, rows: 10 }],
  })
})

describe('quality', () => {
  const flat = (rows: number, at: (row: number) => bigint, price: (row: number) => number): Batch =>
    createBatch({
      schema: 'ohlcv-1m',
      source: 'test',
      instruments: [spy],
      columns: {
        tsEvent: BigInt64Array.from({ length: rows }, (_, row) => at(row)),
        open: Float64Array.from({ length: rows }, (_, row) => price(row)),
        high: Float64Array.from({ length: rows }, (_, row) => price(row) + 0.5),
        low: Float64Array.from({ length: rows }, (_, row) => price(row) - 0.5),
        close: Float64Array.from({ length: rows }, (_, row) => price(row)),
        volume: new Float64Array(rows),
      },
    })
  const wavy = (row: number): number => 400 + Math.sin(row) / 10

  test('finds nothing in whole sessions', async () => {
    await using manifest = await openManifest({ directory, clock })
    // Two sessions of 390 minutes, with the night between them.
    await manifest.append(
      flat(780, (row) => monday + BigInt(row) * minute + (row >= 390 ? day - 390n * minute : 0n), wavy),
      { appId: 't', sequence: 1 },
    )
    await manifest.commit()
    const report = await manifest.quality(xnys())
    expect(report).toMatchObject({ rows: 780, instruments: 1, missingBars: 0, findings: [] })
  })

  test('counts missing bars, duplicates, outliers and bars outside the session', async () => {
    await using manifest = await openManifest({ directory, clock })
    const at = (row: number): bigint => monday + BigInt(row >= 100 ? row + 5 : row) * minute
    await manifest.append(
      flat(380, at, (row) => (row === 200 ? 500 : wavy(row))),
      { appId: 't', sequence: 1 },
    )
    await manifest.append(
      flat(1, () => monday + 50n * minute, wavy),
      { appId: 't', sequence: 2 },
    )
    await manifest.append(
      flat(1, () => monday + 500n * minute, wavy),
      { appId: 't', sequence: 3 },
    )
    await manifest.commit()
    const { counts, missingBars } = await manifest.quality(xnys())
    expect(counts).toMatchObject({ gap: 2, duplicate: 1, outlier: 2, 'outside-session': 1, ohlc: 0 })
    expect(missingBars).toBe(5 + 5)
  })

  test('finds crossed and locked books', async () => {
    await using manifest = await openManifest({ directory, clock })
    const batch = books({ from: monday, rows: 400 })
    const columns = batch.columns as unknown as Record<string, BigInt64Array>
    columns.bidPx00.fill(400_000_000_000n)
    columns.askPx00.fill(400_010_000_000n)
    columns.askPx00[5] = 399_000_000_000n
    columns.askPx00[9] = 400_000_000_000n
    columns.askPx00[11] = 2n ** 63n - 1n
    await manifest.append(batch, { appId: 't', sequence: 1 })
    await manifest.commit()
    expect((await manifest.quality(xnys())).counts).toMatchObject({ crossed: 1, locked: 1 })
  })
})
