import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { inspect } from 'node:util'
import { afterEach, describe, expect, test } from 'vitest'
import {
  ApiKey,
  createMetadata,
  encodeMetadata,
  encodeRecord,
  LiveClient,
  LiveSession,
  type SessionEnd,
  type SessionOptions,
} from '@gatehouse/data-databento'
import { gatewaySimulator, systemRecord, trialKey } from '@gatehouse/data-databento/testing'
import { authLine, subscriptionLines } from '../../src/live/protocol.js'

let server: Server | undefined
afterEach(() => server?.close())

/** A gateway of a few lines, for what the simulator would never do. */
async function rawGateway(talk: (socket: Socket) => void): Promise<number> {
  server = createServer((socket) => {
    socket.on('error', () => undefined)
    talk(socket)
  })
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

function session(
  port: number,
  options: Partial<SessionOptions> = {},
): { readonly session: LiveSession; readonly ended: Promise<SessionEnd>; readonly rtypes: number[] } {
  const rtypes: number[] = []
  let opened!: LiveSession
  const ended = new Promise<SessionEnd>((resolve) => {
    opened = new LiveSession(
      { dataset: 'GLBX.MDP3', key: new ApiKey(trialKey), host: '127.0.0.1', port, ...options },
      { onRun: (run) => void rtypes.push(run.rtype), onEnd: resolve },
    )
  })
  return { session: opened, ended, rtypes }
}

describe('LiveSession', () => {
  test('a greeting byte by byte, with \\r\\n, and records in the packet of the last line', async () => {
    const records = Buffer.concat([encodeMetadata(createMetadata({ dataset: 'GLBX.MDP3', start: 1n })), systemRecord(0, 'Heartbeat', 1n)])
    const port = await rawGateway((socket) => {
      for (const byte of Buffer.from('lsg_version=1\r\ncram=abc\r\n')) socket.write(Buffer.from([byte]))
      socket.once('data', () => socket.write(Buffer.concat([Buffer.from('success=1|session_id=7\r\n'), records])))
    })
    const { session: live, rtypes } = session(port)
    await live.ready
    expect(live.sessionId).toBe('7')
    expect(rtypes).toEqual([0x17])
    live.close()
  })

  test('an endless line, another protocol, and silence end by name', async () => {
    const long = session(await rawGateway((socket) => void socket.write(Buffer.alloc(100_000, 0x61))))
    expect((await long.ended).error.code).toBe('DATABENTO_PROTOCOL')
    server?.close()
    const http = session(await rawGateway((socket) => void socket.write('HTTP/1.1 400 Bad Request\n')))
    expect((await http.ended).error.code).toBe('DATABENTO_PROTOCOL')
    server?.close()
    const silent = session(await rawGateway(() => undefined), { authTimeoutMs: 30 })
    expect((await silent.ended).error.code).toBe('DATABENTO_CONNECTION')
  })

  test('a wrong key is fatal, and shows in nothing', async () => {
    const key = 'db-secretsecretsecretsecretsecre'
    await using gateway = await gatewaySimulator({ apiKey: trialKey })
    const client = new LiveClient({
      apiKey: key,
      dataset: 'GLBX.MDP3',
      host: gateway.host,
      port: gateway.port,
      subscriptions: [{ schema: 'mbo', symbols: ['ES'] }],
    })
    const statuses: unknown[] = []
    const error: unknown = await (async () => {
      for await (const event of client.events()) statuses.push(event)
    })().catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: 'DATABENTO_AUTH' })
    expect(inspect([error, statuses, client], { depth: 9, showHidden: true })).not.toContain('secretsecret')
    expect(gateway.opened).toBe(1)
  })

  test('replay after the start, and a second start, are refused', async () => {
    await using gateway = await gatewaySimulator({ apiKey: trialKey, symbols: new Map([[1, 'ES']]) })
    const { session: live } = session(gateway.port)
    await live.ready
    live.subscribe({ schema: 'trades', symbols: ['ES'], stypeIn: 'raw_symbol' })
    live.start()
    expect(() => live.start()).toThrowError(expect.objectContaining({ code: 'DATABENTO_SUBSCRIPTION' }))
    expect(() => live.subscribe({ schema: 'trades', symbols: ['ES'], stypeIn: 'raw_symbol', start: 0n })).toThrowError(
      /before the session starts/,
    )
    live.close()
  })

  test('more sessions than allowed is no reason to give up for ever', async () => {
    await using gateway = await gatewaySimulator({ apiKey: trialKey, maxSessions: 0 })
    const { ended } = session(gateway.port)
    expect(await ended).toMatchObject({ isFatal: false, error: { code: 'DATABENTO_CONNECTION_LIMIT' } })
  })
})

describe('subscriptions', () => {
  test('go in lines of at most 500 symbols with one id, the last of them marked', () => {
    const lines = subscriptionLines({
      schema: 'trades',
      symbols: Array.from({ length: 1001 }, (_, index) => `S${index}`),
      stypeIn: 'raw_symbol',
      id: 4,
    })
    expect(lines.map((line) => /symbols=([^|]*)/.exec(line)?.[1]?.split(',').length)).toEqual([500, 500, 1])
    expect(lines.map((line) => line.includes('is_last=1'))).toEqual([false, false, true])
    expect(lines.every((line) => line.includes('id=4'))).toBe(true)
  })

  test('a dataset that would end the line it is sent in is refused', () => {
    const request = { dataset: 'GLBX.MDP3\nschema=mbo', tsOut: false, compression: 'none', client: 'test' } as const
    expect(() => authLine(new ApiKey(trialKey), 'challenge', request)).toThrow(expect.objectContaining({ code: 'DATABENTO_OPTION' }))
  })

  test('the wishes of a session go in the line that answers the challenge', () => {
    const request = {
      dataset: 'GLBX.MDP3',
      tsOut: true,
      compression: 'zstd',
      client: 'test',
      heartbeatIntervalS: 7,
      slowReader: 'skip',
    } as const
    const line = authLine(new ApiKey(trialKey), 'challenge', request)
    expect(line).toMatch(
      /^auth=[0-9a-f]{64}-opqrs\|dataset=GLBX\.MDP3\|encoding=dbn\|ts_out=1\|compression=zstd\|client=test\|heartbeat_interval_s=7\|slow_reader_behavior=skip\n$/,
    )
  })

  test('that cannot be are refused: no symbols, a snapshot of trades, separators in a symbol', () => {
    const base = { schema: 'trades', symbols: ['A'], stypeIn: 'raw_symbol' } as const
    for (const wrong of [
      { ...base, symbols: [] },
      { ...base, snapshot: true },
      { ...base, symbols: ['A|B'] },
    ]) {
      expect(() => subscriptionLines(wrong)).toThrowError(expect.objectContaining({ code: 'DATABENTO_SUBSCRIPTION' }))
    }
  })
})

test('a consumer that falls behind the bound is told what it missed, and records go on', async () => {
  await using gateway = await gatewaySimulator({ apiKey: trialKey, symbols: new Map([[1, 'ES']]) })
  const client = new LiveClient({
    apiKey: trialKey,
    dataset: 'GLBX.MDP3',
    host: gateway.host,
    port: gateway.port,
    maxQueueBytes: 50_000,
    subscriptions: [{ schema: 'trades', symbols: ['ES'] }],
  })
  const trade = (index: number): Uint8Array =>
    encodeRecord({
      rtype: 0,
      instrumentId: 1,
      tsEvent: BigInt(index),
      tsRecv: BigInt(index),
      price: 1,
      size: index,
      action: 'T',
      side: 'B',
    })
  const total = 5000
  let [received, missing, isSlow] = [0, 0, true]
  for await (const event of client.events()) {
    if (event.type === 'status') {
      if (event.status === 'connected') gateway.publishBytes(Buffer.concat(Array.from({ length: total }, (_, index) => trade(index + 1))))
      if (event.status === 'gap') missing += event.missing ?? 0
    } else if (event.run.rtype === 0) {
      received += event.run.length
      if (isSlow) await new Promise((resolve) => setTimeout(resolve, 150))
      isSlow = false
    }
    if (received + missing >= total) break
  }
  expect(missing).toBeGreaterThan(0)
  expect(received + missing).toBe(total)
})
