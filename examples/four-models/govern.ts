import { createPrivateKey, createPublicKey } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
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
import type { TimeNs } from '@gatehouse/core'
import { familyNames, type FamilyName } from './lane.js'
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

/** The registry of the example; `now` is the moment that the data has come to. */
export function exampleRegistry(
  directory: string,
  { seed, now, canSign }: { seed: number; now: TimeNs; canSign: boolean },
): Promise<Registry> {
  const { privateKey, trusted } = demonstrationKey(seed)
  return openRegistry({
    directory,
    trustedKeys: [trusted],
    clock: stampedAt(now),
    allowedPolicies: Object.values(policies).map((policy) => documentDigest(policy)),
    signingKey: canSign ? { privateKey } : undefined,
  })
}

/** Registers a candidate and asks the gate whether it may become `paper`; keeps the report as a page beside the registry. */
export async function askGate(
  registry: Registry,
  { candidate, evidence }: Trained,
  { family, out }: { readonly family: FamilyName; readonly out: string },
): Promise<PromoteResult> {
  const artifact = await registry.register(candidate.files, { by: 'examples/four-models' })
  const result = await registry.promote({
    name: artifact.description.name,
    stage: 'paper',
    artifactDigest: artifact.digest,
    policy: policies[family],
    evidence,
    promoter: 'examples/four-models',
  })
  mkdirSync(out, { recursive: true })
  writeFileSync(join(out, `gate-${family}-${artifact.digest.slice(0, 8)}.html`), renderReportHtml(result.report))
  return result
}

/** The blocking clauses that did not pass, in words. */
export function failing({ clauses, problems }: GateReport): readonly string[] {
  const refused = clauses.filter(({ severity, result }) => severity === 'block' && result !== 'pass')
  const words = refused.map(({ id, title, observed: [first], limit }) => {
    const value = typeof first.value === 'number' ? first.value.toPrecision(3) : String(first.value)
    return `${id}: ${title.toLowerCase()} does not hold; observed ${value}${limit === null ? '' : `, limit ${limit}`}`
  })
  return [...problems, ...words]
}
