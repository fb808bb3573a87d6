import { TradingError } from '@gatehouse/durable-log'
import type { CallOptions } from '../call-options.js'
import type { ObjectStore } from './object-store.js'

/** A request about to be sent; an authorizer returns the headers to send it with. */
export interface StoreRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT'
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array | undefined
}

export interface HttpStoreOptions {
  /** Where the keys begin, `https://registry.example/gatehouse/`. */
  readonly url: string
  /** Default the global `fetch`. */
  readonly fetch?: typeof fetch | undefined
  /** Adds credentials: a bearer token, or {@link s3Authorizer}. */
  readonly authorize?: ((request: StoreRequest) => Readonly<Record<string, string>>) | undefined
  /** One request; default 60,000. */
  readonly timeoutMs?: number | undefined
  /** Attempts for answers 429 and 5xx and for lost connections; default 4. */
  readonly attempts?: number | undefined
}

/** An {@link ObjectStore} over HTTP: GET, HEAD, and PUT with `If-None-Match: *`, which S3-compatible stores and WebDAV servers honour. */
export function httpStore(options: HttpStoreOptions): ObjectStore {
  const { url, authorize, timeoutMs = 60_000, attempts = 4 } = options
  const send = options.fetch ?? fetch
  const base = new URL(url.endsWith('/') ? url : `${url}/`)
  const name = `${base.origin}${base.pathname}`

  async function request(
    method: StoreRequest['method'],
    key: string,
    { body, signal }: { readonly body?: Uint8Array | undefined } & CallOptions,
  ): Promise<Response> {
    const target = new URL(key, base)
    const plain: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/octet-stream', 'if-none-match': '*' }
    for (let attempt = 1; ; attempt++) {
      const headers = { ...plain, ...authorize?.({ method, url: target, headers: plain, body }) }
      const timeout = AbortSignal.timeout(timeoutMs)
      const response = await send(target, {
        method,
        headers,
        ...(body === undefined ? {} : { body: Buffer.from(body) }),
        signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      }).catch((cause: unknown) => {
        signal?.throwIfAborted()
        return cause instanceof Error ? cause : new Error('fetch failed')
      })
      const isFinal = response instanceof Response && response.status !== 429 && response.status < 500
      if (isFinal) return response
      if (attempt >= attempts) {
        const what = response instanceof Response ? `HTTP ${response.status}` : response.message
        throw new TradingError(
          'SYNC_FAILED',
          `${method} ${key} at ${name} failed ${attempts} times: ${what}. Run the sync again; it goes on where it stopped`,
          { key, store: name },
        )
      }
      await pause(Math.min(250 * 2 ** attempt, 5_000), signal)
    }
  }

  const unexpected = (method: string, key: string, { status }: Response): TradingError =>
    new TradingError('SYNC_FAILED', `${method} ${key} at ${name} gave HTTP ${status}; check the address and the credentials`, {
      key,
      store: name,
      status,
    })

  return {
    name,
    async get(key, callOptions = {}) {
      const response = await request('GET', key, callOptions)
      if (response.status === 404) return undefined
      if (!response.ok) throw unexpected('GET', key, response)
      return new Uint8Array(await response.arrayBuffer())
    },
    async has(key, callOptions = {}) {
      const response = await request('HEAD', key, callOptions)
      if (response.status !== 404 && !response.ok) throw unexpected('HEAD', key, response)
      return response.ok
    },
    async putIfAbsent(key, bytes, callOptions = {}) {
      const response = await request('PUT', key, { ...callOptions, body: bytes })
      // 412: the precondition failed, an object is there. 409: another writer of the same key won.
      if (response.status === 412 || response.status === 409) return 'exists'
      if (!response.ok) throw unexpected('PUT', key, response)
      return 'written'
    },
  }
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal?.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true })
  })
  signal?.throwIfAborted()
}
