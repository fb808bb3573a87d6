import type { Rule } from '../gate/rule.js'
import { gatePolicyContract, type GateClause, type GatePolicy, type InputDeclaration } from '../schema/gate-policy.js'
import type { Stage } from '../registry/interfaces.js'
import { edgeName } from './evidence-from-evaluation.js'
import type { FamilyRequirements, RequiredEdge } from './family-requirements.js'

interface Part {
  readonly inputs: Readonly<Record<string, InputDeclaration>>
  readonly clause: GateClause
}

/** Registry measurements are made at the moment of the promotion; what people measure may be a few weeks old. */
const fresh = 1
const evaluated = 30
/** One half is a coin; a hundredth more is the least that costs leave anything of, and what luck seldom reaches. */
const leastAuc = 0.51
/** Least coverage of intervals. */
const levels: Readonly<Record<Stage, number>> = { paper: 0.9, production: 0.95 }

/** The policy that this package ships for a family and a stage. */
export function buildPolicy(requirements: FamilyRequirements, stage: Stage): GatePolicy {
  const { family, title } = requirements
  const parts = [
    ...origin(requirements, stage),
    ...skill(requirements, stage),
    ...honesty(requirements, stage),
    ...operation(requirements, stage),
  ]
  return {
    type: 'gate-policy',
    contractVersion: gatePolicyContract.version,
    id: `${family}-${stage}`,
    revision: 1,
    title: `${title}: ${stage}`,
    family,
    stage,
    validFrom: '2026-01-01T00:00:00Z',
    validUntil: '2031-01-01T00:00:00Z',
    inputs: Object.assign({}, ...parts.map(({ inputs }) => inputs)) as GatePolicy['inputs'],
    clauses: parts.map(({ clause }) => clause),
    // One person may run the whole house: a second pair of eyes is a policy of one's own with required: 2 and excludeAuthor.
    approvals: { required: stage === 'production' ? 1 : 0, excludeAuthor: false, excludePromoter: false },
    admissionDays: stage === 'production' ? 30 : 60,
  }
}

/** Where it comes from: who, from which bytes. */
function origin({ trainingDataAgeDays }: FamilyRequirements, stage: Stage): Part[] {
  const truths: readonly (readonly [name: string, title: string, message: string, age: number])[] = [
    [
      'metadataComplete',
      'Metadata is complete',
      'Fill metadata.json: author, hypothesis, use, limitations, run, and a clean commit or a code hash',
      fresh,
    ],
    [
      'contractSupported',
      'Contract version is supported',
      'Write the artifact with a version of the contracts that this registry reads',
      fresh,
    ],
    ['dataPinned', 'Training data is pinned', 'Commit the training data to a manifest and put its pin into model.json', fresh],
    ['dataVerified', 'Pinned data was verified', "Run the manifest's verify() over the pin; a file is missing or altered", evaluated],
    ['dataShapeFits', 'Data has the columns, types and source it needs', 'Train from a pin that holds what `needs` lists', fresh],
  ]
  return [
    ...truths.map(([name, title, message, age]) => truth(name, { title, message, maxAgeDays: age })),
    limit('goldenVectors', {
      title: 'Golden vectors are there',
      message: 'Add at least three golden vectors',
      unit: 'count',
      range: [0, 1e6],
      maxAgeDays: fresh,
      operator: '>=',
      bound: 3,
    }),
    limit('trainingDataAgeDays', {
      title: 'Training data is recent',
      message: 'Train on data that ends later',
      unit: 'days',
      range: [0, 36_500],
      maxAgeDays: fresh,
      operator: '<=',
      bound: trainingDataAgeDays[stage],
    }),
  ]
}

/** Whether it knows more than what costs nothing. */
function skill({ aucOf, simple, learned, calibrationError, independentRows }: FamilyRequirements, stage: Stage): Part[] {
  return [
    lowerBound('auc', {
      title: `${aucOf} is told from its opposite`,
      message:
        'The interval of the area under the ROC curve does not lie clear of one half: the model is not shown to know which it will be',
      unit: 'score',
      range: [0, 1],
      above: leastAuc,
      level: levels[stage],
      severity: 'block',
    }),
    ...simple.map((edge) => beats(edge, { severity: 'block', stage })),
    ...learned.map((edge) => beats(edge, { severity: stage === 'production' ? 'block' : 'warn', stage })),
    limit('ece', {
      title: 'Probabilities are calibrated',
      message: 'Calibrate on held-out data (temperature, isotonic)',
      unit: 'score',
      range: [0, 1],
      maxAgeDays: evaluated,
      operator: '<=',
      bound: calibrationError[stage],
    }),
    limit('independentRows', {
      title: 'Enough independent test rows',
      message: 'Evaluate on a longer test window',
      unit: 'count',
      range: [0, 1e12],
      maxAgeDays: evaluated,
      operator: '>=',
      bound: independentRows,
    }),
    limit('folds', {
      title: 'Several folds',
      message: 'Evaluate on at least three folds',
      unit: 'count',
      range: [0, 10_000],
      maxAgeDays: evaluated,
      operator: '>=',
      bound: 3,
    }),
  ]
}

/** Whether the skill survives the number of tries and the costs. */
function honesty({ economics }: FamilyRequirements, stage: Stage): Part[] {
  const trials = limit('trials', {
    title: 'Number of trials is known',
    message: 'Count every configuration of the campaign',
    unit: 'count',
    range: [0, 1e6],
    maxAgeDays: evaluated,
    operator: '>=',
    bound: 1,
  })
  if (economics.measure === 'deflatedSharpe') {
    const bound = stage === 'production' ? 0.95 : 0.8
    return [
      trials,
      limit('deflatedSharpe', {
        title: 'Deflated Sharpe ratio',
        message: 'After this many trials and costs the Sharpe ratio is not distinguishable from luck',
        unit: 'probability',
        range: [0, 1],
        maxAgeDays: evaluated,
        operator: '>=',
        bound,
      }),
    ]
  }
  return [
    trials,
    lowerBound('costSavingBps', {
      title: 'Saves execution cost, net',
      message: 'Against the same orders without the model the cost is not lower',
      unit: 'basis-points',
      range: [-1_000, 1_000],
      above: 0,
      level: levels[stage],
      severity: 'block',
    }),
  ]
}

/** Whether it can run where it is going. */
function operation({ latencyP99Us, daysInPaper }: FamilyRequirements, stage: Stage): Part[] {
  const both = [
    limit('predictionLatencyP99', {
      title: 'Fast enough',
      message: 'Measure and reduce the time of one prediction, features included',
      unit: 'microseconds',
      range: [0, 1e9],
      maxAgeDays: evaluated,
      operator: '<=',
      bound: latencyP99Us,
    }),
    limit('featureDriftPsi', {
      title: 'Features have not drifted',
      message: 'The largest population stability index against the training reference is too high; train again',
      unit: 'dimensionless',
      range: [0, 100],
      maxAgeDays: stage === 'production' ? 7 : evaluated,
      operator: '<=',
      bound: 0.25,
    }),
  ]
  if (stage === 'paper') return both
  return [
    ...both,
    limit('daysInPaper', {
      title: 'Has run under paper',
      message: 'Leave it under paper for longer',
      unit: 'days',
      range: [0, 36_500],
      maxAgeDays: fresh,
      operator: '>=',
      bound: daysInPaper,
    }),
    limit('paritySessions', {
      title: 'Parity was checked',
      message: 'Compare live features and decisions with their replay for more sessions',
      unit: 'count',
      range: [0, 1e6],
      maxAgeDays: 14,
      operator: '>=',
      bound: 3,
    }),
    limit('parityMismatches', {
      title: 'Training and live agree',
      message: 'A live feature or decision differs from its replay; find out why',
      unit: 'count',
      range: [0, 1e12],
      maxAgeDays: 14,
      operator: '<=',
      bound: 0,
    }),
    limit('liveEce', {
      title: 'Live probabilities are calibrated',
      message: 'Recalibrate; live outcomes differ from what was predicted',
      unit: 'score',
      range: [0, 1],
      maxAgeDays: 14,
      operator: '<=',
      bound: 0.15,
    }),
    limit('liveSlippageExcessBps', {
      title: 'Slippage is what was assumed',
      message: 'Orders under paper cost more than the evaluation assumed',
      unit: 'basis-points',
      range: [-1_000, 1_000],
      maxAgeDays: 14,
      operator: '<=',
      bound: 2,
    }),
  ]
}

function truth(
  name: string,
  { title, message, maxAgeDays }: { readonly title: string; readonly message: string; readonly maxAgeDays: number },
): Part {
  return {
    inputs: { [name]: { type: 'boolean', unit: 'boolean', maxAgeDays, description: title } },
    clause: { id: kebab(name), title, rule: { '===': [{ var: name }, true] }, severity: 'block', message },
  }
}

function limit(
  name: string,
  options: {
    readonly title: string
    readonly message: string
    readonly unit: string
    readonly range: readonly [number, number]
    readonly maxAgeDays: number
    readonly operator: '<=' | '>='
    readonly bound: number
  },
): Part {
  const { title, message, unit, range, maxAgeDays, operator, bound } = options
  const rule: Rule = { [operator]: [{ var: name }, bound] }
  return {
    inputs: { [name]: { type: 'number', unit, minimum: range[0], maximum: range[1], maxAgeDays, description: title } },
    clause: { id: kebab(name), title, rule, severity: 'block', message },
  }
}

function beats(
  { metric, baseline, title }: RequiredEdge,
  { severity, stage }: { readonly severity: 'block' | 'warn'; readonly stage: Stage },
): Part {
  return lowerBound(edgeName(metric, baseline), {
    title,
    message: 'The interval of the difference does not lie above zero: the model is not shown to be better',
    unit: 'score',
    range: [-10, 10],
    above: 0,
    level: levels[stage],
    severity,
  })
}

/** A measurement whose interval must lie above a bound. */
function lowerBound(
  name: string,
  options: {
    readonly title: string
    readonly message: string
    readonly unit: string
    readonly range: readonly [number, number]
    readonly above: number
    /** Least coverage of the interval. */
    readonly level: number
    readonly severity: 'block' | 'warn'
  },
): Part {
  const { title, message, unit, range, above, level, severity } = options
  const input = `${name}Lower`
  return {
    inputs: {
      [input]: {
        type: 'number',
        evidence: name,
        field: 'lower',
        minimumLevel: level,
        unit,
        minimum: range[0],
        maximum: range[1],
        maxAgeDays: evaluated,
        description: `Lower bound of: ${title}`,
      },
    },
    clause: { id: kebab(name), title, rule: { '>': [{ var: input }, above] }, severity, message },
  }
}

/** `macroF1OverMajority` is `macro-f1-over-majority`. */
function kebab(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase()
}
