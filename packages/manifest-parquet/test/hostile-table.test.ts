import { createHash } from 'node:crypto'
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createBatch, equity, type Batch } from '@gatehouse/core'
import { openManifest, type ParquetManifest } from '@gatehouse/manifest-parquet'
import { bars, qqq, spy } from './batches.js'

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-hostile-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const monday = 1_704_205_800_000_000_000n
const minute = 60_000_000_000n
const table = (): string => join(directory, 'table')
const data = (at = table()): string => join(at, 'data', 'month=2024-01')

async function filled(parts: number, at = table()): Promise<ParquetManifest> {
  const manifest = await openManifest({ directory: at, checkpointEvery: 3 })
  for (let part = 1; part <= parts; part++) {
    await manifest.append(bars({ from: monday + BigInt(part) * 30n * minute, minutes: 20, seed: part }), { appId: 'test', sequence: part })
    await manifest.commit()
  }
  return manifest
}
async function rowsOf(batches: AsyncIterable<Batch>): Promise<number> {
  let rows = 0
  for await (const batch of batches) rows += batch.length
  return rows
}

type Line = Record<string, Record<string, unknown>>
const sha256 = (bytes: string): string => createHash('sha256').update(bytes).digest('hex')
const entryName = (version: number): string => `${String(version).padStart(20, '0')}.json`

/** Rewrites a version of the log, and the chain behind it, as someone would who knows how it is made. */
async function forge(version: number, change: (line: Line) => void): Promise<void> {
  const log = join(table(), '_delta_log')
  await rm(join(log, '_gatehouse'), { recursive: true, force: true })
  let chain = '0'.repeat(64)
  for (let at = 0; ; at++) {
    const path = join(log, entryName(at))
    const text = await readFile(path, 'utf8').catch(() => undefined)
    if (text === undefined) return
    const lines = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line)
    lines[0].commitInfo.chain = chain
    if (at === version) lines.forEach(change)
    const forged = `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`
    await writeFile(path, forged)
    chain = sha256(chain + sha256(forged))
  }
}
const add = (change: (add: Record<string, unknown> & { tags: Record<string, string> }) => void) => (line: Line) => {
  if (line.add) change(line.add as never)
}
const readAll = async (): Promise<number> => {
  await using manifest = await openManifest({ directory: table() })
  return rowsOf(manifest.at('latest').scan())
}

describe('a forged log', () => {
  test.each([
    '../other.parquet',
    'data/%2E%2E/%2E%2E/other.parquet',
    'data/..%2F..%2Fother.parquet',
    '/etc/passwd',
    'file:///etc/passwd',
    'data/a%00b',
  ])('leads to no file outside the table: %s', async (path) => {
    await (await filled(2)).close()
    await cp(join(data(), (await readdir(data()))[0]), join(directory, 'other.parquet'))
    await forge(
      1,
      add((file) => (file.path = path)),
    )
    await expect(readAll()).rejects.toMatchObject({ code: 'MANIFEST_FOREIGN_COMMIT' })
  })

  test.each([
    ['no tags', (file: Record<string, unknown>) => delete file.tags],
    ['rows that are no number', ({ tags }: { tags: Record<string, string> }) => (tags.rows = '1e3')],
    ['times that are none', ({ tags }: { tags: Record<string, string> }) => (tags.from = 'soon')],
  ])('with %s is refused by code', async (_what, change) => {
    await (await filled(2)).close()
    await forge(2, add(change))
    await expect(readAll()).rejects.toMatchObject({ code: 'MANIFEST_FOREIGN_COMMIT' })
  })

  test.each(['from', 'to', 'rows'])('that lies about the %s of a file hides no row', async (tag) => {
    await (await filled(3)).close()
    await forge(
      2,
      add(({ tags }) => (tags[tag] = String(BigInt(tags[tag]) + 1n))),
    )
    await expect(readAll()).rejects.toMatchObject({ code: 'MANIFEST_FILE_CORRUPT' })
    await using manifest = await openManifest({ directory: table() })
    expect((await manifest.at('latest').verify()).findings).toMatchObject([{ code: 'MANIFEST_FILE_CORRUPT' }])
  })

  test.each([
    ['gatehouse.schema', 'constructor', 'MANIFEST_NOT_OURS'],
    ['gatehouse.rowGroupRows', '0', 'MANIFEST_LOG_CORRUPT'],
    ['gatehouse.codec', '__proto__', 'MANIFEST_LOG_CORRUPT'],
    ['gatehouse.priceDivisor', 'NaN', 'MANIFEST_LOG_CORRUPT'],
    ['gatehouse.partitionBy', '../..', 'MANIFEST_LOG_CORRUPT'],
  ])('whose %s is %s describes no table', async (key, value, code) => {
    await (await filled(1)).close()
    await forge(0, ({ metaData }) => {
      if (metaData) (metaData.configuration as Record<string, string>)[key] = value
    })
    await expect(openManifest({ directory: table() })).rejects.toMatchObject({ code })
  })

  test.each(['{', '{"fields":[{"name":"x","type":"long","metadata":{"gatehouse.name":"open","gatehouse.array":"__proto__"}}]}'])(
    'whose schema is %s describes no table',
    async (schemaString) => {
      await (await filled(1)).close()
      await forge(0, ({ metaData }) => {
        if (metaData) metaData.schemaString = schemaString
      })
      await expect(openManifest({ directory: table() })).rejects.toMatchObject({ code: 'MANIFEST_LOG_CORRUPT' })
    },
  )

  test('with members called __proto__ changes no object', async () => {
    await (await filled(2)).close()
    const path = join(table(), '_delta_log', entryName(3))
    const chain = await chainAt(2)
    const poison = '{"__proto__":{"version":1,"polluted":true},"txn":{"appId":"__proto__","version":7,"__proto__":{"polluted":true}}}'
    await writeFile(path, `{"commitInfo":{"chain":"${chain}","timestamp":9000000000000}}\n${poison}\n`)
    expect(await readAll()).toBe(40)
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })

  test.each(['9007199254740993', '99999999999999999999'])('with a version %s far ahead has a gap', async (version) => {
    await (await filled(2)).close()
    await writeFile(join(table(), '_delta_log', `${version.padStart(20, '0')}.json`), '{}\n')
    await expect(openManifest({ directory: table() })).rejects.toMatchObject({ code: 'MANIFEST_LOG_GAP', details: { missing: 3 } })
  })
})

async function chainAt(version: number): Promise<string> {
  let chain = '0'.repeat(64)
  for (let at = 0; at <= version; at++) chain = sha256(chain + sha256(await readFile(join(table(), '_delta_log', entryName(at)), 'utf8')))
  return chain
}

test('a checkpoint that holds something else than the log is found by verify', async () => {
  await (await filled(4)).close()
  const log = join(table(), '_delta_log')
  const shortcut = join(log, '_gatehouse', entryName(3))
  const lines = (await readFile(shortcut, 'utf8')).trim().split('\n')
  const forged = `${lines.filter((_line, index) => index !== lines.findIndex((one) => one.startsWith('{"add"'))).join('\n')}\n`
  await writeFile(shortcut, forged)
  const hint = JSON.parse(await readFile(join(log, '_last_checkpoint'), 'utf8')) as object
  await writeFile(
    join(log, '_last_checkpoint'),
    JSON.stringify({ ...hint, gatehouseCheckpoints: [{ version: 3, sha256: sha256(forged) }] }),
  )
  await using manifest = await openManifest({ directory: table() })
  expect(await manifest.at('latest').verify()).toMatchObject({ ok: false, findings: [{ code: 'MANIFEST_CHECKPOINT_CORRUPT' }] })
})

describe('a write-ahead log', () => {
  test('of another table is neither mixed in nor forgotten', async () => {
    await using other = await openManifest({ directory: join(directory, 'other') })
    await other.append(bars({ from: monday, minutes: 5 }), { appId: 'other', sequence: 1 })
    await other.close()
    await (await filled(1)).close()
    await rm(join(table(), '_wal'), { recursive: true })
    await cp(join(directory, 'other', '_wal'), join(table(), '_wal'), { recursive: true })
    await using manifest = await openManifest({ directory: table() })
    await expect(manifest.append(bars({ from: monday, minutes: 5 }), { appId: 'test', sequence: 9 })).rejects.toMatchObject({
      code: 'MANIFEST_WRITE_AHEAD',
    })
    expect(await rowsOf(manifest.at('latest').scan())).toBe(20)
  })

  test('that outlived its table keeps a new one from being made over it', async () => {
    const first = await filled(1)
    await first.append(bars({ from: monday, minutes: 5 }), { appId: 'test', sequence: 2 })
    await first.close()
    await rename(join(table(), '_delta_log'), join(directory, 'kept'))
    await using manifest = await openManifest({ directory: table() })
    await expect(manifest.append(bars({ from: monday, minutes: 7 }), { appId: 'b', sequence: 1 })).rejects.toMatchObject({
      code: 'MANIFEST_WRITE_AHEAD',
    })
    await rename(join(directory, 'kept'), join(table(), '_delta_log'))
    await using restored = await openManifest({ directory: table() })
    expect((await restored.commit()).holds.rows).toBe(25)
  })
})

test('a pin of another table of the same version is refused, and not saved', async () => {
  await using one = await filled(2)
  await using two = await filled(2, join(directory, 'two'))
  const pin = two.at('latest').pin
  expect(pin.version).toBe(one.at('latest').pin.version)
  const refused = { code: 'MANIFEST_PIN_MISMATCH' }
  await expect(one.at(pin).scan().next()).rejects.toMatchObject(refused)
  await expect(one.savePin('two', pin)).rejects.toMatchObject(refused)
  expect((await one.retention({ keepReplacedMs: 0 })).pins).toBe(0)
})

describe('retention', () => {
  test('deletes nothing behind a symbolic link', async () => {
    await using manifest = await filled(1)
    const elsewhere = join(directory, 'elsewhere')
    await mkdir(elsewhere)
    const theirs = join(elsewhere, `${'b'.repeat(64)}.parquet`)
    await writeFile(theirs, 'x')
    await utimes(theirs, 1_600_000_000, 1_600_000_000)
    await symlink(elsewhere, join(table(), 'data', 'month=2020-01'))
    await symlink(theirs, join(data(), `${'c'.repeat(64)}.parquet`))
    expect((await manifest.retention()).deleted).toEqual([])
    expect(await readdir(elsewhere)).toHaveLength(1)
  })

  test('deletes what a crash left of a log entry or a pin', async () => {
    await using manifest = await filled(1)
    await mkdir(join(table(), '_pins'))
    for (const folder of ['_delta_log', '_pins']) {
      await writeFile(join(table(), folder, '.tmp-1'), 'x')
      await utimes(join(table(), folder, '.tmp-1'), 1_600_000_000, 1_600_000_000)
    }
    const { deleted } = await manifest.retention()
    expect(deleted.map(({ path, reason }) => `${reason} ${path}`)).toEqual(['temporary _delta_log/.tmp-1', 'temporary _pins/.tmp-1'])
  })
})

test('more instruments in one batch than a call takes arguments are written and read', async () => {
  const count = 130_000
  await using manifest = await openManifest({ directory: table() })
  const zeros = new Float64Array(count)
  const batch = createBatch({
    schema: 'ohlcv-1d',
    source: 'test',
    instruments: Array.from({ length: count }, (_, index) => equity(`S${index}`)),
    instrumentIndex: Uint32Array.from({ length: count }, (_, index) => index),
    columns: { tsEvent: new BigInt64Array(count).fill(monday), open: zeros, high: zeros, low: zeros, close: zeros, volume: zeros },
  })
  await manifest.append(batch, { appId: 'test', sequence: 1 })
  await manifest.commit()
  expect(await rowsOf(manifest.at('latest').scan({ columns: ['close'], symbols: ['S7', 'S129999'] }))).toBe(2)
}, 60_000)

test.skipIf(process.platform !== 'linux')('a scan that is left half-way closes every file', async () => {
  await using manifest = await openManifest({ directory: table() })
  for (let sequence = 1; sequence <= 5; sequence++) {
    const batch = bars({ from: monday, minutes: 2000, instruments: [spy, qqq], seed: sequence })
    await manifest.append(batch, { appId: 'test', sequence })
    await manifest.commit()
  }
  const openFiles = async (): Promise<number> => (await readdir('/proc/self/fd')).length
  const before = await openFiles()
  for (let turn = 0; turn < 10; turn++) {
    for await (const batch of manifest.at('latest').scan()) if (batch.length > 0) break
    const stop = new AbortController()
    const reading = (async () => {
      for await (const batch of manifest.at('latest').scan({ signal: stop.signal })) if (batch.length > 0) stop.abort(new Error('enough'))
    })()
    await expect(reading).rejects.toThrow('enough')
  }
  expect(await openFiles()).toBeLessThanOrEqual(before + 1)
})
