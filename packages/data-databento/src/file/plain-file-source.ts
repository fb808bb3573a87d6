import { TradingError, type Progress } from '@gatehouse/core'
import { read, readSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { HEADROOM_BYTES, type DbnDecoder } from '../codec/decoder.js'
import { createWindow, type Window } from '../codec/window.js'

/** Moves bytes from somewhere into a decoder, a chunk a call. */
export interface DbnSource {
  /** Pushes the next chunk; `false` when there is none. */
  fill(decoder: DbnDecoder): Promise<boolean>
  close(): Promise<void>
}

export type OnProgress = ((progress: Progress) => void) | undefined

/**
 * How many reads the thread pool has in flight, and how large each is. A chunk is handed over between threads through memory, so it need not fit a core's
 * cache; each costs a turn of the event loop, so it should be large. Three, so that one is decoded, one ready, and one on its way.
 */
const READ_BYTES = 1 << 22
const READS_IN_FLIGHT = 3
/** What this thread reads at a time: it is still in the core's cache when it is decoded. */
const SLICE_BYTES = 1 << 18
/** A slice that took longer came from a disk, not from the page cache. */
const SLOW_SLICE_MS = 1
/** Waits to sit out before this thread reads from a slow file again. */
const SLOW_FILE_WAITS = 64

interface Chunk {
  readonly window: Window
  readonly position: number
  readonly bytes: Promise<number>
  isRead: boolean
}

/**
 * A file of plain DBN. The thread pool reads large chunks ahead while records are decoded, which a blocking read loop cannot; and where decoding would have to
 * wait for it, this thread reads a part between two chunks itself, as long as the file comes from the page cache. Records are decoded in the buffers they
 * were read into.
 */
export class PlainFileSource implements DbnSource {
  readonly #ahead: Chunk[] = []
  readonly #slices: Window[] = []
  #spare: Window | undefined
  /** First byte that nobody has been asked to read. */
  #next: number
  #done: number
  /** Slices that this thread reads between two chunks; below 0, waits until it tries again. */
  #share = 0

  constructor(
    private readonly file: FileHandle,
    private readonly size: number,
    start: number,
    private readonly onProgress: OnProgress,
  ) {
    this.#next = start
    this.#done = start
    const chunks = Math.min(READS_IN_FLIGHT, Math.ceil((size - start) / READ_BYTES))
    for (let index = 0; index < chunks; index += 1) this.#readAhead(createWindow(HEADROOM_BYTES + Math.min(READ_BYTES, size - start)))
  }

  #readAhead(window: Window): void {
    const position = this.#next
    const length = Math.min(READ_BYTES, this.size - position)
    if (length <= 0) return
    this.#next = position + length + Math.max(0, this.#share) * SLICE_BYTES
    const chunk: Chunk = {
      window,
      position,
      bytes: readFully(this.file.fd, window.bytes, HEADROOM_BYTES, length, position).finally(() => (chunk.isRead = true)),
      isRead: false,
    }
    // A failed read is reported when its turn comes; until then it must not count as unhandled.
    chunk.bytes.catch(() => undefined)
    this.#ahead.push(chunk)
  }

  async fill(decoder: DbnDecoder): Promise<boolean> {
    const chunk = this.#ahead.at(0)
    const isOurs = this.#done < (chunk?.position ?? this.size)
    const bytes = isOurs
      ? this.#readSlice(decoder, chunk?.position ?? this.size)
      : chunk === undefined
        ? 0
        : await this.#take(decoder, chunk)
    if (bytes === 0) {
      if (this.#done < this.size) throw cutShort(this.#done, this.size)
      return false
    }
    this.#done += bytes
    this.onProgress?.({ stage: 'reading DBN', done: this.#done, total: this.size, unit: 'bytes' })
    return true
  }

  async #take(decoder: DbnDecoder, chunk: Chunk): Promise<number> {
    this.#share = chunk.isRead ? Math.max(Math.min(0, this.#share), this.#share - 1) : Math.min(this.#share + 1, READ_BYTES / SLICE_BYTES)
    const bytes = await chunk.bytes
    this.#ahead.shift()
    decoder.pushWindow(chunk.window, HEADROOM_BYTES, HEADROOM_BYTES + bytes)
    // The decoder has taken over what was left in the window before, so that one may be read into again.
    if (this.#spare !== undefined) this.#readAhead(this.#spare)
    this.#spare = chunk.window
    return bytes
  }

  #readSlice(decoder: DbnDecoder, until: number): number {
    // Two, because the decoder takes what is left of one into the next.
    while (this.#slices.length < 2) this.#slices.push(createWindow(HEADROOM_BYTES + SLICE_BYTES))
    const [window] = this.#slices
    this.#slices.reverse()
    const started = performance.now()
    const length = Math.min(SLICE_BYTES, until - this.#done)
    const bytes = this.#readNow(window, length)
    if (performance.now() - started > SLOW_SLICE_MS) this.#share = -SLOW_FILE_WAITS
    decoder.pushWindow(window, HEADROOM_BYTES, HEADROOM_BYTES + bytes)
    return bytes
  }

  #readNow(window: Window, length: number): number {
    try {
      return readSync(this.file.fd, window.bytes, HEADROOM_BYTES, length, this.#done)
    } catch (error) {
      throw unreadable(error as Error, this.#done)
    }
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#ahead.map(({ bytes }) => bytes))
    await this.file.close()
  }
}

export function readFully(fd: number, bytes: Uint8Array, offset: number, length: number, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const step = (done: number): void => {
      read(fd, bytes, offset + done, length - done, position + done, (error, count) => {
        if (error !== null) reject(unreadable(error, position))
        else if (count === 0 || done + count === length) resolve(done + count)
        else step(done + count)
      })
    }
    step(0)
  })
}

const unreadable = (cause: Error, position: number): TradingError =>
  new TradingError('DBN_FILE', `cannot read the file at byte ${position}: ${cause.message}`, { position }, { cause })

/** A file that was cut while it was read may end at the border of a record: only its length tells. */
export const cutShort = (position: number, size: number): TradingError =>
  new TradingError('DBN_FILE', `the file ends at byte ${position} of the ${size} it had when it was opened: somebody cut it meanwhile`, {
    position,
    size,
  })
