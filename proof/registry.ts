import { execFile } from 'node:child_process'
import { sign } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'
import {
  canonicalJson,
  defaultPolicy,
  defaultPolicyDigests,
  documentDigest,
  formatTime,
  generateSigningKey,
  isAdmitted,
  isTradingError,
  keyIdOf,
  openRegistry,
  parseTime,
  recheckAdmission,
  registryEntryContract,
  sha256Hex,
  signApproval,
  sync,
  type Admitted,
  type Computable,
  type DsseEnvelope,
  type Evidence,
  type GatePolicy,
  type KeyPair,
  type Promotion,
  type Refusal,
  type Registry,
  type RegistryEntry,
  type RegistryOptions,
} from '@gatehouse/contracts'
import { loadSmallNetwork, passingEvidence, seededRandom, smallCandidate, type Random } from '@gatehouse/contracts/testing'
import { openLog, readLog } from '@gatehouse/durable-log'

/*
 * The registry, attacked: random attacks that must never end in an ungated admission, and SIGKILL at every file-system step
 * of register, promote and sync, after which the log is whole, nothing acknowledged is lost and nothing is doubled.
 */
const day = 86_400_000_000_000n
const start = parseTime('2026-06-15T10:00:00Z')
const policyOf = (stage: 'paper' | 'production'): GatePolicy => {
  const policy = defaultPolicy('order-book', stage)
  if (policy === undefined) throw new Error('the order-book policies are gone')
  return policy
}

interface Keys {
  readonly promoter: KeyPair
  readonly approver: KeyPair
}

const trusted = ({ promoter, approver }: Keys): RegistryOptions['trustedKeys'] => [
  { publicKey: promoter.publicKey, owner: 'ada', roles: ['promote'] },
  { publicKey: approver.publicKey, owner: 'bo', roles: ['approve'] },
]

const open = (directory: string, keys: Keys, options: { now: bigint } & Partial<RegistryOptions>): Promise<Registry> => {
  const { now, ...rest } = options
  return openRegistry({
    directory,
    trustedKeys: trusted(keys),
    signingKey: keys.promoter,
    clock: { now: () => now },
    lockWaitMs: 20_000,
    ...rest,
  })
}

const evidenceFor = (stage: 'paper' | 'production', artifactDigest: string, now: bigint): Evidence =>
  passingEvidence(policyOf(stage), { artifactDigest, measuredAt: formatTime(now - 1_000_000_000n) })

function approvalFor(evidence: Evidence, keys: Keys, now: bigint): DsseEnvelope {
  return signApproval(
    {
      name: 'order-book',
      stage: 'production',
      artifactDigest: evidence.artifactDigest,
      policyDigest: documentDigest(policyOf('production')),
      evidenceDigest: documentDigest(evidence),
      approver: 'bo',
      approvedAt: formatTime(now),
      expiresAt: formatTime(now + day),
    },
    keys.approver,
  )
}

/* ---------------------------------------------------------------------------------------------- the children that are killed */

const step = process.argv.indexOf('--child') + 1
if (step > 0) {
  const [task, directory, keysFile, other] = process.argv.slice(step)
  const keys = JSON.parse(readFileSync(keysFile, 'utf8')) as Keys
  if (task === 'sync') {
    await sync(directory, other)
    console.log('acknowledged')
  } else {
    const now = start + 40n * day
    const registry = await open(directory, keys, { now })
    const artifact = await registry.register(smallCandidate({ seed: 99 }))
    console.log(`registered ${artifact.digest}`)
    const alias = (await registry.aliases()).find(({ stage }) => stage === 'paper')
    // A retry after a crash looks before it asks again: what was promoted is not promoted twice.
    if (alias?.artifactDigest !== artifact.digest) {
      const evidence = evidenceFor('paper', artifact.digest, now)
      const result = await registry.promote({
        name: 'order-book',
        stage: 'paper',
        artifactDigest: artifact.digest,
        policy: policyOf('paper'),
        evidence,
        promoter: 'ada',
        expected: alias?.artifactDigest ?? null,
      })
      if (!result.promoted) throw new Error(result.refusal.message)
    }
    console.log(`acknowledged ${artifact.digest}`)
  }
  process.exit(0)
}

/* ---------------------------------------------------------------------------------------------------------------- the attacks */

const { values: options } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '20261122' },
    kills: { type: 'string', default: 'all' },
    write: { type: 'boolean', default: false },
  },
})
const seed = Number(options.seed)
const random = seededRandom(seed)
const root = mkdtempSync(join(tmpdir(), 'gatehouse-proof-registry-'))
const keys: Keys = { promoter: generateSigningKey(), approver: generateSigningKey() }
const outsider = generateSigningKey()

/** A registry with history: A in paper, A in production, B in paper. */
interface Lab {
  readonly directory: string
  readonly a: string
  readonly b: string
  /** Registered, never promoted. */
  readonly c: string
  readonly usedApproval: DsseEnvelope
  readonly now: bigint
  readonly head: { readonly index: number; readonly hash: string }
}

async function buildLab(): Promise<Lab> {
  const directory = join(root, 'template')
  const first = await open(directory, keys, { now: start })
  const digests: string[] = []
  for (const number of [1, 2, 3]) digests.push((await first.register(smallCandidate({ seed: number }), { by: 'ada' })).digest)
  const [a, b, c] = digests
  const promote = async (
    registry: Registry,
    stage: 'paper' | 'production',
    artifactDigest: string,
    now: bigint,
    approvals: DsseEnvelope[] = [],
  ): Promise<void> => {
    const result = await registry.promote({
      name: 'order-book',
      stage,
      artifactDigest,
      policy: policyOf(stage),
      evidence: evidenceFor(stage, artifactDigest, now),
      approvals,
      promoter: 'ada',
    })
    if (!result.promoted) throw new Error(`the lab could not be built: ${result.refusal.message}`)
  }
  await promote(first, 'paper', a, start)
  const later = start + 20n * day
  const second = await open(directory, keys, { now: later })
  const usedApproval = approvalFor(evidenceFor('production', a, later), keys, later)
  await promote(second, 'production', a, later, [usedApproval])
  await promote(second, 'paper', b, later)
  return { directory, a, b, c, usedApproval, now: later + day, head: await second.head() }
}

const lab = await buildLab()
let copies = 0

function copy(): string {
  const directory = join(root, `attack-${copies++}`)
  cpSync(lab.directory, directory, { recursive: true })
  return directory
}

/** What an attack came to. `admitted` is only right where nothing was wrong. */
type Outcome = { readonly verdict: 'refused'; readonly rule: string } | { readonly verdict: 'admitted' }

async function tryAdmit(
  directory: string,
  options: { now?: bigint; stage?: 'paper' | 'production'; environment?: 'paper' | 'live' } & Partial<RegistryOptions> = {},
): Promise<Outcome> {
  const { now = lab.now, stage = 'production', environment = stage === 'paper' ? 'paper' : 'live', ...rest } = options
  try {
    const registry = await open(directory, keys, { now, signingKey: undefined, anchor: lab.head, ...rest })
    const admitted = await registry.admit(`order-book@${stage}`, environment, loadSmallNetwork)
    return isAdmitted(admitted) ? { verdict: 'admitted' } : { verdict: 'refused', rule: 'not minted' }
  } catch (error) {
    return refusedBy(error)
  }
}

function refusedBy(error: unknown): Outcome {
  if (!isTradingError(error)) throw error
  const refusal = error.details['refusal'] as Refusal | undefined
  return { verdict: 'refused', rule: refusal?.rule ?? error.code }
}

/** Promotes C as an attacker would like it, then tries to have it admitted. */
async function promoteAndAdmit(
  change: (request: { policy: GatePolicy; evidence: Evidence; approvals: DsseEnvelope[] }) => {
    policy: GatePolicy
    evidence: Evidence
    approvals: DsseEnvelope[]
  },
  stage: 'paper' | 'production' = 'paper',
  artifactDigest = lab.c,
): Promise<Outcome> {
  const directory = copy()
  const registry = await open(directory, keys, { now: lab.now })
  const request = change({ policy: policyOf(stage), evidence: evidenceFor(stage, artifactDigest, lab.now), approvals: [] })
  try {
    const result = await registry.promote({ name: 'order-book', stage, artifactDigest, promoter: 'ada', ...request })
    if (!result.promoted) {
      const alias = (await registry.aliases()).find((state) => state.stage === stage)
      return alias?.artifactDigest === lab.c ? { verdict: 'admitted' } : { verdict: 'refused', rule: result.refusal.rule }
    }
  } catch (error) {
    return refusedBy(error)
  }
  const admitted = await registry.admit(`order-book@${stage}`, stage === 'paper' ? 'paper' : 'live', loadSmallNetwork)
  return { verdict: isAdmitted(admitted) ? 'admitted' : 'refused', rule: 'not minted' }
}

async function entriesOf(directory: string): Promise<{ entry: RegistryEntry; hash: string; index: number }[]> {
  const entries: { entry: RegistryEntry; hash: string; index: number }[] = []
  for await (const { payload, hash, index } of readLog(join(directory, 'log')))
    entries.push({ entry: registryEntryContract.parse(JSON.parse(Buffer.from(payload).toString())), hash, index })
  return entries
}

async function append(directory: string, entry: unknown): Promise<void> {
  const log = await openLog({ directory: join(directory, 'log'), durability: 'power', lockWaitMs: 5_000 })
  await log.append(Buffer.from(canonicalJson(entry)))
  await log.close()
}

/** An envelope by hand, after the DSSE protocol, so that a forger's tools are not ours. */
function envelope(statement: unknown, key: { readonly privateKey: string; readonly publicKey: string }): DsseEnvelope {
  const body = Buffer.from(JSON.stringify(statement))
  const type = 'application/vnd.in-toto+json'
  const signed = Buffer.concat([Buffer.from(`DSSEv1 ${type.length} ${type} ${body.length} `), body])
  return {
    payload: body.toString('base64'),
    payloadType: type,
    signatures: [{ keyid: keyIdOf(key.publicKey), sig: sign(null, signed, key.privateKey).toString('base64') }],
  }
}

/** A promotion of C that no gate gave, written straight into the log, signed with some key. */
async function forgePromotion(
  directory: string,
  key: { readonly privateKey: string; readonly publicKey: string },
  lie: (promotion: Promotion) => Promotion,
): Promise<void> {
  const entries = await entriesOf(directory)
  const model = entries.find(({ entry }) => entry.kind === 'promoted' && entry.stage === 'production')?.entry
  if (model?.kind !== 'promoted') throw new Error('the lab has no production promotion')
  const real = JSON.parse(Buffer.from(model.envelope.payload, 'base64').toString()) as {
    predicate: Promotion
    subject: unknown
    [key: string]: unknown
  }
  const last = entries[entries.length - 1]
  const promotion = lie({
    ...real.predicate,
    artifactDigest: lab.c,
    promotedAt: formatTime(lab.now),
    expiresAt: formatTime(lab.now + 10n * day),
    head: { index: last.index + 1, hash: last.hash },
  })
  const files = join(directory, 'artifacts', lab.c)
  const subject = readdirSync(files).map((name) => ({ name, digest: { sha256: sha256Hex(readFileSync(join(files, name))) } }))
  await append(directory, {
    type: 'registry-entry',
    contractVersion: '1.0',
    kind: 'promoted',
    at: formatTime(lab.now),
    by: 'mallory',
    name: 'order-book',
    stage: 'production',
    artifactDigest: lab.c,
    envelope: envelope({ ...real, subject, predicate: promotion }, key),
  })
}

function flip(path: string, source: Random): void {
  const bytes = readFileSync(path)
  bytes[source.below(bytes.length)] ^= 1 << source.below(8)
  writeFileSync(path, bytes)
}

const segmentOf = (directory: string): string => {
  const segments = readdirSync(join(directory, 'log')).filter((name) => statSync(join(directory, 'log', name)).size > 200)
  return join(directory, 'log', segments.sort()[0])
}

const attacks: Record<string, () => Promise<Outcome>> = {
  'missing metric': () =>
    promoteAndAdmit(({ evidence, ...rest }) => {
      const names = Object.keys(evidence.values)
      const gone = random.pick(names)
      return {
        ...rest,
        evidence: { ...evidence, values: Object.fromEntries(Object.entries(evidence.values).filter(([name]) => name !== gone)) },
      }
    }),
  'stale evidence': () =>
    promoteAndAdmit(({ evidence, ...rest }) => {
      const name = random.pick(Object.keys(evidence.values))
      const old = formatTime(lab.now - (31n + BigInt(random.below(300))) * day)
      return { ...rest, evidence: { ...evidence, values: { ...evidence.values, [name]: { ...evidence.values[name], measuredAt: old } } } }
    }),
  'worse metric': () =>
    promoteAndAdmit(({ evidence, ...rest }) => ({
      ...rest,
      evidence: { ...evidence, values: { ...evidence.values, ece: { ...evidence.values['ece'], value: 0.09 + random.next() * 0.9 } } },
    })),
  'evidence of another artifact': () =>
    promoteAndAdmit(({ evidence, ...rest }) => ({ ...rest, evidence: { ...evidence, artifactDigest: lab.a } })),
  'own word for what the registry measures': () =>
    promoteAndAdmit(
      ({ evidence, ...rest }) => ({
        ...rest,
        evidence: { ...evidence, values: { ...evidence.values, daysInPaper: { ...evidence.values['ece'], value: 99, unit: 'days' } } },
      }),
      'production',
    ),
  'production without paper': () =>
    promoteAndAdmit((request) => ({ ...request, approvals: [approvalFor(request.evidence, keys, lab.now)] }), 'production'),
  'edited policy': () =>
    promoteAndAdmit(({ policy, ...rest }) => ({
      ...rest,
      policy: { ...policy, clauses: policy.clauses.slice(0, 1 + random.below(policy.clauses.length - 1)) },
    })),
  'policy of another stage': () => promoteAndAdmit(({ ...rest }) => ({ ...rest, policy: policyOf('paper') }), 'production'),
  'edited policy, allowed by the attacker alone': async () => {
    const directory = copy()
    const policy = { ...policyOf('paper'), clauses: policyOf('paper').clauses.slice(0, 2) }
    const registry = await open(directory, keys, { now: lab.now, allowedPolicies: [documentDigest(policy), ...defaultPolicyDigests()] })
    const result = await registry.promote({
      name: 'order-book',
      stage: 'paper',
      artifactDigest: lab.c,
      policy,
      evidence: evidenceFor('paper', lab.c, lab.now),
      promoter: 'ada',
    })
    return result.promoted ? tryAdmit(directory, { stage: 'paper' }) : { verdict: 'refused', rule: result.refusal.rule }
  },
  'wrong key': async () => {
    const directory = copy()
    const registry = await openRegistry({
      directory,
      signingKey: outsider,
      trustedKeys: [{ publicKey: outsider.publicKey, owner: 'mallory', roles: ['promote', 'approve'] }],
      clock: { now: () => lab.now },
    })
    await registry.promote({
      name: 'order-book',
      stage: 'paper',
      artifactDigest: lab.c,
      policy: policyOf('paper'),
      evidence: evidenceFor('paper', lab.c, lab.now),
      promoter: 'mallory',
    })
    return tryAdmit(directory, { stage: 'paper' })
  },
  "approver's key promotes": async () => {
    const directory = copy()
    const all = ['promote', 'approve'] as const
    const registry = await openRegistry({
      directory,
      signingKey: keys.approver,
      trustedKeys: [{ publicKey: keys.approver.publicKey, owner: 'bo', roles: all }],
      clock: { now: () => lab.now },
    })
    await registry.promote({
      name: 'order-book',
      stage: 'paper',
      artifactDigest: lab.c,
      policy: policyOf('paper'),
      evidence: evidenceFor('paper', lab.c, lab.now),
      promoter: 'bo',
    })
    return tryAdmit(directory, { stage: 'paper' })
  },
  'replayed approval': () => promoteAndAdmit((request) => ({ ...request, approvals: [lab.usedApproval] }), 'production', lab.a),
  'approval by an outsider': () =>
    promoteAndAdmit(
      (request) => ({ ...request, approvals: [approvalFor(request.evidence, { ...keys, approver: outsider }, lab.now)] }),
      'production',
      lab.a,
    ),
  'approval signed by the promoter': () =>
    promoteAndAdmit(
      (request) => ({ ...request, approvals: [approvalFor(request.evidence, { ...keys, approver: keys.promoter }, lab.now)] }),
      'production',
      lab.a,
    ),
  'expired approval': () =>
    promoteAndAdmit(
      (request) => ({ ...request, approvals: [approvalFor(request.evidence, keys, lab.now - 3n * day)] }),
      'production',
      lab.a,
    ),
  'approval for other evidence': () =>
    promoteAndAdmit(
      (request) => ({ ...request, approvals: [approvalFor(evidenceFor('production', lab.a, lab.now - 60_000_000_000n), keys, lab.now)] }),
      'production',
      lab.a,
    ),
  'no approval': () => promoteAndAdmit((request) => request, 'production', lab.a),
  'racing promoters': async () => {
    const directory = copy()
    const racers = await Promise.all([open(directory, keys, { now: lab.now }), open(directory, keys, { now: lab.now })])
    const results = await Promise.all(
      racers.map((registry, index) => {
        const artifactDigest = [lab.a, lab.c][index]
        return registry.promote({
          name: 'order-book',
          stage: 'paper',
          artifactDigest,
          policy: policyOf('paper'),
          evidence: evidenceFor('paper', artifactDigest, lab.now),
          promoter: 'ada',
          expected: lab.b,
        })
      }),
    )
    const winners = results.filter(({ promoted }) => promoted)
    const loser = results.find((result) => !result.promoted)
    return winners.length === 1 && loser?.promoted === false && loser.refusal.rule === 'compare-and-swap'
      ? { verdict: 'refused', rule: 'compare-and-swap' }
      : { verdict: 'admitted' }
  },
  'edited artifact byte': async () => {
    const directory = copy()
    const files = join(directory, 'artifacts', lab.a)
    flip(join(files, random.pick(readdirSync(files))), random)
    return tryAdmit(directory)
  },
  'artifact exchanged for another': async () => {
    const directory = copy()
    rmSync(join(directory, 'artifacts', lab.a), { recursive: true })
    cpSync(join(directory, 'artifacts', lab.c), join(directory, 'artifacts', lab.a), { recursive: true })
    return tryAdmit(directory)
  },
  'artifact file missing': async () => {
    const directory = copy()
    const files = join(directory, 'artifacts', lab.a)
    rmSync(join(files, random.pick(readdirSync(files))))
    return tryAdmit(directory)
  },
  'edited document': async () => {
    const directory = copy()
    const [{ entry }] = (await entriesOf(directory)).filter((item) => item.entry.kind === 'promoted' && item.entry.stage === 'production')
    if (entry.kind !== 'promoted') throw new Error('the lab has no production promotion')
    const { predicate } = JSON.parse(Buffer.from(entry.envelope.payload, 'base64').toString()) as { predicate: Promotion }
    const path = join(
      directory,
      'documents',
      `${random.pick([predicate.policyDigest, predicate.submittedEvidenceDigest, predicate.reportDigest])}.json`,
    )
    if (random.below(4) === 0) rmSync(path)
    else flip(path, random)
    return tryAdmit(directory)
  },
  'truncated log': async () => {
    const directory = copy()
    const segment = segmentOf(directory)
    truncateSync(segment, 64 + random.below(statSync(segment).size - 64))
    if (random.below(2) === 0)
      for (const name of readdirSync(join(directory, 'log'))) if (/head/i.test(name)) rmSync(join(directory, 'log', name))
    if (random.below(2) === 0) rmSync(join(directory, 'high-water.json'), { force: true })
    return tryAdmit(directory)
  },
  'edited log byte': async () => {
    const directory = copy()
    flip(segmentOf(directory), random)
    return tryAdmit(directory, { stage: random.pick(['paper', 'production'] as const) })
  },
  'log rewritten without its revocation': async () => {
    const directory = copy()
    const registry = await open(directory, keys, { now: lab.now })
    await registry.revoke({ target: { kind: 'artifact', digest: lab.a }, by: 'ada', reason: 'a fault was found' })
    const anchor = await registry.head()
    const kept = (await entriesOf(directory)).slice(0, -1)
    rmSync(join(directory, 'log'), { recursive: true })
    rmSync(join(directory, 'high-water.json'), { force: true })
    for (const { entry } of kept) await append(directory, entry)
    return tryAdmit(directory, { anchor })
  },
  'log rewritten with an entry left out': async () => {
    const directory = copy()
    const entries = await entriesOf(directory)
    const gone = random.below(3) + 2
    rmSync(join(directory, 'log'), { recursive: true })
    rmSync(join(directory, 'high-water.json'), { force: true })
    for (const { entry } of entries.filter(({ index }) => index !== gone)) await append(directory, entry)
    // Without an anchor: what is left of the log must not admit either, for promotions name the log they follow.
    const outcome = await tryAdmit(directory, { anchor: undefined, stage: gone === 4 ? 'production' : 'paper' })
    return outcome
  },
  'alias edited by hand: old promotion again': async () => {
    const directory = copy()
    const [{ entry }] = (await entriesOf(directory)).filter((item) => item.entry.kind === 'promoted' && item.entry.stage === 'paper')
    await append(directory, entry)
    return tryAdmit(directory, { stage: 'paper' })
  },
  'alias edited by hand: another artifact': async () => {
    const directory = copy()
    const [{ entry }] = (await entriesOf(directory)).filter((item) => item.entry.kind === 'promoted' && item.entry.stage === 'production')
    await append(directory, { ...entry, artifactDigest: lab.c, at: formatTime(lab.now) })
    return tryAdmit(directory)
  },
  'alias edited by hand: paper as production': async () => {
    const directory = copy()
    const entries = (await entriesOf(directory)).filter((item) => item.entry.kind === 'promoted' && item.entry.stage === 'paper')
    await append(directory, { ...entries[entries.length - 1].entry, stage: 'production', at: formatTime(lab.now) })
    return tryAdmit(directory)
  },
  'forged promotion, outside key': async () => {
    const directory = copy()
    await forgePromotion(directory, outsider, (promotion) => promotion)
    return tryAdmit(directory)
  },
  'forged promotion, outside key under a trusted id': async () => {
    const directory = copy()
    await forgePromotion(directory, { privateKey: outsider.privateKey, publicKey: keys.promoter.publicKey }, (promotion) => promotion)
    return tryAdmit(directory)
  },
  "forged promotion, promoter's own key, no gate": async () => {
    const directory = copy()
    await forgePromotion(directory, keys.promoter, (promotion) => (random.below(2) === 0 ? promotion : { ...promotion, approvals: [] }))
    return tryAdmit(directory)
  },
  "forged report, promoter's own key, evidence that fails": async () => {
    const directory = copy()
    const registry = await open(directory, keys, { now: lab.now })
    const policy = policyOf('production')
    const evidence = evidenceFor('production', lab.c, lab.now)
    const report = await registry.dryRun({ name: 'order-book', stage: 'production', artifactDigest: lab.c, policy, evidence })
    const lie = {
      ...report,
      decision: 'approved' as const,
      clauses: report.clauses.map((clause) => ({ ...clause, result: 'pass' as const })),
    }
    for (const document of [evidence, lie])
      writeFileSync(join(directory, 'documents', `${documentDigest(document)}.json`), canonicalJson(document))
    await forgePromotion(directory, keys.promoter, (promotion) => ({
      ...promotion,
      evidenceDigest: report.evidenceDigest ?? '',
      submittedEvidenceDigest: documentDigest(evidence),
      reportDigest: documentDigest(lie),
      approvals: [approvalFor(evidence, keys, lab.now)],
    }))
    return tryAdmit(directory)
  },
  'promotion dated back': async () => {
    const directory = copy()
    await forgePromotion(directory, keys.promoter, (promotion) => ({
      ...promotion,
      promotedAt: formatTime(lab.now - 2n * day),
      expiresAt: formatTime(lab.now + 10n * day),
    }))
    return tryAdmit(directory)
  },
  'forged rollback': async () => {
    const directory = copy()
    const entries = await entriesOf(directory)
    const last = entries[entries.length - 1]
    const [first] = entries.filter((item) => item.entry.kind === 'promoted' && item.entry.stage === 'paper')
    const predicate = {
      name: 'order-book',
      stage: 'paper',
      from: lab.b,
      to: lab.a,
      promotionIndex: first.index,
      reason: 'because',
      operator: 'mallory',
      at: formatTime(lab.now),
      head: { index: last.index + 1, hash: last.hash },
    }
    const statement = {
      _type: 'https://in-toto.io/Statement/v1',
      subject: [],
      predicateType: 'urn:gatehouse:predicate:rollback:v1',
      predicate,
    }
    await append(directory, {
      type: 'registry-entry',
      contractVersion: '1.0',
      kind: 'rolled-back',
      at: formatTime(lab.now),
      by: 'mallory',
      name: 'order-book',
      stage: 'paper',
      artifactDigest: lab.a,
      envelope: envelope(statement, outsider),
    })
    return tryAdmit(directory, { stage: 'paper' })
  },
  'revoked, then admitted': async () => {
    const directory = copy()
    const registry = await open(directory, keys, { now: lab.now })
    const targets = [
      { kind: 'artifact', digest: lab.a },
      { kind: 'policy', digest: documentDigest(policyOf('production')) },
      { kind: 'key', digest: random.pick([keys.promoter.keyId, keys.approver.keyId]) },
      { kind: 'promotion', logIndex: 4 },
    ] as const
    await registry.revoke({ target: random.pick(targets), by: 'ada', reason: 'a fault was found' })
    return tryAdmit(directory)
  },
  expired: () => tryAdmit(copy(), { now: lab.now + (30n + BigInt(random.below(100))) * day }),
  'clock turned back before the log': () => tryAdmit(copy(), { now: lab.now - (3n + BigInt(random.below(60))) * day }),
  'clock turned back after it was seen': async () => {
    const directory = copy()
    // Some other alias is used later: the directory has seen that time, and the expiry of production with it.
    const late = lab.now + 40n * day
    const registry = await open(directory, keys, { now: late })
    await registry.admit('order-book@paper', 'paper', loadSmallNetwork)
    return tryAdmit(directory, { now: lab.now })
  },
  'clock turned back under an anchor': () => tryAdmit(copy(), { anchor: { ...lab.head, at: lab.now + 35n * day } }),
  'paper model for live money': () => tryAdmit(copy(), { stage: 'paper', environment: 'live' }),
  'another model from load': async () => {
    const registry = await open(copy(), keys, { now: lab.now })
    try {
      await registry.admit('order-book@production', 'live', async (artifact) => {
        const model = await loadSmallNetwork(artifact)
        const kind = random.below(3)
        if (kind === 0) return { ...model, digest: lab.c }
        if (kind === 1) return { digest: model.digest, compute: (input) => model.compute(input).map((value) => value * (1 + 1e-3)) }
        return { digest: model.digest, compute: () => new Float32Array(3).fill(Number.NaN) }
      })
      return { verdict: 'admitted' }
    } catch (error) {
      return refusedBy(error)
    }
  },
  'forged Admitted': async () => {
    const registry = await open(copy(), keys, { now: lab.now })
    const real = await registry.admit('order-book@production', 'live', loadSmallNetwork)
    const forgeries: unknown[] = [
      { ...real },
      Object.create(real),
      new Proxy(real, {}),
      Object.assign(Object.create(Object.getPrototypeOf(real) as object), real),
      { type: 'admitted', model: real.model, admission: real.admission, artifact: real.artifact },
      JSON.parse(JSON.stringify({ type: 'admitted', admission: { ...real.admission, promotedAt: '', admittedAt: '', expiresAt: '' } })),
      [real],
      null,
      'admitted',
    ]
    const forged = random.pick(forgeries)
    const slipped = isAdmitted(forged) || recheckAdmission(forged, { environment: 'live', now: lab.now }) === undefined
    return slipped || !isAdmitted(real) ? { verdict: 'admitted' } : { verdict: 'refused', rule: 'minted' }
  },
  'model exchanged after admission': async () => {
    const registry = await open(copy(), keys, { now: lab.now })
    let loaded: Computable | undefined
    const real = await registry.admit(
      'order-book@production',
      'live',
      async (artifact) => (loaded = { ...(await loadSmallNetwork(artifact)) }),
    )
    const input = Float32Array.from({ length: 6 }, () => random.next())
    const before = [...real.model.compute(input)]
    const compute = (): Float32Array => new Float32Array(3).fill(1)
    const evil: Computable = { digest: lab.c, compute }
    const exchanges: readonly (() => unknown)[] = [
      () => Object.assign(loaded as object, evil),
      () => Reflect.set(real.model, 'compute', compute),
      () => Reflect.defineProperty(real.model, 'compute', { value: compute }),
      () => Reflect.set(real, 'model', evil),
      () => Reflect.setPrototypeOf(real.model, evil),
    ]
    random.pick(exchanges)()
    const isExchanged = !isAdmitted(real) || [...real.model.compute(input)].some((value, index) => value !== before[index])
    return isExchanged || real.model.digest === lab.c ? { verdict: 'admitted' } : { verdict: 'refused', rule: 'captured' }
  },
  'bytes changed after admission': async () => {
    const registry = await open(copy(), keys, { now: lab.now })
    const real: Admitted = await registry.admit('order-book@production', 'live', loadSmallNetwork)
    const weights = real.artifact.files.get('weights.safetensors')
    if (weights !== undefined) weights[random.below(weights.length)] ^= 1
    return isAdmitted(real) ? { verdict: 'admitted' } : { verdict: 'refused', rule: 'files' }
  },
  'feature spec changed, hash kept': async () => {
    const files = new Map(smallCandidate({ seed: 4 }))
    const model = JSON.parse(Buffer.from(files.get('model.json') ?? []).toString()) as { features: { items: { name: string }[] } }
    model.features.items.reverse()
    const bytes = Buffer.from(canonicalJson(model))
    files.set('model.json', bytes)
    files.set(
      'metadata.json',
      Buffer.from(
        Buffer.from(files.get('metadata.json') ?? [])
          .toString()
          .replace(/"artifactDigest":"[0-9a-f]{64}"/, `"artifactDigest":"${sha256Hex(bytes)}"`),
      ),
    )
    const registry = await open(copy(), keys, { now: lab.now })
    return registry.register(files).then((): Outcome => ({ verdict: 'admitted' }), refusedBy)
  },
}

const tally = new Map<string, { runs: number; ungated: number; rules: Set<string> }>(
  Object.keys(attacks).map((name) => [name, { runs: 0, ungated: 0, rules: new Set() }]),
)
const runs = Number(options.runs)
const began = performance.now()
const control = await tryAdmit(copy())
const controlPaper = await tryAdmit(copy(), { stage: 'paper' })
if (control.verdict !== 'admitted' || controlPaper.verdict !== 'admitted')
  throw new Error(`the lab itself is not admitted: ${JSON.stringify([control, controlPaper])}`)
for (let run = 0; run < runs; run++) {
  // Every attack in turn, then at random.
  const names = Object.keys(attacks)
  const name = run < names.length ? names[run] : random.pick(names)
  const row = tally.get(name)
  if (row === undefined) continue
  row.runs += 1
  const outcome = await attacks[name]()
  if (outcome.verdict === 'admitted') {
    row.ungated += 1
    console.error(`UNGATED by "${name}" in run ${run}`)
  } else row.rules.add(outcome.rule)
  for (const entry of readdirSync(root)) if (entry.startsWith('attack-')) rmSync(join(root, entry), { recursive: true, force: true })
}
const attackSeconds = (performance.now() - began) / 1000

/* -------------------------------------------------------------------------------------------------------- SIGKILL at every step */

/** Counts the calls that change a file system and kills the process in front of the one that is asked for. */
const killer = `
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
const at = Number(process.env.KILL_AT)
let calls = 0
const count = () => { if (++calls === at) process.kill(process.pid, 'SIGKILL') }
process.on('exit', () => { if (process.env.KILL_AT === '0') fs.writeSync(1, 'steps ' + calls + '\\n') })
const wrap = (owner, names) => { for (const name of names) { const call = owner[name]; if (typeof call === 'function') owner[name] = function (...args) { count(); return call.apply(this, args) } } }
wrap(fs, ['mkdirSync', 'openSync', 'writeSync', 'writevSync', 'fsyncSync', 'fdatasyncSync', 'ftruncateSync', 'renameSync', 'unlinkSync', 'linkSync', 'rmSync', 'writeFileSync'])
const handle = await fs.promises.open('/dev/null', 'r')
wrap(Object.getPrototypeOf(handle), ['writeFile', 'write', 'sync', 'datasync'])
await handle.close()
wrap(fs.promises, ['mkdir', 'open', 'rename', 'rm', 'writeFile', 'link', 'unlink'])
syncBuiltinESMExports()
`

interface ChildResult {
  readonly output: string
  readonly killed: boolean
  readonly error: string
}

const keysFile = join(root, 'keys.json')
writeFileSync(keysFile, JSON.stringify(keys), { mode: 0o600 })
const killerFile = join(root, 'killer.mjs')
writeFileSync(killerFile, killer)
const bundle = join(root, 'child.mjs')
await build({
  entryPoints: [fileURLToPath(import.meta.url)],
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  outfile: bundle,
  conditions: ['@gatehouse/source'],
  external: ['esbuild'],
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  logLevel: 'silent',
})
// The bundle asks for esbuild, which only this process needs.
mkdirSync(join(root, 'node_modules', 'esbuild'), { recursive: true })
writeFileSync(join(root, 'node_modules', 'esbuild', 'package.json'), '{"name":"esbuild","type":"module","main":"index.js"}')
writeFileSync(join(root, 'node_modules', 'esbuild', 'index.js'), 'export const build = undefined\n')

function child(killAt: number, args: readonly string[]): Promise<ChildResult> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--import', killerFile, bundle, '--child', ...args],
      { env: { ...process.env, KILL_AT: String(killAt) }, timeout: 60_000 },
      (error, stdout, stderr) => resolve({ output: stdout, killed: error?.signal === 'SIGKILL', error: stderr }),
    )
  })
}

interface KillRow {
  readonly name: string
  steps: number
  acknowledgedLost: number
  doubled: number
  broken: number
}

function stepsToKill(steps: number): number[] {
  const all = Array.from({ length: steps }, (_, index) => index + 1)
  if (options.kills === 'all') return all
  const wanted = Math.min(Number(options.kills), steps)
  return Array.from({ length: wanted }, () => all.splice(random.below(all.length), 1)[0])
}

async function killPromote(): Promise<KillRow> {
  const row: KillRow = { name: 'register and promote', steps: 0, acknowledgedLost: 0, doubled: 0, broken: 0 }
  const rehearsal = await child(0, ['promote', copy(), keysFile])
  const steps = Number(/steps (\d+)/.exec(rehearsal.output)?.[1] ?? 0)
  if (steps === 0) throw new Error(`the rehearsal failed: ${rehearsal.error}`)
  for (const killAt of stepsToKill(steps)) {
    row.steps += 1
    const directory = copy()
    const before = (await entriesOf(directory)).length
    const { output, killed } = await child(killAt, ['promote', directory, keysFile])
    const digest = /registered ([0-9a-f]{64})/.exec(output)?.[1]
    const registry = await open(directory, keys, { now: lab.now + 40n * day })
    const entries = await entriesOf(directory)
    if (digest !== undefined && !entries.some(({ entry }) => entry.kind === 'registered' && entry.artifactDigest === digest))
      row.acknowledgedLost += 1
    if (/acknowledged/.test(output) && !(await registry.aliases()).some((alias) => alias.artifactDigest === digest))
      row.acknowledgedLost += 1
    const verification = await registry.verify()
    if (!verification.ok) {
      row.broken += 1
      console.error(`killed at step ${killAt}:`, verification.problems)
    }
    if (!killed && killAt <= steps) console.error(`step ${killAt} of ${steps} was not reached`)
    const retry = await child(-1, ['promote', directory, keysFile])
    const after = await entriesOf(directory)
    const added = after.slice(before).map(({ entry }) => entry.kind)
    if (!/acknowledged/.test(retry.output) || added.join() !== 'registered,promoted') {
      row.doubled += 1
      console.error(`after a kill at step ${killAt} and a retry the log gained ${added.join() || 'nothing'}: ${retry.error.slice(0, 600)}`)
    }
    rmSync(directory, { recursive: true, force: true })
  }
  return row
}

async function killSync(): Promise<KillRow> {
  const row: KillRow = { name: 'sync to an empty directory', steps: 0, acknowledgedLost: 0, doubled: 0, broken: 0 }
  const rehearsal = await child(0, ['sync', lab.directory, keysFile, join(root, 'attack-sync-rehearsal')])
  const steps = Number(/steps (\d+)/.exec(rehearsal.output)?.[1] ?? 0)
  if (steps === 0) throw new Error(`the rehearsal failed: ${rehearsal.error}`)
  const source = await entriesOf(lab.directory)
  for (const killAt of stepsToKill(steps)) {
    row.steps += 1
    const directory = join(root, `attack-sync-${killAt}`)
    const { output } = await child(killAt, ['sync', lab.directory, keysFile, directory])
    // What has arrived is a beginning of the source, and whole: an entry never comes before what it speaks of.
    const arrived =
      statSync(join(directory, 'log'), { throwIfNoEntry: false }) === undefined ? [] : await entriesOf(directory).catch(() => [])
    const isBeginning = arrived.every(({ hash }, index) => hash === source[index].hash)
    const partial = await (await open(directory, keys, { now: lab.now, highWater: true })).verify()
    if (!isBeginning || !partial.ok) {
      row.broken += 1
      console.error(`sync killed at step ${killAt}:`, partial.problems)
    }
    if (/acknowledged/.test(output) && arrived.length !== source.length) row.acknowledgedLost += 1
    await sync(lab.directory, directory)
    const whole = await entriesOf(directory)
    const outcome = await tryAdmit(directory)
    if (whole.length !== source.length || outcome.verdict !== 'admitted') {
      row.doubled += 1
      console.error(
        `after a kill at step ${killAt} and a second sync: ${whole.length} of ${source.length} entries, ${JSON.stringify(outcome)}`,
      )
    }
    rmSync(directory, { recursive: true, force: true })
  }
  return row
}

const killsBegan = performance.now()
const killRows = [await killPromote(), await killSync()]
const killSeconds = (performance.now() - killsBegan) / 1000

/* ------------------------------------------------------------------------------------------------------------------- the result */

const ungated = [...tally.values()].reduce((sum, row) => sum + row.ungated, 0)
const killFailures = killRows.reduce((sum, row) => sum + row.acknowledgedLost + row.doubled + row.broken, 0)
const killSteps = killRows.reduce((sum, row) => sum + row.steps, 0)
const width = Math.max(...[...tally.keys()].map((name) => name.length))
for (const [name, row] of tally)
  console.log(`${name.padEnd(width)}  ${String(row.runs).padStart(4)} runs  ${row.ungated} ungated  ${[...row.rules].join(', ')}`)
for (const row of killRows)
  console.log(
    `SIGKILL, ${row.name}: ${row.steps} steps, ${row.acknowledgedLost} acknowledged lost, ${row.doubled} doubled or stuck, ${row.broken} not whole`,
  )
console.log(`attacks ${attackSeconds.toFixed(0)} s, kills ${killSeconds.toFixed(0)} s, seed ${seed}`)
if (options.write) {
  const lines = [
    '# The registry, attacked',
    '',
    `\`node --conditions=@gatehouse/source --import tsx proof/registry.ts --write\`, ${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}, ${cpus().length} cores, seed ${seed}.`,
    '',
    `${runs} attacks, ${ungated} ungated admissions.`,
    '',
    '| attack | runs | ungated | refused by |',
    '|--|--:|--:|--|',
    ...[...tally].map(([name, row]) => `| ${name} | ${row.runs} | ${row.ungated} | ${[...row.rules].join(', ')} |`),
    '',
    '| SIGKILL before every file-system call that changes something | steps | acknowledged lost | doubled or stuck | not whole |',
    '|--|--:|--:|--:|--:|',
    ...killRows.map((row) => `| ${row.name} | ${row.steps} | ${row.acknowledgedLost} | ${row.doubled} | ${row.broken} |`),
    '',
  ]
  writeFileSync(new URL('registry.md', import.meta.url), lines.join('\n'))
}
rmSync(root, { recursive: true, force: true })
console.log(`${runs - ungated + killSteps - killFailures} passed, ${ungated + killFailures} failed`)
if (ungated + killFailures > 0) process.exitCode = 1
