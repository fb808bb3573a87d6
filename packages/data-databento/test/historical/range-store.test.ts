import fc from 'fast-check'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { anyBatch, type Batch, type Manifest } from '@gatehouse/core'
import { databentoHistorical, encodeRecord, manifestStore } from '@gatehouse/data-databento'
import { historicalSimulator, trialKey } from '@gatehouse/data-databento/testing'
import { planSpans } from '../../src/historical/range-store.js'

test('a plan covers what is wanted once, in order, and asks only for what is not kept', () => {
  const span = fc
    .tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 1, max: 30 }))
    .map(([from, length]) => ({ from: BigInt(from), to: BigInt(from + length) }))
  fc.assert(
    fc.property(span, fc.array(span, { maxLength: 8 }), (wanted, kept) => {
      const plan = planSpans(wanted, kept)
      let at = wanted.from
      for (const part of plan) {
        expect(part.from).toBe(at)
        expect(part.to).toBeGreaterThan(part.from)
        at = part.to
        for (let time = part.from; time < part.to; time += 1n) {
          const isKept = kept.some(({ from, to }) => time >= from && time < to)
          if (part.kept === undefined) expect(isKept).toBe(false)
          else expect(time >= part.kept.from && time < part.kept.to).toBe(true)
        }
      }
      expect(at).toBe(wanted.to)
    }),
  )
})

/** The least a Manifest must do for this: appended batches are visible after a commit, once a transaction. */
function memoryManifest(): Manifest & { readonly appends: string[] } {
  const appends: string[] = []
  const pending: Batch[] = []
  const rows: Batch[] = []
  return {
    appends,
    async append(batch, { appId, sequence }) {
      const txn = `${appId} ${sequence}`
      if (!appends.includes(txn)) pending.push(batch.retain())
      appends.push(txn)
    },
    async commit() {
      rows.push(...pending.splice(0))
      return {} as Awaited<ReturnType<Manifest['commit']>>
    },
    at: () =>
      ({
        async *scan({ from = 0n, to = 2n ** 62n }: { from?: bigint; to?: bigint }) {
          for (const batch of rows) if (batch.availableAt[0] < to && batch.availableAt[batch.length - 1] >= from) yield anyBatch(batch)
        },
      }) as unknown as ReturnType<Manifest['at']>,
    close: async () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  }
}

test('a Manifest keeps what was paid for, and its coverage says what that is', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'databento-'))
  const start = 1_700_000_000_000_000_000n
  const records = Buffer.concat(
    Array.from({ length: 40 }, (_, index) =>
      encodeRecord({
        rtype: 0,
        publisherId: 2,
        instrumentId: 1,
        tsEvent: start + BigInt(index),
        tsRecv: start + BigInt(index),
        price: 1 + index,
        size: 1,
        action: 'T',
        side: 'B',
      }),
    ),
  )
  await using simulator = await historicalSimulator({ apiKey: trialKey, dataset: 'XNAS.ITCH', records, symbols: new Map([[1, 'AAPL']]) })
  try {
    const store = manifestStore(memoryManifest(), join(directory, 'coverage.jsonl'))
    const count = async (from: bigint, to: bigint): Promise<number> => {
      const feed = databentoHistorical({
        apiKey: trialKey,
        baseUrl: simulator.baseUrl,
        dataset: 'XNAS.ITCH',
        schema: 'trades',
        symbols: ['AAPL'],
        store,
        requestNs: 10n,
      })
      let rows = 0
      for await (const item of feed.batches({ from, to })) if (item.type === 'batch') rows += item.length
      return rows
    }
    expect(await count(start, start + 20n)).toBe(20)
    const paid = simulator.count('timeseries.get_range')
    expect(await count(start + 5n, start + 15n)).toBe(10)
    expect(simulator.count('timeseries.get_range')).toBe(paid)
    expect(await count(start, start + 40n)).toBe(40)
    expect(simulator.count('timeseries.get_range')).toBe(paid + 2)
  } finally {
    await rm(directory, { recursive: true })
  }
})
