import { type Evaluation } from '@gatehouse/contracts'
import { type Prediction } from '@gatehouse/core'
import { type Deciles, type FamilyDefinition } from '../family/definition.js'
import { featureImportance, type FeatureImportance } from '../family/importance.js'
import { type Judgement } from '../family/judge.js'
import { type Judging, outputValues, testLabels } from '../family/judging.js'
import { type FamilyRows } from '../family/rows.js'
import { confusionMatrix, predictedClasses, reliability, type ReliabilityBin } from './classification.js'

/** What one head said beside what came. */
export interface HeadReport {
  readonly name: string
  readonly kind: FamilyDefinition['heads'][number]['kind']
  /** Names of the classes; two for an event; none for a value or a score. */
  readonly classes: readonly string[]
  /** Rows by what came, columns by what the prediction names, `[classes, classes]`; empty for a value or a score. */
  readonly confusion: readonly number[]
  readonly reliability: readonly ReliabilityBin[]
}

/** Tenths of the rows by a score, lowest first. */
export interface Decile {
  readonly rows: number
  readonly score: number
  /** Mean outcome, and its standard error as if rows were independent, which overlapping labels are not. */
  readonly outcome: number
  readonly error: number
}

/** All that the page shows; plain data. */
export interface EvaluationReport {
  readonly title: string
  readonly evaluation: Evaluation
  readonly heads: readonly HeadReport[]
  readonly learning: { readonly loss: readonly number[]; readonly validation: readonly number[]; readonly best: number }
  readonly importance: { readonly figure: string; readonly features: readonly FeatureImportance[] }
  readonly deciles: (Pick<Deciles, 'title' | 'by' | 'unit'> & { readonly rows: readonly Decile[] }) | undefined
  readonly drift: readonly { readonly feature: string; readonly index: number }[]
  /** Cumulative net return a period, thinned; absent without economics. */
  readonly equity: readonly number[] | undefined
}

/** Gathers what a judgement says about a candidate, for a page or for another program. */
export function reportOf<R extends FamilyRows, P extends Prediction>(
  family: FamilyDefinition<R, P>,
  judgement: Judgement<R>,
): EvaluationReport {
  const { evaluation, judging, artifact, model, drift, returns, measures } = judgement
  const { description } = artifact
  const { hyperparameters } = description.provenance
  const curve = (name: string): readonly number[] => {
    const values = hyperparameters[name]
    return Array.isArray(values) ? (values as readonly number[]) : []
  }
  const names = family.features(description.features.items[0].source.dataset).spec.items.map(({ name }) => name)
  const scored = family.deciles?.(judging)
  return {
    title: description.name,
    evaluation,
    heads: description.labels.heads.map((head) => headReport(judging, head, family.named?.(judging, head.output))),
    learning: { loss: curve('lossCurve'), validation: curve('validationCurve'), best: Number(hyperparameters['bestEpoch'] ?? 0) },
    importance: { figure: measures[0].name, features: featureImportance(family, judging, { model, names }) },
    deciles: scored && { title: scored.title, by: scored.by, unit: scored.unit, rows: decilesOf(scored.score, scored.outcome) },
    drift: drift.names.map((feature, i) => ({ feature, index: drift.stabilityIndex[i] })),
    equity: returns && cumulative(returns),
  }
}

function headReport(
  judging: Judging,
  { output, kind, classes = [] }: FamilyDefinition['heads'][number],
  decided: ArrayLike<number> | undefined,
): HeadReport {
  const values = outputValues(judging, output)
  const truth = testLabels(judging, output)
  if (kind === 'classes' || kind === 'ordered-classes') {
    const named = decided ?? predictedClasses(values, classes.length)
    return { name: output, kind, classes, confusion: Array.from(confusionMatrix(truth, named, classes.length)), reliability: reliability(truth, values, classes.length) } // prettier-ignore
  }
  if (kind !== 'binary') return { name: output, kind, classes: [], confusion: [], reliability: [] }
  const known = Float64Array.from(truth, (label) => (label >= 0 ? Math.round(label) : -1))
  const both = Float64Array.from({ length: 2 * values.length }, (_, i) => (i % 2 === 0 ? 1 - values[i >> 1] : values[i >> 1]))
  return {
    name: output,
    kind,
    classes: ['no', 'yes'],
    confusion: Array.from(confusionMatrix(known, decided ?? predictedClasses(both, 2), 2)),
    reliability: eventReliability(known, values),
  }
}

/** Of an event it is its own probability that is checked, not that of the likelier answer. */
function eventReliability(truth: Float64Array, probability: Float32Array, bins = 10): readonly ReliabilityBin[] {
  const sums = Array.from({ length: bins }, () => ({ rows: 0, confidence: 0, accuracy: 0 }))
  truth.forEach((outcome, i) => {
    if (outcome < 0) return
    const bin = sums[Math.min(bins - 1, Math.floor(probability[i] * bins))]
    bin.rows++
    bin.confidence += probability[i]
    bin.accuracy += outcome
  })
  return sums.filter(({ rows }) => rows > 0).map(({ rows, confidence, accuracy }) => ({ rows, confidence: confidence / rows, accuracy: accuracy / rows })) // prettier-ignore
}

/** Tenths by score; rows whose outcome is not known are left out. */
export function decilesOf(score: ArrayLike<number>, outcome: ArrayLike<number>, count = 10): readonly Decile[] {
  const order = Array.from({ length: score.length }, (_, i) => i)
    .filter((i) => Number.isFinite(score[i]) && Number.isFinite(outcome[i]))
    .sort((a, b) => score[a] - score[b])
  return Array.from({ length: count }, (_, k) => {
    const part = order.slice(Math.floor((k * order.length) / count), Math.floor(((k + 1) * order.length) / count))
    const mean = (values: ArrayLike<number>): number => part.reduce((sum, i) => sum + values[i], 0) / part.length
    const average = mean(outcome)
    const variance = part.reduce((sum, i) => sum + (outcome[i] - average) ** 2, 0) / (part.length - 1)
    return { rows: part.length, score: mean(score), outcome: average, error: Math.sqrt(variance / part.length) }
  }).filter(({ rows }) => rows > 1)
}

/** Sums of returns, at most three hundred of them. */
function cumulative(returns: Float64Array): readonly number[] {
  const stride = Math.max(1, Math.ceil(returns.length / 300))
  const sums: number[] = []
  let sum = 0
  returns.forEach((value, i) => {
    sum += value
    if (i % stride === stride - 1 || i === returns.length - 1) sums.push(sum)
  })
  return sums
}
