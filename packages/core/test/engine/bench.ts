import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach } from 'vitest'
import {
  createBatch,
  equity,
  type Batch,
  type Instrument,
  type Model,
  type Notifier,
  type Prediction,
  type Strategy,
} from '@gatehouse/core'
import type { Notice } from '@gatehouse/contracts'

export const minute = 60_000_000_000n
export const t0 = 1_704_205_800_000_000_000n
export const instrument = equity('TEST', { venue: 'SIM', calendar: '24x7' })

/** Bars that follow each other; each opens where the last closed. */
export function bars(
  closes: readonly number[],
  { from = t0, of = instrument, step = minute }: { from?: bigint; of?: Instrument; step?: bigint } = {},
): Batch {
  const close = Float64Array.from(closes)
  const open = Float64Array.from(closes, (price, i) => closes[i - 1] ?? price)
  const tsEvent = BigInt64Array.from(closes, (_, i) => from + BigInt(i) * step)
  return createBatch({
    schema: 'ohlcv-1m',
    source: 'test',
    instruments: [of],
    availableAt: tsEvent.map((start) => start + step),
    columns: {
      tsEvent,
      open,
      high: close.map((price, i) => Math.max(price, open[i])),
      low: close.map((price, i) => Math.min(price, open[i])),
      close,
      volume: new Float64Array(closes.length).fill(1e6),
    },
  })
}

/** Quotes one apart, bid and ask a cent around each price. */
export function quotes(prices: readonly number[], { from = t0, of = instrument, step = 1_000_000_000n } = {}): Batch {
  const at = BigInt64Array.from(prices, (_, i) => from + BigInt(i) * step)
  const { length } = prices
  return createBatch({
    schema: 'bbo-1s',
    source: 'test',
    instruments: [of],
    columns: {
      tsEvent: at,
      tsRecv: at,
      price: new Float64Array(length).fill(NaN),
      size: new Float64Array(length),
      side: new Uint8Array(length).fill(78),
      flags: new Uint8Array(length),
      bidPx00: Float64Array.from(prices, (price) => price - 0.01),
      askPx00: Float64Array.from(prices, (price) => price + 0.01),
      bidSz00: new Float64Array(length).fill(100),
      askSz00: new Float64Array(length).fill(100),
      bidCt00: new Uint32Array(length),
      askCt00: new Uint32Array(length),
    },
  })
}

/** A walk by a seed, the same everywhere. */
export function walk(length: number, seed = 1): number[] {
  let [state, price] = [seed >>> 0, 100]
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (price *= 1 + 0.01 * (state / 4294967296 - 0.5))
  })
}

/** Long after a rise, short after a fall. */
export const flip = (): Strategy => {
  let previous = NaN
  return {
    name: 'flip',
    onBar(bar, { orders }) {
      if (bar.close > previous) orders.target(bar.instrument, 10)
      else if (bar.close < previous) orders.target(bar.instrument, -5)
      previous = bar.close
    },
  }
}

/** Folders that go away with the test. */
const folders: string[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})
export async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'gatehouse-engine-'))
  folders.push(made)
  return join(made, 'journal')
}

/** A model that counts rows of its schema: warm after some, and predicts how many it has seen. */
export function countingModel(schema: Model['inputs'][number]['schema'], warmUp: number, more: Partial<Model> = {}): Model {
  const digest = 'c'.repeat(64)
  return {
    name: 'counting',
    digest,
    inputs: [{ schema, source: 'test', warmUp }],
    trigger: { every: schema },
    compute: (input) => input,
    open(instruments) {
      let seen = 0
      const values = new Float32Array(1)
      const prediction: Prediction = {
        type: 'count',
        model: 'counting',
        digest,
        instrument: instruments[0],
        at: 0n,
        values,
        copy() {
          return { ...this, values: this.values.slice() }
        },
      }
      return {
        update: () => void seen++,
        predict(_, emit) {
          values[0] = seen
          emit(prediction)
        },
        get isWarm() {
          return seen >= warmUp
        },
        save: () => new Uint8Array(Float64Array.of(seen).buffer),
        restore: (state) => void ([seen] = new Float64Array(state.slice().buffer)),
      }
    },
    ...more,
  }
}

/** A notifier that keeps what it was told. */
export function listening(status: 'healthy' | 'down' = 'healthy'): { readonly notifier: Notifier; readonly heard: Notice[] } {
  const heard: Notice[] = []
  return {
    heard,
    notifier: {
      notify: (notice) => void heard.push(notice),
      health: () => Promise.resolve({ status, message: 'as asked', pending: 0 }),
      close: () => Promise.resolve(),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    },
  }
}
