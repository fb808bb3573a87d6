import { createHash } from 'node:crypto'
import { TradingError } from '@gatehouse/core'
import type { DbnSchema, SType } from '../layout/enums.js'

/** Port of the live gateways: plain TCP, as the protocol has no TLS; the key itself is never sent. */
export const GATEWAY_PORT = 13_000
/** Symbols a subscription line may hold; longer lists are sent in several lines. */
export const SYMBOLS_PER_LINE = 500
/** A text line above this is not the gateway speaking. */
export const MAX_LINE_BYTES = 64 * 1024
const KEY_LENGTH = 32
const BUCKET_LENGTH = 5

/** Host of a dataset's gateway: `GLBX.MDP3` is at `glbx-mdp3.lsg.databento.com`. */
export function gatewayHost(dataset: string): string {
  return `${dataset.toLowerCase().replaceAll('.', '-')}.lsg.databento.com`
}

/**
 * An API key that does not show itself: printing, inspecting or serialising it gives its last five characters at most.
 * @throws {TradingError} `DATABENTO_KEY` when it is not 32 ASCII characters; the message does not repeat it
 */
export class ApiKey {
  readonly #key: string

  constructor(key: string) {
    if (key.length !== KEY_LENGTH || !/^[\x21-\x7e]+$/.test(key)) {
      throw new TradingError(
        'DATABENTO_KEY',
        `a Databento API key has ${KEY_LENGTH} characters and usually begins with "db-", got ${key.length} characters`,
        { length: key.length },
      )
    }
    this.#key = key
  }

  /** The value itself, for the header of a request. */
  reveal(): string {
    return this.#key
  }

  /** The answer to a gateway's challenge: a hash of challenge and key, and the key's last characters, which name its bucket. */
  answer(challenge: string): string {
    return `${createHash('sha256').update(`${challenge}|${this.#key}`).digest('hex')}-${this.#key.slice(-BUCKET_LENGTH)}`
  }

  /** The text with the key taken out, should it ever be in there. */
  redact(text: string): string {
    return text.replaceAll(this.#key, '[key]').replaceAll(Buffer.from(`${this.#key}:`).toString('base64'), '[key]')
  }

  toString(): string {
    return `[key …${this.#key.slice(-BUCKET_LENGTH)}]`
  }
  toJSON(): string {
    return this.toString()
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString()
  }
}

/** `a=1|b=2` as a map; values may hold `=`. */
export function parseFields(line: string): ReadonlyMap<string, string> {
  return new Map(
    line.split('|').map((field) => {
      const at = field.indexOf('=')
      return at < 0 ? [field, ''] : [field.slice(0, at), field.slice(at + 1)]
    }),
  )
}

/** What the client says about itself and its wishes when it answers the challenge. */
export interface AuthRequest {
  readonly dataset: string
  readonly tsOut: boolean
  readonly compression: 'none' | 'zstd'
  readonly client: string
  readonly heartbeatIntervalS?: number | undefined
  readonly slowReader?: 'warn' | 'skip' | undefined
}

/**
 * The line that answers the challenge.
 * @throws {TradingError} `DATABENTO_OPTION` when a value would end its field or the line
 */
export function authLine(key: ApiKey, challenge: string, request: AuthRequest): string {
  for (const name of ['dataset', 'client'] as const) {
    if (request[name] === '' || /[|\n\r]/.test(request[name]))
      throw new TradingError('DATABENTO_OPTION', `${name} is ${JSON.stringify(request[name])}, which cannot be sent`, { name })
  }
  const fields = [
    `auth=${key.answer(challenge)}`,
    `dataset=${request.dataset}`,
    'encoding=dbn',
    `ts_out=${request.tsOut ? 1 : 0}`,
    `compression=${request.compression}`,
    `client=${request.client}`,
  ]
  if (request.heartbeatIntervalS !== undefined) fields.push(`heartbeat_interval_s=${request.heartbeatIntervalS}`)
  if (request.slowReader !== undefined) fields.push(`slow_reader_behavior=${request.slowReader}`)
  return `${fields.join('|')}\n`
}

/** One subscription as the gateway knows it. */
export interface GatewaySubscription {
  readonly schema: DbnSchema
  readonly symbols: readonly string[] | 'ALL_SYMBOLS'
  readonly stypeIn: SType
  /** MBO only: begin with the book as it stands. */
  readonly snapshot?: boolean | undefined
  /** Intraday replay from here (ns; 0 is everything there is). Only before the session starts. */
  readonly start?: bigint | undefined
  /** Number of the subscription, repeated in acknowledgements. */
  readonly id?: number | undefined
}

/**
 * The lines of a subscription, at most 500 symbols each.
 * @throws {TradingError} `DATABENTO_SUBSCRIPTION` when it has no symbols, or a snapshot with a start or of another schema than MBO
 */
export function subscriptionLines({ schema, symbols, stypeIn, snapshot = false, start, id }: GatewaySubscription): string[] {
  const list = symbols === 'ALL_SYMBOLS' ? [symbols] : symbols
  const refuse = (why: string): never => {
    throw new TradingError('DATABENTO_SUBSCRIPTION', `cannot subscribe to ${schema}: ${why}`, { schema })
  }
  if (list.length === 0) refuse('no symbols are named')
  if (snapshot && schema !== 'mbo') refuse('snapshots exist for mbo only')
  if (snapshot && start !== undefined) refuse('a snapshot and a start time exclude each other')
  const bad = list.find((symbol) => symbol === '' || /[|,\n\r]/.test(symbol))
  if (bad !== undefined) refuse(`"${bad}" is not a symbol`)
  const lines: string[] = []
  for (let at = 0; at < list.length; at += SYMBOLS_PER_LINE) {
    const chunk = list.slice(at, at + SYMBOLS_PER_LINE)
    const isLast = at + SYMBOLS_PER_LINE >= list.length
    const fields = [
      `schema=${schema}`,
      `stype_in=${stypeIn}`,
      `symbols=${chunk.join(',')}`,
      `snapshot=${snapshot ? 1 : 0}`,
      `is_last=${isLast ? 1 : 0}`,
    ]
    if (start !== undefined) fields.push(`start=${start}`)
    if (id !== undefined) fields.push(`id=${id}`)
    lines.push(`${fields.join('|')}\n`)
  }
  return lines
}

/** Splits the text phase of a connection into lines; what follows the last line stays bytes. */
export class LineReader {
  #bytes: Buffer = Buffer.alloc(0)

  push(bytes: Uint8Array): void {
    this.#bytes = Buffer.concat([this.#bytes, bytes])
  }

  /**
   * The next line without its end, or `undefined` when it is not complete.
   * @throws {TradingError} `DATABENTO_PROTOCOL` when a line is longer than 64 KiB
   */
  next(): string | undefined {
    const end = this.#bytes.indexOf(0x0a)
    if (end > MAX_LINE_BYTES || (end < 0 && this.#bytes.length > MAX_LINE_BYTES)) {
      throw new TradingError(
        'DATABENTO_PROTOCOL',
        `the other side sent a line longer than ${MAX_LINE_BYTES} bytes: it is not a Databento gateway`,
        {},
      )
    }
    if (end < 0) return undefined
    const line = this.#bytes.toString('latin1', 0, end).replace(/\r$/, '')
    this.#bytes = this.#bytes.subarray(end + 1)
    return line
  }

  /** Everything after the last line that was taken. */
  rest(): Uint8Array {
    const rest = this.#bytes
    this.#bytes = Buffer.alloc(0)
    return rest
  }
}
