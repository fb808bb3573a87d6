import { FileCursor, type ScannedFile, type ScanPlan } from './file-cursor.js'

/** A stretch of one cursor's rows that comes before everything the others have. */
export interface Run {
  readonly cursor: FileCursor
  readonly from: number
  readonly to: number
}

/** Files opened ahead of the row that needs them. */
const openedAhead = 2

/**
 * Merges files by time. A file is opened when the merge comes near its first row, so that a year of days keeps two of them open
 * and only files that overlap cost memory.
 */
export class FileMerge {
  readonly #waiting: ScannedFile[]
  /** open cursors as a binary heap, the one with the next row first */
  readonly #heap: FileCursor[] = []
  readonly #opening: { file: ScannedFile; cursor: FileCursor; ready: Promise<boolean> }[] = []

  constructor(
    private readonly plan: ScanPlan,
    files: readonly ScannedFile[],
  ) {
    this.#waiting = [...files].sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : a.order - b.order))
  }

  /** True when {@link ready} would have nothing to wait for. */
  get isReady(): boolean {
    const next = this.#opening[0]
    if (this.#heap.length === 0) return false
    return next ? this.#startOf(next.file) > this.#heap[0].head : this.#waiting.length === 0
  }

  /** Makes sure that every file with a row at or before the next one is open. @returns false when there is no row left */
  async ready(): Promise<boolean> {
    for (;;) {
      this.#openAhead()
      const next = this.#opening[0]
      if (!next) return this.#heap.length > 0
      if (this.#heap.length > 0 && this.#startOf(next.file) > this.#heap[0].head) return true
      this.#opening.shift()
      if (await next.ready) this.#push(next.cursor)
    }
  }

  /** The next run, at most `most` rows. Call {@link ready} first, and {@link used} afterwards. */
  run(most: number): Run {
    const cursor = this.#heap[0]
    const rival = this.#rival()
    const unopened = this.#opening[0]
    const from = cursor.at
    const end = Math.min(cursor.end, from + most)
    let limit = rival?.head ?? Infinity
    let inclusive = rival === undefined || cursor.order < rival.order
    // A file not open yet may start at this very instant with an earlier place.
    const start = unopened ? this.#startOf(unopened.file) : Infinity
    if (start <= limit) {
      limit = start
      inclusive = false
    }
    return { cursor, from, to: runEnd(cursor, from, end, limit, inclusive) }
  }

  /** Moves past a run. @returns a promise only where the cursor has to read on */
  used({ cursor, to }: Run): Promise<void> | undefined {
    cursor.at = to
    if (to < cursor.end) {
      cursor.updateHead()
      this.#sink(0)
      return undefined
    }
    return this.#advance(cursor)
  }

  async close(): Promise<void> {
    const opening = this.#opening.splice(0)
    await Promise.allSettled(opening.map(({ ready }) => ready))
    await Promise.allSettled([...opening.map(({ cursor }) => cursor.close()), ...this.#heap.splice(0).map((cursor) => cursor.close())])
  }

  async #advance(cursor: FileCursor): Promise<void> {
    const more = await cursor.advance()
    if (!more) {
      const last = this.#heap.pop()!
      if (this.#heap.length === 0) return
      this.#heap[0] = last
    }
    this.#sink(0)
  }

  #openAhead(): void {
    while (this.#waiting.length > 0 && this.#opening.length < openedAhead) {
      const file = this.#waiting.shift()!
      const cursor = new FileCursor(this.plan, file)
      const ready = cursor.open()
      ready.catch(() => undefined)
      this.#opening.push({ file, cursor, ready })
    }
  }

  #startOf(file: ScannedFile): number {
    return sortable(file.from > this.plan.from ? file.from : this.plan.from)
  }

  #rival(): FileCursor | undefined {
    const [, left, right] = this.#heap
    return right && before(right, left) ? right : left
  }

  #push(cursor: FileCursor): void {
    const heap = this.#heap
    let at = heap.push(cursor) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!before(heap[at], heap[parent])) break
      ;[heap[at], heap[parent]] = [heap[parent], heap[at]]
      at = parent
    }
  }

  #sink(start: number): void {
    const heap = this.#heap
    let at = start
    for (;;) {
      const left = at * 2 + 1
      if (left >= heap.length) return
      const child = left + 1 < heap.length && before(heap[left + 1], heap[left]) ? left + 1 : left
      if (!before(heap[child], heap[at])) return
      ;[heap[at], heap[child]] = [heap[child], heap[at]]
      at = child
    }
  }
}

function before(a: FileCursor, b: FileCursor): boolean {
  return a.head < b.head || (a.head === b.head && a.order < b.order)
}

/** First row past `from` that belongs behind `limit`; found by doubling steps, since runs are either long or one row. */
function runEnd(cursor: FileCursor, from: number, end: number, limit: number, inclusive: boolean): number {
  const { times, selected } = cursor
  const within = (index: number): boolean => {
    const time = times[selected ? selected[index] : index]
    return time < limit || (inclusive && time === limit)
  }
  if (limit === Infinity || within(end - 1)) return end
  let step = 1
  let low = from
  while (low + step < end && within(low + step)) {
    low += step
    step *= 2
  }
  let high = Math.min(end, low + step)
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (within(middle)) low = middle
    else high = middle
  }
  return low + 1
}

const cell = new BigInt64Array(1)
const cellAsDouble = new Float64Array(cell.buffer)

/** A non-negative time as the double that has its bits. */
export function sortable(time: bigint): number {
  cell[0] = time < 0n ? 0n : time
  return cellAsDouble[0]
}
