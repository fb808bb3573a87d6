import { sign, verify } from 'node:crypto'
import type { DsseEnvelope } from '../schema/promotion.js'
import type { KeyRing, KeyRole, OpenSigningKey, RingKey } from './keys.js'

/** Media type of an in-toto Statement. */
export const inTotoType = 'application/vnd.in-toto+json'

/**
 * Pre-authentication encoding: what is signed, so that type and body cannot be shifted into one another.
 * @see https://github.com/secure-systems-lab/dsse/blob/master/protocol.md
 */
export function preAuthEncoding(payloadType: string, body: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${body.length} `), body])
}

/** Signs bytes into an envelope with one signature. */
export function signEnvelope(body: Uint8Array, { key, keyId }: OpenSigningKey, payloadType = inTotoType): DsseEnvelope {
  return {
    payload: Buffer.from(body).toString('base64'),
    payloadType,
    signatures: [{ keyid: keyId, sig: sign(null, preAuthEncoding(payloadType, body), key).toString('base64') }],
  }
}

export interface OpenedEnvelope {
  readonly body: Buffer
  /** Trusted keys whose signature is good, each once. */
  readonly signers: readonly RingKey[]
}

/**
 * Opens an envelope: the body, and the trusted keys of a role that signed it. A signature of an unknown key, of another
 * role, or a bad one counts for nothing; no signer means nobody vouches for the body.
 */
export function openEnvelope(envelope: DsseEnvelope, { ring, role }: { readonly ring: KeyRing; readonly role: KeyRole }): OpenedEnvelope {
  const body = Buffer.from(envelope.payload, 'base64')
  // Base64 has several spellings of the same bytes; with one only, an envelope's digest identifies it.
  if (body.toString('base64') !== envelope.payload || envelope.payloadType !== inTotoType) return { body, signers: [] }
  const signed = preAuthEncoding(envelope.payloadType, body)
  const signers = new Map<string, RingKey>()
  for (const { keyid, sig } of envelope.signatures) {
    const trusted = ring.get(keyid)
    if (trusted?.roles.includes(role) && verify(null, signed, trusted.key, Buffer.from(sig, 'base64'))) signers.set(keyid, trusted)
  }
  return { body, signers: [...signers.values()] }
}
