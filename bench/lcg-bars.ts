import { createBatch, equity, type Batch, type Feed, type Instrument } from '@gatehouse/core'

/** The deterministic one-minute bars of the engine benchmark: a 32-bit LCG, so every language makes the same. */
export const lcgInstrument: Instrument = equity('LCG', { venue: 'SIM', calendar: '24x7' })
const firstBar = 1_577_836_800_000_000_000n // 2020-01-01

/** Streams `count` bars in batches of `size`. */
export function lcgBars(count: number, size = 16_384): Feed {
  return {
    name: 'lcg',
    schemas: ['ohlcv-1m'],
    instruments: async () => [lcgInstrument],
    subscribe: () => {},
    async *batches() {
      const state = { seed: 12345, price: 100 }
      for (let from = 0; from < count; from += size) yield lcgBatch(state, from, Math.min(size, count - from))
    },
    close: async () => {},
    [Symbol.asyncDispose]: async () => {},
  }
}

function lcgBatch(state: { seed: number; price: number }, from: number, length: number): Batch {
  const [open, high, low, close, volume] = Array.from({ length: 5 }, () => new Float64Array(length))
  const tsEvent = new BigInt64Array(length)
  const { seed, price } = state
  let s = seed
  let p = price
  for (let i = 0; i < length; i++) {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0
    const a = s / 4294967296 - 0.5
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0
    const b = s / 4294967296
    const q = p * (1 + 0.002 * a)
    open[i] = p
    high[i] = Math.max(p, q) * (1 + 0.0005 * b)
    low[i] = Math.min(p, q) * (1 - 0.0005 * b)
    close[i] = q
    volume[i] = 1000
    tsEvent[i] = firstBar + BigInt(from + i) * 60_000_000_000n
    p = q
  }
  state.seed = s
  state.price = p
  return createBatch({
    schema: 'ohlcv-1m',
    source: 'lcg',
    instruments: [lcgInstrument],
    columns: { tsEvent, open, high, low, close, volume },
  })
}

/** The bars as arrays, for loops and engines without feeds. */
export function lcgArrays(count: number): { open: Float64Array; high: Float64Array; low: Float64Array; close: Float64Array } {
  const batch = lcgBatch({ seed: 12345, price: 100 }, 0, count) as Batch<'ohlcv-1m'>
  return {
    open: batch.columns.open as Float64Array,
    high: batch.columns.high as Float64Array,
    low: batch.columns.low as Float64Array,
    close: batch.columns.close as Float64Array,
  }
}
