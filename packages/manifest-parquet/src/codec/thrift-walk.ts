/** Thrift's compact types, as far as walking tells them apart. */
export const thriftStruct = 12
const deepest = 16

/**
 * Walks over Thrift's compact protocol without making anything of it: finds where fields begin and end, so that only what is wanted is read.
 * Every step takes at least a byte, and none leads past the end.
 * @see https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 */
export class ThriftWalk {
  constructor(
    readonly bytes: Uint8Array,
    public at: number,
  ) {}

  /** Visits the fields of the struct at hand. `visit` may move past the value itself; else it is skipped. */
  struct(visit: (id: number, type: number) => void, depth = 0): void {
    let id = 0
    for (;;) {
      const head = this.#byte()
      const type = head & 15
      if (type === 0) return
      const delta = head >>> 4
      id = delta > 0 ? id + delta : this.zigzag()
      const start = this.at
      visit(id, type)
      if (this.at === start) this.skip(type, depth)
    }
  }

  /** Reads the head of the list at hand. */
  listHead(): { elementType: number; size: number } {
    const head = this.#byte()
    const size = head >>> 4
    return { elementType: head & 15, size: size === 15 ? this.#varint() : size }
  }

  zigzag(): number {
    const value = this.#varint()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  skip(type: number, depth = 0): void {
    if (depth > deepest) throw new RangeError('values are nested too deeply')
    switch (type) {
      case 1:
      case 2:
        return
      case 3:
        return this.#move(1)
      case 4:
      case 5:
      case 6:
        while (this.#byte() > 127);
        return
      case 7:
        return this.#move(8)
      case 8:
        return this.#move(this.#varint())
      case 9:
      case 10: {
        const { elementType, size } = this.listHead()
        // A flag takes a byte in a list, and none in a struct.
        for (let i = 0; i < size; i++) this.skip(elementType <= 2 ? 3 : elementType, depth + 1)
        return
      }
      case thriftStruct:
        return this.#skipStruct(depth + 1)
      default:
        throw new RangeError(`a value has type ${type}, which footers do not use`)
    }
  }

  #skipStruct(depth: number): void {
    for (;;) {
      const head = this.#byte()
      if ((head & 15) === 0) return
      if (head < 16) this.zigzag()
      this.skip(head & 15, depth)
    }
  }

  #byte(): number {
    if (this.at >= this.bytes.length) throw new RangeError('it ends in the middle of a value')
    return this.bytes[this.at++]
  }

  #varint(): number {
    let value = 0
    for (let factor = 1; factor < 2 ** 49; factor *= 128) {
      const byte = this.#byte()
      value += (byte & 127) * factor
      if (byte < 128) return value
    }
    throw new RangeError('a length does not end')
  }

  #move(count: number): void {
    if (count > this.bytes.length - this.at) throw new RangeError('a value runs past the end')
    this.at += count
  }
}
