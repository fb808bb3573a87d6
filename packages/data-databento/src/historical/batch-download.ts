import { TradingError, type CallOptions } from '@gatehouse/core'
import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { DatabentoHttp } from './http.js'
import type { BatchFile } from './types.js'
import { writeAll } from './write-all.js'

/** Where and how the files of a job are downloaded. */
export interface DownloadOptions extends CallOptions {
  readonly directory: string
  /** Files at once. Default 4. */
  readonly parallel?: number | undefined
  /** Attempts in a row without a new byte before a file is given up. Default 5. */
  readonly attempts?: number | undefined
  /** Only files for which this is true. */
  readonly filter?: ((file: BatchFile) => boolean) | undefined
}

/** A file that is complete and has the right digest. */
export interface DownloadedFile {
  readonly filename: string
  readonly path: string
  readonly bytes: number
  /** False when it was there before. */
  readonly isNew: boolean
}

/**
 * The files that an answer names. Names come from outside: each must be the name of a file, of one file only, and nothing of a path.
 * @throws {TradingError} `DATABENTO_RESPONSE`
 */
export function filesOf(answer: unknown): readonly BatchFile[] {
  const files = Array.isArray(answer) ? (answer as readonly Partial<BatchFile>[]) : [undefined]
  const names = new Set<string>()
  for (const file of files) {
    const { filename, size = -1, hash, urls } = file ?? {}
    const isName = typeof filename === 'string' && !/[/\\\0]/.test(filename) && !['', '.', '..'].includes(filename)
    const isWhole = Number.isSafeInteger(size) && size >= 0 && typeof hash === 'string' && typeof urls === 'object'
    if (!isName || !isWhole || names.has(filename)) {
      const found = String(JSON.stringify(file ?? answer)).slice(0, 120)
      throw new TradingError('DATABENTO_RESPONSE', `the list of a job's files should name, size and digest each once, found ${found}`, {
        filename,
      })
    }
    names.add(filename)
  }
  return files as readonly BatchFile[]
}

/** Downloads files of a batch job; see `HistoricalClient.batch.download`. */
export async function downloadJob(
  http: DatabentoHttp,
  files: readonly BatchFile[],
  options: DownloadOptions,
): Promise<readonly DownloadedFile[]> {
  const { directory, parallel = 4, filter = () => true, onProgress } = options
  if (!Number.isInteger(parallel) || parallel < 1)
    throw new TradingError('DATABENTO_OPTION', `parallel is ${parallel}: it must be a whole number from 1 on`, { parallel })
  await mkdir(directory, { recursive: true })
  const wanted = files.filter(filter)
  const total = wanted.reduce((sum, { size }) => sum + size, 0)
  let done = 0
  const report = (bytes: number): void => {
    done += bytes
    onProgress?.({ stage: 'downloading', done, total, unit: 'bytes' })
  }
  const results = new Array<DownloadedFile>(wanted.length)
  let next = 0
  // The first failure stops the others, so that nothing runs on behind a rejected promise.
  const stop = new AbortController()
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal])
  const worker = async (): Promise<void> => {
    for (let index = next; index < wanted.length; index = next) {
      next += 1
      results[index] = await downloadFile(http, wanted[index], { ...options, signal }, report)
    }
  }
  const outcomes = await Promise.allSettled(
    Array.from({ length: Math.min(parallel, wanted.length) }, () =>
      worker().catch((error: unknown) => {
        if (!stop.signal.aborted) stop.abort(error)
        throw error
      }),
    ),
  )
  options.signal?.throwIfAborted()
  if (outcomes.some(({ status }) => status === 'rejected')) throw stop.signal.reason
  return results
}

async function downloadFile(
  http: DatabentoHttp,
  file: BatchFile,
  options: DownloadOptions,
  report: (bytes: number) => void,
): Promise<DownloadedFile> {
  const { filename } = file
  const path = join(options.directory, filename)
  const part = `${path}.part`
  const expected = file.hash.replace(/^sha256:/, '').toLowerCase()
  if ((await sizeOf(path)) === file.size && (await digestOf(path, options.signal)).digest('hex') === expected) {
    report(file.size)
    return { filename, path, bytes: file.size, isNew: false }
  }
  const { https: url } = file.urls
  if (url === undefined) throw new TradingError('DATABENTO_RESPONSE', `the file ${filename} has no https address`, { filename })
  let have = await sizeOf(part)
  if (have > file.size) {
    await rm(part)
    have = 0
  }
  const hash = have > 0 ? await digestOf(part, options.signal) : createHash('sha256')
  report(have)
  have = await fetchRest(http, { url, part, filename, size: file.size, have, hash }, options, report)
  const actual = hash.digest('hex')
  if (actual !== expected) {
    await rm(part, { force: true })
    throw new TradingError(
      'DATABENTO_CHECKSUM',
      `${filename} has SHA-256 ${actual}, Databento says ${expected}: the download was thrown away, start it again`,
      { filename, actual, expected },
    )
  }
  await rename(part, path)
  return { filename, path, bytes: have, isNew: true }
}

interface Rest {
  readonly url: string
  readonly part: string
  readonly filename: string
  readonly size: number
  readonly have: number
  readonly hash: Hash
}

/** Gets what is missing, by range, however often the connection breaks, as long as each attempt brings something. */
async function fetchRest(
  http: DatabentoHttp,
  { url, part, filename, size, have: before, hash }: Rest,
  options: DownloadOptions,
  report: (bytes: number) => void,
): Promise<number> {
  const { attempts = 5, signal } = options
  let have = before
  const handle = await open(part, have > 0 ? 'r+' : 'w')
  try {
    for (let fruitless = 0; have < size;) {
      signal?.throwIfAborted()
      const start = have
      try {
        const response = await http.request(url, {
          method: 'GET',
          signal,
          headers: have > 0 ? { range: `bytes=${have}-`, accept: '*/*' } : { accept: '*/*' },
        })
        if (have > 0 && (response.status !== 206 || !beginsAt(response, have))) {
          await response.body?.cancel()
          throw new TradingError(
            'DATABENTO_HTTP',
            `the server does not resume ${filename} (status ${response.status}): delete ${part} and start again`,
            { filename, status: response.status },
          )
        }
        for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
          if (have + chunk.length > size)
            throw new TradingError('DATABENTO_RESPONSE', `${filename} is longer than the ${size} bytes that Databento says`, {
              filename,
              size,
            })
          await writeAll(handle, chunk, have)
          hash.update(chunk)
          have += chunk.length
          report(chunk.length)
        }
      } catch (error) {
        signal?.throwIfAborted()
        if (error instanceof TradingError) throw error
        if (have === start) fruitless += 1
        if (fruitless >= attempts)
          throw new TradingError(
            'DATABENTO_NETWORK',
            `${filename} could not be completed: ${(error as Error).message}`,
            { filename, have, size },
            { cause: error },
          )
        continue
      }
      if (have === start) fruitless += 1
      if (have < size && fruitless >= attempts)
        throw new TradingError('DATABENTO_TRUNCATED', `${filename} ends at ${have} of ${size} bytes`, { filename, have, size })
    }
    await handle.sync()
  } finally {
    await handle.close()
  }
  return have
}

/** `Content-Range: bytes 500-999/1000`; when it is left out the digest has the last word. */
function beginsAt(response: Response, have: number): boolean {
  const start = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1]
  return start === undefined || Number(start) === have
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0
    throw error
  }
}

async function digestOf(path: string, signal: AbortSignal | undefined): Promise<Hash> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, signal === undefined ? {} : { signal })) hash.update(chunk as Buffer)
  return hash
}
