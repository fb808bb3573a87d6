import { createRun, type RecordRun } from '../codec/run.js'
import { createWindow, type Window } from '../codec/window.js'

const BLOCK_BYTES = 1 << 18
/** What an item takes besides its records, about: short runs must not cost memory that nobody counts. */
const ITEM_BYTES = 256

/** Memory that queued records lie in, one after another. */
export interface Block {
  readonly window: Window
  /** Bytes in use. */
  used: number
  /** Queued items, and history, that still need it. */
  holds: number
}

interface QueuedRun {
  readonly block: Block
  run: RecordRun
}

/**
 * Records between a socket, which is always read, and a consumer that takes its time. They are copied once, into blocks; runs that lie
 * behind each other grow together while nobody looks, so a consumer that falls behind gets larger batches and catches up.
 */
export class RunQueue<Extra> {
  readonly #items: (QueuedRun | { readonly extra: Extra })[] = []
  #head = 0
  #block: Block | undefined
  #taken: QueuedRun | undefined
  #bytes = 0
  readonly #spare: Block[] = []
  readonly #onBlockFull: ((block: Block) => void) | undefined

  /** @param onBlockFull told of every block when the last record was put in; hold it there to keep it */
  constructor(onBlockFull?: (block: Block) => void) {
    this.#onBlockFull = onBlockFull
  }

  /** Memory of what waits. */
  get bytes(): number {
    return this.#bytes
  }
  get isEmpty(): boolean {
    return this.#head === this.#items.length
  }
  /** The block that is being filled. */
  get current(): Block | undefined {
    return this.#block
  }

  /** Adds something between records, in order. */
  pushExtra(extra: Extra): void {
    this.#items.push({ extra })
    this.#bytes += ITEM_BYTES
  }

  /** Adds rows `[from, to)` of a run, copied. */
  pushRun(run: RecordRun, from = 0, to = run.length): void {
    const strideBytes = run.stride * 4
    for (let row = from; row < to;) {
      let block = this.#block
      if (block === undefined || BLOCK_BYTES - block.used < strideBytes) block = this.#nextBlock()
      const count = Math.min(to - row, Math.floor((BLOCK_BYTES - block.used) / strideBytes))
      const start = (run.wordOffset + row * run.stride) * 4
      block.window.bytes.set(run.bytes.subarray(start, start + count * strideBytes), block.used)
      this.#append(block, run, count)
      block.used += count * strideBytes
      this.#bytes += count * strideBytes
      row += count
    }
  }

  #append(block: Block, run: RecordRun, count: number): void {
    const last = this.#head < this.#items.length ? this.#items[this.#items.length - 1] : undefined
    const word = block.used / 4
    if (
      last !== undefined &&
      'run' in last &&
      last.block === block &&
      last.run.rtype === run.rtype &&
      last.run.stride === run.stride &&
      last.run.tsOutWord === run.tsOutWord
    ) {
      last.run = { ...last.run, length: last.run.length + count }
      return
    }
    block.holds += 1
    this.#bytes += ITEM_BYTES
    this.#items.push({ block, run: createRun(block.window, { ...run, wordOffset: word, length: count }) })
  }

  #nextBlock(): Block {
    const full = this.#block
    if (full !== undefined) {
      this.#onBlockFull?.(full)
      this.release(full)
    }
    const block = this.#spare.pop() ?? { window: createWindow(BLOCK_BYTES), used: 0, holds: 0 }
    block.used = 0
    // The queue itself holds the block it fills.
    block.holds = 1
    this.#block = block
    return block
  }

  /** Lets go of a block; memory that nobody holds is used again. */
  release(block: Block): void {
    block.holds -= 1
    if (block.holds === 0 && this.#spare.length < 8) this.#spare.push(block)
  }

  /** The next run or extra; a run is valid until the next call. `undefined` when nothing waits. */
  take(): { readonly run: RecordRun } | { readonly extra: Extra } | undefined {
    if (this.#taken !== undefined) {
      this.release(this.#taken.block)
      this.#taken = undefined
    }
    if (this.isEmpty) return undefined
    const item = this.#items[this.#head]
    this.#head += 1
    if (this.#head === this.#items.length || this.#head > 1024) {
      this.#items.splice(0, this.#head)
      this.#head = 0
    }
    this.#bytes -= ITEM_BYTES
    if ('run' in item) {
      this.#taken = item
      this.#bytes -= item.run.length * item.run.stride * 4
    }
    return item
  }
}
