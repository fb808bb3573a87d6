import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import {
  createMetadata,
  encodeMetadata,
  encodeRecord,
  LiveClient,
  type LiveOptions,
  type LiveStatus,
  type LiveSubscription,
} from '@gatehouse/data-databento'
import { errorRecord, gatewaySimulator, systemRecord, trialKey, type GatewayFault } from '@gatehouse/data-databento/testing'

const START = 1_700_000_000_000_000_000n
const metadata = encodeMetadata(createMetadata({ dataset: 'GLBX.MDP3', start: START }))

let server: Server | undefined
afterEach(() => server?.close())

/** A gateway that greets as it should, and then speaks for itself: `talk` is called when the session starts, with its number. */
async function gateway(talk: (socket: Socket, session: number, lines: string) => void): Promise<number> {
  let sessions = 0
  server = createServer((socket) => {
    socket.on('error', () => undefined)
    let text = ''
    let isStarted = false
    const session = (sessions += 1)
    socket.write('lsg_version=1\ncram=abc\n')
    socket.once('data', () => socket.write('success=1|session_id=1\n'))
    socket.on('data', (bytes) => {
      text += bytes.toString()
      if (isStarted || !text.includes('start_session')) return
      isStarted = true
      talk(socket, session, text)
    })
  })
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

function client(port: number, options: Partial<LiveOptions> = {}): LiveClient {
  return new LiveClient({
    apiKey: trialKey,
    dataset: 'GLBX.MDP3',
    host: '127.0.0.1',
    port,
    reconnect: { minMs: 5, maxMs: 10 },
    subscriptions: [{ schema: 'trades', symbols: ['ES'] }],
    ...options,
  })
}

const trade = (sequence: number, tsEvent: bigint, tsRecv = tsEvent, version: 1 | 2 | 3 = 3): Uint8Array =>
  encodeRecord({ rtype: 0, instrumentId: 1, tsEvent, tsRecv, price: 1, size: 1, action: 'T', side: 'B', sequence }, { version })
const bbo = (sequence: number, at: bigint): Uint8Array =>
  encodeRecord({ rtype: 0x01, instrumentId: 1, tsEvent: at, tsRecv: at, price: 1, size: 1, action: 'A', side: 'B', sequence })
const book = (sequence: number, at: bigint): Uint8Array =>
  encodeRecord({ rtype: 0x0a, instrumentId: 1, tsEvent: at, tsRecv: at, price: 1, size: 1, action: 'A', side: 'B', sequence })

interface Seen {
  readonly statuses: LiveStatus[]
  /** `RTYPE:SEQUENCE` of every record of the market. */
  readonly records: string[]
  readonly error: { readonly code?: string } | undefined
}

/** Reads until `isEnough`, or until the client gives up. */
async function read(live: LiveClient, isEnough: (seen: Seen) => boolean): Promise<Seen> {
  const seen: Seen = { statuses: [], records: [], error: undefined }
  try {
    for await (const event of live.events({ signal: AbortSignal.timeout(4000) })) {
      if (event.type === 'status') seen.statuses.push(event)
      else if (event.run.rtype < 0x10) {
        const { run } = event
        for (let row = 0; row < run.length; row += 1)
          seen.records.push(`${run.rtype}:${run.uint32[run.wordOffset + row * run.stride + 11]}`)
      }
      if (isEnough(seen)) return seen
    }
  } catch (error) {
    return { ...seen, error: error as { code?: string } }
  }
  return seen
}

const has =
  (status: LiveStatus['status'], count = 1) =>
  (seen: Seen) =>
    seen.statuses.filter((one) => one.status === status).length >= count

describe('a hostile gateway', () => {
  test('metadata twice, and another version after the break: every record comes once', async () => {
    const port = await gateway((socket, session) => {
      if (session === 1) socket.write(Buffer.concat([metadata, trade(1, START + 1n), metadata, trade(9, START + 9n)]))
      else {
        const first = encodeMetadata(createMetadata({ dataset: 'GLBX.MDP3', start: START + 5n, version: 1 }))
        socket.write(Buffer.concat([first, trade(1, START + 1n, START + 1n, 1), trade(2, START + 2n, START + 2n, 1)]))
      }
    })
    const seen = await read(client(port), ({ records }) => records.includes('0:2'))
    expect(seen.records).toEqual(['0:1', '0:2'])
    expect(seen.statuses.find(({ status }) => status === 'disconnected')?.message).toContain('second DBN header')
  })

  test('records of the greatest length pass', async () => {
    const longest = Buffer.alloc(1020)
    longest.set([255, 0x0e])
    const port = await gateway((socket) => {
      socket.write(metadata)
      for (let index = 0; index < 600; index += 1) socket.write(Buffer.concat([longest, longest, trade(index, START + BigInt(index))]))
    })
    const seen = await read(client(port), ({ records }) => records.includes('0:599'))
    expect(seen.error).toBeUndefined()
    expect(seen.records.filter((record) => record.startsWith('14:'))).toHaveLength(1200)
  })

  test('bytes that drip in and never make a record are a stall', async () => {
    let drip: NodeJS.Timeout | undefined
    const port = await gateway((socket) => {
      socket.write(metadata)
      const record = Buffer.alloc(1020, 1)
      record[0] = 255
      let at = 0
      drip = setInterval(() => socket.write(record.subarray(at, (at += 1))), 20)
    })
    const seen = await read(client(port, { heartbeatMarginMs: -29_850 }), has('stale'))
    clearInterval(drip)
    expect(seen.statuses.map(({ status }) => status)).toContain('stale')
  })

  test('a flood of control records past a sleeping consumer ends by name, not in memory', async () => {
    const flood = Buffer.concat(Array.from({ length: 500 }, () => systemRecord(2, 'slow', START)))
    const port = await gateway((socket) => {
      socket.write(metadata)
      for (let index = 0; index < 40; index += 1) socket.write(flood)
    })
    const live = client(port, { maxQueueBytes: 100_000 })
    let error: unknown
    try {
      for await (const event of live.events())
        if (event.type === 'status' && event.status === 'connected') await new Promise((resolve) => setTimeout(resolve, 200))
    } catch (caught) {
      error = caught
    }
    expect(error).toMatchObject({ code: 'DATABENTO_LAG' })
  })

  test('heartbeats of no number are refused', () => {
    const live = client(1, { heartbeatIntervalS: NaN })
    return expect(live.events().next()).rejects.toMatchObject({ code: 'DATABENTO_SUBSCRIPTION' })
  })
})

describe('clocks that go wrong', () => {
  test('records alike in every byte are told apart by their number', async () => {
    const same = trade(1, START + 1n)
    const port = await gateway((socket, session) => {
      if (session === 1) socket.end(Buffer.concat([metadata, same, same, same]))
      else socket.write(Buffer.concat([metadata, same, same, same, same, systemRecord(3, 'Finished trades replay', START + 2n)]))
    })
    const seen = await read(client(port), has('recovered'))
    expect(seen.records).toEqual(['0:1', '0:1', '0:1', '0:1'])
  })

  test('one event time far ahead does not hide what was missed', async () => {
    let asked = ''
    const wild = trade(2, START + 10n ** 18n, START + 2n)
    const port = await gateway((socket, session, lines) => {
      if (session === 1) socket.end(Buffer.concat([metadata, trade(1, START + 1n), wild]))
      else {
        asked = lines
        socket.write(
          Buffer.concat([
            metadata,
            trade(1, START + 1n),
            wild,
            trade(3, START + 3n),
            systemRecord(3, 'Finished trades replay', START + 4n),
          ]),
        )
      }
    })
    const seen = await read(client(port), has('recovered'))
    expect(BigInt(/start=(\d+)/.exec(asked)?.[1] ?? '0')).toBeLessThan(START)
    expect(seen.records).toEqual(['0:1', '0:2', '0:3'])
  })

  test('a gateway whose clock was set back still reports a gap that has a beginning before its end', async () => {
    const port = await gateway((socket, session) => {
      const start = session === 1 ? START : START - 1_000_000n
      socket.write(
        Buffer.concat([encodeMetadata(createMetadata({ dataset: 'GLBX.MDP3', start })), trade(session, START + BigInt(session))]),
      )
      if (session === 1) socket.end()
      else socket.write(errorRecord(7, 'records were skipped', START - 5n))
    })
    const seen = await read(client(port, { subscriptions: [{ schema: 'trades', symbols: ['ES'], recovery: 'refresh' }] }), has('gap', 2))
    const gaps = seen.statuses.filter(({ status }) => status === 'gap')
    expect(gaps.map(({ from, to }) => from! <= to!)).toEqual([true, true])
    expect(gaps[0]).toMatchObject({ from: START - 1_000_000n, to: START + 1n })
  })
})

describe('replay of several subscriptions', () => {
  const both: readonly LiveSubscription[] = [
    { schema: 'mbp-1', symbols: ['ES'] },
    { schema: 'mbp-10', symbols: ['ES'] },
  ]

  test('the end of mbp-10 is not the end of mbp-1, whose name is part of it', async () => {
    const port = await gateway((socket, session) => {
      if (session === 1) socket.end(Buffer.concat([metadata, bbo(1, START + 1n), book(1, START + 1n)]))
      else {
        const replay = [book(1, START + 1n), systemRecord(3, 'Finished mbp-10 replay', START + 3n), bbo(1, START + 1n), bbo(2, START + 2n)]
        socket.write(Buffer.concat([metadata, ...replay, systemRecord(3, 'Finished mbp-1 replay', START + 3n)]))
      }
    })
    const seen = await read(client(port, { subscriptions: both }), has('recovered', 2))
    expect(seen.records).toEqual(['1:1', '10:1', '1:2'])
    expect(seen.statuses.filter(({ status }) => status === 'recovered').map(({ schema }) => schema)).toEqual(['mbp-10', 'mbp-1'])
  })

  test.each([
    ['once a schema', ['trades']],
    ['once a subscription', ['trades', 'trades']],
  ])('two subscriptions to a schema, whose end is said %s, repeat nothing', async (_how, ends) => {
    const other = (sequence: number): Uint8Array => {
      const record = trade(sequence, START + BigInt(sequence))
      record[4] = 2
      return record
    }
    const port = await gateway((socket, session) => {
      if (session === 1) socket.end(Buffer.concat([metadata, trade(1, START + 1n), other(2)]))
      else {
        const end = systemRecord(3, 'Finished trades replay', START + 5n)
        const first = ends.length > 1 ? [end] : []
        socket.write(Buffer.concat([metadata, trade(1, START + 1n), trade(3, START + 3n), ...first, other(2), other(4), end]))
      }
    })
    const subscriptions: readonly LiveSubscription[] = [
      { schema: 'trades', symbols: ['ES'] },
      { schema: 'trades', symbols: ['NQ'] },
    ]
    const seen = await read(client(port, { subscriptions }), ({ records }) => records.includes('0:4'))
    expect(seen.records).toEqual(['0:1', '0:2', '0:3', '0:4'])
  })

  test.each(['refresh', 'replay'] as const)(
    'that breaks before the second schema had its turn is made up for, or in the gap: %s',
    async (recovery) => {
      const faults: GatewayFault[] = [{ kind: 'close', session: 1, afterRecords: 5 }]
      await using simulator = await gatewaySimulator({ apiKey: trialKey, symbols: new Map([[1, 'ES']]), now: () => START + 1000n, faults })
      for (let index = 1; index <= 10; index += 1)
        simulator.publishBytes(Buffer.concat([trade(index, START + BigInt(index)), bbo(index, START + BigInt(index))]))
      const wanted = { symbols: ['ES'], start: START, recovery }
      const live = client(simulator.port, {
        subscriptions: [
          { schema: 'trades', ...wanted },
          { schema: 'mbp-1', ...wanted },
        ],
      })
      const seen = await read(live, recovery === 'replay' ? has('recovered', 2) : has('gap', 2))
      const gap = seen.statuses.find(({ status, schema }) => status === 'gap' && schema === 'mbp-1')
      expect(gap?.from).toBe(START)
      if (recovery === 'replay') {
        expect(new Set(seen.records).size).toBe(20)
        expect(seen.records).toHaveLength(20)
      }
    },
  )
})

test('a compressed session gives the same records, and recovers', async () => {
  const faults: GatewayFault[] = [{ kind: 'cut', session: 1, afterRecords: 5 }]
  await using simulator = await gatewaySimulator({ apiKey: trialKey, symbols: new Map([[1, 'ES']]), now: () => START + 1000n, faults })
  for (let index = 1; index <= 20; index += 1) simulator.publishBytes(trade(index, START + BigInt(index)))
  const live = client(simulator.port, { compression: 'zstd', subscriptions: [{ schema: 'trades', symbols: ['ES'], start: START }] })
  const seen = await read(live, has('recovered'))
  expect(simulator.sessions[1].auth.get('compression')).toBe('zstd')
  expect(seen.records).toEqual(Array.from({ length: 20 }, (_, index) => `0:${index + 1}`))
})

test('a client that sends an endless line is put out of the simulator, and the others go on', async () => {
  await using simulator = await gatewaySimulator({ apiKey: trialKey })
  const { connect } = await import('node:net')
  const socket = connect(simulator.port, '127.0.0.1')
  await new Promise<void>((resolve) => {
    socket.on('error', () => undefined).on('close', () => resolve())
    socket.resume().write(Buffer.alloc(200_000, 0x61))
  })
  const seen = await read(client(simulator.port), has('connected'))
  expect(seen.error).toBeUndefined()
})
