/** What both sides obey: features, labels, the network's inputs, and what is measured. The kit does everything but the training, which is Python's. */
import type { Dataset, Instrument, Prediction, TimeNs } from '@gatehouse/core'
import {
  aucStatistic,
  barReaders,
  calibrationStatistic,
  chain,
  classStatistic,
  combine,
  constantBaseline,
  cutIntoClasses,
  defineFamily,
  ewma,
  ewmaVolatility,
  feature,
  featureMatrices,
  featureSet,
  forwardReturn,
  identity,
  lastSteps,
  linearBaseline,
  logReturn,
  map,
  openInstrument,
  over,
  positionReturns,
  predictedClasses,
  ruleBaseline,
  testLabels,
  volumeByHour,
  type FamilyRows,
  type FeatureMatrix,
  type Judging,
} from '@gatehouse/model-kit'

const schema = 'ohlcv-1h'
/** Bars that the network looks back, and bars that it looks ahead. */
const [steps, horizon] = [24, 7]
export const classes = ['down', 'flat', 'up']
const cuts = [-0.25, 0.25]
const { close, range } = barReaders(schema)

const bound = map('bound(6)', (x) => Math.max(-6, Math.min(6, x)))
const deviations = chain(
  logReturn(1),
  combine('standardised', identity, ewmaVolatility(70), (x, deviation) => (deviation > 0 ? x / deviation : 0)),
  bound,
)
const logRatio = (a: number, b: number): number => (b > 0 ? Math.log(a / b + 0.01) : 0)
const features = (source: string) =>
  featureSet(
    [
      feature('return', 'deviations', over(close, deviations)),
      feature('momentum', 'deviations', over(close, chain(deviations, ewma(14)))),
      feature(
        'volatility',
        'log-ratio',
        over(close, chain(logReturn(1), combine('logRatio', ewmaVolatility(10), ewmaVolatility(280), logRatio))),
      ),
      feature('range', 'log-ratio', over(range, combine('logRatio', ewma(5), ewma(280), logRatio))),
      feature('volume', 'deviations', volumeByHour(schema, 40)),
    ],
    { source, rows: steps },
  )

interface Rows extends FamilyRows {
  /** Return of the bar that follows, and the class that had come true when the row was known. */
  readonly nextReturn: Float64Array
  readonly lastClass: Int32Array
}

async function readRows(dataset: Dataset, { features: set }: { readonly features: ReturnType<typeof features> }): Promise<Rows> {
  const lanes = dataset.instruments.map((instrument) => ({ instrument }))
  const all = (await featureMatrices(set, dataset, { lanes, every: schema })).flatMap(labelled)
  // The table holds every bar, instrument by instrument; rows, in time order, are the bars with a whole window behind them.
  const table = Float32Array.from(all.flatMap(({ values }) => values))
  const order = Int32Array.from(all.keys())
    .filter((i) => all[i].place >= steps - 1)
    .sort((a, b) => (all[a].t0 < all[b].t0 ? -1 : all[a].t0 > all[b].t0 ? 1 : a - b))
  return {
    count: order.length,
    table,
    width: set.spec.items.length,
    windows: { ends: order, steps },
    labels: new Map([['direction', Int32Array.from(order, (i) => all[i].label)]]),
    t0: BigInt64Array.from(order, (i) => all[i].t0),
    t1: BigInt64Array.from(order, (i) => all[i].t1),
    instrument: Int32Array.from(order, (i) => dataset.instruments.indexOf(all[i].instrument)),
    nextReturn: Float64Array.from(order, (i) => all[i].nextReturn),
    lastClass: Int32Array.from(order, (i) => all[i].lastClass),
  }
}

function labelled({ instrument, rows, times, values, prices, features: { spec } }: FeatureMatrix) {
  const width = spec.items.length
  const volatility = new Float64Array(rows)
  let variance = NaN
  for (let i = 1; i < rows; i++) {
    const square = Math.log(prices[i] / prices[i - 1]) ** 2
    variance = Number.isNaN(variance) ? square : variance + (square - variance) / 140
    volatility[i] = Math.sqrt(variance)
  }
  const { labels } = cutIntoClasses(forwardReturn(prices, { horizon, volatility }), cuts)
  return Array.from({ length: rows }, (_, i) => ({
    instrument,
    place: i,
    values: Array.from(values.subarray(i * width, (i + 1) * width)),
    label: i < 140 ? -1 : labels[i],
    lastClass: i < horizon ? 1 : labels[i - horizon],
    t0: times[i],
    t1: times[Math.min(rows - 1, i + horizon)],
    nextReturn: i + 1 < rows ? prices[i + 1] / prices[i] - 1 : NaN,
  }))
}

function measure(judging: Judging<Rows>) {
  const { values, test } = judging
  const truth = testLabels(judging, 'direction')
  const up = Float64Array.from(test, (_, i) => values[3 * i + 2])
  const lean = Float64Array.from(test, (_, i) => values[3 * i + 2] - values[3 * i])
  const rose = Float64Array.from(truth, (label) => (label < 0 || label === 1 ? NaN : label / 2))
  return [
    { name: 'auc', unit: 'score', direction: 'higher', statistic: aucStatistic(rose, lean) },
    {
      name: 'macroF1',
      unit: 'score',
      direction: 'higher',
      statistic: classStatistic(truth, predictedClasses(values, 3), { classes: 3, metric: 'macroF1' }),
    },
    {
      name: 'ece',
      unit: 'score',
      direction: 'lower',
      statistic: calibrationStatistic(up, truth.map((label) => (label < 0 ? -1 : Number(label === 2)))), // prettier-ignore
    },
  ] as const
}

/** What the model says of one instrument: probabilities of {@link classes}. */
export class Direction implements Prediction {
  readonly type = 'direction'
  at: TimeNs = 0n
  constructor(
    readonly model: string,
    readonly digest: string,
    readonly instrument: Instrument,
    readonly values: Float32Array,
  ) {}
  copy(): this {
    return Object.assign(new Direction(this.model, this.digest, this.instrument, this.values.slice()), { at: this.at }) as this
  }
}

const edges = ['macroF1']

/** The family that the shipped `macro-regime` policies judge: its name is what a policy asks for. */
export const family = defineFamily<Rows, Direction>({
  name: 'macro-regime',
  modelName: 'macro-regime/python',
  features,
  readRows: (dataset, options) => readRows(dataset, options),
  // What baselines are fitted with; the trained network is the one that model.json describes.
  network: { input: [steps, 5], layers: [{ kind: 'gru', units: 32 }], heads: [{ kind: 'classes', name: 'direction', classes: 3 }] },
  heads: [
    {
      output: 'direction',
      kind: 'classes',
      classes,
      horizon: `${horizon} bars`,
      definition: `forward log return over its volatility, cut at ${cuts.join(', ')}`,
    },
  ],
  training: { epochs: 8, batch: 256 },
  columns: ['availableAt', 'open', 'high', 'low', 'close', 'volume'],
  measure: (judging) => [...measure(judging)],
  baselines: [
    constantBaseline('majority', { edges, say: 'commonest' }),
    ruleBaseline('persistence', {
      description: 'the class of the last horizon again',
      edges,
      rule: ({ lastClass }, row, target) => (target[Math.max(0, lastClass[row])] = 1),
    }),
    linearBaseline('logistic', { edges, rows: lastSteps }),
  ],
  economics: ({ rows, test, values }) => ({
    costs: '1 bp of the value traded',
    returns: positionReturns(rows, test, {
      position: (i) => values[3 * i + 2] - values[3 * i],
      nextReturn: rows.nextReturn,
      costPerTurnover: 1e-4,
    }),
  }),
  serving: {
    trigger: { every: schema },
    open: (loaded, [instrument]) =>
      openInstrument(loaded, instrument, {
        every: schema,
        prediction: (values, { model, digest }) => new Direction(model, digest, instrument, values),
      }),
  },
})
