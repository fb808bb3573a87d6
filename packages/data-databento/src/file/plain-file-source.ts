import { TradingError, type Progress } from '@gatehouse/core'
import { read } from 'node:fs'
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
 * How many reads are in flight, and how large each is. A chunk is handed over between threads through memory, so it need not fit a core's cache;
 * each costs a turn of the event loop, so it should be large. Three, so that one is decoded, one ready, and one on its way.
 */
const READ_BYTES = 1 << 22
const READS_IN_FLIGHT = 3

/**
 * A file of plain DBN, with several reads in flight while records are decoded: disk or page cache and decoder work at the same time,
 * which a blocking read loop cannot. Records are decoded in the buffers they were read into.
 */
export class PlainFileSource implements DbnSource {
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

export function readFully(fd: number, bytes: Uint8Array, offset: number, length: number, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const step = (done: number): void => {
      read(fd, bytes, offset + done, length - done, position + done, (error, count) => {
        if (error !== null) reject(new TradingError('DBN_FILE', `cannot read the file: ${error.message}`, { position }, { cause: error }))
        else if (count === 0 || done + count === length) resolve(done + count)
        else step(done + count)
      })
    }
    step(0)
  })
}
