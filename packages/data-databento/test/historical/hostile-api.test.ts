import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer } from 'node:net'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { HistoricalClient, manifestStore, type HistoricalOptions, type RangeKey } from '@gatehouse/data-databento'
import { trialKey } from '@gatehouse/data-databento/testing'
import type { Manifest } from '@gatehouse/core'

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void
const servers: (Server | TcpServer)[] = []
let directory: string | undefined
afterEach(async () => {
  for (const server of servers.splice(0)) {
    if ('closeAllConnections' in server) server.closeAllConnections()
    server.close()
  }
  if (directory !== undefined) await rm(directory, { recursive: true })
  directory = undefined
})

const portOf = (server: Server | TcpServer): number => (server.address() as AddressInfo).port

async function serve(answer: Answer): Promise<string> {
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (bytes: Buffer) => (body += bytes.toString()))
    request.on('end', () => answer(request, response, body))
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${portOf(server)}`
}

async function folder(): Promise<string> {
  directory = await mkdtemp(join(tmpdir(), 'databento-'))
  return directory
}

const client = (baseUrl: string, options: Partial<HistoricalOptions> = {}): HistoricalClient =>
  new HistoricalClient({ apiKey: trialKey, baseUrl, retryMs: 1, ...options })
const request = { dataset: 'GLBX.MDP3', schema: 'trades', symbols: ['ES'], start: '2024-01-01' } as const

/** Everything that an error says, to whoever prints it. */
async function failureOf(promise: Promise<unknown>): Promise<{ readonly code: string; readonly text: string }> {
  const error = (await promise.then(
    () => new Error('it did not fail'),
    (caught: unknown) => caught,
  )) as Error & { code: string }
  return { code: error.code, text: `${inspect(error, { depth: 20, showHidden: true })}${JSON.stringify(error)}${error.stack ?? ''}` }
}

describe('an API that is not what it should be', () => {
  test('a redirect is not followed by a call: nothing is sent elsewhere, and nothing billed twice', async () => {
    const elsewhere: string[] = []
    const other = await serve((seen, response) => {
      elsewhere.push(seen.url ?? '')
      response.end('1')
    })
    let calls = 0
    const base = await serve((_seen, response) => {
      calls += 1
      response.writeHead(307, { location: `${other}/stolen` }).end()
    })
    expect((await failureOf(client(base).metadata.listDatasets())).code).toBe('DATABENTO_HTTP')
    expect((await failureOf(client(base).timeseries.getRange(request))).text).toContain('where nothing was sent')
    expect([calls, elsewhere]).toEqual([2, []])
  })

  test('a file that lies elsewhere is fetched there without the key', async () => {
    const bytes = Buffer.from('a file')
    const seen: (string | undefined)[] = []
    const other = await serve((asked, response) => {
      seen.push(asked.headers.authorization)
      response.end(bytes)
    })
    const base = await serve((asked, response) => {
      if (asked.url?.includes('list_files') !== true) return void response.writeHead(302, { location: `${other}/x` }).end()
      const hash = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
      response.end(JSON.stringify([{ filename: 'x.dbn', size: bytes.length, hash, urls: { https: `${base}/x` } }]))
    })
    const [file] = await client(base).batch.download('JOB', { directory: await folder() })
    expect(await readFile(file.path)).toEqual(bytes)
    expect(seen).toEqual([undefined])
  })

  test('a free answer that breaks off is asked for again; one of a billed call is not', async () => {
    let calls = 0
    const base = await serve((_seen, response) => {
      calls += 1
      if (calls === 2) return void response.end('["GLBX.MDP3"]')
      response.writeHead(200, { 'content-length': '100' }).write('["GLBX', () => response.destroy())
    })
    expect(await client(base).metadata.listDatasets()).toEqual(['GLBX.MDP3'])
    const failure = await failureOf(client(base).batch.submitJob(request))
    expect([failure.code, calls]).toEqual(['DATABENTO_NETWORK', 3])
  })

  test('an answer that waits for ever ends by name', async () => {
    const base = await serve((_seen, response) => void response.writeHead(200).write('['))
    expect((await failureOf(client(base, { timeoutMs: 30, attempts: 2 }).metadata.listDatasets())).code).toBe('DATABENTO_NETWORK')
  })

  test('an endless answer is cut off, plain or as a gzip bomb', async () => {
    const chunk = Buffer.alloc(1 << 22, 0x20)
    const endless = new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(chunk) })
    const plain = client('http://127.0.0.1:1', { fetch: async () => new Response(endless) })
    expect((await failureOf(plain.metadata.listDatasets())).code).toBe('DATABENTO_RESPONSE')
    const bomb = gzipSync(Buffer.alloc((1 << 28) + 1, 0x20))
    const base = await serve((_seen, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb))
    expect((await failureOf(client(base).metadata.listDatasets())).code).toBe('DATABENTO_RESPONSE')
  }, 30_000)

  test('too many calls for ever is an error in the end', async () => {
    let calls = 0
    const base = await serve((_seen, response) => {
      calls += 1
      response.writeHead(429, { 'retry-after': '0' }).end()
    })
    expect((await failureOf(client(base).metadata.listDatasets())).code).toBe('DATABENTO_RATE_LIMIT')
    expect(calls).toBe(4)
  })

  test.each(['"0.1"', 'null', '-1', '1e999', '{}', '[0]'])('a cost of %s buys nothing', async (cost) => {
    const endpoints: string[] = []
    const base = await serve((seen, response) => {
      endpoints.push(seen.url ?? '')
      response.end(cost)
    })
    const failure = await failureOf(client(base).timeseries.getRange({ ...request, maxCostUsd: 5 }))
    expect(failure.code).toBe('DATABENTO_RESPONSE')
    expect(endpoints).toEqual(['/metadata.get_cost'])
  })

  test('the key comes back in nothing, however it is thrown back', async () => {
    const echoes: ((given: string, response: ServerResponse) => void)[] = [
      (given, response) => response.end(given),
      (given, response) => response.end(`"${given}`),
      (given, response) => response.writeHead(400).end(given),
      (given, response) => response.writeHead(400).end(JSON.stringify({ detail: { message: given, case: given, docs: given } })),
      (given, response) => response.writeHead(400).end(JSON.stringify({ detail: { message: { given } } })),
      (given, response) => response.writeHead(400, { 'request-id': given, location: given, 'x-warning': given }).end(),
      (given, response) => response.writeHead(500, given.slice(0, 100)).end(),
    ]
    for (const echo of echoes) {
      const base = await serve((seen, response) => echo(`${seen.headers.authorization ?? ''} ${trialKey}`, response))
      const warned: string[] = []
      const { text } = await failureOf(client(base, { onWarning: ({ message }) => warned.push(message) }).metadata.listDatasets())
      expect(text + warned.join('')).not.toMatch(new RegExp(`${trialKey}|${Buffer.from(trialKey).toString('base64').slice(0, 30)}`))
    }
  })

  test('nor in what a parser quotes', async () => {
    const server = createTcpServer((socket) => {
      socket.on('error', () => undefined)
      socket.once('data', (bytes) => socket.end(`HTTP/1.1 ${/authorization: (.*)/i.exec(bytes.toString())?.[1] ?? ''}`))
    })
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { code, text } = await failureOf(client(`http://127.0.0.1:${portOf(server)}`).metadata.listDatasets())
    expect(code).toBe('DATABENTO_NETWORK')
    expect(text).not.toContain(Buffer.from(trialKey).toString('base64').slice(0, 30))
  })
})

describe('a list of files that is not what it should be', () => {
  const digest = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`
  const good = { filename: 'a.dbn', size: 4, hash: digest(Buffer.from('good')), urls: { https: 'x' } }

  test.each([
    ['no list', {}],
    ['a list of nothing', [null]],
    ['one file twice', [good, good]],
    ['a way out', [{ ...good, filename: '../a.dbn' }]],
    ['a way out of Windows', [{ ...good, filename: '..\\a.dbn' }]],
    ['a name with an end in it', [{ ...good, filename: 'a\0b' }]],
    ['no digest', [{ ...good, hash: undefined }]],
    ['a size of text', [{ ...good, size: '4' }]],
    ['a size below nothing', [{ ...good, size: -1 }]],
  ])('%s is refused', async (_name, files) => {
    const base = await serve((_seen, response) => response.end(JSON.stringify(files)))
    expect((await failureOf(client(base).batch.download('JOB', { directory: await folder() }))).code).toBe('DATABENTO_RESPONSE')
    expect(await readdir(join(directory ?? '', '..')).then((names) => names.includes('a.dbn'))).toBe(false)
  })

  /** A server of one file, 200 kB, of which 1 kB is there already. */
  async function resumed(answer: (response: ServerResponse, range: string | undefined, bytes: Buffer) => void): Promise<{ code: string }> {
    const bytes = Buffer.alloc(200_000, 7)
    const into = await folder()
    await writeFile(join(into, 'a.dbn.part'), bytes.subarray(0, 1000))
    const base = await serve((seen, response) => {
      if (seen.url?.includes('list_files') !== true) answer(response, seen.headers.range, bytes)
      else response.end(JSON.stringify([{ filename: 'a.dbn', size: bytes.length, hash: digest(bytes), urls: { https: `${base}/f` } }]))
    })
    return failureOf(client(base).batch.download('JOB', { directory: into }))
  }

  test('a range that is ignored, or begins elsewhere, is not written behind what is there', async () => {
    expect((await resumed((response, _range, bytes) => response.end(bytes))).code).toBe('DATABENTO_HTTP')
    await rm(directory ?? '', { recursive: true })
    const shifted = await resumed((response, _range, bytes) =>
      response.writeHead(206, { 'content-range': `bytes 0-${bytes.length - 1}/${bytes.length}` }).end(bytes),
    )
    expect(shifted.code).toBe('DATABENTO_HTTP')
  })

  test('more than was stated is refused', async () => {
    expect((await resumed((response, _range, bytes) => response.writeHead(206).end(bytes))).code).toBe('DATABENTO_RESPONSE')
  })
})

describe('what is kept on disk', () => {
  test.each(['{"at":"nonsense","costUsd":1}', '{"at":5,"costUsd":1}', '{"at":"2024-01-01T00:00:00Z","costUsd":"1"}', 'null', '{"at":"20'])(
    'a ledger with a line %s refuses: what was spent is unknown',
    async (line) => {
      const ledger = join(await folder(), 'ledger.jsonl')
      await writeFile(ledger, `${line}\n`)
      const base = await serve((_seen, response) => response.end('0.001'))
      const careful = client(base, { budget: { ledger, maxCostPerMonthUsd: 100 } })
      expect((await failureOf(careful.timeseries.getRange(request))).code).toBe('DATABENTO_BUDGET')
    },
  )

  test('two processes with one ledger do not pass the limit together', async () => {
    const ledger = join(await folder(), 'ledger.jsonl')
    let sent = 0
    const base = await serve((seen, response) => {
      if (seen.url?.includes('get_range') === true) sent += 1
      response.end('0.4')
    })
    const clients = Array.from({ length: 6 }, () => client(base, { budget: { ledger, maxCostPerMonthUsd: 1 } }))
    for (let round = 0; round < 10; round += 1) await Promise.allSettled(clients.map((one) => one.timeseries.getRangeBytes(request)))
    expect(sent).toBeLessThanOrEqual(2)
  })

  test.each(['null', '{"key":"x"}', '{"key":"x","from":"a","to":"b"}'])(
    'coverage with a line %s is refused by its number',
    async (line) => {
      const coverage = join(await folder(), 'coverage.jsonl')
      await writeFile(coverage, `${line}\n`)
      const key: RangeKey = { dataset: 'GLBX.MDP3', schema: 'trades', stypeIn: 'raw_symbol', symbols: ['ES'] }
      const failure = await failureOf(
        manifestStore({} as Manifest, coverage)
          .spans(key)
          .then(() => undefined),
      )
      expect(failure).toMatchObject({ code: 'DATABENTO_CACHE', text: expect.stringContaining('line 1') as string })
    },
  )
})
