import { evaluationContract, formatTime, parseTime, TradingError, type Evaluation, type ModelDescription } from '@gatehouse/contracts'
import { deflatedSharpeRatio, type CallOptions, type Candidate, type Dataset, type EvaluateOptions } from '@gatehouse/core'
import {
  classMetrics,
  compilePlan,
  confusionMatrix,
  expectedCalibrationError,
  rankedProbabilityScore,
  readArtifact,
  type Calibration,
  type Plan,
} from '@gatehouse/model-kit'
import { largestDrift } from './drift.js'
import { featureCount } from './features.js'
import { probabilities, regimeCalibration, regimePriors } from './model.js'
import type { ResolvedOptions } from './options.js'
import { regimeOf, regimes, scoreOf, signals } from './prediction.js'
import { blockCounts, bootstrap, macroF1, timeBlocks, type BlockCounts } from './resample.js'
import { readRows, type RegimeRows } from './rows.js'
import { fit, frequencies, notPinned, rowsBefore } from './train.js'

/** Consecutive parts of the test window that metrics are also shown for. */
const folds = 4
/** Cost of turning the whole position over, as a fraction: half a spread and fees on a liquid name. */
const costPerTurnover = 0.0001
/** Probabilities a row: signals, then regimes. */
const width = signals.length + regimes.length

/** Judges a candidate on the rows of a dataset that come after its training window, beside baselines fitted on that same window. */
export async function evaluateRegime(
  candidate: Candidate,
  dataset: Dataset,
  options: ResolvedOptions,
  { trials, varianceOfSharpes, onProgress, signal }: EvaluateOptions,
): Promise<Evaluation> {
  const { description, plan, digest } = readArtifact(candidate.files)
  requireSame(description, dataset, options)
  const rows = await readRows(dataset, { horizon: options.horizon, onProgress, signal })
  const trainedTo = parseTime(description.provenance.train.to)
  const training = rowsBefore(rows, trainedTo)
  const test = testRows(rows, trainedTo)
  const truth = pick(rows.regime, test)
  const blocks = timeBlocks(rows, test, options.horizon)

  const words = predict(plan, rows, test, regimeCalibration(description))
  const said = classesOf(words, regimePriors(description))
  const counts = blockCounts(blocks, truth, said)
  const baselines = await baselineCounts()
  const returns = strategyReturns(rows, test, words)
  const deflated = deflatedSharpeRatio(returns, { trials, varianceOfSharpes })
  const overall = classMetrics(confusionMatrix(truth, said, regimes.length))
  const parts = Array.from({ length: folds }, (_, k) => range(part(k), part(k + 1)))
  const { train } = description.provenance

  return evaluationContract.parse({
    type: 'evaluation',
    contractVersion: evaluationContract.version,
    artifactDigest: digest,
    measuredAt: windowOf(test).to,
    evaluator: { name: '@gatehouse/model-macro-regime', version: '1' },
    windows: { train, test: windowOf(test), embargoNs: Number(rows.t0[test[0]] - trainedTo) },
    folds: parts.map((block) => {
      const positions = block.flatMap((b) => Array.from(blocks[b]))
      return { train: [train], test: [windowOf(positions.map((i) => test[i]))], rows: positions.length }
    }),
    rows: test.length,
    independentRows: blocks.length,
    seeds: [description.provenance.seeds['training']],
    trials,
    metrics: {
      macroF1: {
        ...score(overall.macroF1),
        interval: bootstrap(blocks.length, (drawn) => macroF1(counts, drawn)),
        folds: parts.map((block) => macroF1(counts, block)),
      },
      balancedAccuracy: score(overall.balancedAccuracy),
      mcc: score(overall.mcc),
      ece: {
        ...score(expectedCalibrationError(truth, columns(words, signals.length, regimes.length), regimes.length)),
        direction: 'lower',
      },
      rps: {
        ...score(rankedProbabilityScore(pick(rows.signal, test), columns(words, 0, signals.length), signals.length)),
        direction: 'lower',
      },
      featureDriftPsi: { value: largestDrift(description, rows, test), unit: 'dimensionless', direction: 'lower' },
      sharpePerBar: { value: sharpe(returns), unit: 'dimensionless', direction: 'higher' },
      // Several trials whose spread nobody stated leave the deflated ratio unknown: it is left out, and a gate that asks for it refuses.
      ...(Number.isNaN(deflated) ? {} : { deflatedSharpe: { value: deflated, unit: 'probability', direction: 'higher' } }),
    },
    baselines: baselines.map(({ name, description: text, counts: theirs }) => ({
      name,
      description: text,
      metrics: { macroF1: macroF1(theirs) },
      edges: {
        macroF1: {
          value: overall.macroF1 - macroF1(theirs),
          interval: bootstrap(blocks.length, (drawn) => macroF1(counts, drawn) - macroF1(theirs, drawn)),
        },
      },
    })),
    costs: `${costPerTurnover * 1e4} bp of the traded value, no market impact; the position is twice the score, bounded at 1, held one bar`,
  })

  function windowOf(part: ArrayLike<number>) {
    return { from: formatTime(rows.t0[part[0]]), to: formatTime(rows.t1[part[part.length - 1]] + 1n) }
  }
  function part(k: number): number {
    return Math.floor((k * blocks.length) / folds)
  }
  async function baselineCounts(): Promise<readonly { name: string; description: string; counts: BlockCounts }[]> {
    const priors = frequencies(rows, training)
    const majority = priors.indexOf(Math.max(...priors))
    const logistic = await logisticClasses(rows, training, test, { ...options, onProgress, signal })
    const baseline = (name: string, text: string, classes: Int32Array) => ({
      name,
      description: text,
      counts: blockCounts(blocks, truth, classes),
    })
    return [
      baseline('majority', 'always the most frequent regime of the training window', new Int32Array(test.length).fill(majority)),
      // A regime that is not known yet (the first horizon of a new name) falls back on the majority.
      baseline(
        'persistence',
        'the regime that was last known when the row was made',
        pick(rows.knownRegime, test).map((k) => (k < 0 ? majority : k)),
      ),
      baseline('logistic', 'multinomial logistic regression on the same features and rows, with the same rule of decision', logistic),
    ]
  }
}

/** A model is judged on what it was made for: its horizon, its source, and data that a pin names. */
function requireSame({ provenance, needs }: ModelDescription, dataset: Dataset, { horizon }: ResolvedOptions): void {
  const trained = provenance.hyperparameters['horizon']
  const [{ dataset: source }] = needs.sources
  if (trained !== horizon || source !== dataset.source) {
    throw new TradingError(
      'MODEL_INPUT_INVALID',
      `macro-regime: the candidate looks ${String(trained)} bars ahead on ${source}, it would be judged at ${horizon} bars on ${dataset.source}; judge it with the family and the source it was trained with`,
      { trained, horizon, source, judged: dataset.source },
    )
  }
  if (dataset.pins.length === 0) throw notPinned(dataset)
}

const score = (value: number) => ({ value, unit: 'score', direction: 'higher' as const })
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i)
const pick = (values: Int32Array, rows: Int32Array): Int32Array => Int32Array.from(rows, (row) => values[row])

/** Rows that begin after the training labels end and whose own label is known. */
function testRows(rows: RegimeRows, trainedTo: bigint): Int32Array {
  return Int32Array.from(range(0, rows.count).filter((row) => rows.regime[row] >= 0 && rows.t0[row] >= trainedTo))
}

/** Calibrated probabilities of some rows, `[rows, width]`. */
function predict(plan: Plan, rows: RegimeRows, indices: Int32Array, calibration: Calibration): Float32Array {
  const words = new Float32Array(indices.length * width)
  indices.forEach((row, i) => {
    probabilities(plan.compute(rows.features.subarray(row * featureCount, (row + 1) * featureCount)), calibration, words, i * width)
  })
  return words
}

function classesOf(words: Float32Array, priors: readonly number[]): Int32Array {
  return Int32Array.from({ length: words.length / width }, (_, i) => regimeOf(words, i * width, priors))
}

async function logisticClasses(
  rows: RegimeRows,
  training: Int32Array,
  test: Int32Array,
  options: ResolvedOptions & CallOptions,
): Promise<Int32Array> {
  const { trained, normaliser } = await fit(rows, training, { ...options, hidden: [], shuffleLabels: false, seed: 1 })
  const plan = compilePlan({ network: trained.network.definition, weights: trained.weights, normaliser })
  return classesOf(predict(plan, rows, test, { kind: 'none' }), frequencies(rows, training))
}

/** Some columns of a matrix of {@link width} columns. */
function columns(words: Float32Array, from: number, count: number): Float32Array {
  const picked = new Float32Array((words.length / width) * count)
  for (let i = 0; i < picked.length; i++) picked[i] = words[Math.floor(i / count) * width + from + (i % count)]
  return picked
}

/** Net return of each bar, averaged over instruments: the position is the score, bounded, from the end of one bar to the end of the next. */
function strategyReturns(rows: RegimeRows, test: Int32Array, words: Float32Array): Float64Array {
  const positions = new Map<number, number>()
  const bars = new Map<bigint, { sum: number; count: number }>()
  test.forEach((row, i) => {
    if (Number.isNaN(rows.nextReturn[row])) return
    const wanted = Math.max(-1, Math.min(1, 2 * scoreOf(words, i * width)))
    const turnover = Math.abs(wanted - (positions.get(rows.instrument[row]) ?? 0))
    positions.set(rows.instrument[row], wanted)
    const bar = bars.get(rows.t0[row]) ?? { sum: 0, count: 0 }
    bar.sum += wanted * rows.nextReturn[row] - turnover * costPerTurnover
    bar.count++
    bars.set(rows.t0[row], bar)
  })
  return Float64Array.from(bars.values(), ({ sum, count }) => sum / count)
}

function sharpe(returns: Float64Array): number {
  const mean = returns.reduce((a, b) => a + b, 0) / returns.length
  return mean / Math.sqrt(returns.reduce((sum, x) => sum + (x - mean) * (x - mean), 0) / (returns.length - 1))
}
