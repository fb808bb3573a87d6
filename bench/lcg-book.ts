import { createBatch, future, type Batch, type Feed } from '@gatehouse/core'

const instrument = future('LCGZ5', { venue: 'SIM', calendar: '24x7', tickSize: 0.01, multiplier: 1 })
const firstEvent = 1_577_836_800_000_000_000n
const levels = ['00', '01', '02', '03', '04', '05', '06', '07', '08', '09'] as const

/**
 * A deterministic MBP-10 feed after `prototypes/backtest/l2.py`: random-walk touch, ten levels a side, a tenth of the events trades at the touch.
 * Mean 100 µs between events; received half a millisecond later.
 */
export function lcgBook(count: number, size = 8192): Feed {
  return {
    name: 'lcg-book',
    schemas: ['mbp-10'],
    instruments: async () => [instrument],
    subscribe: () => {},
    async *batches() {
      const world = new World()
      for (let from = 0; from < count; from += size) yield world.batch(Math.min(size, count - from))
    },
    close: async () => {},
    [Symbol.asyncDispose]: async () => {},
  }
}

class World {
  #seed = 7
  #mid = 10_000
  #time = firstEvent
  #sequence = 0
  readonly #bids = new Float64Array(10).fill(50)
  readonly #asks = new Float64Array(10).fill(50)

  #uniform(): number {
    this.#seed = (Math.imul(this.#seed, 1664525) + 1013904223) >>> 0
    return this.#seed / 4294967296
  }

  batch(length: number): Batch {
    const tsEvent = new BigInt64Array(length)
    const tsRecv = new BigInt64Array(length)
    const [action, side, flags] = [new Uint8Array(length), new Uint8Array(length), new Uint8Array(length)]
    const [price, volume] = [new Float64Array(length), new Float64Array(length)]
    const [sequence, depth] = [new Uint32Array(length), new Uint32Array(length)]
    const book: Record<string, Float64Array | Uint32Array> = {}
    for (const level of levels) {
      for (const name of ['bidPx', 'askPx', 'bidSz', 'askSz']) book[name + level] = new Float64Array(length)
      for (const name of ['bidCt', 'askCt']) book[name + level] = new Uint32Array(length).fill(1)
    }
    for (let i = 0; i < length; i++) {
      const [a, b, c] = [this.#uniform(), this.#uniform(), this.#uniform()]
      this.#time += BigInt(Math.round(50_000 + 100_000 * b))
      tsEvent[i] = this.#time
      tsRecv[i] = this.#time + 500_000n
      const isBid = c < 0.5
      const sizes = isBid ? this.#bids : this.#asks
      side[i] = isBid ? 66 : 65
      sequence[i] = this.#sequence++
      if (a < 0.1) {
        action[i] = 84
        price[i] = (this.#mid + (isBid ? 1 : 0)) * 0.01
        volume[i] = 1 + Math.floor(9 * b)
      } else {
        const level = Math.floor(10 * b)
        action[i] = 77
        depth[i] = level
        sizes[level] = volume[i] = 10 + Math.floor(90 * a)
        price[i] = (isBid ? this.#mid - level : this.#mid + 1 + level) * 0.01
        if (a > 0.995) this.#mid += isBid ? 1 : -1
      }
      for (let level = 0; level < 10; level++) {
        const name = levels[level]
        book[`bidPx${name}`][i] = (this.#mid - level) * 0.01
        book[`askPx${name}`][i] = (this.#mid + 1 + level) * 0.01
        book[`bidSz${name}`][i] = this.#bids[level]
        book[`askSz${name}`][i] = this.#asks[level]
      }
    }
    return createBatch({
      schema: 'mbp-10',
      source: 'lcg',
      instruments: [instrument],
      columns: { tsEvent, tsRecv, action, side, price, size: volume, flags, sequence, depth, ...book } as never,
    })
  }
}
