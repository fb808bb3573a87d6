import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { Batch, FeedStatus } from '@gatehouse/core'
import {
  createMetadata,
  databentoHistorical,
  databentoLive,
  dbnFiles,
  DbnEncoder,
  directoryStore,
  encodeRecord,
  type HistoricalFeedOptions,
} from '@gatehouse/data-databento'
import {
  gatewaySimulator,
  historicalSimulator,
  trialKey,
  type HistoricalFault,
  type HistoricalSimulator,
} from '@gatehouse/data-databento/testing'
import { sharedPath } from '../support/fixtures.js'
import { writeFile } from 'node:fs/promises'

const START = 1_700_000_000_000_000_000n
const trade = (index: number): Uint8Array =>
  encodeRecord({
    rtype: 0,
    publisherId: 2,
    instrumentId: 1 + (index % 2),
    tsEvent: START + BigInt(index),
    tsRecv: START + BigInt(index) + 5n,
    price: 100 + index,
    size: index,
    action: 'T',
    side: 'B',
  })
const records = Buffer.concat(Array.from({ length: 100 }, (_, index) => trade(index)))
const symbols = new Map([
  [1, 'AAPL'],
  [2, 'MSFT'],
])

let directory = ''
let simulator: HistoricalSimulator | undefined
afterEach(async () => {
  await simulator?.close()
  if (directory !== '') await rm(directory, { recursive: true })
  directory = ''
})

async function folder(): Promise<string> {
  directory = await mkdtemp(join(tmpdir(), 'databento-'))
  return directory
}

async function collect(items: AsyncIterable<Batch | FeedStatus>): Promise<{ price: number; symbol: string; at: bigint }[]> {
  const rows: { price: number; symbol: string; at: bigint }[] = []
  for await (const item of items) {
    if (item.type !== 'batch' || item.schema !== 'trades') continue
    const view = (item as Batch<'trades'>).view()
    for (view.row = 0; view.row < item.length; view.row += 1)
      rows.push({ price: view.price, symbol: view.instrument.symbol, at: view.availableAt })
  }
  return rows
}

describe('databentoHistorical', () => {
  async function open(
    options: Partial<HistoricalFeedOptions> = {},
    faults: HistoricalFault[] = [],
  ): Promise<ReturnType<typeof databentoHistorical>> {
    simulator ??= await historicalSimulator({ apiKey: trialKey, dataset: 'XNAS.ITCH', records, symbols, faults })
    return databentoHistorical({
      apiKey: trialKey,
      baseUrl: simulator.baseUrl,
      dataset: 'XNAS.ITCH',
      schema: 'trades',
      symbols: ['AAPL', 'MSFT'],
      ...options,
    })
  }
  afterEach(() => {
    simulator = undefined
  })

  test('gives rows in the range, named and timed', async () => {
    const feed = await open()
    const rows = await collect(feed.batches({ from: START + 15n, to: START + 25n }))
    expect(rows.map(({ price }) => price)).toEqual([110, 111, 112, 113, 114, 115, 116, 117, 118, 119])
    expect(rows[1]).toEqual({ price: 111, symbol: 'MSFT', at: START + 16n })
  })

  test('pays for nothing twice: only what is not kept is requested', async () => {
    const store = directoryStore(await folder())
    const feed = await open({ store, requestNs: 10n })
    const first = await collect(feed.batches({ from: START + 20n, to: START + 40n }))
    const paid = simulator?.count('timeseries.get_range') ?? 0
    expect(await collect(feed.batches({ from: START + 20n, to: START + 40n }))).toEqual(first)
    expect(simulator?.count('timeseries.get_range')).toBe(paid)
    const wider = await collect((await open({ store, requestNs: 10n })).batches({ from: START + 10n, to: START + 50n }))
    expect(wider).toHaveLength(40)
    expect(simulator?.count('timeseries.get_range')).toBe(paid + 2)
    const asked = (simulator?.requests ?? [])
      .filter(({ endpoint }) => endpoint === 'timeseries.get_range')
      .map(({ parameters }) => [parameters['start'], parameters['end']])
    expect(new Set(asked.map(String)).size).toBe(asked.length)
  })

  test('an answer that ends early in good order is found out, and not kept', async () => {
    const store = directoryStore(await folder())
    const feed = await open({ store }, [{ endpoint: 'timeseries.get_range', recordsOnly: 3 }])
    await expect(collect(feed.batches({ from: START, to: START + 50n }))).rejects.toMatchObject({
      code: 'DATABENTO_TRUNCATED',
      details: { count: 3 },
    })
    const [key = ''] = await readdir(directory)
    expect((await readdir(join(directory, key))).filter((name) => name.endsWith('.zst'))).toEqual([])
  })

  test('a schema that core has no rows for is refused by name', () => {
    expect(() => databentoHistorical({ apiKey: trialKey, dataset: 'OPRA.PILLAR', schema: 'cmbp-1', symbols: 'ALL_SYMBOLS' })).toThrowError(
      /cmbp-1/,
    )
  })
})

describe('dbnFiles', () => {
  test('reads files in order of their start, whatever the order given', async () => {
    const into = await folder()
    const write = async (name: string, from: number, to: number): Promise<string> => {
      const mappings = [...symbols].map(([id, rawSymbol]) => ({
        rawSymbol,
        intervals: [{ startDate: 20231101, endDate: 20231201, symbol: String(id) }],
      }))
      const encoder = new DbnEncoder(
        createMetadata({
          dataset: 'XNAS.ITCH',
          schema: 'trades',
          stypeIn: 'raw_symbol',
          start: START + BigInt(from),
          end: START + BigInt(to),
          mappings,
        }),
      )
      const path = join(into, name)
      await writeFile(path, Buffer.concat([encoder.head, ...Array.from({ length: to - from }, (_, index) => trade(from + index))]))
      return path
    }
    const feed = await dbnFiles({ files: [await write('b.dbn', 50, 100), await write('a.dbn', 0, 50)] })
    const rows = await collect(feed.batches({ from: 0n, to: 2n ** 62n }))
    expect(rows.map(({ price }) => price)).toEqual(Array.from({ length: 100 }, (_, index) => 100 + index))
    expect((await feed.instruments()).map(({ id }) => id)).toEqual(['AAPL.XNYS', 'MSFT.XNYS'])
  })

  const es = sharedPath('data/l2-cme/esh4-glbx-mdp3-20231225.mbo.dbn.zst')
  test.skipIf(!existsSync(es))('names a future by its root and gives MBO rows', async () => {
    const feed = await dbnFiles({ files: [es] })
    expect((await feed.instruments())[0]).toMatchObject({ symbol: 'ESH4', multiplier: 50, tickSize: 0.25 })
    let count = 0
    for await (const item of feed.batches({ from: 0n, to: 2n ** 62n })) if (item.type === 'batch') count += item.length
    expect(count).toBe(68_792)
  })
})

describe('databentoLive', () => {
  test('batches carry instruments by the mapping of the session, statuses come in-band', async () => {
    await using gateway = await gatewaySimulator({ apiKey: trialKey, symbols })
    const feed = databentoLive({
      apiKey: trialKey,
      dataset: 'XNAS.ITCH',
      schemas: ['trades'],
      symbols: ['AAPL', 'MSFT'],
      host: gateway.host,
      port: gateway.port,
    })
    const stop = new AbortController()
    const statuses: string[] = []
    const seen: string[] = []
    const reading = (async () => {
      for await (const item of feed.batches({ from: 0n, to: 2n ** 62n }, { signal: stop.signal })) {
        if (item.type === 'feed-status') {
          statuses.push(item.status)
          if (item.status === 'connected') gateway.publishBytes(records)
          continue
        }
        const view = (item as Batch<'trades'>).view()
        for (view.row = 0; view.row < item.length; view.row += 1) seen.push(`${view.instrument.symbol} ${view.price}`)
        if (seen.length === 100) stop.abort(new Error('enough'))
      }
    })()
    await expect(reading).rejects.toThrow('enough')
    expect(seen.slice(0, 3)).toEqual(['AAPL 100', 'MSFT 101', 'AAPL 102'])
    expect(statuses).toEqual(['connected'])
  })

  test('subscriptions change while it runs', async () => {
    await using gateway = await gatewaySimulator({ apiKey: trialKey, symbols })
    const feed = databentoLive({
      apiKey: trialKey,
      dataset: 'XNAS.ITCH',
      schemas: ['trades'],
      symbols: ['AAPL', 'MSFT'],
      host: gateway.host,
      port: gateway.port,
    })
    feed.subscribe([{ schema: 'trades', symbols: ['AAPL'] }])
    const stop = new AbortController()
    const seen: string[] = []
    let sent = 0
    const publish = (): void => {
      gateway.publishBytes(Buffer.concat([trade(sent), trade(sent + 1)]))
      sent += 2
    }
    const reading = (async () => {
      for await (const item of feed.batches({ from: 0n, to: 2n ** 62n }, { signal: stop.signal })) {
        if (item.type === 'feed-status') {
          if (item.status === 'connected') publish()
          else if (item.status === 'refused') seen.push('refused')
          continue
        }
        const view = (item as Batch<'trades'>).view()
        for (view.row = 0; view.row < item.length; view.row += 1) seen.push(view.instrument.symbol)
        if (seen.length === 1) {
          feed.subscribe([
            { schema: 'trades', symbols: ['MSFT', 'BOGUS'] },
            { schema: 'trades', symbols: ['AAPL'], change: 'remove' },
          ])
          // The gateway takes a subscription in its own time.
          setTimeout(publish, 60)
        } else if (seen.includes('MSFT')) stop.abort(new Error('enough'))
      }
    })()
    await expect(reading).rejects.toThrow('enough')
    expect(seen).toEqual(['AAPL', 'refused', 'MSFT'])
  })
})

describe('dbnFiles with levels', () => {
  const es = sharedPath('data/l2-cme/esh4-glbx-mdp3-20231225.mbo.dbn.zst')
  test.skipIf(!existsSync(es))('makes ten-level books of MBO, in order', async () => {
    const feed = await dbnFiles({ files: [es], levels: 'mbp-10' })
    let rows = 0
    let last = 0n
    for await (const item of feed.batches({ from: 0n, to: 2n ** 62n })) {
      if (item.type !== 'batch') continue
      rows += item.length
      expect(item.schema).toBe('mbp-10')
      expect(item.availableAt[0] ?? 0n).toBeGreaterThanOrEqual(last)
      last = item.availableAt[item.length - 1] ?? 0n
    }
    expect(rows).toBe(44_835)
  })
})
