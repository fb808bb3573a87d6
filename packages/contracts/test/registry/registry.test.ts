import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  defaultPolicy,
  documentDigest,
  formatTime,
  generateSigningKey,
  isAdmitted,
  isTradingError,
  keyIdOf,
  openRegistry,
  parseTime,
  recheckAdmission,
  signApproval,
  type DsseEnvelope,
  type GatePolicy,
  type Refusal,
  type Registry,
  type RegistryOptions,
} from '@gatehouse/contracts'
import { loadSmallNetwork, passingEvidence, smallCandidate } from '@gatehouse/contracts/testing'

const day = 86_400_000_000_000n
const [ada, bo] = [generateSigningKey(), generateSigningKey()]
const trustedKeys: RegistryOptions['trustedKeys'] = [
  { publicKey: ada.publicKey, owner: 'ada', roles: ['promote', 'approve'] },
  { publicKey: bo.publicKey, owner: 'bo', roles: ['approve'] },
]
let root: string
let now: bigint
const clock = { now: () => now }

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'gatehouse-registry-'))
})
afterAll(() => rm(root, { recursive: true, force: true }))
beforeEach(() => {
  now = parseTime('2026-06-15T10:00:00Z')
})

const fresh = (options: Partial<RegistryOptions> = {}): Promise<Registry> =>
  mkdtemp(join(root, 'r-')).then((directory) => openRegistry({ directory, signingKey: ada, trustedKeys, clock, ...options }))
const policyOf = (stage: 'paper' | 'production'): GatePolicy => {
  const policy = defaultPolicy('order-book', stage)
  if (policy === undefined) throw new Error('no policy')
  return policy
}
const evidenceFor = (artifactDigest: string, stage: 'paper' | 'production' = 'paper') =>
  passingEvidence(policyOf(stage), { artifactDigest, measuredAt: formatTime(now - 1_000_000_000n) })
const approve = (artifactDigest: string, key = bo, approver = 'bo'): DsseEnvelope =>
  signApproval(
    {
      name: 'order-book',
      stage: 'production',
      artifactDigest,
      policyDigest: documentDigest(policyOf('production')),
      evidenceDigest: documentDigest(evidenceFor(artifactDigest, 'production')),
      approver,
      approvedAt: formatTime(now),
      expiresAt: formatTime(now + day),
    },
    key,
  )
const promote = (registry: Registry, artifactDigest: string, stage: 'paper' | 'production' = 'paper', approvals: DsseEnvelope[] = []) =>
  registry.promote({
    name: 'order-book',
    stage,
    artifactDigest,
    policy: policyOf(stage),
    evidence: evidenceFor(artifactDigest, stage),
    approvals,
    promoter: 'ada',
  })
const rule = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work
    return 'admitted'
  } catch (error) {
    if (!isTradingError(error, 'ADMISSION_REFUSED')) throw error
    return (error.details['refusal'] as Refusal).rule
  }
}

describe('a registry', () => {
  test('admits what was promoted, and core can check it again', async () => {
    await using registry = await fresh()
    const { digest } = await registry.register(smallCandidate(), { by: 'ada' })
    expect((await promote(registry, digest)).promoted).toBe(true)
    const admitted = await registry.admit('order-book@paper', 'paper', loadSmallNetwork)
    expect(isAdmitted(admitted)).toBe(true)
    expect(admitted.admission).toMatchObject({
      stage: 'paper',
      artifactDigest: digest,
      admittedAt: now,
      expiresAt: now + 60n * day,
      keyIds: [ada.keyId],
    })
    expect(recheckAdmission(admitted, { environment: 'paper', now })).toBeUndefined()
    expect(recheckAdmission(admitted, { environment: 'simulated', now })).toBeUndefined()
    expect(recheckAdmission(admitted, { environment: 'live', now })?.rule).toBe('environment')
    expect(recheckAdmission(admitted, { environment: 'paper', now: now + 60n * day })?.rule).toBe('expired')
    expect(recheckAdmission(admitted, { environment: 'paper', now: now - 1n })?.rule).toBe('clock')
    expect(isAdmitted({ ...admitted })).toBe(false)
  })

  test.each([undefined, NaN])('a clock that shows %s vouches for no admission', async (shown) => {
    await using registry = await fresh()
    const { digest } = await registry.register(smallCandidate())
    await promote(registry, digest)
    const admitted = await registry.admit('order-book@paper', 'paper', loadSmallNetwork)
    expect(recheckAdmission(admitted, { environment: 'paper', now: shown as unknown as bigint })?.rule).toBe('clock')
  })

  test('asks a second person for production, once per promotion', async () => {
    await using registry = await fresh()
    const { digest } = await registry.register(smallCandidate())
    await promote(registry, digest)
    now += 20n * day
    expect(await promote(registry, digest, 'production')).toMatchObject({ promoted: false, refusal: { rule: 'approvals' } })
    const approval = approve(digest)
    expect(await promote(registry, digest, 'production', [approval])).toMatchObject({ promoted: true })
    expect((await registry.admit('order-book@production', 'live', loadSmallNetwork)).admission.keyIds).toEqual([ada.keyId, bo.keyId])
    expect(await promote(registry, digest, 'production', [approval])).toMatchObject({
      promoted: false,
      refusal: { message: expect.stringContaining('was used by log entry') as string },
    })
  })

  test('does not count an approval that is signed with another person key', async () => {
    await using registry = await fresh()
    const { digest } = await registry.register(smallCandidate())
    await promote(registry, digest)
    now += 20n * day
    expect(await promote(registry, digest, 'production', [approve(digest, ada, 'bo')])).toMatchObject({
      promoted: false,
      refusal: { rule: 'approvals' },
    })
  })

  test('refuses without moving anything, and says what would turn it', async () => {
    await using registry = await fresh()
    const { digest } = await registry.register(smallCandidate())
    const { ece: _gone, ...values } = evidenceFor(digest).values
    const result = await registry.promote({
      name: 'order-book',
      stage: 'paper',
      artifactDigest: digest,
      policy: policyOf('paper'),
      evidence: { ...evidenceFor(digest), values },
      promoter: 'ada',
    })
    expect(result).toMatchObject({ promoted: false, refusal: { rule: 'gate', observed: ['ece'] } })
    expect(result.report.clauses.find(({ id }) => id === 'ece')?.remedies[0]).toMatchObject({ kind: 'provide' })
    expect(await registry.aliases()).toEqual([])
    expect(await rule(registry.admit('order-book@paper', 'paper', loadSmallNetwork))).toBe('alias')
  })

  test('registers the same bytes once, and never other bytes under the same digest', async () => {
    await using registry = await fresh()
    const first = await registry.register(smallCandidate())
    expect((await registry.register(smallCandidate({ author: 'someone else' }))).metadata.author).toBe(first.metadata.author)
    expect((await registry.head()).index).toBe(1)
    const other = new Map(smallCandidate()).set('notes.txt', new Uint8Array([1]))
    await expect(registry.register(other)).rejects.toMatchObject({ code: 'ARTIFACT_CONFLICT' })
  })

  test.each<[string, (files: Map<string, Uint8Array>) => void, RegExp]>([
    ['without weights', (files) => files.delete('weights.safetensors'), /weights.safetensors.*missing/],
    ['with a flipped weight', (files) => (files.get('weights.safetensors') ?? [])[400]++, /hashes to/],
    [
      'with a cut weights file',
      (files) => files.set('weights.safetensors', (files.get('weights.safetensors') ?? new Uint8Array()).slice(0, 100)),
      /has 100 bytes/,
    ],
    ['that is not JSON', (files) => files.set('model.json', new Uint8Array([0xff, 0x00])), /not JSON/],
    ['with a name that leaves its directory', (files) => files.set('../evil', new Uint8Array([1])), /not a file name/],
  ])('refuses a candidate %s', async (_, damage, message) => {
    await using registry = await fresh()
    const files = new Map([...smallCandidate()].map(([name, bytes]) => [name, Uint8Array.from(bytes)]))
    damage(files)
    await expect(registry.register(files)).rejects.toThrow(message)
    expect((await registry.head()).index).toBe(0)
  })

  test('goes back to a promotion that still holds, and knows what an alias named when', async () => {
    await using registry = await fresh()
    const [a, b] = [
      (await registry.register(smallCandidate({ seed: 1 }))).digest,
      (await registry.register(smallCandidate({ seed: 2 }))).digest,
    ]
    await promote(registry, a)
    now += day
    await promote(registry, b)
    const between = now
    now += day
    expect(await registry.rollback({ name: 'order-book', stage: 'paper', by: 'ada', reason: 'b misbehaves' })).toMatchObject({
      artifactDigest: a,
      previous: b,
    })
    expect((await registry.admit('order-book@paper', 'paper', loadSmallNetwork)).admission.artifactDigest).toBe(a)
    expect((await registry.at('order-book', 'paper', between))?.artifactDigest).toBe(b)
    expect(await registry.at('order-book', 'paper', parseTime('2026-01-01T00:00:00Z'))).toBeUndefined()
    expect((await registry.history()).map(({ kind }) => kind)).toEqual(['registered', 'registered', 'promoted', 'promoted', 'rolled-back'])
    expect(await registry.verify()).toMatchObject({ ok: true, problems: [] })
  })

  test('does not go back to what has expired or was revoked', async () => {
    await using registry = await fresh()
    const [a, b] = [
      (await registry.register(smallCandidate({ seed: 1 }))).digest,
      (await registry.register(smallCandidate({ seed: 2 }))).digest,
    ]
    await promote(registry, a)
    now += day
    await promote(registry, b)
    await registry.revoke({ target: { kind: 'artifact', digest: a }, by: 'ada', reason: 'fault' })
    await expect(registry.rollback({ name: 'order-book', stage: 'paper', by: 'ada', reason: 'try' })).rejects.toMatchObject({
      code: 'ROLLBACK_REFUSED',
    })
  })

  test('a revocation by another process reaches a running admission', async () => {
    const directory = await mkdtemp(join(root, 'r-'))
    await using registry = await openRegistry({ directory, signingKey: ada, trustedKeys, clock, refreshEveryMs: 0 })
    const { digest } = await registry.register(smallCandidate())
    await promote(registry, digest)
    const admitted = await registry.admit('order-book@paper', 'paper', loadSmallNetwork)
    await using other = await openRegistry({ directory, trustedKeys, clock })
    await other.revoke({ target: { kind: 'artifact', digest }, by: 'bo', reason: 'fault' })
    await expect.poll(() => recheckAdmission(admitted, { environment: 'paper', now })?.rule).toBe('revoked')
    expect(await rule(registry.admit('order-book@paper', 'paper', loadSmallNetwork))).toBe('revoked')
  })

  test('a closed registry vouches for nothing', async () => {
    const registry = await fresh()
    const { digest } = await registry.register(smallCandidate())
    await promote(registry, digest)
    const admitted = await registry.admit('order-book@paper', 'paper', loadSmallNetwork)
    await registry.close()
    await registry.close()
    expect(recheckAdmission(admitted, { environment: 'paper', now })?.rule).toBe('registry-closed')
    await expect(registry.head()).rejects.toMatchObject({ code: 'REGISTRY_CLOSED' })
  })

  test('of two promoters who expect the same, one wins', async () => {
    const directory = await mkdtemp(join(root, 'r-'))
    const registries = await Promise.all([1, 2].map(() => openRegistry({ directory, signingKey: ada, trustedKeys, clock })))
    const digests = await Promise.all(
      registries.map((registry, index) => registry.register(smallCandidate({ seed: index })).then((artifact) => artifact.digest)),
    )
    const results = await Promise.all(
      registries.map((registry, index) =>
        registry.promote({
          name: 'order-book',
          stage: 'paper',
          artifactDigest: digests[index],
          policy: policyOf('paper'),
          evidence: evidenceFor(digests[index]),
          promoter: 'ada',
          expected: null,
        }),
      ),
    )
    expect(results.map(({ promoted }) => promoted).sort()).toEqual([false, true])
    expect(results.find(({ promoted }) => !promoted)).toMatchObject({ refusal: { rule: 'compare-and-swap' } })
  })

  test('does not write with a clock that went back', async () => {
    await using registry = await fresh()
    await registry.register(smallCandidate())
    now -= day
    await expect(registry.register(smallCandidate({ seed: 2 }))).rejects.toMatchObject({ code: 'REGISTRY_CLOCK' })
  })

  test('does not admit what a key signed after its time', async () => {
    const directory = await mkdtemp(join(root, 'r-'))
    await using registry = await openRegistry({ directory, signingKey: ada, trustedKeys, clock })
    const { digest } = await registry.register(smallCandidate())
    await promote(registry, digest)
    const retired = trustedKeys.map((trusted) => (trusted.owner === 'ada' ? { ...trusted, notAfter: now } : trusted))
    await using strict = await openRegistry({ directory, trustedKeys: retired, clock })
    expect(await rule(strict.admit('order-book@paper', 'paper', loadSmallNetwork))).toBe('signature')
  })

  test('does not sign with a key that nobody here trusts', async () => {
    await using registry = await fresh({ signingKey: generateSigningKey() })
    await expect(promote(registry, 'a'.repeat(64))).rejects.toMatchObject({ code: 'REGISTRY_NO_SIGNING_KEY' })
  })

  test('shows no key in any error', async () => {
    const error = await openRegistry({
      directory: root,
      trustedKeys: [{ publicKey: ada.privateKey, owner: 'ada', roles: ['promote'] }],
    }).catch((cause: unknown) => cause)
    expect(isTradingError(error, 'KEY_INVALID')).toBe(true)
    expect(JSON.stringify([String(error), (error as Error).stack, error])).not.toContain(ada.privateKey.split('\n')[1])
    expect(keyIdOf(ada.publicKey)).toBe(ada.keyId)
  })

  test('an aborted call rejects with its reason and writes nothing', async () => {
    await using registry = await fresh()
    const reason = new Error('changed my mind')
    await expect(registry.register(smallCandidate(), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect((await registry.head()).index).toBe(0)
  })

  test('leaves nothing behind in its staging directory', async () => {
    const directory = await mkdtemp(join(root, 'r-'))
    await using registry = await openRegistry({ directory, signingKey: ada, trustedKeys, clock })
    const { digest } = await registry.register(smallCandidate())
    await promote(registry, digest)
    expect(await readdir(join(directory, 'staging'))).toEqual([])
  })
})
