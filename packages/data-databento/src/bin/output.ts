import { once } from 'node:events'
import type { Writable } from 'node:stream'
import type { Progress } from '@gatehouse/core'

const FLUSH_CHARS = 1 << 16

/** Text to a pipe in large pieces, waiting when the reader is slow. */
export class TextOutput {
  #text = ''

  constructor(private readonly stream: Writable) {}

  /** Adds a line; the promise is there only when the pipe is full. */
  line(text: string): Promise<void> | undefined {
    this.#text += `${text}\n`
    return this.#text.length >= FLUSH_CHARS ? this.flush() : undefined
  }

  async flush(): Promise<void> {
    const text = this.#text
    this.#text = ''
    if (text !== '' && !this.stream.write(text)) await once(this.stream, 'drain')
  }
}

/** A bar on a terminal, nothing in a pipe or log. */
export function progressBar(stream: Writable & { readonly isTTY?: boolean | undefined }): {
  onProgress: ((progress: Progress) => void) | undefined
  done(): void
} {
  if (stream.isTTY !== true) return { onProgress: undefined, done: () => undefined }
  let shown = ''
  let last = 0
  return {
    onProgress({ stage, done, total }) {
      const now = Date.now()
      if (now - last < 100 || total === undefined || total === 0) return
      last = now
      const part = Math.min(1, done / total)
      const bar = '█'.repeat(Math.round(part * 30)).padEnd(30, '░')
      shown = `\r${stage} ${bar} ${(part * 100).toFixed(0).padStart(3)} % of ${(total / 1e6).toFixed(1)} MB`
      stream.write(shown)
    },
    done() {
      if (shown !== '') stream.write(`\r${' '.repeat(shown.length)}\r`)
    },
  }
}
