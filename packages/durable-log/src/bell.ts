import { watch } from 'node:fs'
import { clearTimeout, setTimeout } from 'node:timers'
import { systemCode } from './system-code.js'

/** How long a follower sleeps at most when the file system does not wake it. */
const POLL_MS = 100
/** Wakes a follower when something in the folder changes, and every {@link POLL_MS} in case nobody says so. */
export class Bell {
  readonly #signal: AbortSignal | undefined
  readonly #watcher: { close(): void } | undefined
  #hasRung = false
  #wake: (() => void) | undefined

  constructor(directory: string, signal: AbortSignal | undefined) {
    this.#signal = signal
    try {
      // Unreferenced: a follower alone does not keep a process alive through its watcher, but through its timer.
      this.#watcher = watch(directory, { persistent: false }, () => this.#ring()).on('error', () => this.#ring())
    } catch (error) {
      // No inotify watches left, or a file system without: the timer alone does it.
      if (systemCode(error) === undefined) throw error
    }
    signal?.addEventListener('abort', this.#ring)
  }

  async rings(): Promise<void> {
    this.#signal?.throwIfAborted()
    if (!this.#hasRung) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, POLL_MS)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    this.#wake = undefined
    this.#hasRung = false
    this.#signal?.throwIfAborted()
  }

  close(): void {
    this.#signal?.removeEventListener('abort', this.#ring)
    this.#watcher?.close()
  }

  readonly #ring = (): void => {
    this.#hasRung = true
    this.#wake?.()
  }
}
