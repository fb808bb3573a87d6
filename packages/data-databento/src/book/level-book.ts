import type { RecordRun } from '../codec/run.js'
import { scaled } from '../records/cursor.js'
import type { BookLevel } from './order-book.js'

/** Levels of one instrument from MBP-1, MBP-10, TBBO or BBO records: each record holds the whole published book after its event. */
export class LevelBook {
  /** Six words a level as in the record: bid price, ask price, bid size, ask size, bid count, ask count. */
  #words: Uint32Array = new Uint32Array(0)
  #signed: Int32Array = new Int32Array(0)

  /** Levels a side that the source publishes. */
  get levels(): number {
    return this.#words.length / 8
  }

  /** Takes over the book of one row; records without levels (trades) leave it as it is. */
  apply(run: RecordRun, row: number): void {
    const field = run.layout?.fields.find(({ kind }) => kind === 'struct')
    if (field === undefined) return
    const count = field.count * 8
    if (this.#words.length !== count) {
      this.#words = new Uint32Array(count)
      this.#signed = new Int32Array(this.#words.buffer)
    }
    const from = run.wordOffset + row * run.stride + 12
    for (let word = 0; word < count; word += 1) this.#words[word] = run.uint32[from + word]
  }

  /** A level of a side, 0 is the best; `undefined` where there is none. */
  level(side: 'A' | 'B', index: number): BookLevel | undefined {
    if (index < 0 || index >= this.levels) return undefined
    const at = index * 8
    const offset = side === 'B' ? 0 : 1
    const price = scaled(this.#signed[at + offset * 2 + 1], this.#words[at + offset * 2])
    return Number.isNaN(price) ? undefined : { price, size: this.#words[at + 4 + offset], count: this.#words[at + 6 + offset] }
  }
}
