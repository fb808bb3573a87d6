import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import jsonLogic, { type RulesLogic } from 'json-logic-js'
import {
  defaultPolicy,
  formatTime,
  generateSigningKey,
  openGate,
  openRegistry,
  parseTime,
  recheckAdmission,
  sha256Hex,
  type Artifact,
  type Evidence,
  type GatePolicy,
} from '@gatehouse/contracts'
import { loadSmallNetwork, passingEvidence, smallCandidate } from '@gatehouse/contracts/testing'

/*
 * Gates and admissions. Input: a policy of 30 clauses over 30 measurements with intervals; an artifact of 1 MB (six features,
 * two layers of 505 units, four golden vectors), seed 1. Best of several alternations; what a bare library or a bare SHA-256
 * takes for the same stands beside it.
 */
const now = parseTime('2026-06-15T10:00:00Z')
const measuredAt = formatTime(now - 1_000_000_000n)

function thirtyClauses(): { policy: GatePolicy; evidence: Evidence } {
  const names = Array.from({ length: 30 }, (_, index) => `metric${index}`)
  const declared = {
    type: 'number',
    field: 'lower',
    unit: 'score',
    minimum: -10,
    maximum: 10,
    maxAgeDays: 30,
    description: 'A metric',
  } as const
  const shipped = defaultPolicy('order-book', 'paper')
  if (shipped === undefined) throw new Error('no policy')
  const policy: GatePolicy = {
    ...shipped,
    inputs: Object.fromEntries(names.map((name) => [name, declared])),
    clauses: names.map((name, index) => ({
      id: `clause-${index}`,
      title: name,
      rule: { and: [{ '>': [{ var: name }, 0] }, { '<': [{ var: name }, 5] }] },
      severity: 'block',
      message: 'too low',
    })),
  }
  const measurement = {
    value: 0.5,
    unit: 'score',
    source: sha256Hex('evaluation'),
    measuredAt,
    count: 4000,
    interval: { lower: 0.4, upper: 0.6, level: 0.95, method: 'block bootstrap' },
  }
  const evidence: Evidence = {
    type: 'evidence',
    contractVersion: '1.0',
    artifactDigest: sha256Hex('artifact'),
    values: Object.fromEntries(names.map((name) => [name, measurement])),
  }
  return { policy, evidence }
}

interface Timed {
  readonly best: number
  readonly median: number
}

/** Milliseconds a call, of `rounds` rounds. */
async function time(rounds: number, work: () => unknown): Promise<Timed> {
  const taken: number[] = []
  for (let round = 0; round < rounds; round++) {
    const started = performance.now()
    await work()
    taken.push(performance.now() - started)
  }
  taken.sort((a, b) => a - b)
  return { best: taken[0], median: taken[Math.floor(rounds / 2)] }
}

const rows: (readonly [string, Timed, string])[] = []
const better = (a: Timed | undefined, b: Timed): Timed => (a === undefined || b.median < a.median ? b : a)

const { policy, evidence } = thirtyClauses()
const gate = openGate(policy)
if (gate.evaluate(evidence, { now }).decision !== 'approved') throw new Error('the gate of the bench does not pass')
const plainData = Object.fromEntries(Object.keys(policy.inputs).map((name) => [name, 0.4]))
const plain = (): boolean => policy.clauses.every(({ rule }) => jsonLogic.apply(rule as RulesLogic, plainData) === true)

const directory = await mkdtemp(join(tmpdir(), 'gatehouse-bench-'))
const key = generateSigningKey()
await using registry = await openRegistry({
  directory,
  signingKey: key,
  trustedKeys: [{ publicKey: key.publicKey, owner: 'bench', roles: ['promote', 'approve'] }],
  clock: { now: () => now },
})
const artifact = await registry.register(smallCandidate({ hidden: 505 }))
const paper = defaultPolicy('order-book', 'paper')
if (paper === undefined) throw new Error('no policy')
const promoted = await registry.promote({
  name: 'order-book',
  stage: 'paper',
  artifactDigest: artifact.digest,
  policy: paper,
  evidence: passingEvidence(paper, { artifactDigest: artifact.digest, measuredAt }),
  promoter: 'bench',
})
if (!promoted.promoted) throw new Error(promoted.refusal.message)
const weights = artifact.files.get('weights.safetensors') ?? new Uint8Array()

let inLoad = 0
const load = async (given: Artifact) => {
  const started = performance.now()
  const model = await loadSmallNetwork(given)
  const compute = (input: Float32Array): Float32Array => {
    const computing = performance.now()
    const output = model.compute(input)
    inLoad += performance.now() - computing
    return output
  }
  inLoad += performance.now() - started
  return { digest: model.digest, compute }
}
const admitted = await registry.admit('order-book@paper', 'paper', load)

let [gateTime, plainTime, admitTime, ownTime, hashTime, recheckTime]: (Timed | undefined)[] = []
for (let alternation = 0; alternation < 7; alternation++) {
  gateTime = better(gateTime, await time(300, () => gate.evaluate(evidence, { now })))
  plainTime = better(plainTime, await time(300, plain))
  const own: number[] = []
  admitTime = better(
    admitTime,
    await time(40, async () => {
      inLoad = 0
      const started = performance.now()
      await registry.admit('order-book@paper', 'paper', load)
      own.push(performance.now() - started - inLoad)
    }),
  )
  own.sort((a, b) => a - b)
  ownTime = better(ownTime, { best: own[0], median: own[Math.floor(own.length / 2)] })
  hashTime = better(hashTime, await time(40, () => sha256Hex(weights)))
  recheckTime = better(recheckTime, await time(300, () => recheckAdmission(admitted, { environment: 'paper', now })))
}
const nothing: Timed = { best: Number.NaN, median: Number.NaN }
rows.push(['gate of 30 clauses', gateTime ?? nothing, 'target 1 ms'])
rows.push(['the same 30 rules, bare json-logic-js', plainTime ?? nothing, 'no checks, no report'])
rows.push([`admit of ${(weights.length / 1e6).toFixed(2)} MB, warm`, admitTime ?? nothing, 'target 5 ms, load and golden vectors included'])
rows.push(['of which the registry itself', ownTime ?? nothing, 'without load and compute, which are the model’s'])
rows.push(['SHA-256 of the weights alone', hashTime ?? nothing, 'what no verification can do without'])
rows.push(['recheck of a running admission', recheckTime ?? nothing, ''])

console.log(`Node ${process.versions.node}, ${cpus().length} cores, ${new Date().toISOString().slice(0, 10)}`)
console.log(`${'milliseconds'.padEnd(42)}     best   median`)
for (const [name, { best, median }, note] of rows)
  console.log(`${name.padEnd(42)} ${best.toFixed(4).padStart(8)} ${median.toFixed(4).padStart(8)}  ${note}`)
await rm(directory, { recursive: true, force: true })
