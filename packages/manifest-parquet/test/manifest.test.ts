import { mkdtemp, readFile, rm, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { columnNames, type Batch } from '@gatehouse/core'
import { manifestCases } from '@gatehouse/core/testing'
import { openManifest } from '@gatehouse/manifest-parquet'
import { bars, books, qqq, rowsOf, spy } from './batches.js'

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-manifest-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const noon = 1_704_110_400_000_000_000n // 2024-01-01T12:00Z
const minute = 60_000_000_000n
const ohlcv = columnNames('ohlcv-1m')

async function collect(batches: AsyncIterable<Batch>, columns: readonly string[]): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = []
  for await (const batch of batches) rows.push(...rowsOf(batch, columns))
  return rows
}

describe('is a Manifest', () => {
  const dataFile = async (): Promise<string> => {
    const manifest = await openManifest({ directory })
    // The first file: the pin before the newest one names it too.
    const [{ path }] = await manifest.at('latest').files()
    await manifest.close()
    return join(directory, path)
  }
  const cases = manifestCases(async () => ({
    manifest: await openManifest({ directory }),
    openAgain: () => openManifest({ directory }),
    storage: {
      async flipDataBit() {
        const path = await dataFile()
        const bytes = await readFile(path)
        bytes[bytes.length >> 1] ^= 1
        await writeFile(path, bytes)
      },
      removeDataFile: async () => unlink(await dataFile()),
      async editLog() {
        const path = join(directory, '_delta_log', `${'1'.padStart(20, '0')}.json`)
        await writeFile(path, (await readFile(path, 'utf8')).replace('"isBlindAppend":true', '"isBlindAppend":null'))
      },
    },
  }))
  for (const { name, run } of cases) test(name, run)
})

describe('a manifest', () => {
  test('gives back what was appended once it is committed', async () => {
    await using manifest = await openManifest({ directory })
    const batch = bars({ from: noon, minutes: 500, instruments: [spy, qqq] })
    await manifest.append(batch, { appId: 'test', sequence: 1 })
    const pin = await manifest.commit()
    expect(await collect(manifest.at(pin).scan(), ohlcv)).toEqual(rowsOf(batch, ohlcv))
    expect(pin.holds).toMatchObject({ rows: 1000, from: '2024-01-01T12:01:00Z', sources: [{ dataset: 'test', schema: 'ohlcv-1m' }] })
  })

  test('gives back books with every column as it was', async () => {
    const batch = books({ from: noon, rows: 3000, instruments: [spy, qqq] })
    await using manifest = await openManifest({ directory })
    await manifest.append(batch, { appId: 'test', sequence: 1 })
    const pin = await manifest.commit()
    expect(await manifest.at(pin).files()).toHaveLength(2)
    const columns = columnNames('mbp-10')
    expect(await collect(manifest.at(pin).scan(), columns)).toEqual(rowsOf(batch, columns))
  })

  test('shows a reader nothing before the commit', async () => {
    await using writer = await openManifest({ directory })
    await writer.append(bars({ from: noon, minutes: 5 }), { appId: 'test', sequence: 1 })
    await using reader = await openManifest({ directory })
    expect(await collect(reader.at('latest').scan(), ohlcv)).toEqual([])
    await writer.commit()
    await reader.refresh()
    expect(await collect(reader.at('latest').scan(), ohlcv)).toHaveLength(5)
  })

  test('keeps acknowledged rows when the process ends without a commit', async () => {
    const batch = bars({ from: noon, minutes: 50 })
    const first = await openManifest({ directory })
    await first.append(batch, { appId: 'test', sequence: 7 })
    await first.close()
    await using second = await openManifest({ directory })
    expect(await second.lastSequence('test')).toBe(7)
    const pin = await second.commit()
    expect(await collect(second.at(pin).scan(), ohlcv)).toEqual(rowsOf(batch, ohlcv))
  })

  test('does nothing for a transaction it already holds, committed or not', async () => {
    await using manifest = await openManifest({ directory })
    const batch = bars({ from: noon, minutes: 3 })
    await manifest.append(batch, { appId: 'test', sequence: 1 })
    await manifest.append(batch, { appId: 'test', sequence: 1 })
    await manifest.commit()
    await manifest.append(batch, { appId: 'test', sequence: 1 })
    const pin = await manifest.commit()
    expect(pin).toMatchObject({ version: 1, holds: { rows: 3 } })
  })

  test('keeps equal rows of two transactions', async () => {
    await using manifest = await openManifest({ directory })
    const batch = bars({ from: noon, minutes: 3 })
    await manifest.append(batch, { appId: 'test', sequence: 1 })
    await manifest.commit()
    await manifest.append(batch, { appId: 'test', sequence: 2 })
    expect((await manifest.commit()).holds.rows).toBe(6)
  })

  test('reads a pin for ever, whatever is appended later', async () => {
    await using manifest = await openManifest({ directory })
    const early = bars({ from: noon, minutes: 10 })
    await manifest.append(early, { appId: 'test', sequence: 1 })
    const pin = await manifest.commit()
    await manifest.append(bars({ from: noon, minutes: 10, seed: 2 }), { appId: 'test', sequence: 2 })
    await manifest.commit()
    expect(await collect(manifest.at(pin).scan(), ohlcv)).toEqual(rowsOf(early, ohlcv))
    expect(await manifest.pinAt({ version: pin.version })).toEqual(pin)
  })

  test('merges overlapping files in time order', async () => {
    await using manifest = await openManifest({ directory })
    for (let part = 0; part < 5; part++) {
      const batch = bars({ from: noon + BigInt(part * 7) * minute, minutes: 40, instruments: part % 2 ? [spy] : [qqq, spy], seed: part })
      await manifest.append(batch, { appId: 'test', sequence: part })
      await manifest.commit()
    }
    const rows = await collect(manifest.at('latest').scan(), ohlcv)
    expect(rows).toHaveLength(40 * 8)
    const times = rows.map(({ at }) => at as bigint)
    expect(times).toEqual([...times].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)))
  })

  test('scans a range, some symbols, some columns', async () => {
    await using manifest = await openManifest({ directory })
    const batch = bars({ from: noon, minutes: 300, instruments: [spy, qqq] })
    await manifest.append(batch, { appId: 'test', sequence: 1 })
    await manifest.commit()
    const from = noon + 10n * minute
    const to = noon + 20n * minute
    const expected = rowsOf(batch, ['close']).filter(
      ({ at, instrument }) => (at as bigint) >= from && (at as bigint) < to && instrument === qqq.id,
    )
    expect(await collect(manifest.at('latest').scan({ from, to, symbols: ['QQQ'], columns: ['close'] }), ['close'])).toEqual(expected)
    for await (const part of manifest.at('latest').scan({ columns: ['close'] })) {
      const refused = expect.objectContaining({ code: 'MANIFEST_COLUMN_NOT_SCANNED', details: { name: 'open' } }) as Error
      for (const batch of [part, part.retain()]) {
        expect(() => (batch.columns as unknown as { open: Float64Array }).open[0]).toThrow(refused)
        const view = batch.view() as unknown as { open: number; close: number }
        expect(view.close).toBe((batch.columns as unknown as { close: Float64Array }).close[0])
        expect(() => view.open).toThrow(refused)
      }
    }
  })

  test('gives equal batches under an equal clock the same log and the same files', async () => {
    const pins = []
    for (const name of ['a', 'b']) {
      await using manifest = await openManifest({ directory: join(directory, name), clock: { now: () => noon } })
      await manifest.append(bars({ from: noon, minutes: 30 }), { appId: 'test', sequence: 1 })
      pins.push(await manifest.commit(), await manifest.at('latest').files())
    }
    expect(pins.slice(0, 2)).toEqual(pins.slice(2))
  })

  test('has an identity of its own, also beside one that was made in the same millisecond', async () => {
    const ids = new Set<string>()
    for (const [name, seed, symbol] of [
      ['a', 1, spy],
      ['b', 2, spy],
      ['c', 1, qqq],
    ] as const) {
      await using manifest = await openManifest({ directory: join(directory, name), clock: { now: () => noon } })
      await manifest.append(bars({ from: noon, minutes: 30, seed, instruments: [symbol] }), { appId: 'test', sequence: 1 })
      ids.add((await manifest.commit()).tableId)
    }
    expect(ids.size).toBe(3)
  })

  test('proves a pin, and says what is wrong with a file that changed', async () => {
    const { open } = await import('node:fs/promises')
    await using manifest = await openManifest({ directory })
    await manifest.append(bars({ from: noon, minutes: 100 }), { appId: 'test', sequence: 1 })
    const pin = await manifest.commit()
    expect(await manifest.at(pin).verify()).toEqual({ ok: true, files: 1, rows: 100, findings: [] })
    const [{ path }] = await manifest.at(pin).files()
    const handle = await open(join(directory, path), 'r+')
    await handle.write(Buffer.from([255]), 0, 1, 200)
    await handle.close()
    expect(await manifest.at(pin).verify()).toMatchObject({ ok: false, findings: [{ code: 'MANIFEST_FILE_CORRUPT', path }] })
  })

  test('refuses a batch of another schema, source or array type', async () => {
    await using manifest = await openManifest({ directory })
    await manifest.append(bars({ from: noon, minutes: 3 }), { appId: 'test', sequence: 1 })
    const refused = { code: 'MANIFEST_SCHEMA_MISMATCH' }
    await expect(manifest.append(books({ from: noon, rows: 3 }), { appId: 'test', sequence: 2 })).rejects.toMatchObject(refused)
    await expect(manifest.append(bars({ from: noon, minutes: 3, source: 'other' }), { appId: 'test', sequence: 3 })).rejects.toMatchObject(
      refused,
    )
  })

  test('hands out batches that keep their rows once retained', async () => {
    await using manifest = await openManifest({ directory })
    const batch = bars({ from: noon, minutes: 40_000 })
    await manifest.append(batch, { appId: 'test', sequence: 1 })
    await manifest.commit()
    const kept: Batch[] = []
    for await (const part of manifest.at('latest').scan({ columns: ohlcv })) kept.push(part.retain())
    expect(kept.flatMap((part) => rowsOf(part, ohlcv))).toEqual(rowsOf(batch, ohlcv))
  })
})
