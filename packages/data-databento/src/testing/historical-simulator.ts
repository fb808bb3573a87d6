import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { DbnDecoder } from '../codec/decoder.js'
import { createMetadata, encodeMetadata } from '../codec/metadata.js'
import { rtypeOf, schemaNames, type DbnSchema } from '../layout/enums.js'
import { publishers } from '../layout/publishers.js'
import { ApiKey } from '../live/protocol.js'
import { marketRecords, type MarketRecord } from './market.js'

/** Something that goes wrong, once for each entry, in the order given. */
export interface HistoricalFault {
  readonly endpoint: string
  /** Answer with this status instead. */
  readonly status?: number | undefined
  readonly retryAfterS?: number | undefined
  /** Break the connection after so many bytes of the body. */
  readonly cutAfterBytes?: number | undefined
  /** Close the connection without an answer. */
  readonly hangUp?: boolean | undefined
  /** End the body in good order after so many records. */
  readonly recordsOnly?: number | undefined
}

/** Options of {@link historicalSimulator}. */
export interface HistoricalSimulatorOptions {
  readonly apiKey: string
  readonly dataset: string
  /** Records of the market: DBN 3 without metadata. */
  readonly records: Uint8Array
  readonly symbols: ReadonlyMap<number, string>
  /** Files of batch jobs by job id. */
  readonly jobs?: Readonly<Record<string, Readonly<Record<string, Uint8Array>>>> | undefined
  readonly faults?: HistoricalFault[] | undefined
  /** USD for a gigabyte of uncompressed DBN. */
  readonly usdPerGigabyte?: number | undefined
  readonly warnings?: readonly string[] | undefined
}

/** A request that came. */
export interface SeenRequest {
  readonly endpoint: string
  readonly parameters: Readonly<Record<string, string>>
  readonly range?: string | undefined
}

/** Databento's HTTP API on a local port, with data, prices, batch files and faults of your own. */
export class HistoricalSimulator implements AsyncDisposable {
  readonly requests: SeenRequest[] = []
  readonly #options: HistoricalSimulatorOptions
  readonly #market: MarketRecord[] = []
  readonly #authorization: string
  readonly #faults: HistoricalFault[]
  readonly #server = createServer((request, response) => {
    this.#answer(request, response).catch((error: unknown) => response.destroy(error as Error))
  })

  /** @internal use {@link historicalSimulator} */
  constructor(options: HistoricalSimulatorOptions) {
    this.#options = options
    this.#authorization = `Basic ${Buffer.from(`${new ApiKey(options.apiKey).reveal()}:`).toString('base64')}`
    this.#faults = [...(options.faults ?? [])]
    const decoder = new DbnDecoder({ fragment: 3 })
    decoder.push(options.records)
    for (let run = decoder.next(); run !== undefined; run = decoder.next()) this.#market.push(...marketRecords(run))
  }

  /** @internal */
  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  /** What a client takes as `baseUrl`. */
  get baseUrl(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v0`
  }

  /** Calls of an endpoint so far. */
  count(endpoint: string): number {
    return this.requests.filter((request) => request.endpoint === endpoint).length
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.baseUrl)
    const endpoint = url.pathname.replace(/^\/v0\//, '')
    const body: Buffer[] = []
    for await (const chunk of request) body.push(chunk as Buffer)
    const parameters = Object.fromEntries([...url.searchParams, ...new URLSearchParams(Buffer.concat(body).toString('utf8'))])
    this.requests.push({ endpoint, parameters, range: request.headers.range })
    const index = this.#faults.findIndex((fault) => fault.endpoint === endpoint)
    const fault = index < 0 ? undefined : this.#faults.splice(index, 1)[0]
    response.setHeader('request-id', `simulated-${this.requests.length}`)
    if (request.headers.authorization !== this.#authorization)
      return fail(response, 401, 'auth_authentication_failed', 'Authentication failed.')
    if (fault?.hangUp === true) return void request.socket.destroy()
    if (fault?.status !== undefined) {
      if (fault.retryAfterS !== undefined) response.setHeader('retry-after', String(fault.retryAfterS))
      return fail(response, fault.status, 'simulated', `Simulated status ${fault.status}.`)
    }
    const { warnings = [] } = this.#options
    if (warnings.length > 0) response.setHeader('x-warning', JSON.stringify(warnings))
    if (endpoint.startsWith('batch/download/')) return this.#download(endpoint, request, response, fault)
    if (endpoint === 'timeseries.get_range') return this.#getRange(parameters, response, fault)
    const answer = this.#json(endpoint, parameters)
    if (answer === undefined) return fail(response, 404, 'not_found', `There is no endpoint ${endpoint}.`)
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(answer))
  }

  #json(endpoint: string, parameters: Readonly<Record<string, string>>): unknown {
    const { dataset, usdPerGigabyte = 1, symbols, jobs = {} } = this.#options
    const selected = (): MarketRecord[] => this.#select(parameters)
    const size = (): number => selected().reduce((sum, { bytes }) => sum + bytes, 0)
    switch (endpoint) {
      case 'metadata.list_publishers':
        return [...publishers.values()].map(({ publisherId, dataset, venue }) => ({
          publisher_id: publisherId,
          dataset,
          venue,
          description: `${dataset} ${venue}`,
        }))
      case 'metadata.list_datasets':
        return [dataset]
      case 'metadata.list_schemas':
        return schemaNames.filter((schema) => this.#market.some(({ rtype }) => rtype === rtypeOf(schema)))
      case 'metadata.list_fields':
        return [{ name: 'ts_event', type: 'uint64_t' }]
      case 'metadata.list_unit_prices':
        return [{ mode: 'historical-streaming', unit_prices: { 'mbp-10': usdPerGigabyte } }]
      case 'metadata.get_dataset_condition':
        return [{ date: '2023-11-14', condition: 'available', last_modified_date: '2023-11-15' }]
      case 'metadata.get_dataset_range':
        return { start: '2023-01-01T00:00:00.000000000Z', end: '2024-01-01T00:00:00.000000000Z' }
      case 'metadata.get_record_count':
        return selected().length
      case 'metadata.get_billable_size':
        return size()
      case 'metadata.get_cost':
        return (size() / 1e9) * usdPerGigabyte
      case 'symbology.resolve': {
        const wanted = (parameters['symbols'] ?? '').split(',')
        const found = [...symbols].filter(([, symbol]) => wanted.includes(symbol))
        const names = found.map(([, symbol]) => symbol)
        return {
          result: Object.fromEntries(
            found.map(([id, symbol]) => [
              symbol,
              [{ d0: parameters['start_date'], d1: parameters['end_date'] ?? '2030-01-01', s: String(id) }],
            ]),
          ),
          partial: [],
          not_found: wanted.filter((symbol) => !names.includes(symbol)),
        }
      }
      case 'batch.submit_job':
        return {
          id: 'GLBX-20231114-SIMULATED',
          state: 'queued',
          dataset,
          schema: parameters['schema'],
          cost_usd: null,
          record_count: null,
          ts_received: '2023-11-14T00:00:00Z',
        }
      case 'batch.list_jobs':
        return Object.keys(jobs).map((id) => ({ id, state: 'done', dataset, schema: 'mbo', cost_usd: 0, record_count: 0 }))
      case 'batch.get_job_details':
        return { id: parameters['job_id'], state: 'done', dataset, schema: 'mbo', cost_usd: 0, record_count: 0 }
      case 'batch.list_files':
        return Object.entries(jobs[parameters['job_id'] ?? ''] ?? {}).map(([filename, bytes]) => ({
          filename,
          size: bytes.length,
          hash: `sha256:${createHash('sha256').update(bytes).digest('hex')}`,
          urls: { https: `${this.baseUrl}/batch/download/${parameters['job_id']}/${filename}` },
        }))
      default:
        return undefined
    }
  }

  #select(parameters: Readonly<Record<string, string>>): MarketRecord[] {
    const { symbols } = this.#options
    const schema = parameters['schema'] as DbnSchema
    const wanted = (parameters['symbols'] ?? 'ALL_SYMBOLS').split(',')
    const from = nanos(parameters['start'] ?? '0')
    const to = parameters['end'] === undefined ? 2n ** 63n : nanos(parameters['end'])
    const limit = Number(parameters['limit'] ?? Infinity)
    const isWanted = (id: number): boolean =>
      wanted.includes('ALL_SYMBOLS') || wanted.includes(symbols.get(id) ?? '') || wanted.includes(String(id))
    return this.#market
      .filter(({ rtype, instrumentId, window, at }) => {
        const time = indexOf(window.view, at, rtype)
        return rtype === rtypeOf(schema) && isWanted(instrumentId) && time >= from && time < to
      })
      .slice(0, limit)
  }

  #getRange(parameters: Readonly<Record<string, string>>, response: ServerResponse, fault: HistoricalFault | undefined): void {
    const { dataset, symbols } = this.#options
    const records = this.#select(parameters).slice(0, fault?.recordsOnly)
    const wanted = (parameters['symbols'] ?? '').split(',')
    const isAll = wanted.includes('ALL_SYMBOLS')
    const mapped = [...symbols].filter(([, symbol]) => wanted.includes(symbol))
    const start = nanos(parameters['start'] ?? '0')
    const metadata = createMetadata({
      dataset,
      schema: parameters['schema'] as DbnSchema,
      start,
      end: parameters['end'] === undefined ? undefined : nanos(parameters['end']),
      stypeIn: 'raw_symbol',
      symbols: isAll ? [] : wanted,
      notFound: isAll ? [] : wanted.filter((symbol) => !mapped.some(([, name]) => name === symbol)),
      mappings: mapped.map(([id, symbol]) => ({
        rawSymbol: symbol,
        intervals: [{ startDate: 19700101, endDate: 20991231, symbol: String(id) }],
      })),
    })
    const bytes = Buffer.concat([
      encodeMetadata(metadata),
      ...records.map(({ window, at, bytes }) => new Uint8Array(window.buffer, at, bytes)),
    ])
    response.setHeader('content-type', 'application/octet-stream')
    if (fault?.cutAfterBytes === undefined) response.end(bytes)
    else response.write(bytes.subarray(0, fault.cutAfterBytes), () => response.destroy())
  }

  #download(endpoint: string, request: IncomingMessage, response: ServerResponse, fault: HistoricalFault | undefined): void {
    const [, , job = '', name = ''] = endpoint.split('/')
    const bytes = this.#options.jobs?.[job]?.[name]
    if (bytes === undefined) return fail(response, 404, 'not_found', `There is no file ${name}.`)
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
    response.statusCode = from > 0 ? 206 : 200
    response.setHeader('content-length', String(bytes.length - from))
    if (fault?.cutAfterBytes === undefined) response.end(bytes.subarray(from))
    else response.write(bytes.subarray(from, from + fault.cutAfterBytes), () => response.destroy())
  }
}

/** Receive time where a record has one, else event time: what the API filters by. */
function indexOf(view: DataView, at: number, rtype: number): bigint {
  const offset = rtype === 0xa0 ? 40 : rtype >= 0x20 && rtype <= 0x24 ? 8 : rtype >= 0x12 && rtype <= 0x18 ? 16 : 32
  return view.getBigUint64(at + offset, true)
}

function nanos(text: string): bigint {
  return /^\d+$/.test(text) ? BigInt(text) : BigInt(Date.parse(text)) * 1_000_000n
}

function fail(response: ServerResponse, status: number, name: string, message: string): void {
  response.statusCode = status
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify({ detail: { case: name, message, docs: 'https://databento.com/docs' } }))
}

/** Starts a simulated historical API. */
export async function historicalSimulator(options: HistoricalSimulatorOptions): Promise<HistoricalSimulator> {
  const simulator = new HistoricalSimulator(options)
  await simulator.listen()
  return simulator
}
