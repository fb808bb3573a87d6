import { TradingError, type ModelDescription } from '@gatehouse/contracts'
import { type Numbers } from '../evaluate/classification.js'
import { type PlanOutput } from '../serve/plan.js'

type Entry = ModelDescription['calibration'][number]

/** How raw outputs become probabilities: nothing, one temperature for logits, or isotonic steps for a binary probability. */
export type Calibration =
  | { readonly kind: 'none' }
  | { readonly kind: 'temperature'; readonly temperature: number }
  /** Piecewise linear through ascending knots (raw probability, calibrated). */
  | { readonly kind: 'isotonic'; readonly x: Float64Array; readonly y: Float64Array }

/**
 * The temperature that minimises the log loss of `softmax(logits / T)` on held-out rows (Guo et al. 2017, arXiv:1706.04599). One class: a single logit.
 * The loss is convex in 1/T, so its slope has one zero, found by bisection. T stays above 0.05: rows that are all right do not say how sure one may be. Logits
 * that are equal in every row fit any T, and get 1.
 * @param labels class indices; for a single logit 0 or 1. Negative or `NaN` is left out
 * @throws {TradingError} `MODEL_TOO_LITTLE_DATA` without a labelled row, `MODEL_INPUT_INVALID` for logits that are not finite or labels of no class
 */
export function fitTemperature(logits: Numbers, labels: Numbers, classes: number): Calibration {
  checkLabelled(logits, labels, classes)
  const slope = (inverse: number): number => {
    let sum = 0
    for (let i = 0; i < labels.length; i++) {
      if (!(labels[i] >= 0)) continue
      if (classes === 1) sum += logits[i] * (1 / (1 + Math.exp(-inverse * logits[i])) - labels[i])
      else {
        let max = -Infinity
        for (let k = 0; k < classes; k++) max = Math.max(max, inverse * logits[i * classes + k])
        let [total, weighted] = [0, 0]
        for (let k = 0; k < classes; k++) {
          const e = Math.exp(inverse * logits[i * classes + k] - max)
          total += e
          weighted += e * logits[i * classes + k]
        }
        sum += weighted / total - logits[i * classes + labels[i]]
      }
    }
    return sum
  }
  let [low, high] = [1e-3, 20]
  if (slope(low) === 0 && slope(high) === 0) return { kind: 'temperature', temperature: 1 }
  if (slope(low) >= 0) return { kind: 'temperature', temperature: 1 / low }
  if (slope(high) <= 0) return { kind: 'temperature', temperature: 1 / high }
  for (let i = 0; i < 100; i++) {
    const middle = Math.sqrt(low * high)
    if (slope(middle) < 0) low = middle
    else high = middle
  }
  return { kind: 'temperature', temperature: 1 / Math.sqrt(low * high) }
}

/**
 * Isotonic regression of 0/1 outcomes on raw probabilities by pooling adjacent violators (Ayer et al. 1955), as knots. Negative or `NaN` outcomes are left out.
 * @throws {TradingError} `MODEL_TOO_LITTLE_DATA` without an outcome, `MODEL_INPUT_INVALID` for a probability that is not finite or an outcome above 1
 */
export function fitIsotonic(probabilities: Numbers, outcomes: Numbers): Calibration {
  checkLabelled(probabilities, outcomes, 1)
  const order = Array.from({ length: outcomes.length }, (_, i) => i)
    .filter((i) => outcomes[i] >= 0)
    .sort((a, b) => probabilities[a] - probabilities[b])
  const pools: { sum: number; count: number; from: number; to: number }[] = []
  for (let i = 0; i < order.length;) {
    const p = probabilities[order[i]]
    const pool = { sum: 0, count: 0, from: p, to: p }
    // Equal inputs must get equal outputs, so they enter as one.
    for (; i < order.length && probabilities[order[i]] === p; i++) {
      pool.sum += outcomes[order[i]]
      pool.count++
    }
    pools.push(pool)
    while (pools.length > 1) {
      const [a, b] = pools.slice(-2)
      if (a.sum / a.count < b.sum / b.count) break
      pools.splice(-2, 2, { sum: a.sum + b.sum, count: a.count + b.count, from: a.from, to: b.to })
    }
  }
  const knots = pools.flatMap(({ sum, count, from, to }) => (from === to ? [[from, sum / count]] : [[from, sum / count], [to, sum / count]])) // prettier-ignore
  return { kind: 'isotonic', x: Float64Array.from(knots, ([x]) => x), y: Float64Array.from(knots, ([, y]) => y) }
}

function checkLabelled(said: Numbers, labels: Numbers, classes: number): void {
  if (said.length !== labels.length * classes)
    throw badInput(`${labels.length} labels and ${said.length} outputs of ${classes} do not belong together`, { lengths: [labels.length, said.length] }) // prettier-ignore
  let count = 0
  for (let i = 0; i < labels.length; i++) {
    if (!(labels[i] >= 0)) continue
    count++
    // One output is an event, whose label is its probability; several are classes.
    if (classes === 1 ? labels[i] > 1 : !(Number.isInteger(labels[i]) && labels[i] < classes))
      throw badInput(`label ${i} is ${labels[i]}: ${classes === 1 ? 'an event is between 0 and 1' : `classes are 0 to ${classes - 1}`}`, { row: i }) // prettier-ignore
    for (let k = i * classes; k < (i + 1) * classes; k++)
      if (!Number.isFinite(said[k])) throw badInput(`row ${i} says ${said[k]}; only finite outputs can be calibrated`, { row: i })
  }
  if (count === 0)
    throw new TradingError('MODEL_TOO_LITTLE_DATA', 'calibration needs labelled rows; use a longer validation part', {
      rows: labels.length,
    })
}

function badInput(message: string, details: Record<string, unknown>): TradingError {
  return new TradingError('MODEL_INPUT_INVALID', message, details)
}

/**
 * Probabilities of one row, without allocation: softmax of logits over the temperature; for one logit the logistic function, then isotonic knots; for
 * stated probabilities (ordered classes) the same softmax over their logarithms.
 * @param raw outputs of the plan, the row's first at `from`
 */
export function calibrate(
  calibration: Calibration,
  { kind, width }: Pick<PlanOutput, 'kind' | 'width'>,
  raw: Float32Array,
  from: number,
  target: Float32Array,
  to: number,
): void {
  const temperature = calibration.kind === 'temperature' ? calibration.temperature : 1
  if (width === 1) {
    const p = 1 / (1 + Math.exp(-raw[from] / temperature))
    target[to] = calibration.kind === 'isotonic' ? interpolate(calibration.x, calibration.y, p) : p
    return
  }
  const isStated = kind === 'probabilities'
  let max = -Infinity
  for (let k = 0; k < width; k++) if (raw[from + k] > max) max = raw[from + k]
  let sum = 0
  for (let k = 0; k < width; k++) {
    const e = isStated ? (raw[from + k] / max) ** (1 / temperature) : Math.exp((raw[from + k] - max) / temperature)
    target[to + k] = e
    sum += e
  }
  for (let k = 0; k < width; k++) target[to + k] /= sum
}

/** Piecewise linear between knots, constant outside. */
function interpolate(x: Float64Array, y: Float64Array, at: number): number {
  const last = x.length - 1
  if (!(at > x[0])) return y[0]
  if (at >= x[last]) return y[last]
  let [low, high] = [0, last]
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (x[middle] <= at) low = middle
    else high = middle
  }
  return y[low] + ((y[high] - y[low]) * (at - x[low])) / (x[high] - x[low])
}

/** As `model.json` has it. */
export function describeCalibration(output: string, calibration: Calibration): Entry {
  if (calibration.kind === 'isotonic')
    return { output, kind: 'isotonic', knots: Array.from(calibration.x, (x, i) => [x, calibration.y[i]]) }
  return calibration.kind === 'temperature'
    ? { output, kind: 'temperature', temperature: calibration.temperature }
    : { output, kind: 'none' }
}

/** @throws {TradingError} `MODEL_ARTIFACT_INVALID` for a calibration this kit does not compute, or one that is not monotone */
export function readCalibration({ output, kind, temperature, knots }: Entry): Calibration {
  if (kind === 'none') return { kind }
  if (kind === 'temperature' && temperature !== undefined && temperature > 0) return { kind, temperature }
  if (
    kind === 'isotonic' &&
    knots &&
    knots.length > 0 &&
    knots.every(([x, y], i) => y >= 0 && y <= 1 && (i === 0 || (x > knots[i - 1][0] && y >= knots[i - 1][1])))
  )
    return { kind, x: Float64Array.from(knots, ([x]) => x), y: Float64Array.from(knots, ([, y]) => y) }
  throw new TradingError('MODEL_ARTIFACT_INVALID', `the calibration of output "${output}" (${kind}) is not usable`, { output, kind })
}
