/** One resting order. Orders of a level form a queue, oldest first. */
export interface RestingOrder {
  /** Halves of the 64-bit order id: ids above 2^53 occur, and a bigint a message would cost more than the book. */
  idHigh: number
  idLow: number
  size: number
  side: BookSide
  level: PriceLevel
  ahead: RestingOrder | undefined
  behind: RestingOrder | undefined
}

/** Orders of one side at one price. */
export interface PriceLevel {
  /** Halves of the price in units of 1e-9. */
  readonly high: number
  readonly low: number
  /** Sum of the orders' sizes. */
  size: number
  /** Number of orders. */
  count: number
  first: RestingOrder | undefined
  last: RestingOrder | undefined
}

/** One side's levels, best last, so that the busy end is the cheap end of the array. */
export interface BookSide {
  /** 1 for bids (higher is better), -1 for asks. */
  readonly direction: 1 | -1
  readonly levels: PriceLevel[]
}

/** Orders by id: open addressing with linear probing, deletion by shifting back. */
export class OrderIndex {
  #slots: (RestingOrder | undefined)[] = new Array<RestingOrder | undefined>(1024).fill(undefined)
  #mask = 1023
  #size = 0

  get size(): number {
    return this.#size
  }

  get(idHigh: number, idLow: number): RestingOrder | undefined {
    const slots = this.#slots
    const mask = this.#mask
    for (let slot = hash(idHigh, idLow) & mask; ; slot = (slot + 1) & mask) {
      const order = slots[slot]
      if (order === undefined || (order.idLow === idLow && order.idHigh === idHigh)) return order
    }
  }

  add(order: RestingOrder): void {
    if ((this.#size + 1) * 2 > this.#slots.length) this.#grow()
    this.#place(order)
    this.#size += 1
  }

  delete(order: RestingOrder): void {
    const slots = this.#slots
    const mask = this.#mask
    let slot = hash(order.idHigh, order.idLow) & mask
    while (slots[slot] !== order) slot = (slot + 1) & mask
    for (let next = (slot + 1) & mask; ; next = (next + 1) & mask) {
      const candidate = slots[next]
      if (candidate === undefined) break
      const home = hash(candidate.idHigh, candidate.idLow) & mask
      // It may move up only if its home is not between the hole and itself.
      if (((next - home) & mask) >= ((next - slot) & mask)) {
        slots[slot] = candidate
        slot = next
      }
    }
    slots[slot] = undefined
    this.#size -= 1
  }

  clear(): void {
    this.#slots.fill(undefined)
    this.#size = 0
  }

  #place(order: RestingOrder): void {
    const mask = this.#mask
    let slot = hash(order.idHigh, order.idLow) & mask
    while (this.#slots[slot] !== undefined) slot = (slot + 1) & mask
    this.#slots[slot] = order
  }

  #grow(): void {
    const old = this.#slots
    this.#slots = new Array<RestingOrder | undefined>(old.length * 2).fill(undefined)
    this.#mask = this.#slots.length - 1
    for (const order of old) if (order !== undefined) this.#place(order)
  }
}

function hash(high: number, low: number): number {
  const mixed = Math.imul(low ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1)
  return mixed ^ (mixed >>> 15)
}
