import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, test } from 'vitest'
import { feedCases, type FeedHarness } from '@gatehouse/core/testing'
import { createMetadata, databentoHistorical, databentoLive, dbnFiles, DbnEncoder, encodeRecord } from '@gatehouse/data-databento'
import { gatewaySimulator, historicalSimulator, trialKey } from '@gatehouse/data-databento/testing'

const START = 1_700_000_000_000_000_000n
const COUNT = 60
const trade = (index: number): Uint8Array =>
  encodeRecord({
    rtype: 0,
    publisherId: 2,
    instrumentId: 1 + (index % 2),
    tsEvent: START + BigInt(index) * 1000n,
    tsRecv: START + BigInt(index) * 1000n + 5n,
    price: 100 + index,
    size: 1 + index,
    action: 'T',
    side: 'B',
  })
const records = Buffer.concat(Array.from({ length: COUNT }, (_, index) => trade(index)))
const symbols = new Map([
  [1, 'AAPL'],
  [2, 'MSFT'],
])
const range = { from: START, to: START + 1_000_000n }

let release: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const one of release) await one()
  release = []
})

describe('dbnFiles is a Feed', () => {
  async function open(): Promise<FeedHarness> {
    const directory = await mkdtemp(join(tmpdir(), 'databento-'))
    release.push(() => rm(directory, { recursive: true, force: true }))
    const mappings = [...symbols].map(([id, rawSymbol]) => ({
      rawSymbol,
      intervals: [{ startDate: 20231101, endDate: 20231201, symbol: String(id) }],
    }))
    const files = await Promise.all(
      [0, 20, 40].map(async (first) => {
        const from = START + BigInt(first) * 1000n
        const encoder = new DbnEncoder(
          createMetadata({ dataset: 'XNAS.ITCH', schema: 'trades', stypeIn: 'raw_symbol', start: from, end: from + 20_000n, mappings }),
        )
        const file = join(directory, `${first}.dbn`)
        await writeFile(file, Buffer.concat([encoder.head, ...Array.from({ length: 20 }, (_, index) => trade(first + index))]))
        return file
      }),
    )
    return { feed: await dbnFiles({ files }), range, rows: COUNT, world: { breakSource: () => rm(files[1] ?? '') } }
  }
  for (const { name, run } of feedCases(open, { claims: ['repeatable', 'several-instruments', 'dynamic'] })) test(name, run)
})

describe('databentoHistorical is a Feed', () => {
  async function open(): Promise<FeedHarness> {
    const simulator = await historicalSimulator({ apiKey: trialKey, dataset: 'XNAS.ITCH', records, symbols })
    release.push(() => simulator.close())
    const feed = databentoHistorical({
      apiKey: trialKey,
      baseUrl: simulator.baseUrl,
      dataset: 'XNAS.ITCH',
      schema: 'trades',
      symbols: ['AAPL', 'MSFT'],
      requestNs: 20_000n,
      retryMs: 1,
    })
    return { feed, range, rows: COUNT, world: { breakSource: () => simulator.close() } }
  }
  for (const { name, run } of feedCases(open, { claims: ['repeatable', 'several-instruments', 'dynamic'] })) test(name, run)
})

describe('databentoLive is a Feed', () => {
  async function open(): Promise<FeedHarness> {
    // The market of the range is over: the session begins with its replay.
    const gateway = await gatewaySimulator({ apiKey: trialKey, symbols, now: () => range.to })
    release.push(() => gateway.close())
    gateway.publishBytes(records)
    const feed = databentoLive({
      apiKey: trialKey,
      dataset: 'XNAS.ITCH',
      schemas: ['trades'],
      symbols: ['AAPL', 'MSFT'],
      host: gateway.host,
      port: gateway.port,
      now: () => range.to,
      reconnect: { minMs: 1, maxMs: 5, attempts: 2 },
    })
    return { feed, range, rows: COUNT, world: { breakSource: () => gateway.close() } }
  }
  for (const { name, run } of feedCases(open, { claims: ['repeatable', 'several-instruments'] })) test(name, run)
})
