import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { csvRows, importFile, openManifest, runManifestCommand, type ImportSpec } from '@gatehouse/manifest-parquet'
import { rowsOf } from '../batches.js'
import { duckdb, sql } from '../peers.js'

let directory = ''
let table = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-import-'))
  table = join(directory, 'table')
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const csv = `symbol,ts_event,open,high,low,close,volume
SPY,2024-01-02T14:30:00Z,470.5,471,470,470.75,1000
"QQQ",2024-01-02T14:30:00.000000001Z,400,401,399,400.5,
SPY,2024-01-02T14:31:00Z,470.75,472,470.5,471.5,900
`
const spec: ImportSpec = { schema: 'ohlcv-1m', source: 'file' }

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(directory, name)
  await writeFile(path, content)
  return path
}
async function rows(): Promise<Record<string, unknown>[]> {
  await using manifest = await openManifest({ directory: table })
  const found = []
  for await (const batch of manifest.at('latest').scan()) found.push(...rowsOf(batch, ['tsEvent', 'close', 'volume']))
  return found
}
async function cli(...args: string[]): Promise<{ code: number; out: string }> {
  let out = ''
  const code = await runManifestCommand(args, { write: (text) => (out += text), readFile: async () => '' })
  return { code, out }
}

describe('CSV', () => {
  test.each([
    ['plain', 'bars.csv', csv],
    ['gzipped', 'bars.csv.gz', gzipSync(csv)],
    ['with Windows line ends', 'bars.csv', csv.replaceAll('\n', '\r\n')],
  ])('%s gives its rows in time order', async (_what, name, content) => {
    await using manifest = await openManifest({ directory: table })
    expect(await importFile(manifest, await file(name, content), spec)).toEqual({ rows: 3, repeated: 0, instruments: 2 })
    const found = await rows()
    expect(found.map(({ instrument, close, volume }) => [instrument, close, volume])).toEqual([
      ['SPY.XNYS', 470.75, 1000],
      ['QQQ.XNYS', 400.5, NaN],
      ['SPY.XNYS', 471.5, 900],
    ])
    expect(found[1].tsEvent).toBe(1_704_205_800_000_000_001n)
  })

  test('imported twice adds nothing the second time', async () => {
    const path = await file('bars.csv', csv)
    await using manifest = await openManifest({ directory: table })
    await importFile(manifest, path, spec)
    expect(await importFile(manifest, path, spec)).toMatchObject({ rows: 0, repeated: 3 })
    expect(await rows()).toHaveLength(3)
  })

  test.each([
    ['no number', csv.replace('471.5', 'abc'), 'row 2, close'],
    ['a time that is none', csv.replace('2024-01-02T14:31:00Z', 'yesterday'), 'row 2, tsEvent'],
    ['a missing field', csv.replace(',900', ''), 'line 4 has 6 fields'],
    ['an open quote', `${csv}"SPY,2024`, 'ends inside the quote that line'],
    ['no close at all', csv.replace('close', 'klose'), 'no column close'],
  ])('with %s is refused as a whole, and imports once it is mended', async (_what, content, message) => {
    await using manifest = await openManifest({ directory: table })
    await expect(importFile(manifest, await file('bad.csv', content), spec)).rejects.toMatchObject({
      code: 'MANIFEST_IMPORT',
      message: expect.stringContaining(message) as string,
    })
    await importFile(manifest, await file('good.csv', csv), spec)
    expect(await rows()).toHaveLength(3)
  })

  test('of LEAN has local times and scaled prices', async () => {
    const path = await file(
      'spy.csv',
      '20240102 09:30,4705000,4710000,4700000,4707500,100\n20240701 09:30,5000000,5000000,5000000,5000000,1\n',
    )
    await using manifest = await openManifest({ directory: table })
    const lean: ImportSpec = { ...spec, schema: 'ohlcv-1h', time: 'lean', zone: 'America/New_York', priceScale: 10_000, symbol: 'SPY' }
    await importFile(manifest, path, lean, { header: ['tsEvent', 'open', 'high', 'low', 'close', 'volume'] })
    // 14:30 UTC in winter, 13:30 in summer.
    expect((await rows()).map(({ tsEvent, close }) => [tsEvent, close])).toEqual([
      [1_704_205_800_000_000_000n, 470.75],
      [1_719_840_600_000_000_000n, 500],
    ])
  })
})

describe.skipIf(!duckdb)('Parquet', () => {
  test.each(['TIMESTAMP_NS', 'TIMESTAMP', 'TIMESTAMP_MS'])('of another writer says itself how its times are written: %s', async (type) => {
    const path = join(directory, 'bars.parquet')
    await sql(`COPY (SELECT 'SPY' AS symbol, ('2024-01-02 14:30:00'::TIMESTAMP + INTERVAL (i) MINUTE)::${type} AS ts_event, 1.5::DECIMAL(9,2) AS open,
      2.0 AS high, 1.0 AS low, i::DOUBLE AS close, CASE WHEN i = 1 THEN NULL ELSE i END AS volume FROM range(3) t(i)) TO '${path}' (FORMAT PARQUET)`)
    await using manifest = await openManifest({ directory: table })
    await importFile(manifest, path, spec)
    expect((await rows()).map(({ tsEvent, close, volume }) => [tsEvent, close, volume])).toEqual([
      [1_704_205_800_000_000_000n, 0, 0],
      [1_704_205_860_000_000_000n, 1, NaN],
      [1_704_205_920_000_000_000n, 2, 2],
    ])
  })
})

describe('separated values', () => {
  async function* lines(texts: readonly string[]): AsyncGenerator<string> {
    yield* texts
  }
  const read = async (texts: readonly string[]): Promise<unknown> => {
    const found: unknown[] = []
    for await (const part of csvRows(lines(texts))) found.push(part.column('a'), part.column('b'))
    return found
  }

  test('may hold separators, quotes and line ends within quotes', async () => {
    expect(await read(['a,b', '"x,""y""', 'more",2', '3,"', '"'])).toEqual([
      ['x,"y"\nmore', '3'],
      ['2', '\n'],
    ])
  })

  test('with a quote that nobody closes are refused at once, by its line', async () => {
    const rest = Array.from({ length: 300_000 }, () => 'x,1,""')
    const start = performance.now()
    await expect(read(['a,b', '"x,1', ...rest])).rejects.toMatchObject({ code: 'MANIFEST_IMPORT', details: { line: 2 } })
    expect(performance.now() - start).toBeLessThan(2000)
    await expect(read(['a,b', '1,"2'])).rejects.toMatchObject({ code: 'MANIFEST_IMPORT', details: { line: 2 } })
  })
})

describe('the command line', () => {
  test('imports, shows, pins, verifies and joins', async () => {
    const path = await file('bars.csv', csv)
    const on = ['--directory', table]
    expect(await cli('import', ...on, '--schema', 'ohlcv-1m', '--source', 'file', path)).toMatchObject({
      code: 0,
      out: expect.stringContaining('"rows":3') as string,
    })
    expect((await cli('scan', ...on, '--symbols', 'SPY', '--columns', 'close')).out).toBe(
      'availableAt,symbol,close\n2024-01-02T14:31:00Z,SPY,470.75\n2024-01-02T14:32:00Z,SPY,471.5\n',
    )
    expect((await cli('scan', ...on, '--limit', '1', '--json')).out.split('\n')).toHaveLength(2)
    expect(await cli('verify', ...on)).toEqual({ code: 0, out: 'sound: version 1, 1 files, 3 rows\n' })
    expect((await cli('pin', ...on, '--name', 'first')).code).toBe(0)
    expect((await cli('pin', ...on, '--list')).out).toBe('{"name":"first","version":1,"rows":3}\n')
    expect((await cli('log', ...on)).out.trim().split('\n')).toHaveLength(2)
    expect((await cli('compact', ...on)).code).toBe(0)
    expect((await cli('quality', ...on, '--calendar', 'XNYS')).out).toContain('3 rows of 2 instruments')
  })

  test('tells how each of its commands is used', async () => {
    for (const name of ['log', 'pin', 'verify', 'scan', 'quality', 'compact', 'retention', 'import'])
      expect(await cli(name, '--help')).toMatchObject({
        code: 0,
        out: expect.stringMatching(`^usage: manifest ${name} --directory D`) as string,
      })
  })

  test('deletes nothing when it does not know for how long to keep', async () => {
    await cli('import', '--directory', table, '--schema', 'ohlcv-1m', '--source', 'file', await file('bars.csv', csv))
    expect((await cli('retention', '--directory', table, '--keep-days', 'month')).code).toBe(1)
    expect(JSON.parse((await cli('retention', '--directory', table, '--keep-days', '0')).out)).toMatchObject({ deleted: [] })
  })

  test.each([
    [['--time', 'millis'], 'time is one of'],
    [['--map', 'volum=v'], 'a column of ohlcv-1m is one of'],
    [['--price-scale', '0'], 'priceScale is above 0'],
    [['--codec', 'gzip'], 'codec is one of'],
  ])('refuses %o instead of guessing', async (args, message) => {
    const path = await file('bars.csv', csv)
    expect(await cli('import', '--directory', table, '--schema', 'ohlcv-1m', '--source', 'file', ...args, path)).toMatchObject({
      code: 1,
      out: expect.stringContaining(`MANIFEST_INVALID_OPTION: ${message}`) as string,
    })
  })

  test('says what is wrong and how it is used', async () => {
    expect(await cli('verify', '--directory', table)).toMatchObject({ code: 1, out: expect.stringContaining('MANIFEST_EMPTY') as string })
    expect(await cli('verify')).toMatchObject({ code: 1, out: expect.stringContaining('--directory is missing') as string })
    expect(await cli('scan', '--directory', table, '--colour')).toMatchObject({
      code: 1,
      out: expect.stringContaining('MANIFEST_USAGE') as string,
    })
    const bars = ['--directory', table, '--schema', 'ohlcv-1m', '--source', 'file']
    const missing = join(directory, 'nosuch')
    for (const [args, code] of [
      [['import', ...bars, missing], 'MANIFEST_IMPORT'],
      [['import', ...bars, directory], 'MANIFEST_IMPORT'],
      [['import', ...bars, '--map', 'tsEvent', missing], 'MANIFEST_USAGE'],
      [['verify', '--directory', table, '--pin', missing], 'MANIFEST_NO_PIN'],
      [['verify', '--directory', table, '--pin', await file('no.json', 'no')], 'MANIFEST_NO_PIN'],
      [['log', '--directory', table], 'MANIFEST_EMPTY'],
    ] as const)
      expect(await cli(...args)).toMatchObject({ code: 1, out: expect.stringContaining(code) as string })
    expect((await cli('nonsense')).code).toBe(1)
    expect((await cli()).code).toBe(0)
  })
})
