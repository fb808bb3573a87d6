import { createBatch, equity, inMemory, type Dataset, type Instrument, type Prediction } from '@gatehouse/core'
import {
  aucStatistic,
  barReaders,
  constantBaseline,
  defineFamily,
  feature,
  featureMatrices,
  featureSet,
  lastSteps,
  linearBaseline,
  logReturn,
  meanStatistic,
  openInstrument,
  outputValues,
  over,
  positionReturns,
  random,
  rollingMean,
  testLabels,
  type FamilyDefinition,
  type FamilyRows,
} from '@gatehouse/model-kit'
import { feedDataset } from '@gatehouse/model-kit/testing'

export const schema = 'ohlcv-1m'
export const names = ['ALFA', 'BRAV'].map((symbol) => equity(symbol))
const minute = 60_000_000_000n
const horizon = 3

/** Minutes of two names; a third of every move is paid back over the next three. Batches carry other objects of the same instruments, as a manifest's rows do. */
export function toyDataset({ rows = 3000, seed = 1, strength = 0.33, pinned = true } = {}): Dataset {
  const draw = random(seed)
  const price = names.map(() => 0)
  const recent = names.map(() => [0, 0, 0])
  const close = Float64Array.from({ length: names.length * rows }, (_, i) => {
    const k = i % names.length
    const step = 0.001 * draw.normal() - strength * recent[k].reduce((a, b) => a + b, 0)
    recent[k] = [step, ...recent[k].slice(0, 2)]
    price[k] += step
    return 100 * Math.exp(price[k])
  })
  const batch = createBatch({
    schema,
    source: 'toy',
    instruments: names.map((one) => ({ ...one })),
    instrumentIndex: Uint32Array.from(close, (_, i) => i % names.length),
    columns: {
      tsEvent: BigInt64Array.from(close, (_, i) => 1_600_000_000_000_000_000n + BigInt(Math.floor(i / names.length)) * minute),
      open: close,
      high: close,
      low: close,
      close,
      volume: close.map(() => 10),
    },
  })
  return feedDataset({
    name: `toy-${seed}`,
    source: 'toy',
    instruments: names,
    range: { from: 0n, to: 2n ** 62n },
    feeds: { [schema]: inMemory([batch]) },
    pinned,
  })
}

export interface ToyRows extends FamilyRows {
  readonly nextReturn: Float64Array
}
export interface ToyPrediction extends Prediction {
  at: bigint
}

/** A family in a page: two features, an event and a value, flat or by windows of four rows. */
export function toyFamily({
  isWindowed = false,
  ...changes
}: Partial<FamilyDefinition<ToyRows, ToyPrediction>> & { readonly isWindowed?: boolean } = {}) {
  const steps = 4
  const close = barReaders(schema).close
  return defineFamily<ToyRows, ToyPrediction>({
    name: 'toy',
    modelName: 'toy',
    features: (source) =>
      featureSet([feature('return1', 'return-log', over(close, logReturn(1))), feature('mean', 'price', over(close, rollingMean(5)))], {
        source,
        rows: isWindowed ? steps : 1,
      }),
    async readRows(dataset, { features, ...options }) {
      const lanes = dataset.instruments.map((instrument) => ({ instrument }))
      const matrices = await featureMatrices(features, dataset, { lanes, every: schema, ...options })
      const { rows: count } = matrices[0]
      const first = isWindowed ? steps - 1 : 0
      const all = Array.from({ length: count - first }, (_, i) => i + first).flatMap((row) =>
        matrices.map((_m, instrument) => ({ row, instrument })),
      )
      const forward = (row: number, instrument: number, n: number): number => {
        const { prices } = matrices[instrument]
        return row + n < count ? Math.log(prices[row + n] / prices[row]) : NaN
      }
      const tables = matrices.map(({ values }) => Float32Array.from(values))
      const table = isWindowed ? Float32Array.from(tables.flatMap((one) => Array.from(one))) : Float32Array.from(all.flatMap(({ row, instrument }) => Array.from(tables[instrument].subarray(2 * row, 2 * row + 2)))) // prettier-ignore
      return {
        count: all.length,
        table,
        width: 2,
        windows: isWindowed ? { steps, ends: Int32Array.from(all, ({ row, instrument }) => instrument * count + row) } : undefined,
        labels: new Map([
          ['up', Float32Array.from(all, ({ row, instrument }) => { const x = forward(row, instrument, horizon); return Number.isNaN(x) ? NaN : x > 0 ? 1 : 0 })],
          ['move', Float32Array.from(all, ({ row, instrument }) => 1000 * forward(row, instrument, horizon))],
        ]), // prettier-ignore
        t0: BigInt64Array.from(all, ({ row }) => matrices[0].times[row]),
        t1: BigInt64Array.from(all, ({ row }) => matrices[0].times[Math.min(count - 1, row + horizon)]),
        instrument: Int32Array.from(all, ({ instrument }) => instrument),
        nextReturn: Float64Array.from(all, ({ row, instrument }) => Math.expm1(forward(row, instrument, 1))),
      }
    },
    network: {
      input: isWindowed ? [steps, 2] : [2],
      layers: [...(isWindowed ? [{ kind: 'flatten' as const }] : []), { kind: 'dense', units: 8, activation: 'tanh' }],
      heads: [
        { kind: 'binary', name: 'up' },
        { kind: 'regression', name: 'move' },
      ],
    },
    heads: [
      { output: 'up', kind: 'binary', horizon: '3 bars', definition: 'price is higher' },
      { output: 'move', kind: 'regression', unit: 'permille', horizon: '3 bars', definition: 'log return' },
    ],
    training: { epochs: 6, batch: 128, optimiser: { rate: 0.01 } },
    columns: ['close'],
    measure: (judging) => {
      const truth = testLabels(judging, 'up')
      const said = outputValues(judging, 'up')
      return [
        { name: 'auc', unit: 'score', direction: 'higher', statistic: aucStatistic(truth, said) },
        {
          name: 'brier',
          unit: 'score',
          direction: 'lower',
          statistic: meanStatistic(Float64Array.from(truth, (y, i) => (y - said[i]) ** 2)),
        },
      ]
    },
    baselines: [
      constantBaseline('majority', { edges: ['brier'], say: 'shares' }),
      linearBaseline('logistic', { edges: ['auc'], ...(isWindowed ? { rows: lastSteps } : {}) }),
    ],
    economics: ({ rows, test, values, width }) => ({
      costs: 'none',
      returns: positionReturns(rows, test, { position: (i) => 2 * values[i * width] - 1, nextReturn: rows.nextReturn, costPerTurnover: 0 }),
    }),
    deciles: ({ rows, test, values, width }) => ({
      title: 'Next return',
      by: 'chance of a rise',
      unit: 'permille',
      score: Float64Array.from(test, (_, i) => values[i * width]),
      outcome: Float64Array.from(test, (row) => 1000 * rows.nextReturn[row]),
    }),
    serving: {
      trigger: { every: schema },
      open: (loaded, [instrument]: readonly Instrument[]) =>
        openInstrument<ToyPrediction>(loaded, instrument, {
          every: schema,
          prediction: (values, about) => ({ type: 'toy', ...about, at: 0n, values, copy() { return { ...this, values: values.slice() } } }), // prettier-ignore
        }),
    },
    ...changes,
  })
}
