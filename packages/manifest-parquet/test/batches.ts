import { createBatch, etf, type Batch, type Instrument } from '@gatehouse/core'

export const spy = etf('SPY')
export const qqq = etf('QQQ', { venue: 'XNAS' })

/** Deterministic numbers in [0, 1). */
export function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return (state >>> 0) / 4294967296
  }
}

/** One-minute bars from a start, for each instrument in turn at each minute. */
export function bars(options: {
  from: bigint
  minutes: number
  instruments?: readonly Instrument[]
  seed?: number
  source?: string
}): Batch {
  const { from, minutes, instruments = [spy], seed = 1, source = 'test' } = options
  const rows = minutes * instruments.length
  const next = random(seed)
  const price = (): Float64Array => Float64Array.from({ length: rows }, () => Math.round(40_000 + next() * 500) / 100)
  return createBatch({
    schema: 'ohlcv-1m',
    source,
    instruments,
    instrumentIndex: Uint32Array.from({ length: rows }, (_, row) => row % instruments.length),
    columns: {
      tsEvent: BigInt64Array.from({ length: rows }, (_, row) => from + BigInt(Math.floor(row / instruments.length)) * 60_000_000_000n),
      open: price(),
      high: price(),
      low: price(),
      close: price(),
      volume: Float64Array.from({ length: rows }, () => Math.floor(next() * 10_000)),
    },
  })
}

const names = (side: string): string[] => Array.from({ length: 10 }, (_, level) => `${side}0${level}`)

/** Ten-level books with integer prices (1e-9), as Databento sends them. */
export function books(options: { from: bigint; rows: number; instruments?: readonly Instrument[]; seed?: number }): Batch {
  const { from, rows, instruments = [spy], seed = 1 } = options
  const next = random(seed)
  const u32 = (most: number): Uint32Array => Uint32Array.from({ length: rows }, () => Math.floor(next() * most))
  const u8 = (letters: string): Uint8Array =>
    Uint8Array.from({ length: rows }, () => letters.charCodeAt(Math.floor(next() * letters.length)))
  const tsEvent = BigInt64Array.from({ length: rows }, (_, row) => from + BigInt(row) * 1_000_003n)
  const columns: Record<string, unknown> = {
    tsEvent,
    tsRecv: tsEvent.map((time) => time + 1500n),
    action: u8('ACMT'),
    side: u8('ABN'),
    price: BigInt64Array.from({ length: rows }, () =>
      next() < 0.02 ? 2n ** 63n - 1n : 400_000_000_000n + BigInt(Math.floor(next() * 100)) * 10_000_000n,
    ),
    size: u32(500),
    flags: Uint8Array.from({ length: rows }, () => (next() < 0.9 ? 128 : 255)),
    sequence: Uint32Array.from({ length: rows }, (_, row) => 4_294_000_000 + row),
    depth: u32(10),
  }
  for (const name of [...names('bidPx'), ...names('askPx')]) {
    columns[name] = BigInt64Array.from({ length: rows }, () => 400_000_000_000n + BigInt(Math.floor(next() * 50)) * 10_000_000n)
  }
  for (const name of [...names('bidSz'), ...names('askSz'), ...names('bidCt'), ...names('askCt')]) columns[name] = u32(900)
  return createBatch({
    schema: 'mbp-10',
    source: 'XNAS.ITCH',
    instruments,
    priceDivisor: 1e9,
    instrumentIndex: Uint32Array.from({ length: rows }, (_, row) => row % instruments.length),
    columns: columns as never,
  })
}

/** Rows as plain objects, so that tests compare values and not memory. */
export function rowsOf(batch: Batch, columns: readonly string[]): Record<string, unknown>[] {
  return Array.from({ length: batch.length }, (_, row) => ({
    at: batch.availableAt[row],
    instrument: batch.instruments[batch.instrumentIndex[row]].id,
    ...Object.fromEntries(columns.map((name) => [name, (batch.columns as unknown as Record<string, readonly unknown[]>)[name][row]])),
  }))
}
