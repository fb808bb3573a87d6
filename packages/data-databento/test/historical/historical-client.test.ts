import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterEach, describe, expect, test } from 'vitest'
import { encodeRecord, HistoricalClient, type HistoricalOptions } from '@gatehouse/data-databento'
import { historicalSimulator, trialKey, type HistoricalFault, type HistoricalSimulator } from '@gatehouse/data-databento/testing'

const START = 1_700_000_000_000_000_000n
const records = Buffer.concat(
  Array.from({ length: 100 }, (_, index) =>
    encodeRecord({
      rtype: 0,
      publisherId: 1,
      instrumentId: 1 + (index % 2),
      tsEvent: START + BigInt(index),
      tsRecv: START + BigInt(index) + 5n,
      price: 100 + index,
      size: 1,
      action: 'T',
      side: 'B',
    }),
  ),
)
const request = { dataset: 'GLBX.MDP3', schema: 'trades', symbols: ['ESZ3'], start: START, end: START + 1000n } as const

let simulator: HistoricalSimulator | undefined
let directory: string | undefined
afterEach(async () => {
  await simulator?.close()
  if (directory !== undefined) await rm(directory, { recursive: true })
  simulator = undefined
  directory = undefined
})

async function open(
  faults: HistoricalFault[] = [],
  options: Partial<HistoricalOptions> = {},
  jobs?: Record<string, Record<string, Uint8Array>>,
): Promise<HistoricalClient> {
  simulator = await historicalSimulator({
    apiKey: trialKey,
    dataset: 'GLBX.MDP3',
    records,
    symbols: new Map([
      [1, 'ESZ3'],
      [2, 'NQZ3'],
    ]),
    faults,
    jobs,
    usdPerGigabyte: 1000,
    warnings: ['DeprecationWarning: simulated'],
  })
  return new HistoricalClient({ apiKey: trialKey, baseUrl: simulator.baseUrl, retryMs: 1, ...options })
}

async function folder(): Promise<string> {
  directory = await mkdtemp(join(tmpdir(), 'databento-'))
  return directory
}

describe('HistoricalClient', () => {
  test('streams a range into the decoder', async () => {
    const client = await open()
    const dbn = await client.timeseries.getRange(request)
    expect(dbn.metadata).toMatchObject({ dataset: 'GLBX.MDP3', schema: 'trades', symbols: ['ESZ3'] })
    const prices: number[] = []
    await dbn.forEach((record) => {
      if (record.type === 'trade') prices.push(record.price)
    })
    expect(prices).toHaveLength(50)
    expect(prices[1]).toBe(102)
  })

  test('free calls are repeated as Retry-After says', async () => {
    const endpoint = 'metadata.get_record_count'
    const client = await open([
      { endpoint, status: 429, retryAfterS: 0 },
      { endpoint, status: 503 },
      { endpoint, hangUp: true },
    ])
    expect(await client.metadata.getRecordCount(request)).toBe(50)
    expect(simulator?.count(endpoint)).toBe(4)
  })

  test('a free call that is wrong is not repeated', async () => {
    const client = await open([{ endpoint: 'metadata.list_datasets', status: 422 }])
    await expect(client.metadata.listDatasets()).rejects.toMatchObject({
      code: 'DATABENTO_HTTP',
      details: { status: 422, requestId: 'simulated-1' },
    })
    expect(simulator?.count('metadata.list_datasets')).toBe(1)
  })

  for (const fault of [{ status: 503 }, { status: 429, retryAfterS: 1 }, { hangUp: true }] as const) {
    test(`a billed call is sent once: ${JSON.stringify(fault)}`, async () => {
      const endpoint = 'timeseries.get_range'
      const client = await open([{ endpoint, ...fault }])
      await expect(client.timeseries.getRange(request)).rejects.toMatchObject({ details: { isBilled: true } })
      expect(simulator?.count(endpoint)).toBe(1)
    })
  }

  test('a body that breaks off gives what is whole, then an error, and is not asked for again', async () => {
    const client = await open([{ endpoint: 'timeseries.get_range', cutAfterBytes: 1000 }])
    const dbn = await client.timeseries.getRange(request)
    let count = 0
    await expect(dbn.forEachRun((run) => void (count += run.length))).rejects.toMatchObject({ code: 'DATABENTO_TRUNCATED' })
    expect(count).toBeGreaterThan(5)
    expect(simulator?.count('timeseries.get_range')).toBe(1)
  })

  test('a request above its cost limit is refused before it is sent', async () => {
    const client = await open()
    await expect(client.timeseries.getRange({ ...request, maxCostUsd: 0.000001 })).rejects.toMatchObject({ code: 'DATABENTO_BUDGET' })
    expect(simulator?.count('timeseries.get_range')).toBe(0)
  })

  test('the budget of a month holds across clients, by the ledger', async () => {
    const ledger = join(await folder(), 'ledger.jsonl')
    const budget = { ledger, maxCostPerMonthUsd: 0.004 }
    const client = await open([], { budget })
    const dbn = await client.timeseries.getRange(request)
    await dbn.close()
    const { baseUrl } = simulator as HistoricalSimulator
    const restarted = new HistoricalClient({ apiKey: trialKey, baseUrl, budget })
    await expect(restarted.timeseries.getRange(request)).rejects.toMatchObject({ code: 'DATABENTO_BUDGET', details: { limit: 0.004 } })
    expect((await readFile(ledger, 'utf8')).trim().split('\n')).toHaveLength(1)
  })

  test('calls at the same time cannot pass the limit of a month together', async () => {
    const ledger = join(await folder(), 'ledger.jsonl')
    const client = await open([], { budget: { ledger, maxCostPerMonthUsd: 0.004 } })
    const outcomes = await Promise.allSettled([1, 2, 3, 4].map(() => client.timeseries.getRangeBytes(request)))
    expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBeLessThanOrEqual(1)
    expect(simulator?.count('timeseries.get_range')).toBeLessThanOrEqual(1)
  })

  test.each([NaN, -1])('a limit of %d is refused: it would let every cost pass', async (limit) => {
    const client = await open()
    await expect(client.timeseries.getRange({ ...request, maxCostUsd: limit })).rejects.toMatchObject({ code: 'DATABENTO_BUDGET' })
    expect(simulator?.count('timeseries.get_range')).toBe(0)
    expect(() => new HistoricalClient({ apiKey: trialKey, budget: { maxCostUsd: limit } })).toThrow(
      expect.objectContaining({ code: 'DATABENTO_BUDGET' }),
    )
  })

  test('a ledger that cannot be read refuses, because what was spent is unknown', async () => {
    const ledger = join(await folder(), 'ledger.jsonl')
    await writeFile(ledger, '{"at": "2023-11')
    const client = await open([], { budget: { ledger, maxCostPerMonthUsd: 100 } })
    await expect(client.timeseries.getRange(request)).rejects.toMatchObject({ code: 'DATABENTO_BUDGET', details: { line: 1 } })
  })

  test('warnings of the API are handed on', async () => {
    const warnings: string[] = []
    const client = await open([], { onWarning: ({ message }) => warnings.push(message) })
    await client.metadata.listDatasets()
    expect(warnings).toEqual(['DeprecationWarning: simulated'])
  })

  test('symbols resolve through time', async () => {
    const client = await open()
    const { result, notFound } = await client.symbology.resolve({
      dataset: 'GLBX.MDP3',
      symbols: ['ESZ3', 'BOGUS'],
      start: '2023-11-14',
      end: new Date('2023-11-15'),
    })
    expect(result['ESZ3']).toEqual([{ startDate: '2023-11-14', endDate: '2023-11-15', symbol: '1' }])
    expect(notFound).toEqual(['BOGUS'])
  })

  test('a wrong key is an error that does not show it', async () => {
    const key = 'db-secretsecretsecretsecretsecre'
    const client = await open([], { apiKey: key })
    const error: unknown = await client.metadata.listDatasets().catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: 'DATABENTO_AUTH' })
    expect(inspect(error, { depth: 9 }) + inspect(client, { depth: 9, showHidden: true }) + JSON.stringify(error)).not.toContain(
      'secretsecret',
    )
  })

  test('times that are none are refused by name', async () => {
    const client = await open()
    await expect(client.metadata.getRecordCount({ ...request, start: 'yesterday' })).rejects.toMatchObject({
      code: 'DATABENTO_TIME',
      details: { what: 'start' },
    })
  })

  test('an aborted call rejects with its reason', async () => {
    const client = await open()
    await expect(client.metadata.listDatasets({ signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough')
  })
})

describe('batch download', () => {
  const job = { 'a.dbn.zst': Buffer.alloc(50_000, 1), 'b.dbn.zst': Buffer.alloc(70_000, 2), 'manifest.json': Buffer.from('{}') }
  const endpoint = 'batch/download/JOB/a.dbn.zst'

  test('files come in parallel, cut ones are resumed by range', async () => {
    const client = await open(
      [
        { endpoint, cutAfterBytes: 20_000 },
        { endpoint, cutAfterBytes: 10_000 },
      ],
      {},
      { JOB: job },
    )
    const into = await folder()
    const files = await client.batch.download('JOB', { directory: into })
    expect(files.map(({ bytes }) => bytes)).toEqual([50_000, 70_000, 2])
    expect((await readFile(join(into, 'a.dbn.zst'))).equals(job['a.dbn.zst'])).toBe(true)
    expect(simulator?.requests.filter((seen) => seen.endpoint === endpoint).map(({ range }) => range)).toEqual([
      undefined,
      'bytes=20000-',
      'bytes=30000-',
    ])
  })

  test.each(['..', '.', '/'])('a file that calls itself %s is refused', async (filename) => {
    const files = [{ filename, size: 1, hash: 'sha256:00', urls: { https: 'https://hist.databento.com/x' } }]
    const client = new HistoricalClient({ apiKey: trialKey, fetch: async () => new Response(JSON.stringify(files)) })
    await expect(client.batch.download('JOB', { directory: join(await folder(), 'into') })).rejects.toMatchObject({
      code: 'DATABENTO_RESPONSE',
    })
  })

  test('downloads of none at a time are refused', async () => {
    const client = await open([], {}, { JOB: job })
    await expect(client.batch.download('JOB', { directory: await folder(), parallel: 0 })).rejects.toMatchObject({
      code: 'DATABENTO_OPTION',
    })
  })

  test('what is there and right is kept', async () => {
    const client = await open([], {}, { JOB: job })
    const into = await folder()
    await client.batch.download('JOB', { directory: into })
    const again = await client.batch.download('JOB', { directory: into })
    expect(again.every(({ isNew }) => !isNew)).toBe(true)
    expect(simulator?.count(endpoint)).toBe(1)
  })

  test('a wrong digest is an error and leaves no file', async () => {
    const client = await open([], {}, { JOB: job })
    const into = await folder()
    // A part that a crash left behind, with other bytes in it.
    await writeFile(join(into, 'a.dbn.zst.part'), Buffer.alloc(1000, 9))
    await expect(
      client.batch.download('JOB', { directory: into, filter: ({ filename }) => filename === 'a.dbn.zst' }),
    ).rejects.toMatchObject({ code: 'DATABENTO_CHECKSUM' })
    await expect(readFile(join(into, 'a.dbn.zst'))).rejects.toMatchObject({ code: 'ENOENT' })
    await client.batch.download('JOB', { directory: into })
    expect((await readFile(join(into, 'a.dbn.zst'))).equals(job['a.dbn.zst'])).toBe(true)
  })
})

describe('reference data', () => {
  const linesOf = async (body: string): Promise<unknown[]> => {
    const client = new HistoricalClient({ apiKey: trialKey, fetch: async () => new Response(body) })
    const lines: unknown[] = []
    for await (const line of client.reference.corporateActions({ start: '2024-01-01' })) lines.push(line)
    return lines
  }

  test('comes as objects, one a line', async () => {
    expect(await linesOf('{"event_id":1}\n{"event_id":2}')).toEqual([{ eventId: 1 }, { eventId: 2 }])
  })

  test.each(['{"event_id":1}\nnot json', '1\n', 'null'])('that is none is an error by name: %s', async (body) => {
    await expect(linesOf(body)).rejects.toMatchObject({ code: 'DATABENTO_RESPONSE' })
  })
})
