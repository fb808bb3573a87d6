import { describe, expect, test } from 'vitest'
import { type Batch, createBatch, type Dataset, etf, type Schema } from '@gatehouse/core'
import { barReaders, feature, featureMatrix, featureSet, logReturn, over, random, rollingMean } from '@gatehouse/model-kit'

const [spy, qqq] = [etf('SPY'), etf('QQQ')]
const minute = 60_000_000_000n

/** Minute bars of two names in two batches, and hourly bars beside them. */
function dataset(source = 'test', count = 240): Dataset {
  const draw = random(3)
  const bars = (schema: 'ohlcv-1m' | 'ohlcv-1h', from: number, rows: number, step: bigint): Batch => {
    const close = Float64Array.from({ length: 2 * rows }, () => 100 + draw.normal())
    const columns = {
      tsEvent: BigInt64Array.from({ length: 2 * rows }, (_, i) => BigInt(from + (i >> 1)) * step),
      open: close,
      high: close,
      low: close,
      close,
      volume: close.map(() => 10),
    }
    return createBatch({
      schema,
      source,
      instruments: [spy, qqq],
      instrumentIndex: Uint32Array.from({ length: 2 * rows }, (_, i) => i & 1),
      columns,
    })
  }
  const all: Partial<Record<Schema, Batch[]>> = {
    'ohlcv-1m': [bars('ohlcv-1m', 0, count / 2, minute), bars('ohlcv-1m', count / 2, count / 2, minute)],
    'ohlcv-1h': [bars('ohlcv-1h', 0, count / 60, 60n * minute)],
  }
  return {
    name: 'two names',
    pins: [],
    source,
    instruments: [spy, qqq],
    range: { from: 0n, to: BigInt(count) * minute },
    async *batches(schema) {
      yield* all[schema] ?? []
    },
  }
}

const close = barReaders('ohlcv-1m').close
const hourly = barReaders('ohlcv-1h').close
const features = featureSet(
  [
    feature('return', 'return-log', over(close, logReturn(5))),
    feature('other', 'price', over(close, rollingMean(3)), { role: 'nasdaq' }),
    feature('hour', 'price', over(hourly, rollingMean(1)), { missing: 'carry-forward' }),
  ],
  { source: 'test' },
)
const options = { instrument: spy, context: { nasdaq: qqq }, every: 'ohlcv-1m' } as const

describe('a feature matrix', () => {
  test('holds what the stream says live, row by row, over two schemas in the order they could be known', async () => {
    const matrix = await featureMatrix(features, dataset(), options)
    const stream = features.open(spy, { nasdaq: qqq })
    const lanes: { at: bigint; order: number; batch: Batch; row: number }[] = []
    for (const [order, schema] of (['ohlcv-1m', 'ohlcv-1h'] as const).entries())
      for await (const batch of dataset().batches(schema))
        for (let row = 0; row < batch.length; row++) lanes.push({ at: batch.availableAt[row], order, batch, row })
    lanes.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.order - b.order))
    const rows: number[] = []
    const times: bigint[] = []
    for (const { batch, row, at } of lanes) {
      const view = batch.view()
      view.row = row
      stream.update(view)
      if (view.schema !== 'ohlcv-1m' || view.instrument !== spy || !stream.isWarm) continue
      rows.push(...stream.values)
      times.push(at)
    }
    expect(Array.from(matrix.times)).toEqual(times)
    expect(Array.from(matrix.values)).toEqual(rows)
    // The first hourly bar is known at minute 60, together with the minute bar that ends there.
    expect(matrix.times[0]).toBe(61n * minute)
    expect(matrix.rows).toBe(180)
  })

  test('names the features that never had a value', async () => {
    const long = featureSet([feature('return', 'x', over(close, logReturn(5))), feature('slow', 'x', over(close, rollingMean(1000)))], {
      source: 'test',
    })
    await expect(featureMatrix(long, dataset(), { instrument: spy, every: 'ohlcv-1m' })).rejects.toMatchObject({
      code: 'MODEL_FEATURE_NEVER_WARM',
      details: { features: ['slow'] },
    })
  })

  test('refuses data of another source', async () => {
    await expect(featureMatrix(features, dataset('other'), options)).rejects.toMatchObject({ code: 'MODEL_FEATURES_MISMATCH' })
  })

  test('stops when aborted', async () => {
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(featureMatrix(features, dataset(), { ...options, signal })).rejects.toThrow('enough')
  })
})
