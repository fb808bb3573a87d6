import { isTradingError } from '@gatehouse/core'
import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { createMetadata, encodeMetadata } from '../codec/metadata.js'
import { Flag, schemaNames, stypeNames, SystemCode, ErrorRecordCode, type DbnSchema, type SType } from '../layout/enums.js'
import { LineReader, parseFields, SYMBOLS_PER_LINE, type ApiKey } from '../live/protocol.js'
import { errorRecord, mappingRecord, systemRecord } from './control-records.js'
import { wants, type MarketRecord, type SimulatedSubscription } from './market.js'

/**
 * Something that goes wrong in a session, after so many market records have been sent in it.
 * `cut` closes inside a record, `close` between two, `reset` sends a TCP reset; `stall` goes silent, heartbeats too, and keeps the connection;
 * `garbage` sends bytes that are no records; `skip` leaves out records as for a slow reader and says so (error 7); `internal` sends error 6 and
 * closes; `early-close` closes instead of sending metadata; `auth-close` closes instead of answering the authentication.
 */
export interface GatewayFault {
  readonly kind: 'cut' | 'close' | 'reset' | 'stall' | 'garbage' | 'skip' | 'internal' | 'early-close' | 'auth-close'
  /** Which session it befalls, 1 is the first that is opened. */
  readonly session: number
  readonly afterRecords?: number | undefined
  /** For `skip`: how many records are left out. */
  readonly records?: number | undefined
}

/** What a session needs of the gateway around it. */
export interface GatewayView {
  readonly key: ApiKey
  readonly dataset: string | undefined
  readonly heartbeatIntervalMs: number
  readonly replayWindowNs: bigint
  readonly history: readonly MarketRecord[]
  now(): bigint
  /** Instrument ids of a symbol, and the raw symbol of an id. */
  resolve(symbol: string, stypeIn: SType): readonly number[]
  symbolOf(instrumentId: number): string
  /** Book as it stands, as MBO adds with the snapshot flag. */
  snapshot(instrumentId: number): readonly Uint8Array[]
  refuseReason(): string | undefined
  started(session: GatewaySession): void
  ended(session: GatewaySession): void
}

/** One client of the simulated gateway. */
export class GatewaySession {
  readonly subscriptions: SimulatedSubscription[] = []
  /** Fields of the client's authentication line, without the answer itself. */
  auth: ReadonlyMap<string, string> = new Map()
  #phase: 'auth' | 'subscribing' | 'started' | 'ended' = 'auth'
  readonly #lines = new LineReader()
  readonly #challenge = randomBytes(16).toString('hex')
  #tsOut = false
  #partial: { id: number; symbols: string[] } | undefined
  #sent = 0
  #skipLeft = 0
  #isStalled = false
  #hasFrame = false
  #lastSend = 0
  #heartbeat: NodeJS.Timeout | undefined
  readonly #faults: GatewayFault[]

  constructor(
    readonly number: number,
    private readonly socket: Socket,
    private readonly gateway: GatewayView,
    faults: readonly GatewayFault[],
  ) {
    this.#faults = faults.filter((fault) => fault.session === number)
    socket.on('data', (bytes) => this.#read(bytes))
    socket.on('error', () => this.#end())
    socket.on('close', () => this.#end())
    socket.write(`lsg_version=0.6.2-simulator\n`)
    socket.write(`cram=${this.#challenge}\n`)
  }

  get isStarted(): boolean {
    return this.#phase === 'started'
  }
  /** Market records sent. */
  get sent(): number {
    return this.#sent
  }

  /** Ends the connection after what was sent. */
  close(): void {
    this.socket.end()
  }

  /** Ends the connection at once. */
  destroy(): void {
    this.socket.destroy()
  }

  #end(): void {
    if (this.#phase === 'ended') return
    this.#phase = 'ended'
    clearInterval(this.#heartbeat)
    this.gateway.ended(this)
  }

  #read(bytes: Uint8Array): void {
    try {
      this.#lines.push(bytes)
      for (let line = this.#lines.next(); line !== undefined && this.#phase !== 'ended'; line = this.#lines.next()) {
        if (this.#phase === 'auth') this.#authenticate(line)
        else this.#request(line)
      }
    } catch (error) {
      // A client that does not speak the protocol is put out; the others go on.
      if (!isTradingError(error)) throw error
      this.socket.destroy()
    }
  }

  #authenticate(line: string): void {
    if (this.#takeFault('auth-close') !== undefined) {
      this.socket.end()
      return
    }
    const fields = parseFields(line)
    const refusal = this.#refusal(fields)
    this.auth = new Map([...fields].filter(([name]) => name !== 'auth'))
    if (refusal !== undefined) {
      this.socket.end(`success=0|error=${refusal}\n`)
      return
    }
    this.#tsOut = fields.get('ts_out') === '1'
    this.#phase = 'subscribing'
    this.socket.write(`success=1|session_id=${1_700_000_000 + this.number}\n`)
  }

  #refusal(fields: ReadonlyMap<string, string>): string | undefined {
    if (fields.get('auth') !== this.gateway.key.answer(this.#challenge)) return 'User authentication failed.'
    const dataset = fields.get('dataset') ?? ''
    if (dataset === '' || (this.gateway.dataset !== undefined && dataset !== this.gateway.dataset))
      return `Dataset "${dataset}" is not available here.`
    if (fields.get('encoding') !== 'dbn') return 'Only the encoding dbn is simulated.'
    const compression = fields.get('compression') ?? 'none'
    if (compression !== 'none' && compression !== 'zstd') return `There is no compression ${compression}.`
    return this.gateway.refuseReason()
  }

  #request(line: string): void {
    if (line === 'start_session' || line.startsWith('start_session=')) {
      this.#start()
      return
    }
    const fields = parseFields(line)
    const schema = schemaNames.find((name) => name === fields.get('schema'))
    const stypeIn = stypeNames.find((name) => name === fields.get('stype_in')) ?? 'raw_symbol'
    const symbols = (fields.get('symbols') ?? '').split(',').filter((symbol) => symbol !== '')
    const id = Number(fields.get('id') ?? 0)
    const snapshot = fields.get('snapshot') === '1'
    const startText = fields.get('start')
    const why = this.#invalid(schema, symbols, snapshot, startText)
    if (schema === undefined || why !== undefined) {
      this.#fatal(ErrorRecordCode.invalidSubscription, `Invalid subscription: ${why ?? line}`)
      return
    }
    const earlier = this.#partial?.id === id ? this.#partial.symbols : []
    const all = [...earlier, ...symbols]
    if (fields.get('is_last') === '0') {
      this.#partial = { id, symbols: all }
      return
    }
    this.#partial = undefined
    this.#subscribe({ schema, stypeIn, symbols: all, snapshot, start: startText === undefined ? undefined : BigInt(startText), id })
  }

  #invalid(schema: DbnSchema | undefined, symbols: readonly string[], snapshot: boolean, start: string | undefined): string | undefined {
    if (schema === undefined) return 'unknown schema'
    if (symbols.length === 0) return 'no symbols'
    if (symbols.length > SYMBOLS_PER_LINE) return `${symbols.length} symbols in one request`
    if (snapshot && schema !== 'mbo') return 'snapshots are for mbo'
    if (snapshot && start !== undefined) return 'snapshot and start exclude each other'
    if (start !== undefined && !/^\d+$/.test(start)) return `start "${start}"`
    return undefined
  }

  #subscribe(wanted: {
    readonly schema: DbnSchema
    readonly stypeIn: SType
    readonly symbols: readonly string[]
    readonly snapshot: boolean
    readonly start: bigint | undefined
    readonly id: number
  }): void {
    const isAll = wanted.symbols.includes('ALL_SYMBOLS')
    const resolved = isAll ? [] : wanted.symbols.map((symbol) => ({ symbol, ids: this.gateway.resolve(symbol, wanted.stypeIn) }))
    const subscription: SimulatedSubscription = {
      ...wanted,
      symbols: new Set(wanted.symbols),
      isAll,
      instruments: new Set(resolved.flatMap(({ ids }) => ids)),
    }
    this.subscriptions.push(subscription)
    if (this.#phase !== 'started') return
    // A start after the session began is ignored without a word, as the real gateway does.
    this.#announce(subscription)
    if (subscription.snapshot) this.#sendSnapshot(subscription)
  }

  #start(): void {
    if (this.#phase === 'started') return
    if (this.#takeFault('early-close') !== undefined) {
      this.socket.end()
      return
    }
    this.#phase = 'started'
    const now = this.gateway.now()
    this.#write(encodeMetadata(createMetadata({ dataset: this.auth.get('dataset') ?? '', start: now, tsOut: this.#tsOut })))
    for (const subscription of this.subscriptions) this.#announce(subscription)
    const replays = this.subscriptions.filter(({ start }) => start !== undefined)
    for (const subscription of this.subscriptions) {
      if (this.#isOver) return
      if (subscription.snapshot) this.#sendSnapshot(subscription)
      if (subscription.start === undefined) continue
      this.#replay(subscription)
      if (this.#isOver) return
      // Said once a schema, when the last subscription to it has been replayed.
      if (replays.findLast(({ schema }) => schema === subscription.schema) === subscription)
        this.control(SystemCode.replayCompleted, `Finished ${subscription.schema} replay`)
    }
    const { heartbeatIntervalMs } = this.gateway
    const interval = Number(this.auth.get('heartbeat_interval_s') ?? heartbeatIntervalMs / 1000) * 1000
    this.#heartbeat = setInterval(
      () => {
        if (performance.now() - this.#lastSend >= interval) this.control(SystemCode.heartbeat, 'Heartbeat')
      },
      Math.min(interval, heartbeatIntervalMs),
    )
    this.gateway.started(this)
  }

  get #isOver(): boolean {
    return this.#phase === 'ended' || this.#isStalled || this.socket.writableEnded
  }

  #announce(subscription: SimulatedSubscription): void {
    const now = this.gateway.now()
    const tsOut = this.#tsOut ? now : undefined
    const ids = subscription.isAll ? new Set(this.gateway.history.map(({ instrumentId }) => instrumentId)) : subscription.instruments
    for (const instrumentId of ids) {
      const symbol = this.gateway.symbolOf(instrumentId)
      this.#write(mappingRecord({ instrumentId, stypeIn: subscription.stypeIn as SType, symbolIn: symbol, symbolOut: symbol }, now, tsOut))
    }
    if (!subscription.isAll) {
      for (const symbol of subscription.symbols) {
        if (this.gateway.resolve(symbol, subscription.stypeIn as SType).length === 0) {
          this.#write(
            errorRecord(ErrorRecordCode.symbolResolution, `Failed to resolve symbol ${symbol} of ${subscription.stypeIn}`, now, tsOut),
          )
        }
      }
    }
    this.control(SystemCode.subscriptionAck, `Subscription request ${subscription.id} for ${subscription.schema} data succeeded`)
  }

  #replay(subscription: SimulatedSubscription): void {
    const { start = 0n } = subscription
    const oldest = this.gateway.now() - this.gateway.replayWindowNs
    if (start !== 0n && start < oldest) {
      this.#fatal(ErrorRecordCode.replayAgedOut, `Replay from ${start} is not available: the oldest record kept is of ${oldest}`)
      return
    }
    for (const record of this.gateway.history) {
      if (record.time >= start && record.time >= oldest && wants(subscription, record)) this.#market(record)
      if (this.#isOver) return
    }
  }

  #sendSnapshot(subscription: SimulatedSubscription): void {
    const ids = subscription.isAll ? new Set(this.gateway.history.map(({ instrumentId }) => instrumentId)) : subscription.instruments
    for (const id of ids)
      for (const record of this.gateway.snapshot(id)) this.#write(this.#tsOut ? withTsOut(record, this.gateway.now()) : record)
  }

  /** Sends a record of the market to a client who wants it. */
  publish(record: MarketRecord): void {
    if (this.#phase !== 'started' || this.#isOver) return
    if (this.subscriptions.some((subscription) => wants(subscription, record))) this.#market(record)
  }

  /** Sends a system record. */
  control(code: number, message: string): void {
    const now = this.gateway.now()
    this.#write(systemRecord(code, message, now, this.#tsOut ? now : undefined))
  }

  #fatal(code: number, message: string): void {
    const now = this.gateway.now()
    // The real gateway can speak DBN only; before the session starts it needs metadata to say anything.
    if (this.#phase !== 'started')
      this.#write(encodeMetadata(createMetadata({ dataset: this.auth.get('dataset') ?? '', start: now, tsOut: this.#tsOut })))
    this.#write(errorRecord(code, message, now, this.#tsOut ? now : undefined))
    this.socket.end()
  }

  #takeFault(kind: GatewayFault['kind']): GatewayFault | undefined {
    const index = this.#faults.findIndex((fault) => fault.kind === kind)
    return index < 0 ? undefined : this.#faults.splice(index, 1)[0]
  }

  #market(record: MarketRecord): void {
    if (this.#skipLeft > 0) {
      this.#skipLeft -= 1
      if (this.#skipLeft === 0) {
        const now = this.gateway.now()
        this.#write(errorRecord(ErrorRecordCode.skippedRecords, 'Slow reader: records were skipped', now, this.#tsOut ? now : undefined))
      }
      return
    }
    const due = this.#faults.findIndex(({ afterRecords = 0 }) => this.#sent >= afterRecords)
    const fault = due < 0 ? undefined : this.#faults.splice(due, 1)[0]
    const bytes = new Uint8Array(record.window.buffer, record.at, record.bytes)
    const full = this.#tsOut ? withTsOut(bytes, this.gateway.now()) : bytes
    switch (fault?.kind) {
      case 'cut':
        this.#write(full.subarray(0, full.length - 12))
        this.socket.end()
        return
      case 'close':
        this.socket.end()
        return
      case 'reset':
        this.socket.resetAndDestroy()
        return
      case 'stall':
        this.#isStalled = true
        clearInterval(this.#heartbeat)
        return
      case 'garbage':
        this.#write(Buffer.alloc(64))
        return
      case 'internal':
        this.#fatal(ErrorRecordCode.internal, 'Internal error')
        return
      case 'skip':
        this.#skipLeft = fault.records ?? 1
        this.#market(record)
        return
      default:
        this.#sent += 1
        this.#write(full)
    }
  }

  #write(bytes: Uint8Array): void {
    if (this.#isOver) return
    this.#lastSend = performance.now()
    if (this.auth.get('compression') !== 'zstd') {
      this.socket.write(bytes)
      return
    }
    if (!this.#hasFrame) this.socket.write(FRAME_HEADER)
    this.#hasFrame = true
    for (let at = 0; at < bytes.length; at += BLOCK_BYTES) this.socket.write(storedBlock(bytes.subarray(at, at + BLOCK_BYTES)))
  }
}

/** A zstd frame of unknown length, with a window of 128 KiB and without a checksum. */
const FRAME_HEADER = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38)
const BLOCK_BYTES = 1 << 17

/** A zstd block that holds its bytes as they are: compression as the protocol needs it, where `node:zlib` has none. */
function storedBlock(bytes: Uint8Array): Uint8Array {
  const block = Buffer.alloc(3 + bytes.length)
  block.writeUIntLE(bytes.length << 3, 0, 3)
  block.set(bytes, 3)
  return block
}

function withTsOut(record: Uint8Array, now: bigint): Uint8Array {
  const out = Buffer.alloc(record.length + 8)
  out.set(record)
  out[0] = out.length / 4
  out.writeBigUInt64LE(now, record.length)
  return out
}

/** Adds flags to an MBO record of a snapshot. */
export function asSnapshot(record: Uint8Array, isLast: boolean): Uint8Array {
  const copy = Buffer.from(record)
  copy[36] = Flag.snapshot | Flag.badTsRecv | (isLast ? Flag.last : 0)
  return copy
}
