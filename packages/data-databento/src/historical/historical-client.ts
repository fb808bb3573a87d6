import { TradingError, type CallOptions } from '@gatehouse/core'
import { openDbn, type DbnReader, type OpenDbnOptions } from '../file/open-dbn.js'
import { decompressed } from '../file/source.js'
import type { DbnSchema, SType } from '../layout/enums.js'
import { ApiKey } from '../live/protocol.js'
import { downloadJob, filesOf, type DownloadOptions, type DownloadedFile } from './batch-download.js'
import { Budget, type BudgetOptions } from './budget.js'
import { DatabentoHttp, type HttpOptions, type Parameters } from './http.js'
import { camelKeys } from './json.js'
import { apiDate, apiTime, type TimeInput } from './times.js'
import type {
  BatchFile,
  BatchJob,
  BilledRequest,
  DataRequest,
  DatasetCondition,
  DatasetRange,
  FieldDetail,
  JobRequest,
  JobState,
  PublisherDetail,
  Resolution,
  UnitPrices,
} from './types.js'

/** Options of {@link HistoricalClient}. */
export interface HistoricalOptions extends Omit<HttpOptions, 'key'> {
  /** 32 characters; never logged, and not part of any error. */
  readonly apiKey: string
  readonly budget?: BudgetOptions | undefined
}

const MAX_SYMBOLS = 2000

function dataParameters(request: DataRequest): Parameters {
  const { dataset, schema, symbols, stypeIn = 'raw_symbol', stypeOut, start, end, limit } = request
  if (symbols !== 'ALL_SYMBOLS' && (symbols.length === 0 || symbols.length > MAX_SYMBOLS)) {
    throw new TradingError(
      'DATABENTO_SUBSCRIPTION',
      `a request takes 1 to ${MAX_SYMBOLS} symbols or 'ALL_SYMBOLS', got ${symbols.length}`,
      { symbols: symbols.length },
    )
  }
  return {
    dataset,
    schema,
    symbols: symbols === 'ALL_SYMBOLS' ? symbols : symbols.join(','),
    stype_in: stypeIn,
    stype_out: stypeOut,
    start: apiTime(start, 'start'),
    end: end === undefined ? undefined : apiTime(end, 'end'),
    limit,
  }
}

/** Parameters that the endpoints of `metadata` take: the same without `stype_out`. */
function countParameters(request: DataRequest): Parameters {
  return { ...dataParameters(request), stype_out: undefined }
}

/**
 * Databento's historical API: every endpoint, typed. Free calls are repeated when a failure may pass; billed calls (`timeseries.getRange`,
 * `batch.submitJob`) are sent once, within the budget.
 */
export class HistoricalClient {
  readonly #http: DatabentoHttp
  readonly #budget: Budget

  /** @throws {TradingError} `DATABENTO_KEY`, `DATABENTO_BUDGET` */
  constructor({ apiKey, budget, ...options }: HistoricalOptions) {
    this.#http = new DatabentoHttp({ ...options, key: new ApiKey(apiKey) })
    this.#budget = new Budget(budget)
  }

  /** What there is and what it costs; all free. */
  readonly metadata = {
    listPublishers: async (options: CallOptions = {}): Promise<readonly PublisherDetail[]> =>
      camelKeys(await this.#get('metadata.list_publishers', {}, options)),

    listDatasets: async ({ start, end, ...options }: CallOptions & { readonly start?: TimeInput; readonly end?: TimeInput } = {}): Promise<
      readonly string[]
    > =>
      this.#get(
        'metadata.list_datasets',
        {
          start_date: start === undefined ? undefined : apiDate(start, 'start'),
          end_date: end === undefined ? undefined : apiDate(end, 'end'),
        },
        options,
      ),

    listSchemas: (dataset: string, options: CallOptions = {}): Promise<readonly DbnSchema[]> =>
      this.#get('metadata.list_schemas', { dataset }, options),

    listFields: async (
      schema: DbnSchema,
      { encoding = 'dbn', ...options }: CallOptions & { readonly encoding?: 'dbn' | 'csv' | 'json' } = {},
    ): Promise<readonly FieldDetail[]> => this.#get('metadata.list_fields', { schema, encoding }, options),

    listUnitPrices: async (dataset: string, options: CallOptions = {}): Promise<readonly UnitPrices[]> => {
      const prices = await this.#get<readonly { mode: string; unit_prices: Record<string, number> }[]>(
        'metadata.list_unit_prices',
        { dataset },
        options,
      )
      // Keys below are schema names, which stay as they are.
      return prices.map(({ mode, unit_prices }) => ({ mode, unitPrices: unit_prices }))
    },

    getDatasetCondition: async (
      dataset: string,
      { start, end, ...options }: CallOptions & { readonly start?: TimeInput; readonly end?: TimeInput } = {},
    ): Promise<readonly DatasetCondition[]> =>
      camelKeys(
        await this.#get(
          'metadata.get_dataset_condition',
          {
            dataset,
            start_date: start === undefined ? undefined : apiDate(start, 'start'),
            end_date: end === undefined ? undefined : apiDate(end, 'end'),
          },
          options,
        ),
      ),

    getDatasetRange: (dataset: string, options: CallOptions = {}): Promise<DatasetRange> =>
      this.#get('metadata.get_dataset_range', { dataset }, options),

    getRecordCount: async (request: DataRequest): Promise<number> => this.#amount('metadata.get_record_count', request),

    /** Bytes of uncompressed DBN. */
    getBillableSize: async (request: DataRequest): Promise<number> => this.#amount('metadata.get_billable_size', request),

    /** USD. */
    getCost: async (request: DataRequest): Promise<number> => this.#amount('metadata.get_cost', request),
  }

  /** What symbols stood for; free. */
  readonly symbology = {
    resolve: async ({
      dataset,
      symbols,
      stypeIn = 'raw_symbol',
      stypeOut = 'instrument_id',
      start,
      end,
      ...options
    }: CallOptions & {
      readonly dataset: string
      readonly symbols: readonly string[] | 'ALL_SYMBOLS'
      readonly stypeIn?: SType
      readonly stypeOut?: SType
      readonly start: TimeInput
      readonly end?: TimeInput
    }): Promise<Resolution> => {
      interface Answer {
        readonly result: Readonly<Record<string, readonly { readonly d0: string; readonly d1: string; readonly s: string }[]>>
        readonly partial: readonly string[]
        readonly not_found: readonly string[]
      }
      const { result, partial, not_found } = await this.#post<Answer>(
        'symbology.resolve',
        {
          dataset,
          symbols: symbols === 'ALL_SYMBOLS' ? symbols : symbols.join(','),
          stype_in: stypeIn,
          stype_out: stypeOut,
          start_date: apiDate(start, 'start'),
          end_date: end === undefined ? undefined : apiDate(end, 'end'),
        },
        options,
      )
      const intervals = Object.entries(result).map(([symbol, list]) => [
        symbol,
        list.map(({ d0, d1, s }) => ({ startDate: d0, endDate: d1, symbol: s })),
      ])
      return { result: Object.fromEntries(intervals) as Resolution['result'], partial, notFound: not_found }
    },
  }

  /** The data themselves; billed. */
  readonly timeseries = {
    /**
     * Streams records as they arrive. The call is sent once: a stream that breaks is an error that says how far it came, never a second bill.
     * @throws {TradingError} `DATABENTO_BUDGET`, `DATABENTO_HTTP`, `DATABENTO_NETWORK`; while reading `DATABENTO_TRUNCATED` and the codes of `openDbn`
     */
    getRange: async (request: BilledRequest, open: Pick<OpenDbnOptions, 'upgrade' | 'zstd'> = {}): Promise<DbnReader> => {
      const body = await this.timeseries.getRangeBytes(request)
      return openDbn(body, { ...open, signal: request.signal, onProgress: request.onProgress })
    },

    /** The same as the bytes that come: `.dbn.zst`. */
    getRangeBytes: async (request: BilledRequest): Promise<AsyncIterable<Uint8Array>> => {
      const parameters = dataParameters(request)
      await this.#pay('timeseries.get_range', parameters, request)
      const response = await this.#http.request('timeseries.get_range', {
        method: 'POST',
        isBilled: true,
        parameters: { ...parameters, stype_out: request.stypeOut ?? 'instrument_id', encoding: 'dbn', compression: 'zstd' },
        signal: request.signal,
        headers: { accept: 'application/octet-stream' },
      })
      return bodyOf(response, 'timeseries.get_range', request.signal, this.#http)
    },
  }

  /** Large requests, prepared by Databento and downloaded as files. */
  readonly batch = {
    /** Billed: sent once. */
    submitJob: async (request: JobRequest): Promise<BatchJob> => {
      const parameters = dataParameters(request)
      await this.#pay('batch.submit_job', parameters, request)
      return camelKeys(
        await this.#http.json('batch.submit_job', {
          method: 'POST',
          isBilled: true,
          signal: request.signal,
          parameters: {
            ...parameters,
            stype_out: request.stypeOut ?? 'instrument_id',
            encoding: request.encoding ?? 'dbn',
            compression: request.compression ?? 'zstd',
            pretty_px: request.prettyPx,
            pretty_ts: request.prettyTs,
            map_symbols: request.mapSymbols,
            split_symbols: request.splitSymbols,
            split_duration: request.splitDuration ?? 'day',
            split_size: request.splitSize,
            delivery: 'download',
          },
        }),
      )
    },

    listJobs: async ({
      states,
      since,
      ...options
    }: CallOptions & { readonly states?: readonly JobState[]; readonly since?: TimeInput } = {}): Promise<readonly BatchJob[]> =>
      camelKeys(
        await this.#get(
          'batch.list_jobs',
          { states: states?.join(','), since: since === undefined ? undefined : apiTime(since, 'since') },
          options,
        ),
      ),

    getJobDetails: async (jobId: string, options: CallOptions = {}): Promise<BatchJob> =>
      camelKeys(await this.#get('batch.get_job_details', { job_id: jobId }, options)),

    listFiles: async (jobId: string, options: CallOptions = {}): Promise<readonly BatchFile[]> =>
      filesOf(await this.#get<unknown>('batch.list_files', { job_id: jobId }, options)),

    /**
     * Downloads the files of a job, several at once. What is already there and right is kept, what is cut is resumed, and a wrong digest is an
     * error. Free for 30 days, so it may be called again.
     * @throws {TradingError} `DATABENTO_CHECKSUM`, `DATABENTO_NETWORK`, `DATABENTO_HTTP`
     */
    download: async (jobId: string, options: DownloadOptions): Promise<readonly DownloadedFile[]> =>
      downloadJob(this.#http, await this.batch.listFiles(jobId, options), options),
  }

  /**
   * Reference data as objects, one a line of the answer. It is licensed by the data set, not metered: the API gives no estimate of such a call, and a budget does
   * not apply to it. Each call is sent once all the same.
   */
  readonly reference = {
    corporateActions: (request: ReferenceRequest): AsyncGenerator<Record<string, unknown>> =>
      this.#lines('corporate_actions.get_range', request),
    adjustmentFactors: (request: ReferenceRequest): AsyncGenerator<Record<string, unknown>> =>
      this.#lines('adjustment_factors.get_range', request),
    securityMaster: (request: ReferenceRequest): AsyncGenerator<Record<string, unknown>> =>
      this.#lines('security_master.get_range', request),
    securityMasterLast: (request: Omit<ReferenceRequest, 'start'>): AsyncGenerator<Record<string, unknown>> =>
      this.#lines('security_master.get_last', request),
  }

  #get<T>(endpoint: string, parameters: Parameters, { signal }: CallOptions): Promise<T> {
    return this.#http.json<T>(endpoint, { method: 'GET', parameters, signal })
  }

  #post<T>(endpoint: string, parameters: Parameters, { signal }: CallOptions): Promise<T> {
    return this.#http.json<T>(endpoint, { method: 'POST', parameters, signal })
  }

  /** What a request comes to: nothing may be paid on the word of an answer that is no amount. */
  async #amount(endpoint: string, request: DataRequest): Promise<number> {
    const amount = await this.#post<unknown>(endpoint, countParameters(request), request)
    if (typeof amount === 'number' && amount >= 0 && amount < Infinity) return amount
    throw new TradingError(
      'DATABENTO_RESPONSE',
      `${endpoint} should answer an amount, found ${String(JSON.stringify(amount)).slice(0, 80)}`,
      { endpoint },
    )
  }

  /** Estimates a billed call and holds it against the budget. */
  async #pay(endpoint: string, parameters: Parameters, request: BilledRequest): Promise<void> {
    if (!this.#budget.needsEstimate(request.maxCostUsd)) return
    const cost = await this.metadata.getCost(request)
    await this.#budget.spend(endpoint, JSON.stringify(parameters), cost, request.maxCostUsd)
  }

  async *#lines(
    endpoint: string,
    { start, end, symbols, stypeIn = 'raw_symbol', signal, filters = {} }: Partial<ReferenceRequest>,
  ): AsyncGenerator<Record<string, unknown>> {
    const response = await this.#http.request(endpoint, {
      method: 'POST',
      isBilled: true,
      signal,
      parameters: {
        ...filters,
        symbols: symbols === undefined || symbols === 'ALL_SYMBOLS' ? 'ALL_SYMBOLS' : symbols.join(','),
        stype_in: stypeIn,
        start: start === undefined ? undefined : apiTime(start, 'start'),
        end: end === undefined ? undefined : apiTime(end, 'end'),
        compression: 'zstd',
      },
    })
    const decoder = new TextDecoder()
    let text = ''
    for await (const chunk of decompressed(bodyOf(response, endpoint, signal, this.#http), 'auto')) {
      text += decoder.decode(chunk, { stream: true })
      const lines = text.split('\n')
      text = lines.pop() ?? ''
      for (const line of lines) if (line !== '') yield objectOf(line, endpoint)
      if (text.length > MAX_LINE_LENGTH) throw notLines(endpoint, `a line of more than ${MAX_LINE_LENGTH} characters`)
    }
    text += decoder.decode()
    if (text !== '') yield objectOf(text, endpoint)
  }
}

/** Longer than any record of reference data by far: what has no line ends is not kept in memory whole. */
const MAX_LINE_LENGTH = 1 << 24

function objectOf(line: string, endpoint: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (cause) {
    throw notLines(endpoint, line.slice(0, 80), cause)
  }
  if (typeof value !== 'object' || value === null) throw notLines(endpoint, line.slice(0, 80))
  return camelKeys<Record<string, unknown>>(value)
}

function notLines(endpoint: string, found: string, cause?: unknown): TradingError {
  return new TradingError('DATABENTO_RESPONSE', `${endpoint} should answer one JSON object a line, found ${found}`, { endpoint }, { cause })
}

/** What reference data is meant. */
export interface ReferenceRequest extends CallOptions {
  readonly start: TimeInput
  readonly end?: TimeInput | undefined
  readonly symbols?: readonly string[] | 'ALL_SYMBOLS' | undefined
  readonly stypeIn?: SType | undefined
  /** Further parameters of the endpoint, by its own names: `events`, `countries`, `security_types`, `index`. */
  readonly filters?: Readonly<Record<string, string>> | undefined
}

/** The body of an answer; a break in it is named for what it is. */
async function* bodyOf(
  response: Response,
  endpoint: string,
  signal: AbortSignal | undefined,
  http: DatabentoHttp,
): AsyncGenerator<Uint8Array, void, undefined> {
  let received = 0
  if (response.body === null) return
  try {
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      received += chunk.length
      yield chunk
    }
  } catch (cause) {
    signal?.throwIfAborted()
    throw new TradingError(
      'DATABENTO_TRUNCATED',
      `the answer of ${endpoint} broke off after ${received} bytes: ${(cause as Error).message}; it was not asked for again`,
      { endpoint, received },
      http.causeOf(cause),
    )
  }
}
