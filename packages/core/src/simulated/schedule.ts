import { never, timeKey, type TimeKey } from '../engine/time-key.js'

interface Due<T> {
  readonly key: TimeKey
  readonly sequence: number
  readonly what: T
}

/** Things that happen later, soonest first; those of one time in the order they were added. */
export class Schedule<T> {
  readonly #heap: Due<T>[] = []
  #sequence = 0
  /** When the next is due; `never` when nothing is. */
  nextKey: TimeKey = never

  get size(): number {
    return this.#heap.length
  }

  add(at: bigint, what: T): void {
    const heap = this.#heap
    const due = { key: timeKey(at), sequence: this.#sequence++, what }
    let child = heap.push(due) - 1
    while (child > 0) {
      const parent = (child - 1) >> 1
      if (!isBefore(due, heap[parent])) break
      heap[child] = heap[parent]
      child = parent
    }
    heap[child] = due
    this.nextKey = heap[0].key
  }

  /** Takes the soonest. */
  take(): T {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop() as Due<T>
    if (heap.length > 0) {
      let parent = 0
      for (;;) {
        let child = 2 * parent + 1
        if (child >= heap.length) break
        if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child++
        if (!isBefore(heap[child], last)) break
        heap[parent] = heap[child]
        parent = child
      }
      heap[parent] = last
    }
    this.nextKey = heap.length === 0 ? never : heap[0].key
    return first.what
  }

  /** What waits, soonest first; for saving. */
  entries(): { readonly key: TimeKey; readonly what: T }[] {
    return [...this.#heap].sort((a, b) => (isBefore(a, b) ? -1 : 1))
  }
}

function isBefore(a: Due<unknown>, b: Due<unknown>): boolean {
  return a.key < b.key || (a.key === b.key && a.sequence < b.sequence)
}
