import Type from 'typebox'
import { Compile, type Validator } from 'typebox/compile'
import { defineContract, type DocumentOf } from './contract.js'
import { closed, count, digest, slug, stage, text, time } from './primitives.js'

/** A Dead Simple Signing Envelope, as https://github.com/secure-systems-lab/dsse has it. */
export const dsseEnvelope = closed(
  {
    payload: Type.String({ pattern: '^[A-Za-z0-9+/]*={0,2}$(?!\\n)', description: 'Base64 of the signed bytes' }),
    payloadType: text('Media type of the payload'),
    signatures: Type.Array(
      closed({
        keyid: digest('Of the public key, SubjectPublicKeyInfo DER'),
        sig: Type.String({ pattern: '^[A-Za-z0-9+/]*={0,2}$(?!\\n)', description: 'Base64 of the ed25519 signature' }),
      }),
      { minItems: 1, maxItems: 20 },
    ),
  },
  { description: 'DSSE envelope' },
)

/** A person's word for one artifact under one policy on one body of evidence; signed in an envelope of its own, used once. */
export const approvalContract = defineContract({
  name: 'approval',
  version: '1.0',
  title: 'Approval',
  description: 'A word for one artifact under one policy on one body of evidence; signed in a DSSE envelope, used once',
  properties: {
    name: slug('Model'),
    stage,
    artifactDigest: digest('Artifact'),
    policyDigest: digest('Policy'),
    evidenceDigest: digest('Evidence, as the caller handed it over'),
    approver: text('Who approves'),
    approvedAt: time('When'),
    expiresAt: time('Not usable from'),
    comment: Type.Optional(text('Why')),
  },
})
export type Approval = DocumentOf<typeof approvalContract>

/** An alias that was moved by a passing gate: the predicate of the signed in-toto Statement. */
export const promotionContract = defineContract({
  name: 'promotion',
  version: '1.0',
  title: 'Promotion',
  description: 'An alias moved by a passing gate: the predicate of the signed in-toto Statement',
  properties: {
    name: slug('Model'),
    stage,
    artifactDigest: digest('Artifact'),
    previous: Type.Union([digest('Artifact that the alias named before'), Type.Null()]),
    policyDigest: digest('Policy'),
    evidenceDigest: digest('Evidence that the gate decided over, with what the registry measured'),
    submittedEvidenceDigest: digest('Evidence as the caller handed it over; what approvals sign'),
    reportDigest: digest('Gate report'),
    approvals: Type.Array(dsseEnvelope, { description: 'Signed approvals' }),
    promotedAt: time('When'),
    expiresAt: time('Admits until'),
    promoter: text('Who promoted'),
    reason: Type.Optional(text('Why')),
    head: closed(
      { index: count('Entries before this one'), hash: digest('Chain hash over them; all zeros when there are none') },
      { description: 'The log that this follows: a log that was edited before it no longer fits' },
    ),
  },
})
export type Promotion = DocumentOf<typeof promotionContract>
export type DsseEnvelope = Promotion['approvals'][number]

let compiled: Validator | undefined

/** Whether a value from outside is a DSSE envelope. */
export function isEnvelope(value: unknown): value is DsseEnvelope {
  compiled ??= Compile(dsseEnvelope)
  return compiled.Check(value)
}
