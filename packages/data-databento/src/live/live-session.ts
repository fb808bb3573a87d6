import { TradingError } from '@gatehouse/core'
import { connect, type Socket } from 'node:net'
import { readCstr } from '../codec/cstr.js'
import { DbnDecoder } from '../codec/decoder.js'
import type { Metadata } from '../codec/metadata.js'
import type { RecordRun } from '../codec/run.js'
import { ZstdDecoder } from '@gatehouse/zstd'
import { ErrorRecordCode, RType } from '../layout/enums.js'
import {
  authLine,
  GATEWAY_PORT,
  gatewayHost,
  LineReader,
  parseFields,
  subscriptionLines,
  type ApiKey,
  type GatewaySubscription,
} from './protocol.js'

/** Where and how a session connects. */
export interface SessionOptions {
  readonly dataset: string
  readonly key: ApiKey
  readonly host?: string | undefined
  readonly port?: number | undefined
  /** Ask for the gateway's send time at the end of every record. */
  readonly tsOut?: boolean | undefined
  readonly compression?: 'none' | 'zstd' | undefined
  /** Seconds between heartbeats when nothing else is sent, 5 to 1800; the gateway's default is 30. */
  readonly heartbeatIntervalS?: number | undefined
  readonly slowReader?: 'warn' | 'skip' | undefined
  readonly connectTimeoutMs?: number | undefined
  readonly authTimeoutMs?: number | undefined
  /** How much longer than a heartbeat interval silence is borne. */
  readonly heartbeatMarginMs?: number | undefined
  /** How the client names itself to the gateway. */
  readonly client?: string | undefined
}

/** Why a session ended. `isFatal`: connecting again would end the same way. */
export interface SessionEnd {
  readonly reason: 'closed' | 'eof' | 'failed' | 'stalled' | 'refused' | 'gateway-error' | 'protocol'
  readonly isFatal: boolean
  readonly error: TradingError
}

/** What a session hands over, in the turn in which it was read. */
export interface SessionHandler {
  /** The stream has begun. */
  onMetadata?(metadata: Metadata): void
  /** Records, control records (mapping, system, error) included; valid during the call. */
  onRun(run: RecordRun): void
  /** The session is over; called once. */
  onEnd(end: SessionEnd): void
}

/** The gateway closes after these. 6 (internal) and 8 (replay aged out) may go better next time. */
const fatalCodes: ReadonlySet<number> = new Set([
  ErrorRecordCode.authFailed,
  ErrorRecordCode.keyDeactivated,
  ErrorRecordCode.invalidSubscription,
])
const endingCodes: ReadonlySet<number> = new Set([
  ...fatalCodes,
  ErrorRecordCode.connectionLimit,
  ErrorRecordCode.internal,
  ErrorRecordCode.replayAgedOut,
])

const READ_BUFFER_BYTES = 1 << 18
const DEFAULT_HEARTBEAT_S = 30

/**
 * One connection to a live gateway: greeting, challenge, subscriptions, records. It never reconnects and never pauses the socket;
 * `LiveClient` does the first, and a queue makes the second unnecessary.
 */
export class LiveSession {
  readonly #options: SessionOptions
  readonly #handler: SessionHandler
  readonly #socket: Socket
  readonly #lines = new LineReader()
  readonly #decoder = new DbnDecoder()
  readonly #zstd: ZstdDecoder | undefined
  #phase: 'connecting' | 'greeting' | 'challenge' | 'authenticating' | 'ready' | 'started' | 'ended' = 'connecting'
  #timer: NodeJS.Timeout | undefined
  #lastData = 0
  #sessionId: string | undefined
  #hasMetadata = false
  #gatewayError: { code: number; message: string } | undefined
  #ready!: () => void
  #failed!: (error: TradingError) => void
  /** Fulfilled when subscriptions may be sent; rejected when the session ended before. */
  readonly ready: Promise<void>

  constructor(options: SessionOptions, handler: SessionHandler) {
    const {
      dataset,
      host = gatewayHost(dataset),
      port = GATEWAY_PORT,
      connectTimeoutMs = 10_000,
      compression = 'none',
      heartbeatIntervalS,
    } = options
    if (heartbeatIntervalS !== undefined && !(heartbeatIntervalS >= 5 && heartbeatIntervalS <= 1800)) {
      throw new TradingError('DATABENTO_SUBSCRIPTION', `heartbeatIntervalS is 5 to 1800 seconds, got ${heartbeatIntervalS}`, {
        heartbeatIntervalS,
      })
    }
    this.#options = options
    this.#handler = handler
    this.#zstd = compression === 'zstd' ? new ZstdDecoder() : undefined
    this.ready = new Promise((resolve, reject) => {
      this.#ready = resolve
      this.#failed = reject
    })
    // The end is reported through the handler too, so nobody has to await this.
    this.ready.catch(() => undefined)
    this.#arm(connectTimeoutMs, () =>
      this.#end('failed', false, 'DATABENTO_CONNECTION', `no connection to ${host}:${port} within ${connectTimeoutMs} ms`),
    )
    this.#socket = connect({
      host,
      port,
      noDelay: true,
      // One buffer for all reads: at full speed the allocator would otherwise be the bottleneck.
      onread: {
        buffer: Buffer.allocUnsafe(READ_BUFFER_BYTES),
        callback: (count, buffer) => {
          this.#read(buffer.subarray(0, count))
          return true
        },
      },
    })
    this.#socket.on('connect', () => {
      this.#phase = 'greeting'
      const { authTimeoutMs = 30_000 } = options
      this.#arm(authTimeoutMs, () =>
        this.#end('failed', false, 'DATABENTO_CONNECTION', `${host}:${port} did not complete the greeting within ${authTimeoutMs} ms`),
      )
    })
    this.#socket.on('error', (cause) =>
      this.#end('failed', false, 'DATABENTO_CONNECTION', `connection to ${host}:${port} failed: ${cause.message}`, cause),
    )
    this.#socket.on('end', () => this.#eof())
    this.#socket.on('close', () => this.#eof())
  }

  /** The gateway's name for the session, for support requests. */
  get sessionId(): string | undefined {
    return this.#sessionId
  }
  get isStarted(): boolean {
    return this.#phase === 'started'
  }

  /**
   * Sends a subscription. Before `start` it may ask for replay; after it only for what comes.
   * @throws {TradingError} `DATABENTO_SUBSCRIPTION`, also for a `start` after the session started, which the gateway would ignore without a word
   */
  subscribe(subscription: GatewaySubscription): void {
    if (this.#phase !== 'ready' && this.#phase !== 'started')
      throw new TradingError('DATABENTO_CONNECTION', 'the session is not ready: await session.ready first', {})
    if (this.#phase === 'started' && subscription.start !== undefined) {
      throw new TradingError(
        'DATABENTO_SUBSCRIPTION',
        'replay can be asked for only before the session starts: open another session for it',
        { schema: subscription.schema },
      )
    }
    for (const line of subscriptionLines(subscription)) this.#socket.write(line, 'latin1')
  }

  /** Asks for records. @throws {TradingError} `DATABENTO_SUBSCRIPTION` when called twice */
  start(): void {
    if (this.#phase !== 'ready')
      throw new TradingError('DATABENTO_SUBSCRIPTION', `a session starts once, when it is ready; this one is ${this.#phase}`, {
        phase: this.#phase,
      })
    this.#phase = 'started'
    this.#socket.write('start_session\n', 'latin1')
    this.#watch()
  }

  /** Ends the session. */
  close(): void {
    this.#end('closed', false, 'DATABENTO_CLOSED', 'the session was closed by this side')
  }

  #arm(ms: number, expired: () => void): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(expired, ms)
  }

  /** Ends the session when nothing, not even a heartbeat, came for an interval and a margin. */
  #watch(): void {
    const { heartbeatIntervalS = DEFAULT_HEARTBEAT_S, heartbeatMarginMs = 5000 } = this.#options
    const limit = heartbeatIntervalS * 1000 + heartbeatMarginMs
    this.#lastData = performance.now()
    const check = (): void => {
      const silent = performance.now() - this.#lastData
      if (silent >= limit)
        this.#end(
          'stalled',
          false,
          'DATABENTO_STALLED',
          `nothing came for ${Math.round(silent)} ms, with a heartbeat every ${heartbeatIntervalS} s`,
        )
      else this.#arm(limit - silent + 1, check)
    }
    this.#arm(limit, check)
  }

  #read(bytes: Uint8Array): void {
    if (this.#phase === 'ended') return
    try {
      if (this.#phase === 'ready' || this.#phase === 'started') this.#decode(bytes)
      else {
        this.#lines.push(bytes)
        this.#greet()
      }
    } catch (error) {
      if (error instanceof TradingError) this.#finish('protocol', false, error)
      else throw error
    }
  }

  #greet(): void {
    while (this.#phase === 'greeting' || this.#phase === 'challenge' || this.#phase === 'authenticating') {
      const line = this.#lines.next()
      if (line === undefined) return
      const fields = parseFields(line)
      if (this.#phase === 'greeting') {
        if (!fields.has('lsg_version')) throw this.#unexpected('lsg_version', line)
        this.#phase = 'challenge'
      } else if (this.#phase === 'challenge') {
        const challenge = fields.get('cram')
        if (challenge === undefined) throw this.#unexpected('cram', line)
        const { key, dataset, tsOut = false, compression = 'none', heartbeatIntervalS, slowReader, client = 'gatehouse' } = this.#options
        this.#socket.write(authLine(key, challenge, { dataset, tsOut, compression, client, heartbeatIntervalS, slowReader }), 'latin1')
        this.#phase = 'authenticating'
      } else this.#authenticated(fields, line)
    }
  }

  #authenticated(fields: ReadonlyMap<string, string>, line: string): void {
    const success = fields.get('success')
    if (success === '1') {
      this.#sessionId = fields.get('session_id')
      this.#phase = 'ready'
      clearTimeout(this.#timer)
      // The first records may share a packet with this line.
      const rest = this.#lines.rest()
      if (rest.length > 0) this.#decode(rest)
      this.#ready()
      return
    }
    if (success !== '0') throw this.#unexpected('success', line)
    const why = this.#options.key.redact(fields.get('error') ?? 'no reason was given')
    const isLimit = /limit/i.test(why)
    this.#end('refused', !isLimit, isLimit ? 'DATABENTO_CONNECTION_LIMIT' : 'DATABENTO_AUTH', `the gateway refused the session: ${why}`)
  }

  #unexpected(wanted: string, line: string): TradingError {
    const shown = this.#options.key.redact(line.slice(0, 80))
    return new TradingError('DATABENTO_PROTOCOL', `expected a line with "${wanted}", got "${shown}": this is not a Databento gateway`, {
      wanted,
    })
  }

  #decode(bytes: Uint8Array): void {
    const zstd = this.#zstd
    if (zstd === undefined) return this.#records(bytes)
    zstd.push(bytes)
    for (let output = zstd.next(); output !== undefined; output = zstd.next()) this.#records(output)
  }

  #records(bytes: Uint8Array): void {
    const decoder = this.#decoder
    decoder.push(bytes)
    if (!this.#hasMetadata) {
      const { metadata } = decoder
      if (metadata === undefined) return
      this.#hasMetadata = true
      this.#lastData = performance.now()
      this.#handler.onMetadata?.(metadata)
    }
    let run = decoder.next()
    // Bytes that never make a record are silence too.
    if (run !== undefined) this.#lastData = performance.now()
    for (; run !== undefined; run = decoder.next()) {
      if (run.rtype === RType.error) this.#noteError(run)
      this.#handler.onRun(run)
      // A handler may have closed the session.
      if ((this.#phase as string) === 'ended') return
    }
  }

  /** The gateway closes after these; what it said is the reason, not the end of the stream that follows. */
  #noteError(run: RecordRun): void {
    for (let row = 0; row < run.length; row += 1) {
      const at = (run.wordOffset + row * run.stride) * 4
      const code = run.bytes[at + 318]
      if (endingCodes.has(code)) this.#gatewayError = { code, message: readCstr(run.bytes, at + 16, 302) }
    }
  }

  #eof(): void {
    if (this.#phase === 'ended') return
    if (this.#gatewayError !== undefined) {
      const { code, message } = this.#gatewayError
      const name =
        code === ErrorRecordCode.connectionLimit
          ? 'DATABENTO_CONNECTION_LIMIT'
          : code === ErrorRecordCode.replayAgedOut
            ? 'DATABENTO_REPLAY_AGED_OUT'
            : 'DATABENTO_GATEWAY'
      this.#end('gateway-error', fatalCodes.has(code), name, `the gateway ended the session (code ${code}): ${message}`, undefined, {
        gatewayCode: code,
      })
    } else
      this.#end(
        'eof',
        false,
        'DATABENTO_CONNECTION',
        `the gateway closed the connection${this.#phase === 'started' ? '' : ` while ${this.#phase}`}`,
      )
  }

  #end(
    reason: SessionEnd['reason'],
    isFatal: boolean,
    code: Uppercase<string>,
    message: string,
    cause?: unknown,
    details: Readonly<Record<string, unknown>> = {},
  ): void {
    this.#finish(
      reason,
      isFatal,
      new TradingError(code, message, { dataset: this.#options.dataset, ...details }, cause === undefined ? undefined : { cause }),
    )
  }

  #finish(reason: SessionEnd['reason'], isFatal: boolean, error: TradingError): void {
    if (this.#phase === 'ended') return
    this.#phase = 'ended'
    clearTimeout(this.#timer)
    this.#socket.destroy()
    this.#failed(error)
    this.#handler.onEnd({ reason, isFatal, error })
  }
}
