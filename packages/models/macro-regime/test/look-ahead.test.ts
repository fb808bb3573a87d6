import { auditSplits, findLookAhead, fitRows, labelledRows, type Pipeline, type RawTable } from '@gatehouse/model-kit'
import { macroRegime, regimeFeatures } from '@gatehouse/model-macro-regime'
import { expect, test } from 'vitest'
import { datasetUntil, day, market, plainBars } from './world.js'

const [one] = market.instruments

/** Bars as a raw table, and what the family makes of it as a pipeline. */
const features = regimeFeatures('synthetic', { context: ['BRAV'], detail: 'full' })
const pipeline: Pipeline = ({ availableAt, columns }) => {
  const stream = features.open(one, { BRAV: market.instruments[1] })
  const times: bigint[] = []
  const values: number[] = []
  availableAt.forEach((at, row) => {
    const numbers = Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, column[row]]))
    const instrument = market.instruments[numbers['name'] > 0.5 ? 1 : 0]
    stream.update({ ...numbers, schema: 'ohlcv-1h', source: 'synthetic', instrument, availableAt: at } as never)
    if (instrument !== one || !stream.isWarm) return
    times.push(at)
    values.push(...stream.values)
  })
  return { times: BigInt64Array.from(times), names: features.spec.items.map(({ name }) => name), values: Float64Array.from(values) }
}

async function table(): Promise<RawTable> {
  const bars = (await plainBars(datasetUntil('2018-07-01'))).slice(0, 1700)
  const column = (read: (bar: (typeof bars)[number]) => number) => Float64Array.from(bars, read)
  return {
    availableAt: BigInt64Array.from(bars, ({ availableAt }) => availableAt),
    columns: {
      open: column(({ open }) => open),
      high: column(({ high }) => high),
      low: column(({ low }) => low),
      close: column(({ close }) => close),
      volume: column(({ volume }) => volume),
    },
  }
}

test('no feature changes when what comes later does', async () => {
  const raw = await table()
  // Whose bar a row is stays what it is: it is no measurement that could be perturbed.
  const owner = Uint8Array.from(raw.availableAt, (_, row) => row % 2)
  const owned: Pipeline = ({ availableAt, columns }) =>
    pipeline({ availableAt, columns: { ...columns, name: Float64Array.from(availableAt, (_, row) => owner[row]) } })
  expect(owned(raw).times.length).toBeGreaterThan(100)
  expect(findLookAhead(owned, raw, { cuts: 3 })).toEqual([])
})

test('training labels touch no validation label', async () => {
  const { definition } = macroRegime({ horizon: 14, epochs: 1, hidden: [8] })
  const rows = await definition.readRows(datasetUntil('2021-01-01'), { features: definition.features('synthetic') })
  const indices = labelledRows(rows, (row) => rows.t1[row] < day('2020-01-01'))
  const { fitted, validation } = await fitRows(definition, rows, { indices, seed: 1 })
  expect(auditSplits(rows, [{ train: fitted, test: validation }])).toEqual([])
})
