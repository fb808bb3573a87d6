import { isTradingError } from '@gatehouse/core'
import { encodeRecord } from '../codec/encoder.js'
import { Flag, RType } from '../layout/enums.js'
import { LiveClient, type LiveStatus, type Recovery } from '../live/live-client.js'
import type { GatewayFault } from './gateway-session.js'
import { gatewaySimulator } from './gateway-simulator.js'

/** What a trial runs: faults of the gateway against a recovery policy. */
export interface LiveTrial {
  readonly recovery: Recovery
  readonly faults: readonly GatewayFault[]
  readonly seed: number
  /** Records of the market. */
  readonly records?: number | undefined
  readonly tsOut?: boolean | undefined
}

/** What became of every record of the market. */
export interface LiveTrialOutcome {
  readonly delivered: number
  readonly duplicates: number
  readonly missing: number
  /** Missing records that no gap covers: must be 0. */
  readonly unreported: number
  /** Records that were never published: must be 0. */
  readonly invented: number
  readonly sessions: number
  readonly statuses: readonly LiveStatus[]
}

/** Not a key of anybody. */
export const trialKey = 'db-0123456789abcdefghijklmnopqrs'

/** Mulberry32: small, seeded, good enough to place faults. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

const START = 1_700_000_000_000_000_000n
const [SYMBOL_A, SYMBOL_B] = ['ESZ5', 'NQZ5']

/**
 * Runs a simulated market past a live client while the gateway misbehaves, and accounts for every record: delivered once, or inside a
 * gap that was reported. Used by tests and by the fault matrix.
 */
export async function liveTrial({ recovery, faults, seed, records = 3000, tsOut = false }: LiveTrial): Promise<LiveTrialOutcome> {
  const random = seeded(seed)
  let now = START
  const published: { readonly orderId: number; readonly tsRecv: bigint }[] = []
  const record = (): Uint8Array => {
    now += BigInt(1 + Math.floor(random() * 2_000_000))
    const orderId = published.length + 1
    // Event times of two instruments are not in order, as at a real venue.
    const tsEvent = now - BigInt(Math.floor(random() * 5_000_000))
    published.push({ orderId, tsRecv: now })
    return encodeRecord({
      rtype: RType.mbo,
      publisherId: 1,
      instrumentId: random() < 0.5 ? 1 : 2,
      tsEvent,
      tsRecv: now,
      orderId,
      price: BigInt(5000 + Math.floor(random() * 20)) * 1_000_000_000n,
      size: 1,
      flags: random() < 0.8 ? Flag.last : 0,
      action: 'A',
      side: random() < 0.5 ? 'A' : 'B',
      sequence: orderId,
    })
  }
  await using gateway = await gatewaySimulator({
    apiKey: trialKey,
    faults,
    now: () => now,
    heartbeatIntervalMs: 40,
    symbols: new Map([
      [1, SYMBOL_A],
      [2, SYMBOL_B],
    ]),
  })
  const client = new LiveClient({
    apiKey: trialKey,
    dataset: 'GLBX.MDP3',
    host: gateway.host,
    port: gateway.port,
    tsOut,
    // The simulator's heart beats every 40 ms instead of 30 s: silence shows after 200 ms.
    heartbeatMarginMs: -29_800,
    reconnect: { minMs: 15, maxMs: 60 },
    random,
    subscriptions: [{ schema: 'mbo', symbols: [SYMBOL_A, SYMBOL_B], recovery }],
  })
  const seen = new Map<number, number>()
  const snapshotOrders = new Set<number>()
  const statuses: LiveStatus[] = []
  const stop = new AbortController()
  const isQuiet = (): boolean => client.isConnected && !client.isRecovering
  let lastActivity = performance.now()

  const consume = async (): Promise<void> => {
    try {
      for await (const event of client.events({ signal: stop.signal })) {
        if (event.type === 'status') {
          lastActivity = performance.now()
          statuses.push(event)
          continue
        }
        const { run } = event
        if (run.rtype !== RType.mbo) continue
        lastActivity = performance.now()
        for (let row = 0; row < run.length; row += 1) {
          const at = (run.wordOffset + row * run.stride) * 4
          const orderId = Number(run.window.view.getBigUint64(at + 16, true))
          if ((run.bytes[at + 36] & Flag.snapshot) !== 0) snapshotOrders.add(orderId)
          else seen.set(orderId, (seen.get(orderId) ?? 0) + 1)
        }
      }
    } catch (error) {
      if (!stop.signal.aborted && !isTradingError(error)) throw error
      if (isTradingError(error))
        statuses.push({ type: 'status', status: 'disconnected', at: now, message: `${error.code}: ${error.message}` })
    }
  }
  const consuming = consume()
  // Nothing is published before the first session runs: what came earlier was never asked for.
  for (let waited = 0; !gateway.sessions.some((session) => session.isStarted) && waited < 400; waited += 1) await sleep(5)
  while (published.length < records) {
    const burst = Math.min(records - published.length, 1 + Math.floor(random() * 60))
    for (let index = 0; index < burst; index += 1) gateway.publishBytes(record())
    await sleep(1)
  }
  // Done when the client is connected, has recovered, and has had nothing new for a while.
  for (let waited = 0; waited < 400 && !(isQuiet() && performance.now() - lastActivity > 300); waited += 1) await sleep(10)
  stop.abort(new Error('done'))
  await consuming
  const gaps = statuses.filter(({ status, from, to }) => status === 'gap' && from !== undefined && to !== undefined)
  const missing = published.filter(({ orderId }) => !seen.has(orderId))
  // A record that only the snapshot brought is in the book, but it was missed as an event: a gap must cover it too.
  const unreported = missing.filter(({ tsRecv }) => !gaps.some(({ from = 0n, to = 0n }) => tsRecv >= from && tsRecv <= to))
  return {
    delivered: seen.size,
    duplicates: [...seen.values()].filter((count) => count > 1).length,
    missing: missing.length,
    unreported: unreported.length,
    invented: [...seen.keys(), ...snapshotOrders].filter((orderId) => orderId > published.length).length,
    sessions: gateway.opened,
    statuses,
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
