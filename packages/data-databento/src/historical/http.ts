import { isTradingError, TradingError, type CallOptions } from '@gatehouse/core'
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import type { ApiKey } from '../live/protocol.js'

/** A warning that the API sent with an answer: a deprecation, or data that may still change. */
export interface ApiWarning {
  readonly endpoint: string
  readonly message: string
}

/** How the HTTP API is reached. */
export interface HttpOptions {
  readonly key: ApiKey
  readonly baseUrl?: string | undefined
  readonly fetch?: typeof fetch | undefined
  /** How often a free call is tried in all. Default 4. */
  readonly attempts?: number | undefined
  /** First wait before a free call is repeated, ms; doubled each time, with jitter. `Retry-After` is honoured. */
  readonly retryMs?: number | undefined
  /** A free call that has not answered by then is given up, ms. Default 60 s. */
  readonly timeoutMs?: number | undefined
  readonly onWarning?: ((warning: ApiWarning) => void) | undefined
  readonly random?: (() => number) | undefined
}

/** Parameters of a call; `undefined` is left out. */
export type Parameters = Readonly<Record<string, string | number | boolean | undefined>>

interface Call extends CallOptions {
  readonly method: 'GET' | 'POST'
  readonly parameters?: Parameters | undefined
  /** A billed call is sent once, whatever happens. */
  readonly isBilled?: boolean | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
}

const MAX_RETRY_AFTER_MS = 120_000

/** The HTTP API: authentication, errors, warnings, and repetition of what is free to repeat. */
export class DatabentoHttp {
  readonly #options: HttpOptions
  readonly #base: string
  readonly #fetch: typeof fetch

  constructor(options: HttpOptions) {
    this.#options = options
    this.#base = (options.baseUrl ?? 'https://hist.databento.com/v0').replace(/\/$/, '')
    this.#fetch = options.fetch ?? fetch
  }

  /**
   * A call that answers JSON.
   * @throws {TradingError} the codes of `request`, and `DATABENTO_RESPONSE` when the answer is no JSON or has more than 256 MiB
   */
  async json<T>(endpoint: string, call: Call): Promise<T> {
    const text = await this.#repeated(endpoint, call, (response) => textOf(response, endpoint, MAX_JSON_BYTES))
    try {
      return JSON.parse(text) as T
    } catch {
      // The parser's own message quotes the answer: it is not kept as a cause.
      throw new TradingError('DATABENTO_RESPONSE', `${endpoint} did not answer JSON: ${this.#options.key.redact(text.slice(0, 200))}`, {
        endpoint,
      })
    }
  }

  /**
   * One call, repeated only when it is free and the failure may pass: network errors, 429 and 5xx.
   * @throws {TradingError} `DATABENTO_HTTP`, `DATABENTO_AUTH`, `DATABENTO_RATE_LIMIT`, `DATABENTO_NETWORK`
   */
  request(endpoint: string, call: Call): Promise<Response> {
    return this.#repeated(endpoint, call, async (response) => response)
  }

  async #repeated<T>(endpoint: string, call: Call, use: (response: Response) => Promise<T>): Promise<T> {
    const { attempts = 4 } = this.#options
    for (let attempt = 1; ; attempt += 1) {
      call.signal?.throwIfAborted()
      const isLast = call.isBilled === true || attempt >= attempts
      const failed = async (cause: unknown): Promise<void> => {
        call.signal?.throwIfAborted()
        if (isTradingError(cause)) throw cause
        if (isLast) throw this.#networkError(endpoint, call, attempt, cause)
        await this.#wait(attempt, undefined, call.signal)
      }
      let response: Response
      try {
        response = await this.#send(endpoint, call)
      } catch (cause) {
        await failed(cause)
        continue
      }
      this.#warn(endpoint, response)
      if (response.ok) {
        try {
          return await use(response)
        } catch (cause) {
          await failed(cause)
          continue
        }
      }
      const mayPass = response.status === 429 || response.status >= 500
      if (isLast || !mayPass) throw await this.#errorOf(endpoint, response, call)
      const retryAfter = response.headers.get('retry-after')
      await response.body?.cancel()
      await this.#wait(attempt, retryAfter, call.signal)
    }
  }

  /** What an error may carry as its cause: a parser of HTTP quotes what it was sent, which may be our own header. */
  causeOf(cause: unknown): ErrorOptions {
    const text = inspect(cause, { depth: 9, maxStringLength: null, maxArrayLength: null })
    return text === this.#options.key.redact(text) ? { cause } : {}
  }

  async #send(endpoint: string, { method, parameters = {}, signal, headers, isBilled }: Call): Promise<Response> {
    const form = new URLSearchParams()
    for (const [name, value] of Object.entries(parameters)) if (value !== undefined) form.set(name, String(value))
    const isAbsolute = /^https?:/.test(endpoint)
    const url = new URL(isAbsolute ? endpoint : `${this.#base}/${endpoint}`)
    // An address that came with an answer gets the key only at the host that the key is for.
    if (url.origin !== new URL(this.#base).origin) {
      throw new TradingError('DATABENTO_RESPONSE', `${url.origin} is not the API's own host: the key is not sent there`, {
        origin: url.origin,
      })
    }
    if (method === 'GET') for (const [name, value] of form) url.searchParams.set(name, value)
    // A billed answer may stream for hours; it has no limit of time of its own.
    const { timeoutMs = 60_000 } = this.#options
    const limit = isBilled === true || isAbsolute ? undefined : AbortSignal.timeout(timeoutMs)
    const signals = [signal, limit].filter((one) => one !== undefined)
    return this.#fetch(url, {
      method,
      // A file may lie elsewhere, where `fetch` does not send the key. A call that leads elsewhere would be sent twice, and perhaps billed twice.
      redirect: isAbsolute ? 'follow' : 'manual',
      headers: {
        authorization: `Basic ${Buffer.from(`${this.#options.key.reveal()}:`).toString('base64')}`,
        accept: 'application/json',
        'user-agent': 'gatehouse',
        ...headers,
      },
      ...(method === 'POST' ? { body: form } : {}),
      ...(signals.length > 0 ? { signal: AbortSignal.any(signals) } : {}),
    })
  }

  async #wait(attempt: number, retryAfter: string | null | undefined, signal: AbortSignal | undefined): Promise<void> {
    const { retryMs = 1000, random = Math.random } = this.#options
    const asked = retryAfterMs(retryAfter)
    const own = retryMs * 2 ** (attempt - 1) * (0.5 + random() / 2)
    try {
      await sleep(Math.min(asked ?? own, MAX_RETRY_AFTER_MS), undefined, signal === undefined ? {} : { signal })
    } catch (error) {
      signal?.throwIfAborted()
      throw error
    }
  }

  #warn(endpoint: string, response: Response): void {
    const header = response.headers.get('x-warning')
    if (header === null) return
    for (const message of warnings(header)) this.#options.onWarning?.({ endpoint, message: this.#options.key.redact(message) })
  }

  #networkError(endpoint: string, { isBilled = false }: Call, attempt: number, cause: unknown): TradingError {
    const { message } = cause as Error
    const note = isBilled ? '; it is a billed call and was not repeated' : ` after ${attempt} attempts`
    return new TradingError(
      'DATABENTO_NETWORK',
      `${endpoint} failed${note}: ${this.#options.key.redact(message)}`,
      { endpoint, attempt, isBilled },
      this.causeOf(cause),
    )
  }

  async #errorOf(endpoint: string, response: Response, { isBilled = false }: Call): Promise<TradingError> {
    const { status } = response
    const { key } = this.#options
    const [requestId, location] = ['request-id', 'location'].map((name) => shown(response.headers.get(name), key))
    const { message, case: name, docs } = detailOf(key.redact(await textOf(response, endpoint, MAX_ERROR_BYTES).catch(() => '')))
    const moved = location === undefined ? '' : `; it leads to ${location}, where nothing was sent`
    const code = status === 401 || status === 403 ? 'DATABENTO_AUTH' : status === 429 ? 'DATABENTO_RATE_LIMIT' : 'DATABENTO_HTTP'
    const retryAfter = retryAfterMs(response.headers.get('retry-after'))
    const wait = retryAfter === undefined ? '' : `; try again in ${retryAfter / 1000} s`
    return new TradingError(code, `${endpoint} answered ${status}: ${message}${moved}${wait}`, {
      endpoint,
      status,
      requestId,
      case: name,
      docs,
      retryAfterMs: retryAfter,
      isBilled,
    })
  }
}

/** Symbology of every option of a day has tens of megabytes. */
const MAX_JSON_BYTES = 1 << 28
const MAX_ERROR_BYTES = 1 << 16

function shown(header: string | null, key: ApiKey): string | undefined {
  return header === null ? undefined : key.redact(header)
}

/** The text of a body, kept only as long as it is no larger than it should be. */
async function textOf(response: Response, endpoint: string, limit: number): Promise<string> {
  const decoder = new TextDecoder()
  let [text, bytes] = ['', 0]
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length
    if (bytes > limit)
      throw new TradingError('DATABENTO_RESPONSE', `${endpoint} answered with more than ${limit} bytes`, { endpoint, limit })
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

/** `{"detail": text}` or `{"detail": {case, message, docs}}`; anything else (a proxy's page) is shown as it begins. */
function detailOf(body: string): { message: string; case?: string | undefined; docs?: string | undefined } {
  try {
    const { detail } = JSON.parse(body) as { detail?: string | { message?: string; case?: string; docs?: string } }
    if (typeof detail === 'string') return { message: detail }
    if (typeof detail?.message === 'string') return { message: detail.message, case: detail.case, docs: detail.docs }
  } catch {
    // Not JSON: shown below as it is.
  }
  return { message: body.slice(0, 200).replace(/\s+/g, ' ').trim() || 'no explanation was given' }
}

function retryAfterMs(header: string | null | undefined): number | undefined {
  if (header === null || header === undefined) return undefined
  const seconds = Number(header)
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000)
  const date = Date.parse(header)
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now())
}

function warnings(header: string): string[] {
  try {
    const list: unknown = JSON.parse(header)
    return Array.isArray(list) ? list.map(String) : [header]
  } catch {
    return [header]
  }
}
