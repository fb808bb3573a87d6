import { createBatch, type Batch, type Instrument } from '@gatehouse/core'

export interface WriterJob {
  readonly directory: string
  readonly writer: number
  /** sequences to write in all */
  readonly sequences: number
  readonly mode: 'append' | 'record'
  /** operation at which the fault strikes, counted from 0; past the last one for none */
  readonly at: number
  readonly fault: string
  readonly pendingBytes: number
}

const minute = 60_000_000_000n
const start = 1_704_205_800_000_000_000n
/** Bars of one append. */
export const barsPerAppend = 4

/** Bars that say which append they belong to: `volume` is the sequence, `open` the place within it. */
export function numberedBars(instrument: Instrument, sequence: number): Batch {
  const place = (i: number): number => 100 + i
  return createBatch({
    schema: 'ohlcv-1m',
    source: 'numbered',
    instruments: [instrument],
    columns: {
      tsEvent: BigInt64Array.from({ length: barsPerAppend }, (_, i) => start + BigInt(sequence * barsPerAppend + i) * minute),
      open: Float64Array.from({ length: barsPerAppend }, (_, i) => place(i)),
      high: Float64Array.from({ length: barsPerAppend }, (_, i) => place(i) + 1),
      low: Float64Array.from({ length: barsPerAppend }, (_, i) => place(i) - 1),
      close: Float64Array.from({ length: barsPerAppend }, (_, i) => place(i)),
      volume: new Float64Array(barsPerAppend).fill(sequence),
    },
  })
}

export interface Tally {
  runs: number
  failed: number
  acknowledged: number
  lost: number
  duplicated: number
  /** what went wrong, for people */
  problems: string[]
}

export const emptyTally = (): Tally => ({ runs: 0, failed: 0, acknowledged: 0, lost: 0, duplicated: 0, problems: [] })

/**
 * Compares a table with what its writers were promised.
 * @param promised highest acknowledged sequence of each writer
 * @returns rows lost and rows held twice
 */
export async function audit(
  batches: AsyncIterable<Batch>,
  promised: ReadonlyMap<number, number>,
): Promise<{ lost: number; duplicated: number; rows: number }> {
  const seen = new Map<string, number>()
  let rows = 0
  let last = 0n
  for await (const batch of batches) {
    const { open, volume } = (batch as Batch<'ohlcv-1m'>).columns
    for (let row = 0; row < batch.length; row++) {
      const { symbol } = batch.instruments[batch.instrumentIndex[row]]
      const key = `${symbol} ${volume[row]} ${String((open as Float64Array)[row])}`
      seen.set(key, (seen.get(key) ?? 0) + 1)
      if (batch.availableAt[row] < last) throw new Error('rows are out of order')
      last = batch.availableAt[row]
      rows++
    }
  }
  let lost = 0
  for (const [writer, sequence] of promised) {
    for (let i = 1; i <= sequence; i++) for (let bar = 0; bar < barsPerAppend; bar++) if (!seen.has(`W${writer} ${i} ${100 + bar}`)) lost++
  }
  let duplicated = 0
  for (const count of seen.values()) duplicated += count - 1
  return { lost, duplicated, rows }
}
