import { createPublicKey } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { bundleFromJSON } from '@sigstore/bundle'
import { toSignedEntity, Verifier } from '@sigstore/verify'
import { generateSigningKey, signApproval, type DsseEnvelope } from '@gatehouse/contracts'

const key = generateSigningKey()
const envelope = signApproval(
  {
    name: 'order-book',
    stage: 'production',
    artifactDigest: 'a'.repeat(64),
    policyDigest: 'b'.repeat(64),
    evidenceDigest: 'c'.repeat(64),
    approver: 'ada',
    approvedAt: '2026-01-01T00:00:00Z',
    expiresAt: '2026-01-02T00:00:00Z',
  },
  key,
)

/** Sigstore's own verifier, offline: a key instead of a certificate, no transparency log asked for. */
function sigstoreVerifies({ payload, payloadType, signatures }: DsseEnvelope, publicKey = key.publicKey): void {
  const bundle = bundleFromJSON({
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: { publicKey: { hint: key.keyId }, tlogEntries: [], timestampVerificationData: { rfc3161Timestamps: [] } },
    dsseEnvelope: { payload, payloadType, signatures: signatures.map(({ keyid, sig }) => ({ keyid, sig })) },
  })
  const trust = {
    certificateAuthorities: [],
    timestampAuthorities: [],
    tlogs: [],
    ctlogs: [],
    publicKey: () => ({ publicKey: createPublicKey(publicKey), validFor: () => true }),
  }
  new Verifier(trust, { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 }).verify(toSignedEntity(bundle))
}

describe('our DSSE envelope under @sigstore/verify', () => {
  test('verifies', () => {
    expect(() => sigstoreVerifies(envelope)).not.toThrow()
  })
  test('does not verify when its payload is tampered with', () => {
    const statement = Buffer.from(envelope.payload, 'base64').toString().replace('"production"', '"paper"')
    expect(() => sigstoreVerifies({ ...envelope, payload: Buffer.from(statement).toString('base64') })).toThrow()
  })
  test('does not verify under another type or key', () => {
    expect(() => sigstoreVerifies({ ...envelope, payloadType: 'application/json' })).toThrow()
    expect(() => sigstoreVerifies(envelope, generateSigningKey().publicKey)).toThrow()
  })
  test('holds an in-toto Statement whose subject is the artifact', () => {
    const statement = JSON.parse(Buffer.from(envelope.payload, 'base64').toString()) as Record<string, unknown>
    expect(statement).toMatchObject({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ name: 'model.json', digest: { sha256: 'a'.repeat(64) } }],
    })
  })
})
