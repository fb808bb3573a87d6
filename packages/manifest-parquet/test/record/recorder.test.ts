import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { batchDigest, type Batch, type Feed, type FeedStatus } from '@gatehouse/core'
import { openManifest, record, recording, type RecordReport } from '@gatehouse/manifest-parquet'
import { bars, qqq, rowsOf, spy } from '../batches.js'

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-record-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const monday = 1_704_205_800_000_000_000n
const minute = 60_000_000_000n
const range = { from: 0n, to: 2n ** 62n }

/** A feed of batches in time order, cut to the range asked for; `pauseMs` between them. */
function feedOf(items: readonly (Batch | FeedStatus)[], pauseMs = 0): Feed {
  return {
    name: 'test',
    schemas: ['ohlcv-1m'],
    instruments: async () => [spy, qqq],
    subscribe() {},
    async *batches({ from }, { signal } = {}) {
      for (const item of items) {
        if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs))
        signal?.throwIfAborted()
        if (item.type === 'feed-status' || item.availableAt[item.length - 1] >= from) yield item
      }
    },
    async close() {},
    async [Symbol.asyncDispose]() {},
  }
}
const parts = Array.from({ length: 12 }, (_, part) =>
  bars({ from: monday + BigInt(part * 10) * minute, minutes: 10, instruments: [spy, qqq], seed: part }),
)
const everything = parts.flatMap((batch) => rowsOf(batch, ['close']))

async function recorded(): Promise<Record<string, unknown>[]> {
  await using manifest = await openManifest({ directory })
  const rows = []
  for await (const batch of manifest.at('latest').scan()) rows.push(...rowsOf(batch, ['close']))
  return rows
}

test('every row of a feed is recorded once, in order', async () => {
  await using manifest = await openManifest({ directory })
  const report = await record(feedOf(parts), manifest, { range })
  expect(report).toMatchObject({ received: 240, acknowledged: 240, committed: 240, skipped: 0 })
  expect(report.bytes).toBeGreaterThan(240 * 48)
  expect(await recorded()).toEqual(everything)
})

test('a recording that is started again goes on behind its last row', async () => {
  for (const count of [3, 3, 7, 12]) {
    await using manifest = await openManifest({ directory })
    await record(feedOf(parts.slice(0, count)), manifest, { range })
  }
  expect(await recorded()).toEqual(everything)
})

test('rows of the last instant that were not recorded are, the others are not repeated', async () => {
  {
    await using manifest = await openManifest({ directory })
    await record(feedOf([bars({ from: monday, minutes: 1, instruments: [spy], seed: 0 })]), manifest, { range })
  }
  await using manifest = await openManifest({ directory })
  const report = await record(feedOf([parts[0]]), manifest, { range })
  expect(report).toMatchObject({ skipped: 1, received: 19 })
})

test('rows are durable before they are committed, and within the time promised', async () => {
  const reports: RecordReport[] = []
  const started = Date.now()
  let firstAcknowledged = 0
  await using manifest = await openManifest({ directory })
  await record(feedOf(parts, 60), manifest, {
    range,
    acknowledgeWithinMs: 100,
    commitEveryMs: 60_000,
    onReport: (report) => {
      if (report.acknowledged > 0 && firstAcknowledged === 0) firstAcknowledged = Date.now() - started
      reports.push(report)
    },
  })
  expect(reports.some(({ acknowledged, committed }) => acknowledged > 0 && committed === 0)).toBe(true)
  expect(firstAcknowledged).toBeLessThan(1060)
  expect(reports.at(-1)).toMatchObject({ acknowledged: 240, committed: 240 })
})

test('a row group of rows is committed before its time is up', async () => {
  await using manifest = await openManifest({ directory })
  const report = await record(feedOf(parts), manifest, { range, rowsPerCommit: 50, commitEveryMs: 60_000 })
  expect(report.commits).toBe(4)
})

test('gaps of the feed are reported', async () => {
  const gap: FeedStatus = {
    type: 'feed-status',
    feed: 'test',
    status: 'gap',
    at: monday,
    from: monday,
    to: monday + minute,
    message: 'lost packets',
  }
  await using manifest = await openManifest({ directory })
  const { gaps } = await record(feedOf([parts[0], gap, parts[1]]), manifest, { range })
  expect(gaps).toEqual([{ from: monday, to: monday + minute, message: 'lost packets' }])
})

test('an abort commits what arrived and rejects with its reason', async () => {
  const stop = new AbortController()
  const reason = new Error('enough')
  {
    await using manifest = await openManifest({ directory })
    const recording = record(feedOf(parts, 30), manifest, { range, signal: stop.signal })
    setTimeout(() => stop.abort(reason), 150)
    await expect(recording).rejects.toBe(reason)
  }
  const rows = await recorded()
  expect(rows.length).toBeGreaterThan(0)
  expect(rows).toEqual(everything.slice(0, rows.length))
})

test('each schema of a feed gets the manifest that is named for it', async () => {
  const opened = new Map<string, Awaited<ReturnType<typeof openManifest>>>()
  const other = bars({ from: monday, minutes: 3, source: 'other' })
  await record(
    feedOf([parts[0], other]),
    async (schema, source) => {
      const manifest = await openManifest({ directory: join(directory, source, schema) })
      opened.set(`${source}/${schema}`, manifest)
      return manifest
    },
    { range },
  )
  expect([...opened.keys()]).toEqual(['test/ohlcv-1m', 'other/ohlcv-1m'])
  for (const manifest of opened.values()) await manifest.close()
})

test('what arrived is kept when the feed fails, and the feed is told to stop when the disk does', async () => {
  const lost = new Error('the line is dead')
  const failing: Feed = {
    ...feedOf([]),
    async *batches() {
      yield* parts.slice(0, 2)
      throw lost
    },
  }
  {
    await using manifest = await openManifest({ directory })
    await expect(record(failing, manifest, { range })).rejects.toBe(lost)
  }
  expect(await recorded()).toEqual(everything.slice(0, 40))
  let told: AbortSignal | undefined
  const endless: Feed = {
    ...feedOf([]),
    async *batches(_range, { signal } = {}) {
      told = signal
      yield* parts.slice(2)
    },
  }
  const manifest = await openManifest({ directory })
  const closing = { onReport: () => void manifest.close(), acknowledgeWithinMs: 0 }
  await expect(record(endless, manifest, { range, ...closing })).rejects.toMatchObject({ code: 'MANIFEST_CLOSED' })
  expect(told?.aborted).toBe(true)
})

describe('a feed that is recorded on its way to a run', () => {
  test('hands on every row with the reference that a journal names it by', async () => {
    await using manifest = await openManifest({ directory })
    const handed: Record<string, unknown>[] = []
    const references = []
    const feed = recording(feedOf(parts), manifest, { rowsPerCommit: 50 })
    for await (const item of feed.batches(range)) {
      if (item.type !== 'batch') continue
      handed.push(...rowsOf(item, ['close']))
      expect(item.reference?.sha256).toBe(batchDigest(item))
      references.push(item.reference)
    }
    expect(handed).toEqual(everything)
    expect(await recorded()).toEqual(everything)
    // Each reference names an append that the table holds, and the rows of one append follow one another.
    const held = new Map<string, number>()
    for await (const { transactions, added } of manifest.lineage()) {
      for (const sequence of Object.values(transactions))
        held.set(
          sequence,
          added.reduce((sum, { rows }) => sum + rows, 0),
        )
    }
    const rows = new Map<string, number>()
    for (const { segment, row, count } of references.filter((one) => one !== undefined)) {
      const [source, schema, appId, sequence] = segment.split('/')
      expect([source, schema, appId]).toEqual(['test', 'ohlcv-1m', 'recorder:test'])
      expect(row).toBe(rows.get(sequence) ?? 0)
      rows.set(sequence, row + count)
    }
    expect(rows).toEqual(held)
  })

  test('keeps what was handed on when the run leaves early, and goes on behind it', async () => {
    {
      await using manifest = await openManifest({ directory })
      let seen = 0
      for await (const item of recording(feedOf(parts), manifest).batches(range)) if (item.type === 'batch' && ++seen === 3) break
    }
    const kept = await recorded()
    expect(kept.length).toBeGreaterThanOrEqual(60)
    await using manifest = await openManifest({ directory })
    const rest: Record<string, unknown>[] = []
    for await (const item of recording(feedOf(parts), manifest).batches(range))
      if (item.type === 'batch') rest.push(...rowsOf(item, ['close']))
    expect([...kept, ...rest]).toEqual(everything)
    expect(await recorded()).toEqual(everything)
  })

  test('ends with what ends the recording', async () => {
    const manifest = await openManifest({ directory })
    await manifest.append(bars({ from: monday, minutes: 1, source: 'other' }), { appId: 'other', sequence: 1 })
    const reading = async (): Promise<void> => {
      for await (const item of recording(feedOf(parts, 5), manifest, { acknowledgeWithinMs: 0 }).batches(range)) void item
    }
    await expect(reading()).rejects.toMatchObject({ code: 'MANIFEST_SCHEMA_MISMATCH' })
    await manifest.close()
  })
})
