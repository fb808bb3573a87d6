import { equity } from '@gatehouse/core'
import { barReaders, checkRows, feature, featureSet, identity, over, stackSeries, type FeatureMatrix } from '@gatehouse/model-kit'
import { describe, expect, test } from 'vitest'

const features = featureSet([feature('close', 'price', over(barReaders('ohlcv-1m').close, identity))], { source: 'toy' })
const matrixOf = (symbol: string, times: readonly bigint[], values: readonly number[]): FeatureMatrix => ({
  features,
  instrument: equity(symbol),
  rows: times.length,
  times: BigInt64Array.from(times),
  values: Float64Array.from(values),
  prices: Float64Array.from(values),
})
const labelled = (labels: readonly number[], horizon: number) => ({
  labels: Float32Array.from(labels),
  from: Int32Array.from(labels.keys()),
  to: Int32Array.from(labels, (_, row) => Math.min(labels.length - 1, row + horizon)),
})
const alfa = { matrix: matrixOf('ALFA', [10n, 20n, 30n], [1, 2, 3]), labels: { up: labelled([1, 0, NaN], 1) } }
const brav = { matrix: matrixOf('BRAV', [15n, 20n, 40n], [4, 5, 6]), labels: { up: labelled([0, 1, NaN], 1) } }

describe('series of several instruments', () => {
  test('become rows in time order, the first series first at one time, without the rows that have no label', () => {
    const rows = stackSeries([alfa, brav])
    expect(() => checkRows('toy', rows)).not.toThrow()
    expect([...rows.t0]).toEqual([10n, 15n, 20n, 20n])
    expect([...rows.t1], 'a label ends where its own series says').toEqual([20n, 20n, 30n, 40n])
    expect([...rows.table]).toEqual([1, 4, 2, 5])
    expect([...rows.labels.get('up')!]).toEqual([1, 0, 0, 1])
    expect([...rows.instrument].map((one, i) => [one, rows.matrixRow[i]])).toEqual([[0, 0], [1, 0], [0, 1], [1, 1]]) // prettier-ignore
  })

  test('become windows that never reach from one series into another', () => {
    const { windows, table, t0 } = stackSeries([alfa, brav], { steps: 2 })
    expect([...t0]).toEqual([20n, 20n])
    expect(Array.from(windows!.ends, (end) => [...table.subarray(end - 1, end + 1)])).toEqual([[1, 2], [4, 5]]) // prettier-ignore
  })

  test('a row depends on the longest of its labels', () => {
    const both = { ...alfa, labels: { ...alfa.labels, far: labelled([1, NaN, NaN], 2) } }
    expect([...stackSeries([both]).t1]).toEqual([30n, 30n])
  })

  test('labels that are not of their matrix, or of other heads, are refused by name', () => {
    expect(() => stackSeries([{ ...alfa, labels: { up: labelled([1, 0], 1) } }])).toThrow(/ALFA: 2 labels of "up" for 3 rows/)
    expect(() => stackSeries([alfa, { ...brav, labels: { down: brav.labels.up } }])).toThrow(/BRAV has labels of down/)
  })
})
