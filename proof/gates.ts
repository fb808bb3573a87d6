import { existsSync, readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import jsonLogic, { type RulesLogic } from 'json-logic-js'
import { LogicEngine } from 'json-logic-engine'
import {
  isTradingError,
  openGate,
  parseTime,
  type Evidence,
  type GatePolicy,
  type InputDeclaration,
  type Measurement,
  type Rule,
} from '@gatehouse/contracts'
import { evidenceOfValues, policyOfRule, randomRuleCase, seededRandom, type Random } from '@gatehouse/contracts/testing'

/*
 * Gates, attacked: agreement with two JSON-Logic engines on well-typed input, the jsonlogic.com suite, evidence made worse
 * in every way, and hostile rules against the clock.
 * GATEHOUSE_JSONLOGIC_SUITE names a copy of the jsonlogic.com tests (bench/tests.json of json-logic-engine) where there is one.
 */
const { values: options } = parseArgs({
  options: {
    runs: { type: 'string', default: '40000' },
    seed: { type: 'string', default: '20261122' },
    write: { type: 'boolean', default: false },
  },
})
const runs = Number(options.runs)
const seed = Number(options.seed)
const measuredAt = '2026-06-01T00:00:00Z'
const now = parseTime('2026-06-02T00:00:00Z')
const rows: { name: string; cases: number; failed: number; note: string }[] = []

function decide(policy: GatePolicy, evidence: unknown): 'approved' | 'refused' {
  return openGate(policy).evaluate(evidence as Evidence, { now }).decision
}

/** What an engine gives; json-logic-engine throws things that are not errors. */
function attempt(evaluate: () => unknown): unknown {
  try {
    return evaluate()
  } catch (cause) {
    return `threw ${String(cause)}`
  }
}

/** 1. The same verdict as json-logic-js and json-logic-engine, on random well-typed rules. */
function agreement(): void {
  const random = seededRandom(seed)
  const engine = new LogicEngine()
  let failed = 0
  let approved = 0
  let threw = 0
  for (let run = 0; run < runs; run++) {
    const { rule, inputs, values } = randomRuleCase(random)
    const ours = decide(policyOfRule(rule, inputs), evidenceOfValues(values, measuredAt)) === 'approved'
    const plain = jsonLogic.apply(rule as RulesLogic, values) as unknown
    const interpreted = attempt(() => engine.run(rule, values))
    const compiled = attempt(() => (engine.build(rule) as (data: unknown) => unknown)(values))
    if (ours) approved += 1
    // json-logic-engine 5.0.7, compiled, throws a bare NaN for some literal zeros in arithmetic that it computes when interpreted.
    if (compiled === 'threw NaN') threw += 1
    if (plain === ours && interpreted === ours && (compiled === ours || compiled === 'threw NaN')) continue
    failed += 1
    if (failed <= 3) console.error('disagreement', JSON.stringify({ rule, values, ours, plain, interpreted, compiled }))
  }
  rows.push({
    name: 'agrees with json-logic-js and json-logic-engine (run and build)',
    cases: runs,
    failed,
    note: `${approved} approved, ${runs - approved} refused; the compiled engine threw NaN instead of an answer ${threw} times`,
  })
}

type SuiteCase = readonly [rule: unknown, data: unknown, expected: unknown]

/** Inputs for the scalars and lists of numbers of a case's data. */
function inputsOf(data: unknown): {
  inputs: Record<string, InputDeclaration>
  values: Record<string, number | boolean | string | number[]>
} {
  const common = { unit: 'dimensionless', maxAgeDays: 10, description: 'Data of a case' }
  const inputs: Record<string, InputDeclaration> = {}
  const values: Record<string, number | boolean | string | number[]> = {}
  for (const [name, value] of Object.entries(typeof data === 'object' && data !== null && !Array.isArray(data) ? data : {}) as [
    string,
    unknown,
  ][]) {
    if (!/^[a-z][a-zA-Z0-9]*$/.test(name)) continue
    if (typeof value === 'number') inputs[name] = { ...common, type: 'number', minimum: -1e9, maximum: 1e9 }
    else if (typeof value === 'boolean') inputs[name] = { ...common, type: 'boolean', unit: 'boolean' }
    else if (typeof value === 'string' && value !== '') inputs[name] = { ...common, type: 'string', unit: 'word', values: [value] }
    else if (Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'number'))
      inputs[name] = { ...common, type: 'numbers', minimum: -1e9, maximum: 1e9 }
    else continue
    values[name] = value
  }
  return { inputs, values }
}

/** A case as a clause that must pass: `expected` is asserted inside the rule. `undefined` when the allow-list does not admit it. */
function suiteVerdict([rule, data, expected]: SuiteCase): boolean | undefined {
  if (typeof rule !== 'object' || rule === null || Array.isArray(rule)) return undefined
  const { inputs, values } = inputsOf(data)
  const asserted = typeof expected === 'boolean' ? (expected ? rule : { '!': [rule] }) : { '===': [rule, expected] }
  const policy = policyOfRule(
    { and: [{ var: 'asked' }, asserted] },
    { ...inputs, asked: { type: 'boolean', unit: 'boolean', maxAgeDays: 10, description: 'Always true' } },
  )
  try {
    return decide(policy, evidenceOfValues({ ...values, asked: true }, measuredAt)) === 'approved'
  } catch (error) {
    if (isTradingError(error, 'POLICY_INVALID')) return undefined
    throw error
  }
}

/** Cases from the operations page of jsonlogic.com, for where no copy of its suite is at hand. */
const publishedCases: readonly SuiteCase[] = [
  [{ '==': [1, 1] }, {}, true],
  [{ '===': [1, 1] }, {}, true],
  [{ '!=': [1, 2] }, {}, true],
  [{ '!==': [1, 2] }, {}, true],
  [{ '!': [true] }, {}, false],
  [{ '!': true }, {}, false],
  [{ or: [true, false] }, {}, true],
  [{ and: [true, true] }, {}, true],
  [{ and: [true, false] }, {}, false],
  [{ '>': [2, 1] }, {}, true],
  [{ '>=': [1, 1] }, {}, true],
  [{ '<': [1, 2] }, {}, true],
  [{ '<=': [1, 1] }, {}, true],
  [{ '<': [1, 2, 3] }, {}, true],
  [{ '<': [1, 1, 3] }, {}, false],
  [{ '<': [1, 4, 3] }, {}, false],
  [{ '<=': [1, 2, 3] }, {}, true],
  [{ '<=': [1, 1, 3] }, {}, true],
  [{ '<=': [1, 4, 3] }, {}, false],
  [{ '<': [0, { var: 'temp' }, 100] }, { temp: 37 }, true],
  [{ max: [1, 2, 3] }, {}, 3],
  [{ min: [1, 2, 3] }, {}, 1],
  [{ '+': [4, 2] }, {}, 6],
  [{ '-': [4, 2] }, {}, 2],
  [{ '*': [4, 2] }, {}, 8],
  [{ '/': [4, 2] }, {}, 2],
  [{ '+': [2, 2, 2, 2, 2] }, {}, 10],
  [{ '*': [2, 2, 2, 2, 2] }, {}, 32],
  [{ '-': 2 }, {}, -2],
  [{ '%': [101, 2] }, {}, 1],
  [{ in: ['Ringo', ['John', 'Paul', 'George', 'Ringo']] }, {}, true],
  [{ if: [{ '<': [{ var: 'temp' }, 0] }, 'freezing', { '<': [{ var: 'temp' }, 100] }, 'liquid', 'gas'] }, { temp: 55 }, 'liquid'],
  [{ if: [true, 'yes', 'no'] }, {}, 'yes'],
  [{ all: [[1, 2, 3], { '>': [{ var: '' }, 0] }] }, {}, true],
  [{ some: [[-1, 0, 1], { '>': [{ var: '' }, 0] }] }, {}, true],
  [{ none: [[-3, -2, -1], { '>': [{ var: '' }, 0] }] }, {}, true],
  [{ and: [{ '<': [{ var: 'temp' }, 110] }, { '==': [{ var: 'pie' }, 'apple'] }] }, { temp: 100, pie: 'apple' }, true],
]

/** 2. The jsonlogic.com suite, as far as the allow-list admits it. */
function suite(name: string, cases: readonly SuiteCase[]): void {
  const verdicts = cases.map((entry) => ({ entry, verdict: suiteVerdict(entry) }))
  const admitted = verdicts.filter(({ verdict }) => verdict !== undefined)
  const failures = admitted.filter(({ verdict }) => verdict === false)
  failures.slice(0, 10).forEach(({ entry }) => console.error('suite case differs', JSON.stringify(entry)))
  rows.push({
    name,
    cases: admitted.length,
    failed: failures.length,
    note: `of ${cases.length}; the rest is refused when the policy loads (coercion, defaults, objects, string building)`,
  })
}

const worse: readonly ((measurement: Measurement, random: Random) => unknown)[] = [
  (m) => ({ ...m, value: Number.NaN }),
  (m) => ({ ...m, value: Number.POSITIVE_INFINITY }),
  (m) => ({ ...m, value: null }),
  (m) => ({ ...m, value: undefined }),
  (m) => ({ ...m, value: typeof m.value === 'string' ? 1 : String(m.value) }),
  (m) => ({ ...m, value: '' }),
  (m) => ({ ...m, value: [] }),
  (m) => ({ ...m, value: { valueOf: () => 1 } }),
  (m) => ({ ...m, value: { '>': [1, 0] } }),
  (m, random) => ({ ...m, value: random.pick([1e300, -1e300, Number.MAX_VALUE, 2e6, -2e6]) }),
  (m) => ({ ...m, measuredAt: '2020-01-01T00:00:00Z' }),
  (m) => ({ ...m, measuredAt: '2031-01-01T00:00:00Z' }),
  (m) => ({ ...m, measuredAt: '2026-02-30T00:00:00Z' }),
  (m) => ({ ...m, unit: 'furlongs' }),
  (m) => ({ ...m, source: 'trust me' }),
  (m) => Object.create(m) as unknown,
  () => undefined,
  () => null,
  () => 1,
]

/** 3. Evidence made worse in every way: a refusal never becomes a pass, and what a clause reads being unusable refuses. */
function worsened(): void {
  const random = seededRandom(seed + 1)
  const wanted = Math.ceil(runs / 4)
  let failed = 0
  for (let run = 0; run < wanted; run++) {
    const { rule, inputs, values } = randomRuleCase(random)
    const gate = openGate(policyOfRule(rule, inputs))
    const evidence = evidenceOfValues(values, measuredAt)
    const before = gate.evaluate(evidence, { now }).decision
    const name = random.pick(Object.keys(evidence.values))
    const how = random.below(worse.length + 2)
    let after: unknown
    if (how < worse.length) after = { ...evidence, values: { ...evidence.values, [name]: worse[how](evidence.values[name], random) } }
    else {
      const { [name]: removed, ...rest } = evidence.values
      after =
        how === worse.length
          ? { ...evidence, values: rest }
          : { ...evidence, values: Object.assign(Object.create({ [name]: removed }) as object, rest) }
    }
    const report = gate.evaluate(after as Evidence, { now })
    const reads = JSON.stringify(rule).includes(`"var":"${name}"`)
    if ((before === 'refused' && report.decision === 'approved') || (reads && report.decision === 'approved')) {
      failed += 1
      console.error('evidence made worse passed', JSON.stringify({ rule, name, how }))
    }
  }
  rows.push({
    name: 'evidence deleted, ill typed, huge, stale, future or inherited',
    cases: wanted,
    failed,
    note: `${worse.length + 2} ways`,
  })
}

function nested(depth: number): unknown {
  let rule: unknown = { '>': [1, 0] }
  for (let level = 0; level < depth; level++) rule = { '!': [rule] }
  return rule
}

function doubling(levels: number): unknown {
  let rule: unknown = { '>': [{ var: 'alpha' }, 0] }
  for (let level = 0; level < levels; level++) rule = { and: [rule, rule] }
  return rule
}

/** 4. Hostile rules and evidence: refused, and within 100 ms each. */
function hostile(): void {
  const { inputs, values } = randomRuleCase(seededRandom(seed))
  const rules: Record<string, unknown> = {
    constructor: { constructor: ['return 1'] },
    toString: { toString: [] },
    'own __proto__': JSON.parse('{"__proto__":[1,1]}') as unknown,
    'two keys': { '>': [{ var: 'alpha' }, 0], '<': [{ var: 'beta' }, 1] },
    'no key': {},
    'depth 100,000': nested(100_000),
    'depth 33': nested(33),
    'doubling 2^60': doubling(60),
    'doubling 2^12': doubling(12),
    '1,000,000 operands': { and: Array.from({ length: 1_000_000 }, () => true) },
    'var constructor': { '!!': [{ var: 'constructor' }] },
    'var constructor.constructor': { '!!': [{ var: 'alpha.constructor.constructor' }] },
    'var __proto__': { '!!': [{ var: '__proto__' }] },
    'var with default': { '>': [{ var: ['alpha', 1] }, 0] },
    'computed var': { '>': [{ var: { '+': [1, 2] } }, 0] },
    'text as rule': 'yes',
    'number as rule': 1,
    'list as rule': [true],
    'empty and': { and: [] },
    'empty or': { or: [] },
    'empty list': { none: [[], { '>': [{ var: '' }, 0] }] },
    'number as truth': { and: [{ var: 'alpha' }] },
    'text "false" as truth': { or: [false, 'false'] },
    'across types': { '<': ['', { var: 'alpha' }] },
    'missing operand': { '<': [{ var: 'alpha' }] },
    'cat growth': { '==': [{ cat: ['a', 'a'] }, 'aa'] },
    merge: { '!!': [{ merge: [[1], [2]] }] },
    reduce: { '>': [{ reduce: [[1], { '+': [{ var: 'current' }, { var: 'accumulator' }] }, 0] }, 0] },
    method: { method: [{ var: 'alpha' }, 'toString', []] },
    log: { log: 'x' },
    NaN: { '<': [Number.NaN, { var: 'alpha' }] },
    'division by zero': { '>': [{ '/': [1, { '-': [{ var: 'alpha' }, { var: 'alpha' }] }] }, 0] },
    overflow: { '>': [{ '*': [1e308, 10, { var: 'alpha' }] }, 0] },
    'a class instance': new (class {
      readonly and = [true]
    })(),
    'a getter that changes': (() => {
      let reads = 0
      return { get '>'() { return reads++ < 3 ? [{ var: 'alpha' }, 1e5] : [1, 0] } } // prettier-ignore
    })(),
    'a symbol key': { '>': [{ var: 'alpha' }, 0], [Symbol('more')]: 1 },
    cycle: (() => {
      const rule: Record<string, unknown> = {}
      rule['!'] = [rule]
      return rule
    })(),
  }
  let failed = 0
  let slowest = 0
  let slowestName = ''
  const judge = (name: string, attempt: () => 'approved' | 'refused'): void => {
    // Processor time, best of three: the machine has others to serve, and what a rule can cost is asked, not what they do.
    let verdict = ''
    let elapsed = Infinity
    for (let round = 0; round < 3 && elapsed > 100; round++) {
      const started = process.cpuUsage()
      try {
        verdict = attempt()
      } catch (error) {
        verdict = isTradingError(error) ? 'refused' : `threw ${String(error)}`
      }
      const { user, system } = process.cpuUsage(started)
      elapsed = Math.min(elapsed, (user + system) / 1000)
      if (verdict !== 'refused') break
    }
    if (elapsed > slowest) [slowest, slowestName] = [elapsed, name]
    if (verdict === 'refused' && elapsed <= 100) return
    failed += 1
    console.error(`hostile "${name}": ${verdict} in ${elapsed.toFixed(1)} ms`)
  }
  // Warm up, so that compiling the schemas is not counted against the first case.
  decide(policyOfRule({ '>': [{ var: 'alpha' }, 0] }, inputs), evidenceOfValues(values, measuredAt))
  for (const [name, rule] of Object.entries(rules))
    judge(name, () => decide(policyOfRule(rule as Rule, inputs), evidenceOfValues(values, measuredAt)))
  const honest = openGate(policyOfRule({ '<=': [{ var: 'alpha' }, 1e6] }, inputs))
  const evidence = evidenceOfValues(values, measuredAt)
  const shared = (levels: number): unknown => Array.from({ length: levels }).reduce<unknown>((inner) => [inner, inner], 1)
  const bodies: Record<string, unknown> = {
    'evidence null': null,
    'evidence text': 'alpha',
    'evidence deep': JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`) as unknown,
    'evidence doubling': { ...evidence, values: { alpha: { ...evidence.values['alpha'], value: shared(40) } } },
    'evidence wide': {
      ...evidence,
      values: Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`a${index}`, evidence.values['alpha']])),
    },
    'evidence proxy that throws': new Proxy({}, { ownKeys: () => { throw new Error('no') } }), // prettier-ignore
    'evidence getter that throws': { ...evidence, values: { get alpha() { throw new Error('no') } } }, // prettier-ignore
    'evidence inherited whole': Object.create(evidence) as unknown,
    'evidence cycle': (() => {
      const cyclic: Record<string, unknown> = { ...evidence }
      cyclic['values'] = cyclic
      return cyclic
    })(),
    'evidence of a newer major': { ...evidence, contractVersion: '2.0' },
  }
  for (const [name, body] of Object.entries(bodies)) judge(name, () => honest.evaluate(body as Evidence, { now }).decision)
  rows.push({
    name: 'hostile rules and evidence refuse within 100 ms of processor time',
    cases: Object.keys(rules).length + Object.keys(bodies).length,
    failed,
    note: `slowest ${slowest.toFixed(1)} ms (${slowestName})`,
  })
}

/** 5. An operator replaced inside json-logic-js, which is one object a process, refuses everything. */
function replacedOperator(): void {
  const { inputs, values } = randomRuleCase(seededRandom(seed))
  const gate = openGate(policyOfRule({ '<=': [{ var: 'alpha' }, 1e6] }, inputs))
  const before = gate.evaluate(evidenceOfValues(values, measuredAt), { now }).decision
  jsonLogic.add_operation('<=', () => true)
  const during = gate.evaluate(evidenceOfValues(values, measuredAt), { now }).decision
  jsonLogic.add_operation('<=', (a: number, b: number, c?: number) => (c === undefined ? a <= b : a <= b && b <= c))
  const after = gate.evaluate(evidenceOfValues(values, measuredAt), { now }).decision
  rows.push({
    name: 'an operator replaced in json-logic-js is noticed',
    cases: 1,
    failed: before === 'approved' && during === 'refused' && after === 'approved' ? 0 : 1,
    note: `${before}, ${during}, ${after}`,
  })
}

agreement()
suite('cases published at jsonlogic.com/operations', publishedCases)
const file = process.env['GATEHOUSE_JSONLOGIC_SUITE']
if (file !== undefined && existsSync(file))
  suite(
    'jsonlogic.com shared suite',
    (JSON.parse(readFileSync(file, 'utf8')) as unknown[]).filter((entry): entry is SuiteCase => Array.isArray(entry)),
  )
else console.warn('GATEHOUSE_JSONLOGIC_SUITE names no file: the shared suite is skipped')
worsened()
hostile()
replacedOperator()

const width = Math.max(...rows.map(({ name }) => name.length))
for (const { name, cases, failed, note } of rows)
  console.log(`${name.padEnd(width)}  ${String(cases).padStart(6)} cases  ${String(failed).padStart(3)} failed  ${note}`)
const failed = rows.reduce((sum, row) => sum + row.failed, 0)
const total = rows.reduce((sum, row) => sum + row.cases, 0)
if (options.write) {
  const table = [
    '| what | cases | failed | note |',
    '|--|--:|--:|--|',
    ...rows.map((row) => `| ${row.name} | ${row.cases} | ${row.failed} | ${row.note} |`),
  ]
  writeFileSync(
    new URL('gates.md', import.meta.url),
    `# Gates, attacked\n\n\`node --conditions=@gatehouse/source --import tsx proof/gates.ts --write\`, ${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}, ${cpus().length} cores, seed ${seed}.\n\n${table.join('\n')}\n`,
  )
}
console.log(`${total - failed} passed, ${failed} failed`)
if (failed > 0) process.exitCode = 1
