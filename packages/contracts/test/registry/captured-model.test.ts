import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  defaultPolicy,
  formatTime,
  generateSigningKey,
  isAdmitted,
  isTradingError,
  openRegistry,
  parseTime,
  recheckAdmission,
  type Admitted,
  type Artifact,
  type Computable,
  type ModelDescription,
  type Refusal,
  type Registry,
} from '@gatehouse/contracts'
import { loadSmallNetwork, passingEvidence, smallCandidate } from '@gatehouse/contracts/testing'

/** What core asks of a model, as far as an attack on it goes. */
interface TradingModel extends Computable {
  readonly inputs: readonly { readonly schema: string; readonly source: string }[]
  readonly trigger: { readonly every: string }
  readonly scope?: 'instrument' | 'universe' | undefined
  open(): string
}

const now = parseTime('2026-06-15T10:00:00Z')
const key = generateSigningKey()
let directory: string
let registry: Registry

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-captured-'))
  const trustedKeys = [{ publicKey: key.publicKey, owner: 'ada', roles: ['promote', 'approve'] as const }]
  registry = await openRegistry({ directory, signingKey: key, trustedKeys, clock: { now: () => now } })
  const policy = defaultPolicy('order-book', 'paper')
  if (policy === undefined) throw new Error('no policy')
  const { digest } = await registry.register(smallCandidate())
  const evidence = passingEvidence(policy, { artifactDigest: digest, measuredAt: formatTime(now - 1_000_000_000n) })
  await registry.promote({ name: 'order-book', stage: 'paper', artifactDigest: digest, policy, evidence, promoter: 'ada' })
})
afterAll(async () => {
  await registry.close()
  await rm(directory, { recursive: true, force: true })
})

const admit = <M extends Computable>(load: (artifact: Artifact) => Promise<M>): Promise<Admitted<M>> =>
  registry.admit('order-book@paper', 'paper', load)

async function plainModel(artifact: Artifact): Promise<TradingModel> {
  const network = await loadSmallNetwork(artifact)
  return {
    digest: network.digest,
    compute: (input) => network.compute(input),
    inputs: [{ schema: 'mbp-10', source: 'TEST.MARKET' }],
    trigger: { every: 'mbp-10' },
    open: () => 'the admitted predictor',
  }
}

describe('an admitted model', () => {
  test('does not follow what is exchanged on the object that load gave', async () => {
    let loaded: TradingModel | undefined
    const admitted = await admit(async (artifact) => (loaded = await plainModel(artifact)))
    const input = new Float32Array(6).fill(0.3)
    const before = [...admitted.model.compute(input)]
    Object.assign(loaded as object, {
      digest: 'f'.repeat(64),
      compute: () => new Float32Array(3),
      open: () => 'another predictor',
      trigger: { every: 'trades' },
      scope: 'universe',
    })
    ;(loaded?.inputs as unknown[]).length = 0
    expect(isAdmitted(admitted)).toBe(true)
    expect(admitted.model.digest).toBe(admitted.admission.artifactDigest)
    expect([...admitted.model.compute(input)]).toEqual(before)
    expect(admitted.model.open()).toBe('the admitted predictor')
    expect(admitted.model.trigger).toEqual({ every: 'mbp-10' })
    expect(admitted.model.scope).toBeUndefined()
    expect(admitted.model.inputs).toEqual([{ schema: 'mbp-10', source: 'TEST.MARKET' }])
  })

  test('does not follow nested data that is written to in place', async () => {
    const trigger = { every: 'mbp-10' }
    const admitted = await admit(async (artifact) => ({ ...(await plainModel(artifact)), trigger }))
    trigger.every = 'trades'
    expect(admitted.model.trigger.every).toBe('mbp-10')
  })

  test('cannot be written to itself', async () => {
    const admitted = await admit(plainModel)
    expect(() => Object.assign(admitted.model, { open: () => 'another predictor' })).toThrow(TypeError)
    expect(() => Object.assign(admitted.model, { scope: 'universe' })).toThrow(TypeError)
    expect(() => Object.assign(admitted.model.trigger, { every: 'trades' })).toThrow(TypeError)
    expect(() => Object.assign(admitted, { model: { ...admitted.model } })).toThrow(TypeError)
    expect(Reflect.setPrototypeOf(admitted.model, { scope: 'universe' })).toBe(false)
  })

  test('does not follow its class: prototypes and accessors are read once', async () => {
    class Served {
      readonly #network: Computable
      asked = 0
      constructor(network: Computable) {
        this.#network = network
      }
      get digest(): string {
        // Says the right thing once, and another thing from then on.
        return this.asked++ === 0 ? this.#network.digest : 'f'.repeat(64)
      }
      compute(input: Float32Array): Float32Array {
        return this.#network.compute(input)
      }
      open(): string {
        return 'the admitted predictor'
      }
    }
    const admitted = await admit(async (artifact) => new Served(await loadSmallNetwork(artifact)))
    Served.prototype.open = () => 'another predictor'
    Served.prototype.compute = () => new Float32Array(3)
    expect(admitted.model.open()).toBe('the admitted predictor')
    expect(admitted.model.compute(new Float32Array(6).fill(0.3)).some((value) => value !== 0)).toBe(true)
    expect(admitted.model.digest).toBe(admitted.admission.artifactDigest)
  })

  test('gains no member by way of Object.prototype', async () => {
    const admitted = await admit(plainModel)
    try {
      Object.defineProperty(Object.prototype, 'scope', { value: 'universe', configurable: true })
      expect(admitted.model.scope).toBeUndefined()
    } finally {
      delete (Object.prototype as { scope?: unknown }).scope
    }
  })

  test('methods of a plain object see a copy that exchanges do not reach', async () => {
    let loaded: { step: () => number } | undefined
    const admitted = await admit(async (artifact) => {
      const model = {
        ...(await plainModel(artifact)),
        step: () => 1,
        walk(): number {
          return this.step()
        },
      }
      loaded = model
      return model
    })
    if (loaded !== undefined) loaded.step = () => 2
    expect(admitted.model.walk()).toBe(1)
  })

  test('is the object that the golden vectors ran through', async () => {
    const refused = admit(async (artifact) => {
      const model = await plainModel(artifact)
      let reads = 0
      return new Proxy(model, {
        // The first look at compute gives the honest one, later ones another: what is captured must be what is checked.
        get: (target, name) => (name === 'compute' && reads++ === 0 ? () => new Float32Array(3) : (Reflect.get(target, name) as unknown)),
      })
    }).catch((error: unknown) => error)
    const error = await refused
    expect(isTradingError(error, 'ADMISSION_REFUSED')).toBe(true)
    expect(((error as { details: Record<string, unknown> }).details['refusal'] as Refusal).rule).toBe('golden-vectors')
  })

  test('is checked against golden vectors that load cannot loosen', async () => {
    const refused = await admit((artifact) => {
      const { golden } = artifact.description as {
        golden: { -readonly [K in keyof ModelDescription['golden']]: ModelDescription['golden'][K] }
      }
      golden.tolerance = 1e9
      return Promise.resolve({ digest: artifact.digest, compute: () => new Float32Array(3) })
    }).catch((error: unknown) => error)
    expect(isTradingError(refused, 'ADMISSION_REFUSED')).toBe(true)
  })

  test('is checked again without the model having a say', async () => {
    const admitted = await admit(plainModel)
    expect(recheckAdmission(admitted, { environment: 'paper', now })).toBeUndefined()
    expect(recheckAdmission({ ...admitted }, { environment: 'paper', now })?.rule).toBe('minted')
  })
})
