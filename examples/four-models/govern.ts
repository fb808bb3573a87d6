import { createPrivateKey, createPublicKey } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  defaultPolicy,
  documentDigest,
  openRegistry,
  renderReportHtml,
  sha256Hex,
  type GatePolicy,
  type GateReport,
  type PromoteResult,
  type Registry,
  type TrustedKey,
} from '@gatehouse/contracts'
import { familyNames, type FamilyName } from './lane.js'
import { laneOf, type Plan } from './plan.js'
import { stampedAt } from './record.js'
import type { Trained } from './research.js'

/**
 * A key that follows from the seed, so that the same seed gives the same journal. A key for money comes from `gatehouse-registry keygen`
 * and stays on the machine that promotes.
 */
export function demonstrationKey(seed: number): { readonly privateKey: string; readonly trusted: TrustedKey } {
  const pkcs8 = Buffer.concat([
    Buffer.from('302e020100300506032b657004220420', 'hex'),
    Buffer.from(sha256Hex(Buffer.from(`example ${seed}`)), 'hex'),
  ])
  const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
  return {
    privateKey: key.export({ type: 'pkcs8', format: 'pem' }) as string,
    trusted: {
      publicKey: createPublicKey(key).export({ type: 'spki', format: 'pem' }) as string,
      owner: 'examples/four-models',
      roles: ['promote'],
    },
  }
}

/** The policies that ship with the families, dated back: the example lives in the time of its data, and the shipped ones begin in 2026. */
const policies = Object.fromEntries(
  familyNames.map((family) => [
    family,
    { ...defaultPolicy(family, 'paper')!, id: `${family}-example-paper`, validFrom: '1990-01-01T00:00:00Z' },
  ]),
) as Readonly<Record<FamilyName, GatePolicy>>

/** The registry that a family's models are promoted in: one a session, whose clock stands where its data has come to when trading begins. */
export function registryOf(plan: Plan, family: FamilyName, { canSign }: { readonly canSign: boolean }): Promise<Registry> {
  const { privateKey, trusted } = demonstrationKey(plan.seed)
  const session = plan.sessions.find(({ lanes }) => lanes.includes(family))
  return openRegistry({
    directory: join(plan.out, 'registry', session?.name ?? family),
    trustedKeys: [trusted],
    clock: stampedAt(laneOf(plan, family).tradeFrom),
    allowedPolicies: Object.values(policies).map((policy) => documentDigest(policy)),
    signingKey: canSign ? { privateKey } : undefined,
  })
}

/** Registers a candidate and asks the gate whether it may become `paper`; keeps the report as a page in the folder. */
export async function askGate(plan: Plan, family: FamilyName, { candidate, evidence }: Trained): Promise<PromoteResult> {
  await using registry = await registryOf(plan, family, { canSign: true })
  const artifact = await registry.register(candidate.files, { by: 'examples/four-models' })
  const result = await registry.promote({
    name: artifact.description.name,
    stage: 'paper',
    artifactDigest: artifact.digest,
    policy: policies[family],
    evidence,
    promoter: 'examples/four-models',
  })
  writeFileSync(join(plan.out, `gate-${family}-${artifact.digest.slice(0, 8)}.html`), renderReportHtml(result.report))
  return result
}

/** The blocking clauses that did not pass, in words. */
export function failing({ clauses, problems }: GateReport): readonly string[] {
  const refused = clauses.filter(({ severity, result }) => severity === 'block' && result !== 'pass')
  return [...problems, ...refused.map(({ id, reason }) => `${id}: ${reason}`)]
}
