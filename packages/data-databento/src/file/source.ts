import { TradingError } from '@gatehouse/core'
import { decompressZstd, isZstd, type ZstdBackend } from '@gatehouse/zstd'
import { open, type FileHandle } from 'node:fs/promises'
import type { DbnDecoder } from '../codec/decoder.js'
import { PRELUDE_BYTES, readPrelude } from '../codec/metadata.js'
import { cutShort, PlainFileSource, readFully, type DbnSource, type OnProgress } from './plain-file-source.js'

const COMPRESSED_READ_BYTES = 1 << 18

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
    if (count === 0) {
      if (position < size) throw cutShort(position, size)
      return
    }
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
    if (stat.isDirectory())
      throw new TradingError('DBN_FILE', `${String(path)} is a directory: name the files in it`, { path: String(path) })
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
