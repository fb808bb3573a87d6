import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openManifest, type ParquetManifest } from '@gatehouse/manifest-parquet'
import { bars } from './batches.js'

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-options-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const refused = { code: 'MANIFEST_INVALID_OPTION' }
const noon = 1_704_110_400_000_000_000n

async function filled(commits: number): Promise<ParquetManifest> {
  const manifest = await openManifest({ directory })
  for (let sequence = 1; sequence <= commits; sequence++) {
    await manifest.append(bars({ from: noon, minutes: 3, seed: sequence }), { appId: 'test', sequence })
    await manifest.commit()
  }
  return manifest
}

test.each([
  ['codec', 'gzip'],
  ['partitionBy', 'week'],
  ['checkpointEvery', -1],
  ['pendingBytes', NaN],
  ['lineage', 'a program'],
  ['directory', ''],
])('a manifest is not opened with %s %s, and nothing is written', async (name, value) => {
  await expect(openManifest({ directory, [name]: value })).rejects.toMatchObject(refused)
  expect(await readdir(directory)).toEqual([])
})

test.each([
  { appId: undefined, sequence: 1 },
  { appId: '', sequence: 1 },
  { appId: 'test', sequence: 1.5 },
  { appId: 'test', sequence: '1' },
  undefined,
])('a transaction %o is refused before it gets into the log', async (txn) => {
  await using manifest = await filled(1)
  await expect(manifest.append(bars({ from: noon, minutes: 3 }), txn as never)).rejects.toMatchObject(refused)
  await manifest.commit()
  await using again = await openManifest({ directory })
  expect(again.at('latest').pin.holds.rows).toBe(3)
})

test('an application may be called like a member of every object', async () => {
  await using manifest = await openManifest({ directory })
  await using other = await openManifest({ directory })
  for (const appId of ['constructor', '__proto__', 'toString'])
    await manifest.append(bars({ from: noon, minutes: 3 }), { appId, sequence: 5 })
  await manifest.commit()
  await other.append(bars({ from: noon, minutes: 4 }), { appId: 'constructor', sequence: 6 })
  await manifest.append(bars({ from: noon, minutes: 5 }), { appId: 'constructor', sequence: 7 })
  await manifest.commit()
  await manifest.append(bars({ from: noon, minutes: 6 }), { appId: 'test', sequence: 1 })
  await manifest.commit()
  expect((await other.commit()).holds.rows).toBe(9 + 4 + 5 + 6)
})

describe('retention', () => {
  test.each([{ keepReplacedMs: NaN }, { keepReplacedMs: '30d' }, { keepReplacedMs: -1 }, { keepOrphansMs: 0 }])(
    'with %o deletes nothing',
    async (policy) => {
      await using manifest = await filled(3)
      await manifest.compact()
      await expect(manifest.retention(policy as never)).rejects.toMatchObject(refused)
      expect((await readdir(join(directory, 'data', 'month=2024-01'))).length).toBe(4)
    },
  )
})

test('times, lists and sizes that are none are refused', async () => {
  await using manifest = await filled(1)
  const first = async (query: unknown): Promise<unknown> =>
    manifest
      .at('latest')
      .scan(query as never)
      .next()
  await expect(first({ from: Number(noon) })).rejects.toMatchObject(refused)
  await expect(first({ columns: 'close' })).rejects.toMatchObject(refused)
  await expect(first({ symbols: 'SPY' })).rejects.toMatchObject(refused)
  await expect(manifest.compact({ targetBytes: NaN })).rejects.toMatchObject(refused)
  await expect(manifest.pinAt({ time: Number(noon) } as never)).rejects.toMatchObject(refused)
  expect(() => manifest.at(1 as never)).toThrow(expect.objectContaining(refused) as Error)
})
