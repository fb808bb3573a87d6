import { type Batch } from '@gatehouse/core'
import { columnOf, type StoredColumn } from '../table/layout.js'

/**
 * A sum over hashes of rows: equal for equal rows in whatever order and batches they come, so a rewrite can be proven to have
 * kept them. 2 x 32 bits of sum beside the count; it guards against mistakes, not against an adversary (file digests do that).
 */
export class RowHash {
  rows = 0
  #low = 0
  #high = 0
  #first = new Int32Array(0)
  #second = new Int32Array(0)

  /** Adds every row of a batch. */
  add(batch: Batch, columns: readonly StoredColumn[]): void {
    const { length } = batch
    if (this.#first.length < length) {
      this.#first = new Int32Array(length)
      this.#second = new Int32Array(length)
    }
    this.#first.fill(0x2545f491, 0, length)
    this.#second.fill(0x6c078965, 0, length)
    this.#mixWords(batch.availableAt, length)
    const ids = batch.instruments.map(({ id }) => textHash(id))
    for (let row = 0; row < length; row++) this.#mix(row, ids[batch.instrumentIndex[row]])
    for (const { name } of columns) {
      const values = columnOf(batch, name) as ArrayBufferView | readonly string[]
      if (ArrayBuffer.isView(values)) this.#mixWords(values, length)
      else for (let row = 0; row < length; row++) this.#mix(row, textHash(values[row]))
    }
    for (let row = 0; row < length; row++) {
      this.#low = (this.#low + this.#first[row]) | 0
      this.#high = (this.#high + this.#second[row]) | 0
    }
    this.rows += length
  }

  /** Sixteen hex digits. */
  toString(): string {
    return [this.#high, this.#low].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('')
  }

  #mixWords(values: ArrayBufferView, length: number): void {
    const { buffer, byteOffset, byteLength } = values
    if (byteLength === length) {
      const bytes = new Uint8Array(buffer, byteOffset, length)
      for (let row = 0; row < length; row++) this.#mix(row, bytes[row])
    } else if (byteLength === length * 4) {
      const words = new Int32Array(buffer, byteOffset, length)
      for (let row = 0; row < length; row++) this.#mix(row, words[row])
    } else {
      const words = new Int32Array(buffer, byteOffset, length * 2)
      for (let row = 0; row < length; row++) {
        this.#mix(row, words[2 * row])
        this.#mix(row, words[2 * row + 1])
      }
    }
  }

  #mix(row: number, word: number): void {
    let first = Math.imul(this.#first[row] ^ word, 0x9e3779b1)
    first ^= first >>> 15
    this.#first[row] = first
    this.#second[row] = Math.imul((this.#second[row] << 13) ^ (this.#second[row] >>> 19) ^ word, 0x85ebca6b) + first
  }
}

function textHash(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash
}
