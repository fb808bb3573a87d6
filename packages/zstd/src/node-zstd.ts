import { TradingError } from '@gatehouse/durable-log'
import { once } from 'node:events'
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

/**
 * Decompresses with `node:zlib`, one decompressor a frame: before Node 26 it stops after the first frame without an error, which in a
 * download from a market data vendor may be a header. Decompression runs ahead of the reader on the thread pool, by the stream's own bounded buffer.
 * @param create for tests: another maker of one-frame decompressors
 */
export async function* nodeZstd(
  chunks: AsyncIterable<Uint8Array>,
  create: CreateDecompress | undefined = createDecompress,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (create === undefined) throw new TradingError('ZSTD_BACKEND', 'node:zlib of this Node has no zstd', {})
  const frames = new FrameQueue()
  const writing = writeFrames(chunks, create, frames)
  // The writer's failure is thrown below, after everything that came before it.
  writing.catch(() => frames.finish())
  try {
    for (let frame = await frames.next(); frame !== undefined; frame = await frames.next()) {
      try {
        for await (const output of frame) yield output as Uint8Array
      } catch (cause) {
        if (frames.failure !== undefined) throw frames.failure
        const { code, message } = cause as NodeJS.ErrnoException
        const isChecksum = code === 'ZSTD_error_checksum_wrong' || message.includes("doesn't match checksum")
        throw new TradingError(isChecksum ? 'ZSTD_CHECKSUM' : 'ZSTD_CORRUPT', `corrupt zstd: ${message}`, { zlib: code }, { cause })
      }
    }
    await writing
  } finally {
    frames.abandon()
  }
}

async function writeFrames(chunks: AsyncIterable<Uint8Array>, create: CreateDecompress, frames: FrameQueue): Promise<void> {
  const scanner = new ZstdFrameScanner()
  let frame: Transform | undefined
  let batch: Uint8Array[] = []
  const flush = async (): Promise<void> => {
    if (frame === undefined || batch.length === 0) return
    const bytes = Buffer.concat(batch)
    batch = []
    if (!frame.destroyed && !frame.write(bytes)) await Promise.race([once(frame, 'drain'), once(frame, 'close')])
  }
  try {
    for await (const chunk of chunks) {
      if (frames.isAbandoned) return
      scanner.push(chunk)
      for (let piece = scanner.next(); piece !== undefined; piece = scanner.next()) {
        if (piece.kind === 'header') {
          frame = create({ chunkSize: OUTPUT_BYTES })
          // An error is met by whoever reads the frame; one that nobody reads any more is of no interest.
          frame.on('error', () => undefined)
          frames.add(frame)
        }
        if (piece.kind !== 'end') batch.push(piece.bytes)
        else {
          await flush()
          frame?.end()
          frame = undefined
        }
      }
      await flush()
    }
    scanner.end()
  } catch (error) {
    if (error instanceof TradingError) frames.failure = error
    await flush()
    // What is whole is handed out before the error.
    frame?.end()
    frames.finish()
    throw error
  }
  frames.finish()
}

/** Frames from the writer to the reader, in order. */
class FrameQueue {
  readonly #frames: Transform[] = []
  #wake: (() => void) | undefined
  #finished = false
  isAbandoned = false
  /** Why the writer stopped, when it knows better than the decompressor. */
  failure: TradingError | undefined

  add(frame: Transform): void {
    this.#frames.push(frame)
    this.#wake?.()
  }

  finish(): void {
    this.#finished = true
    this.#wake?.()
  }

  /** The reader has stopped: nothing that is still being decompressed is wanted. */
  abandon(): void {
    this.isAbandoned = true
    for (const frame of this.#frames) frame.destroy()
  }

  async next(): Promise<Transform | undefined> {
    while (this.#frames.length === 0 && !this.#finished) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    return this.#frames.shift()
  }
}
