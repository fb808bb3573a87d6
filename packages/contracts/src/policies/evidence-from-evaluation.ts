import { documentDigest } from '../canonical/digest.js'
import { evaluationContract, type Evaluation } from '../schema/evaluation.js'
import { evidenceContract, type Evidence, type Measurement } from '../schema/evidence.js'

/**
 * What gates read of an evaluation: every metric under its own name, every edge over a baseline as `<metric>Over<Baseline>`
 * (`macroF1OverMajority`), and `trials`, `testRows`, `independentRows`, `folds` and `seeds` as counts. Edges keep their interval.
 * @param extra measurements from elsewhere: latency, drift, parity
 * @throws {TradingError} `CONTRACT_INVALID` when the evaluation or the result does not fit
 */
export function evidenceFromEvaluation(evaluation: Evaluation, extra: Evidence['values'] = {}): Evidence {
  const { artifactDigest, measuredAt, metrics, baselines, windows, rows, independentRows, folds, seeds, trials } =
    evaluationContract.parse(evaluation)
  const source = documentDigest(evaluation)
  const base = { source, measuredAt, window: windows.test, count: independentRows ?? rows }
  const values: Record<string, Measurement> = {}
  const counted = {
    trials,
    testRows: rows,
    folds: folds.length,
    seeds: seeds.length,
    ...(independentRows === undefined ? {} : { independentRows }),
  }
  for (const [name, value] of Object.entries(counted)) values[name] = { value, unit: 'count', source, measuredAt }
  for (const [name, { value, unit, interval }] of Object.entries(metrics))
    values[name] = { ...base, value, unit, ...(interval === undefined ? {} : { interval }) }
  for (const { name: baseline, edges } of baselines) {
    for (const [metric, { value, interval }] of Object.entries(edges)) {
      values[edgeName(metric, baseline)] = { ...base, value, unit: metrics[metric]?.unit ?? 'score', interval }
    }
  }
  return evidenceContract.parse({
    type: 'evidence',
    contractVersion: evidenceContract.version,
    artifactDigest,
    values: { ...values, ...extra },
  })
}

/** `macroF1` over `majority` is `macroF1OverMajority`. */
export function edgeName(metric: string, baseline: string): string {
  return `${metric}Over${baseline.charAt(0).toUpperCase()}${baseline.slice(1)}`
}
