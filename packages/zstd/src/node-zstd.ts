import { TradingError } from '@gatehouse/durable-log'
import type { Transform } from 'node:stream'
import * as zlib from 'node:zlib'
import { ZstdFrameScanner } from './frame-scanner.js'

/** What decompresses zstd: `node` (node:zlib, from Node 22.15 and 23.8), `script` (our own, in WebAssembly, everywhere), or the better one there is. */
export type ZstdBackend = 'auto' | 'node' | 'script'

type CreateDecompress = (options?: { chunkSize?: number }) => Transform
const createDecompress = (zlib as { createZstdDecompress?: CreateDecompress }).createZstdDecompress

/** True when this Node can decompress zstd itself, on a thread of its own. */
export const hasNodeZstd = createDecompress !== undefined

/** Resolves a choice of backend. @throws {TradingError} `ZSTD_BACKEND` when `node` is asked for and not there */
export function zstdWithNode(backend: ZstdBackend): boolean {
  if (backend === 'node' && !hasNodeZstd) {
    throw new TradingError('ZSTD_BACKEND', "node:zlib of this Node has no zstd: use Node 22.15 or later, or the backend 'script'", {
      node: 'node:zlib',
    })
  }
  return backend !== 'script' && hasNodeZstd
}

const OUTPUT_BYTES = 1 << 18
/** Output that may wait for the reader: decompression runs this far ahead. */
const AHEAD_BYTES = 1 << 22

/**
 * Decompresses with `node:zlib`, one decompressor a frame: before Node 26 it stops after the first frame without an error, which in a
 * download from a market data vendor may be a header. Decompression runs ahead of the reader, within a bound, on the thread pool.
 * @param create for tests: another maker of one-frame decompressors
 */
export async function* nodeZstd(
  chunks: AsyncIterable<Uint8Array>,
  create: CreateDecompress | undefined = createDecompress,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (create === undefined) throw new TradingError('ZSTD_BACKEND', 'node:zlib of this Node has no zstd', {})
  const output = new Output()
  const writing = writeFrames(chunks, () => create({ chunkSize: OUTPUT_BYTES }), output)
  // A failure is thrown below, after everything that came before it.
  writing.then(
    () => output.finish(),
    () => output.finish(),
  )
  try {
    for (let piece = await output.take(); piece !== undefined; piece = await output.take()) yield piece
    await writing
  } finally {
    output.abandon()
  }
}

async function writeFrames(chunks: AsyncIterable<Uint8Array>, create: () => Transform, output: Output): Promise<void> {
  const scanner = new ZstdFrameScanner()
  let frame: Frame | undefined
  let batch: Uint8Array[] = []
  const flush = async (): Promise<void> => {
    if (batch.length > 0) await frame?.write(batch.length === 1 ? batch[0] : Buffer.concat(batch))
    batch = []
  }
  try {
    for await (const chunk of chunks) {
      scanner.push(chunk)
      for (let piece = scanner.next(); piece !== undefined; piece = scanner.next()) {
        if (output.isAbandoned) return
        if (piece.kind === 'header') frame = new Frame(create(), output)
        if (piece.kind !== 'end') batch.push(piece.bytes)
        else {
          await flush()
          await frame?.end()
          frame = undefined
        }
      }
      await flush()
    }
    scanner.end()
  } catch (error) {
    // What is whole is handed out before the error. A decompressor that is cut off complains too, and knows less.
    if (!(error instanceof TradingError) || frame === undefined) throw error
    await flush()
      .then(() => frame?.end())
      .catch((cause: unknown) => {
        if (cause instanceof TradingError && cause.code === 'ZSTD_CHECKSUM') throw cause
      })
    throw error
  }
}

/** The decompressor of one frame, with what it gives on its way to the reader. */
class Frame {
  readonly #stream: Transform
  readonly #ended: Promise<void>

  constructor(stream: Transform, output: Output) {
    this.#stream = stream
    output.source = stream
    stream.on('data', (piece: Uint8Array) => output.add(piece))
    this.#ended = new Promise((resolve, reject) => {
      stream.on('end', resolve)
      stream.on('error', (error: NodeJS.ErrnoException) => reject(failureOf(error)))
      stream.on('close', resolve)
    })
    // It is met by whoever waits for the end; a frame that nobody reads any more is of no interest.
    this.#ended.catch(() => undefined)
  }

  /** Resolves when all of it is decompressed. */
  async write(bytes: Uint8Array): Promise<void> {
    const written = new Promise<void>((resolve) => this.#stream.write(bytes, () => resolve()))
    await Promise.race([written, this.#ended])
  }

  async end(): Promise<void> {
    this.#stream.end()
    await this.#ended
  }
}

function failureOf(cause: NodeJS.ErrnoException): TradingError {
  const { code, message } = cause
  const isChecksum = code === 'ZSTD_error_checksum_wrong' || message.includes("doesn't match checksum")
  return new TradingError(isChecksum ? 'ZSTD_CHECKSUM' : 'ZSTD_CORRUPT', `corrupt zstd: ${message}`, { zlib: code }, { cause })
}

/** Decompressed pieces between the decompressor and the reader, who is waited for when too many lie here. */
class Output {
  /** The decompressor at work. */
  source: Transform | undefined
  isAbandoned = false
  readonly #pieces: Uint8Array[] = []
  #bytes = 0
  #isFinished = false
  #wake: (() => void) | undefined

  add(piece: Uint8Array): void {
    this.#pieces.push(piece)
    this.#bytes += piece.length
    if (this.#bytes >= AHEAD_BYTES) this.source?.pause()
    this.#wake?.()
  }

  finish(): void {
    this.#isFinished = true
    this.#wake?.()
  }

  /** The next piece, or `undefined` after the last. */
  async take(): Promise<Uint8Array | undefined> {
    while (this.#pieces.length === 0 && !this.#isFinished) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    const piece = this.#pieces.shift()
    this.#bytes -= piece?.length ?? 0
    if (this.#bytes < AHEAD_BYTES / 2 && this.source?.isPaused() === true) this.source.resume()
    return piece
  }

  /** The reader has stopped: nothing that is still being decompressed is wanted. */
  abandon(): void {
    this.isAbandoned = true
    this.source?.destroy()
  }
}
