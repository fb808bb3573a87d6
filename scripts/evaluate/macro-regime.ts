import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { csvBars, mergeFeeds, TradingError, type Dataset } from '@gatehouse/core'
import { classMetrics, crossValidateFamily, confusionMatrix, fitRows, labelledRows, outputValues, predictedClasses, predictRows, random, renderEvaluationHtml, reportOf, testLabels, treesBaseline, type Judging, type LookLedger } from '@gatehouse/model-kit' // prettier-ignore
import { feedDataset } from '@gatehouse/model-kit/testing'
import { macroRegime, regimes, signals, type MacroRegimeOptions, type RegimeRows } from '@gatehouse/model-macro-regime'
import { type Figure, type RealDataCase, type RealDataResult, type RealDataTable, type Reproduction } from './real-data-case.js'

/** Split of research/baselines.md: everything of 2014 and 2015 lies between training and test. */
const [trainUntil, testFrom, testTo] = ['2014-01-01', '2016-01-15', '2019-01-01'].map((day) => BigInt(Date.parse(day)) * 1_000_000n)
const names = ['spy', 'aapl', 'ibm', 'bac', 'aig']
const tasks = [
  { head: 'signal', title: 'Task A, forward return', classes: signals.length, macroF1: 'signalMacroF1', balanced: 'signalBalancedAccuracy', accuracy: 'signalAccuracy' }, // prettier-ignore
  { head: 'regime', title: 'Task B, trend × volatility', classes: regimes.length, macroF1: 'macroF1', balanced: 'balancedAccuracy', accuracy: 'accuracy' }, // prettier-ignore
] as const

/** Rows of research/baselines.md: accuracy, balanced accuracy, macro F1. */
const notes: Readonly<Record<(typeof tasks)[number]['head'], Readonly<Record<string, readonly [number, number, number]>>>> = {
  signal: {
    majority: [0.315, 0.2, 0.096],
    'random by prior': [0.218, 0.202, 0.201],
    persistence: [0.226, 0.206, 0.207],
    logistic: [0.297, 0.217, 0.163],
    'logistic, balanced': [0.199, 0.209, 0.173],
    'gradient trees': [0.263, 0.23, 0.22],
  },
  regime: {
    majority: [0.43, 0.2, 0.12],
    'random by prior': [0.263, 0.204, 0.201],
    persistence: [0.294, 0.236, 0.236],
    logistic: [0.449, 0.298, 0.267],
    'logistic, balanced': [0.261, 0.317, 0.26],
    'gradient trees': [0.383, 0.281, 0.279],
  },
}

/** SPY's hours beside the notes' baselines; the model learns from all five names, and is judged on SPY. */
export const evaluateOnRealData: RealDataCase = {
  family: 'macro-regime',
  async run({ data, seed, looks, onProgress, signal }) {
    const dataset = await openHours(data)
    const { options, chosen } = await choose(dataset, { seed, onProgress, signal })
    const candidate = await macroRegime(options).train(dataset, { seed, until: trainUntil, onProgress, signal })
    const judge = macroRegime({ ...options, symbols: ['SPY'] })
    const judgement = await judge.judge(candidate, dataset, {
      trials: settings.length,
      looks,
      range: { from: testFrom, to: testTo },
      onProgress,
      signal,
    })
    const { evaluation, judging, baselines } = judgement
    const notesOwn = await notesBaselines(dataset, { seed, onProgress, signal })
    const said = new Map(baselines.map(({ baseline, judging: theirs }) => [baseline.name, theirs]))
    const tables = tasks.map((task): RealDataTable => {
      const ours = [task.accuracy, task.balanced, task.macroF1].map((name): Figure => ({ value: evaluation.metrics[name].value, ...evaluation.metrics[name].interval })) // prettier-ignore
      const fitted = [...said, ...notesOwn].map(([name, theirs]) => ({
        name,
        kind: 'baseline' as const,
        figures: figuresOf(theirs, task).map((value) => ({ value })),
      }))
      const published = Object.entries(notes[task.head]).map(([name, figures]) => ({ name, kind: 'published' as const, figures: figures.map((value) => ({ value })) })) // prettier-ignore
      return {
        title: task.title,
        note: `SPY hourly, 35 bars ahead; trained on five names to 2013, tested 2016-01-15 to 2018-12: ${evaluation.rows} rows, ${evaluation.independentRows} independent; 90 % intervals`,
        columns: ['accuracy', 'balanced accuracy', 'macro F1'],
        rows: [{ name: 'macro-regime', kind: 'ours', figures: ours }, ...fitted, ...published],
      }
    })
    return {
      tables,
      reproductions: reproductions(new Map([...said, ...notesOwn]), judging),
      findings: [...chosen, ...findings(evaluation), lookedAt(looks)],
      html: renderEvaluationHtml(reportOf(judge.definition, judgement)),
    }
  },
}

/** The hours of five names, adjusted for splits and dividends, as one data set. */
async function openHours(data: string): Promise<Dataset> {
  const folder = join(data, 'equities-hour')
  if (!existsSync(join(folder, 'spy.csv.gz')))
    throw new TradingError('OPTION_INVALID', `There is no ${join(folder, 'spy.csv.gz')}; name the folder of the data sets with --data`, {
      folder,
    })
  const feeds = names.map(
    (name) =>
    csvBars({ path: join(folder, `${name}.csv.gz`), schema: 'ohlcv-1h', priceScale: 10_000, factorFile: join(folder, 'factor_files', `${name}.csv`), adjust: 'total', source: 'lean' }), // prettier-ignore
  )
  const instruments = (await Promise.all(feeds.map((feed) => feed.instruments()))).flat()
  return feedDataset({
    name: 'lean-hours',
    source: 'lean',
    instruments,
    range: { from: 0n, to: testTo },
    feeds: { 'ohlcv-1h': mergeFeeds(feeds) },
  })
}

/** Settings that purged cross-validation on the training part may choose between: few features or all, with and without the mirrored market, wide and narrow. */
const settings: readonly MacroRegimeOptions[] = [
  { mirror: true },
  { mirror: false },
  { mirror: false, detail: 'full' },
  { mirror: false, hidden: [16], dropout: 0.3 },
]

/**
 * The notes' own baselines: multinomial logistic regressions on SPY's own rows with all features and the other names as context, every row of the same weight, the second with
 * balanced classes; and gradient trees on the same, the second of few small ones. By the name of their row.
 */
async function notesBaselines(
  dataset: Dataset,
  { seed, onProgress, signal }: Pick<Parameters<RealDataCase['run']>[0], 'seed' | 'onProgress' | 'signal'>,
) {
  const { definition } = macroRegime({
    symbols: ['SPY'],
    context: names.slice(1).map((name) => name.toUpperCase()),
    detail: 'full',
    mirror: false,
  })
  const read = await definition.readRows(dataset, { features: definition.features(dataset.source), onProgress, signal })
  const rows = { ...read, weights: new Float32Array(read.count).fill(1) }
  const network = {
    input: [rows.width],
    layers: [],
    heads: tasks.map(({ head, classes }) => ({ kind: 'classes' as const, name: head, classes })),
  }
  const indices = labelledRows(rows, (row) => rows.t1[row] < trainUntil)
  const test = labelledRows(rows, (row) => rows.t0[row] >= testFrom && rows.t0[row] < testTo)
  const fitted = new Map<string, Judging<RegimeRows>>()
  for (const [name, classWeights] of [
    ['logistic of the notes', undefined],
    ['logistic of the notes, balanced', 'balanced'],
  ] as const) {
    const training = { ...definition.training, epochs: 30, patience: 30, restarts: 1, classWeights }
    const model = await fitRows({ name, network, training }, rows, { indices, seed, onProgress, signal })
    fitted.set(name, {
      rows,
      test,
      values: predictRows(model, rows, test),
      width: model.network.outputWidth,
      outputs: model.outputs,
      extra: {},
    })
  }
  const [{ width, outputs }] = fitted.values()
  for (const [name, trees] of [
    ['trees of the notes', {}],
    ['trees of the notes, held', { rounds: 60, rate: 0.05, leaves: 15, minLeaf: 200, l2: 10 }],
  ] as const) {
    const values = await treesBaseline<RegimeRows>(name, { edges: [], trees }).predict({ family: { ...definition, network }, rows, train: indices, test, width, seed }, {}) // prettier-ignore
    fitted.set(name, { rows, test, values, width, outputs, extra: {} })
  }
  return fitted
}

/** The settings with the best regime macro F1 on SPY in four purged walk-forward folds before 2014; the test part plays no role. */
async function choose(
  dataset: Dataset,
  { seed, onProgress, signal }: Pick<Parameters<RealDataCase['run']>[0], 'seed' | 'onProgress' | 'signal'>,
) {
  const context = ['SPY']
  const range = { from: 0n, to: trainUntil }
  const spy = dataset.instruments.findIndex(({ symbol }) => symbol === 'SPY')
  const readings = new Map<MacroRegimeOptions['detail'], RegimeRows>()
  const tried: { readonly options: MacroRegimeOptions; readonly figure: number; readonly words: string }[] = []
  for (const setting of settings) {
    const options = { ...setting, context }
    const { definition } = macroRegime(options)
    const features = definition.features(dataset.source)
    const rows = readings.get(setting.detail) ?? (await definition.readRows(dataset, { features, range, onProgress, signal }))
    readings.set(setting.detail, rows)
    const judged = (row: number): boolean => rows.instrument[row] === spy
    const { figures } = await crossValidateFamily(definition, dataset, { until: trainUntil, rows, judged, seed, onProgress, signal })
    tried.push({ options, figure: figures['macroF1'], words: `${JSON.stringify(setting)} ${figures['macroF1'].toFixed(3)}` })
  }
  const best = tried.reduce((a, b) => (b.figure > a.figure ? b : a))
  return {
    options: best.options,
    chosen: [`settings by purged cross-validation before 2014, regime macro F1 on SPY: ${tried.map(({ words }) => words).join(', ')}`],
  }
}

/** Accuracy, balanced accuracy and macro F1 of the likeliest class. */
function figuresOf(judging: Judging<RegimeRows>, { head, classes }: (typeof tasks)[number]): number[] {
  return metricsOf(testLabels(judging, head), predictedClasses(outputValues(judging, head), classes), classes)
}

function metricsOf(truth: Float64Array, predicted: Int32Array, classes: number): number[] {
  const { accuracy, balancedAccuracy, macroF1 } = classMetrics(confusionMatrix(truth, predicted, classes))
  return [accuracy, balancedAccuracy, macroF1]
}

/** The notes' rows computed again: exactly where they need no features, with ours where they do. */
function reproductions(said: ReadonlyMap<string, Judging<RegimeRows>>, judging: Judging<RegimeRows>): readonly Reproduction[] {
  const draw = random(1)
  return tasks.flatMap((task) => {
    const truth = testLabels(judging, task.head)
    const shares = new Float64Array(task.classes)
    for (const label of judging.rows.labels.get(task.head)!.subarray(0, judging.test[0])) if (label >= 0) shares[label]++
    const total = shares.reduce((a, b) => a + b, 0)
    const byPrior = Int32Array.from(truth, () => {
      let u = draw.uniform() * total
      let k = 0
      while (k < task.classes - 1 && u >= shares[k]) u -= shares[k++]
      return k
    })
    const rows: readonly (readonly [string, number[], number, string])[] = [
      ['majority', figuresOf(said.get('majority')!, task), 0.015, 'a few rows at the edges of the split'],
      ['persistence', figuresOf(said.get('persistence')!, task), 0.015, 'a few rows at the edges of the split'],
      ['random by prior', metricsOf(truth, byPrior, task.classes), 0.02, 'random draws'],
      ['logistic', figuresOf(said.get('logistic of the notes')!, task), 0.045, 'other features; 147 independent rows'],
      ['logistic, balanced', figuresOf(said.get('logistic of the notes, balanced')!, task), 0.045, 'other features; 147 independent rows'],
      [
        'gradient trees',
        figuresOf(said.get('trees of the notes')!, task),
        0.045,
        'other features, 100 rounds of 31 leaves; 147 independent rows',
      ],
    ]
    return rows.map(([name, found, tolerance, because]) => ({ what: `${task.head}, ${name}, macro F1`, published: notes[task.head][name][2], found: found[2], tolerance, because })) // prettier-ignore
  })
}

function findings({
  metrics,
  baselines,
  independentRows,
}: Awaited<ReturnType<ReturnType<typeof macroRegime>['evaluate']>>): RealDataResult['findings'] {
  const verdict = (name: string, value: number, least: number): string =>
    `${name} ${value.toFixed(3)} is ${value >= least ? 'at or above' : 'below'} the ${least} to beat`
  return [
    verdict('regime macro F1', metrics['macroF1'].value, 0.28),
    verdict('regime balanced accuracy', metrics['balancedAccuracy'].value, 0.32),
    verdict('signal macro F1', metrics['signalMacroF1'].value, 0.22),
    ...baselines.map(({ name, edges: { macroF1 } }) => `regime macro F1 over ${name}: ${macroF1.value.toFixed(3)}, 90 % from ${macroF1.interval.lower.toFixed(3)} to ${macroF1.interval.upper.toFixed(3)}`), // prettier-ignore
    `direction AUC ${metrics['auc'].value.toFixed(3)}; ${independentRows} independent rows, so ±.03 is noise`,
  ]
}

function lookedAt({ entries }: LookLedger): string {
  const [{ test }] = entries.slice(-1)
  const before = entries.slice(0, -1).filter((entry) => entry.test.from < test.to && test.from < entry.test.to).length
  return `the test part was looked at once for these figures, and ${before} times before that the ledger knows of (--looks)`
}
