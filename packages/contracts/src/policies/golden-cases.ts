import type { GatePolicy, InputDeclaration, PolicyCases } from '../schema/gate-policy.js'
import { policyCasesContract } from '../schema/gate-policy.js'
import { defaultPolicies } from './default-policies.js'
import { familyRequirements, type FamilyRequirements } from './family-requirements.js'

const now = '2026-06-15T12:00:00Z'
const measuredAt = '2026-06-15T09:00:00Z'
const source = 'a'.repeat(64)

/** Evidence of a good model: what a sound member of the family measures. */
const typical: Readonly<Record<string, number | boolean>> = {
  metadataComplete: true,
  contractSupported: true,
  dataPinned: true,
  dataVerified: true,
  dataShapeFits: true,
  goldenVectors: 8,
  trainingDataAgeDays: 20,
  ece: 0.03,
  independentRows: 4_000,
  folds: 6,
  trials: 24,
  deflatedSharpe: 0.97,
  predictionLatencyP99: 180,
  featureDriftPsi: 0.08,
  daysInPaper: 21,
  paritySessions: 12,
  parityMismatches: 0,
  liveEce: 0.05,
  liveSlippageExcessBps: 0.4,
}

type Values = PolicyCases['base']

function measurement(value: number | boolean, unit: string): Values[string] {
  return { value, unit, source, measuredAt }
}

/** An edge with an interval of 95 % around it. */
function withInterval(value: number, halfWidth: number, unit: string): Values[string] {
  return {
    value,
    unit,
    source,
    measuredAt,
    count: 4_000,
    interval: { lower: value - halfWidth, upper: value + halfWidth, level: 0.95, method: 'stationary block bootstrap, 2000 draws' },
  }
}

function baseFor({ inputs }: GatePolicy): Values {
  const entries = Object.entries(inputs).map(([name, declared]): [string, Values[string]] => {
    const evidence = declared.evidence ?? name
    return isBound(declared)
      ? [evidence, withInterval(evidence === 'auc' ? 0.6 : 0.05, 0.02, declared.unit)]
      : [evidence, measurement(typical[evidence], declared.unit)]
  })
  return Object.fromEntries(entries)
}

function isBound(declared: InputDeclaration): boolean {
  return declared.type === 'number' && declared.field === 'lower'
}

type Case = PolicyCases['cases'][number]

function refused(name: string, change: Values, notPassing: readonly string[]): Case {
  return { name, change, decision: 'refused', notPassing }
}

function casesFor(policy: GatePolicy, requirements: FamilyRequirements): PolicyCases {
  const base = baseFor(policy)
  const changed = (evidence: string, change: Record<string, unknown>): Values => ({
    [evidence]: { ...(base[evidence] as object), ...change },
  })
  const first = policy.clauses.filter(({ id }) => id.includes('-over-'))
  const edges = first.map(({ id, severity }) => ({ id, severity, evidence: camel(id) }))
  const warned = edges.filter(({ severity }) => severity === 'warn')
  const [edge] = edges
  const limits = { ece: requirements.calibrationError[policy.stage], age: requirements.trainingDataAgeDays[policy.stage] }
  const cases: Case[] = [
    { name: 'a sound model passes', change: {}, decision: 'approved', notPassing: [] },
    {
      name: 'limits themselves pass',
      change: { ...changed('ece', { value: limits.ece }), ...changed('trainingDataAgeDays', { value: limits.age }) },
      decision: 'approved',
      notPassing: [],
    },
    refused(
      'an edge whose interval reaches zero is not shown',
      changed(edge.evidence, withInterval(0.05, 0.05, 'score') as Record<string, unknown>),
      [edge.id],
    ),
    refused('a direction that could be a coin is not shown', changed('auc', withInterval(0.52, 0.02, 'score') as Record<string, unknown>), [
      'auc',
    ]),
    refused('a missing measurement is no pass', { [edge.evidence]: null }, [edge.id]),
    refused(
      'an interval that is too narrow in coverage does not count',
      changed(edge.evidence, { interval: { lower: 0.04, upper: 0.06, level: 0.5, method: 'too narrow' } }),
      [edge.id],
    ),
    refused('an unknown number of trials refuses', { trials: null }, ['trials']),
    refused('a stale evaluation refuses', changed('ece', { measuredAt: '2026-04-01T00:00:00Z' }), ['ece']),
    refused('data that was not verified refuses', changed('dataVerified', { value: false }), ['data-verified']),
    refused('data of another shape refuses', changed('dataShapeFits', { value: false }), ['data-shape-fits']),
    refused('drifted features refuse', changed('featureDriftPsi', { value: 0.4 }), ['feature-drift-psi']),
    refused('a slow model refuses', changed('predictionLatencyP99', { value: 1e7 }), ['prediction-latency-p99']),
    refused('milliseconds are not microseconds', changed('predictionLatencyP99', { unit: 'milliseconds' }), ['prediction-latency-p99']),
    refused('poor calibration refuses', changed('ece', { value: 0.5 }), ['ece']),
    refused('several faults are all named', { ...changed('ece', { value: 0.5 }), ...changed('folds', { value: 1 }) }, ['ece', 'folds']),
  ]
  if (requirements.economics.measure === 'deflatedSharpe')
    cases.push(refused('luck after many trials refuses', changed('deflatedSharpe', { value: 0.5 }), ['deflated-sharpe']))
  else
    cases.push(
      refused('no saving refuses', changed('costSavingBps', withInterval(0.01, 0.02, 'basis-points') as Record<string, unknown>), [
        'cost-saving-bps',
      ]),
    )
  if (warned.length > 0) {
    cases.push({
      name: 'not beating a learned baseline is a warning',
      change: changed(warned[0].evidence, withInterval(0.01, 0.02, 'score') as Record<string, unknown>),
      decision: 'approved',
      notPassing: [warned[0].id],
    })
    cases.push(refused('a warning that was not measured refuses', { [warned[0].evidence]: null }, [warned[0].id]))
  }
  if (policy.stage === 'production') {
    cases.push(refused('one parity mismatch refuses', changed('parityMismatches', { value: 1 }), ['parity-mismatches']))
    cases.push(refused('production without paper refuses', changed('daysInPaper', { value: 0 }), ['days-in-paper']))
    cases.push(
      refused('no parity evidence refuses', { paritySessions: null, parityMismatches: null }, ['parity-sessions', 'parity-mismatches']),
    )
  }
  return { type: 'policy-cases', contractVersion: policyCasesContract.version, policyId: policy.id, now, base, cases }
}

/** `macro-f1-over-majority` is `macroF1OverMajority`. */
function camel(id: string): string {
  return id.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}

/** Golden pass and fail cases of every shipped policy; also as files beside them. */
export function defaultPolicyCases(): readonly PolicyCases[] {
  return defaultPolicies.map((policy) => {
    const requirements = familyRequirements.find(({ family }) => family === policy.family)
    if (requirements === undefined) throw new RangeError(`no requirements for ${policy.family}`)
    return casesFor(policy, requirements)
  })
}
