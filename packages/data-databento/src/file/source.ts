import { TradingError, type Progress } from '@gatehouse/core'
import { decompressZstd, isZstd, type ZstdBackend } from '@gatehouse/zstd'
import { open, type FileHandle } from 'node:fs/promises'
import { read } from 'node:fs'
import { HEADROOM_BYTES, type DbnDecoder } from '../codec/decoder.js'
import { PRELUDE_BYTES, readPrelude } from '../codec/metadata.js'
import { createWindow, type Window } from '../codec/window.js'

/** Moves bytes from somewhere into a decoder, a chunk a call. */
export interface DbnSource {
  /** Pushes the next chunk; `false` when there is none. */
  fill(decoder: DbnDecoder): Promise<boolean>
  close(): Promise<void>
}

/** How many reads are in flight, and how large each is. Larger chunks fall out of the processor's cache, smaller ones cost turns of the loop. */
const READ_BYTES = 1 << 19
const READS_IN_FLIGHT = 3
const COMPRESSED_READ_BYTES = 1 << 18

type OnProgress = ((progress: Progress) => void) | undefined

/**
 * A file of plain DBN, with several reads in flight while records are decoded: disk or page cache and decoder work at the same time,
 * which a blocking read loop cannot. Records are decoded in the buffers they were read into.
 */
class PlainFileSource implements DbnSource {
  readonly #inFlight: Promise<{ window: Window; bytes: number }>[] = []
  #spare: Window | undefined
  #next: number
  #done = 0

  constructor(
    private readonly file: FileHandle,
    private readonly size: number,
    start: number,
    private readonly onProgress: OnProgress,
  ) {
    this.#next = start
    this.#done = start
    const windows = Math.min(READS_IN_FLIGHT, Math.ceil((size - start) / READ_BYTES))
    for (let index = 0; index < windows; index += 1) this.#issue(createWindow(HEADROOM_BYTES + Math.min(READ_BYTES, size - start)))
  }

  #issue(window: Window): void {
    const position = this.#next
    const length = Math.min(READ_BYTES, this.size - position)
    if (length <= 0) return
    this.#next += length
    const pending = readFully(this.file.fd, window.bytes, HEADROOM_BYTES, length, position).then((bytes) => ({ window, bytes }))
    // A failed read is reported when its turn comes; until then it must not count as unhandled.
    pending.catch(() => undefined)
    this.#inFlight.push(pending)
  }

  async fill(decoder: DbnDecoder): Promise<boolean> {
    const pending = this.#inFlight.shift()
    if (pending === undefined) return false
    const { window, bytes } = await pending
    decoder.pushWindow(window, HEADROOM_BYTES, HEADROOM_BYTES + bytes)
    // The decoder has taken over what was left in the window before, so that one may be read into again.
    if (this.#spare !== undefined) this.#issue(this.#spare)
    this.#spare = window
    this.#done += bytes
    this.onProgress?.({ stage: 'reading DBN', done: this.#done, total: this.size, unit: 'bytes' })
    return true
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#inFlight)
    await this.file.close()
  }
}

function readFully(fd: number, bytes: Uint8Array, offset: number, length: number, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const step = (done: number): void => {
      read(fd, bytes, offset + done, length - done, position + done, (error, count) => {
        if (error !== null) reject(error)
        else if (count === 0 || done + count === length) resolve(done + count)
        else step(done + count)
      })
    }
    step(0)
  })
}

/** Bytes that arrive one after another: a socket, a response body, standard input, or a compressed file. */
class StreamSource implements DbnSource {
  readonly #iterator: AsyncIterator<Uint8Array>

  constructor(
    chunks: AsyncIterable<Uint8Array>,
    private readonly closeInput: (() => Promise<void>) | undefined,
  ) {
    this.#iterator = chunks[Symbol.asyncIterator]()
  }

  async fill(decoder: DbnDecoder): Promise<boolean> {
    const next = await this.#iterator.next()
    if (next.done === true) return false
    decoder.push(next.value)
    return true
  }

  async close(): Promise<void> {
    await this.#iterator.return?.()
    await this.closeInput?.()
  }
}

/** Chunks with their first bytes looked at: decompressed when they are zstd, as they are otherwise. */
export async function* decompressed(chunks: AsyncIterable<Uint8Array>, backend: ZstdBackend): AsyncGenerator<Uint8Array, void, undefined> {
  const iterator = chunks[Symbol.asyncIterator]()
  try {
    let head: Uint8Array = new Uint8Array(0)
    while (head.length < LEGACY_HEAD_BYTES) {
      const next = await iterator.next()
      if (next.done === true) break
      head = head.length === 0 ? next.value : Buffer.concat([head, next.value])
    }
    const all = resumed(head, iterator)
    if (!isZstd(head)) yield* all
    else {
      refuseLegacy(head)
      yield* decompressZstd(all, backend)
    }
  } finally {
    await iterator.return?.()
  }
}

/** Enough to tell a legacy .dbz: a skippable zstd frame (8 bytes) that holds "DBZ". */
const LEGACY_HEAD_BYTES = 11

function refuseLegacy(head: Uint8Array): void {
  // The first byte of a skippable frame is 0x50 to 0x5f, that of a frame 0x28.
  if ((head[0] & 0xf0) !== 0x50 || head[8] !== 0x44 || head[9] !== 0x42 || head[10] !== 0x5a) return
  throw new TradingError(
    'DBN_LEGACY_DBZ',
    'this is a legacy .dbz file, which this package does not read: convert it with "dbn file.dbz --output file.dbn.zst" of the Rust dbn tool',
    { offset: 0 },
  )
}

async function* resumed(head: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  if (head.length > 0) yield head
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value
}

async function* fileChunks(file: FileHandle, size: number, onProgress: OnProgress): AsyncGenerator<Uint8Array, void, undefined> {
  // Two buffers: one is being read while the other is in use.
  const buffers = [new Uint8Array(COMPRESSED_READ_BYTES), new Uint8Array(COMPRESSED_READ_BYTES)]
  const issue = (index: number, position: number): Promise<number> => {
    const pending = readFully(file.fd, buffers[index], 0, COMPRESSED_READ_BYTES, position)
    pending.catch(() => undefined)
    return pending
  }
  let position = 0
  let pending = issue(0, 0)
  for (let turn = 0; ; turn ^= 1) {
    const count = await pending
    if (count === 0) return
    position += count
    pending = issue(turn ^ 1, position)
    yield buffers[turn].subarray(0, count)
    onProgress?.({ stage: 'reading DBN', done: position, total: size, unit: 'bytes' })
  }
}

/** Opens a file, plain or zstd, and reads the head of a plain one into the decoder. */
export async function openFileSource(
  path: string | URL,
  decoder: DbnDecoder,
  backend: ZstdBackend,
  onProgress: OnProgress,
): Promise<DbnSource> {
  let file: FileHandle
  try {
    file = await open(path, 'r')
  } catch (cause) {
    throw new TradingError('DBN_FILE', `cannot open ${String(path)}: ${(cause as Error).message}`, { path: String(path) }, { cause })
  }
  try {
    const stat = await file.stat()
    if (!stat.isFile()) {
      const stream = file.createReadStream({ autoClose: true })
      return new StreamSource(decompressed(stream as AsyncIterable<Uint8Array>, backend), () => closeQuietly(file))
    }
    const head = Buffer.alloc(PRELUDE_BYTES)
    const headBytes = await readFully(file.fd, head, 0, PRELUDE_BYTES, 0)
    if (isZstd(head.subarray(0, headBytes))) {
      return new StreamSource(decompressed(fileChunks(file, stat.size, onProgress), backend), () => closeQuietly(file))
    }
    let start = 0
    if (!decoder.isReady && headBytes === PRELUDE_BYTES) {
      const end = Math.min(stat.size, PRELUDE_BYTES + readPrelude(head).metadataBytes)
      decoder.push(head)
      const piece = new Uint8Array(1 << 16)
      for (start = PRELUDE_BYTES; start < end;) {
        const count = await readFully(file.fd, piece, 0, Math.min(piece.length, end - start), start)
        if (count === 0) break
        decoder.push(piece.subarray(0, count))
        start += count
      }
    }
    return new PlainFileSource(file, stat.size, start, onProgress)
  } catch (error) {
    await file.close()
    throw error
  }
}

/** A read stream may have closed the handle already. */
async function closeQuietly(file: FileHandle): Promise<void> {
  if (file.fd >= 0) await file.close()
}

/** A source over chunks from anywhere, decompressed when they are zstd. */
export function streamSource(chunks: AsyncIterable<Uint8Array>, backend: ZstdBackend): DbnSource {
  return new StreamSource(decompressed(chunks, backend), undefined)
}
