import { once } from 'node:events'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { OrderBooks } from '../book/books.js'
import { DbnDecoder } from '../codec/decoder.js'
import { encodeRecord } from '../codec/encoder.js'
import type { RecordRun } from '../codec/run.js'
import { Flag, RType, type SType } from '../layout/enums.js'
import { ApiKey } from '../live/protocol.js'
import { SymbolIndex } from '../symbols/symbol-index.js'
import { asSnapshot, GatewaySession, type GatewayFault } from './gateway-session.js'
import { marketRecords, type MarketRecord } from './market.js'

/** Options of {@link gatewaySimulator}. */
export interface GatewaySimulatorOptions {
  /** The key that is accepted, 32 characters. */
  readonly apiKey: string
  readonly host?: string | undefined
  /** 0 takes any free port. */
  readonly port?: number | undefined
  /** The only dataset that is served; any when left out. */
  readonly dataset?: string | undefined
  /** Heartbeat when the client asks for none. Default 30 s. */
  readonly heartbeatIntervalMs?: number | undefined
  /** Sessions at once. Default 10. */
  readonly maxSessions?: number | undefined
  /** How far back replay goes. Default 24 h. */
  readonly replayWindowNs?: bigint | undefined
  readonly faults?: readonly GatewayFault[] | undefined
  /** Raw symbols by instrument id. */
  readonly symbols?: ReadonlyMap<number, string> | undefined
  /** The gateway's clock, ns; the machine's by default. */
  readonly now?: (() => bigint) | undefined
  /** Called when a session starts to receive records. */
  readonly onStarted?: ((session: GatewaySession) => void) | undefined
}

/**
 * A live gateway on a local port that speaks Databento's protocol: any official client can connect to it. The market is what is published to it,
 * whether or not anybody is connected; replay and snapshots come from what was published.
 */
export class GatewaySimulator implements AsyncDisposable {
  readonly history: MarketRecord[] = []
  readonly sessions: GatewaySession[] = []
  readonly #options: GatewaySimulatorOptions
  readonly #server: Server
  readonly #key: ApiKey
  readonly #symbols: Map<number, string>
  readonly #index = new SymbolIndex()
  readonly #books = new OrderBooks()
  readonly #open = new Set<GatewaySession>()
  #opened = 0

  /** @internal use {@link gatewaySimulator} */
  constructor(options: GatewaySimulatorOptions) {
    this.#options = options
    this.#key = new ApiKey(options.apiKey)
    this.#symbols = new Map(options.symbols)
    this.#server = createServer({ noDelay: true }, (socket) => {
      this.#opened += 1
      const session = new GatewaySession(this.#opened, socket, this.#view(), options.faults ?? [])
      this.sessions.push(session)
      this.#open.add(session)
    })
  }

  /** @internal */
  async listen(): Promise<void> {
    const { port = 0, host = '127.0.0.1' } = this.#options
    this.#server.listen(port, host)
    await once(this.#server, 'listening')
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }
  get host(): string {
    return (this.#server.address() as AddressInfo).address
  }
  /** Connections so far. */
  get opened(): number {
    return this.#opened
  }

  #now(): bigint {
    return this.#options.now?.() ?? BigInt(Date.now()) * 1_000_000n
  }

  #view(): ConstructorParameters<typeof GatewaySession>[2] {
    const { dataset, heartbeatIntervalMs = 30_000, replayWindowNs = 86_400_000_000_000n, maxSessions = 10, onStarted } = this.#options
    return {
      key: this.#key,
      dataset,
      heartbeatIntervalMs,
      replayWindowNs,
      history: this.history,
      now: () => this.#now(),
      resolve: (symbol, stypeIn) => this.#resolve(symbol, stypeIn),
      symbolOf: (id) => this.#symbolOf(id),
      snapshot: (id) => this.#snapshot(id),
      refuseReason: () => (this.#open.size > maxSessions ? 'User has reached their open connection limit' : undefined),
      started: (session) => onStarted?.(session),
      ended: (session) => this.#open.delete(session),
    }
  }

  #symbolOf(instrumentId: number): string {
    return this.#symbols.get(instrumentId) ?? this.#index.symbolAt(instrumentId, this.#now()) ?? `ID${instrumentId}`
  }

  #resolve(symbol: string, stypeIn: SType): readonly number[] {
    if (stypeIn === 'instrument_id') return /^\d+$/.test(symbol) ? [Number(symbol)] : []
    const named = [...this.#symbols].filter(([, name]) => name === symbol).map(([id]) => id)
    const indexed = [...this.#index.entries()]
      .filter(([, intervals]) => intervals.some((interval) => interval.symbol === symbol))
      .map(([id]) => id)
    return [...new Set([...named, ...indexed])]
  }

  /** Names an instrument. */
  name(instrumentId: number, symbol: string): void {
    this.#symbols.set(instrumentId, symbol)
  }

  /** Publishes the records of a run to everybody who wants them. */
  publish(run: RecordRun): void {
    this.#index.learn(run)
    if (run.rtype === RType.mbo) for (let row = 0; row < run.length; row += 1) this.#books.of(run, row).apply(run, row)
    for (const record of marketRecords(run)) {
      this.history.push(record)
      for (const session of this.#open) session.publish(record)
    }
  }

  /** Publishes records given as bytes of DBN 3 without metadata. */
  publishBytes(bytes: Uint8Array): void {
    const decoder = new DbnDecoder({ fragment: 3 })
    decoder.push(bytes)
    for (let run = decoder.next(); run !== undefined; run = decoder.next()) this.publish(run)
  }

  #snapshot(instrumentId: number): readonly Uint8Array[] {
    const last = this.history.findLast((record) => record.rtype === RType.mbo && record.instrumentId === instrumentId)
    const header = {
      rtype: RType.mbo,
      instrumentId,
      publisherId: last === undefined ? 0 : last.window.view.getUint16(last.at + 2, true),
      tsEvent: this.#now(),
      tsRecv: this.#now(),
    }
    const book = this.#books.get(header.publisherId, instrumentId)
    const adds: Uint8Array[] = []
    for (const side of ['B', 'A'] as const) {
      for (let level = 0; ; level += 1) {
        const found = book?.level(side, level)
        if (found === undefined) break
        for (const { orderId, size } of book?.queue(side, level) ?? [])
          adds.push(encodeRecord({ ...header, orderId, size, side, action: 'A', price: found.price }))
      }
    }
    const clear = encodeRecord({ ...header, action: 'R', side: 'N', price: NaN, flags: Flag.snapshot })
    return [asSnapshot(clear, adds.length === 0), ...adds.map((record, index) => asSnapshot(record, index === adds.length - 1))]
  }

  /** Forgets what was published before `time` (ns), as time does. */
  forgetBefore(time: bigint): void {
    const keep = this.history.findIndex((record) => record.time >= time)
    this.history.splice(0, keep < 0 ? this.history.length : keep)
  }

  async close(): Promise<void> {
    for (const session of this.#open) session.destroy()
    if (!this.#server.listening) return
    this.#server.close()
    await once(this.#server, 'close')
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/** Starts a simulated gateway. */
export async function gatewaySimulator(options: GatewaySimulatorOptions): Promise<GatewaySimulator> {
  const simulator = new GatewaySimulator(options)
  await simulator.listen()
  return simulator
}
