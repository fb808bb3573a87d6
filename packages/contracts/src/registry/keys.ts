import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { TradingError } from '@gatehouse/durable-log'
import { sha256Hex } from '../canonical/digest.js'
import type { TimeNs } from '../time/time.js'

/** What a key's signature may do. `promote` signs promotions, rollbacks and revocations; `approve` signs approvals. */
export type KeyRole = 'promote' | 'approve'

/** A public key that is trusted here. */
export interface TrustedKey {
  /** ed25519, PEM, SubjectPublicKeyInfo. */
  readonly publicKey: string
  /** The person or machine that holds the private half. */
  readonly owner: string
  readonly roles: readonly KeyRole[]
  /** Signatures made from then on do not count. */
  readonly notAfter?: TimeNs | undefined
}

/** A private key to sign with. Never logged, never part of an error. */
export interface SigningKey {
  /** ed25519, PEM, PKCS #8. */
  readonly privateKey: string
}

export interface KeyPair extends SigningKey {
  readonly publicKey: string
  readonly keyId: string
}

/** A new ed25519 key pair. The private half belongs in a file that only its owner can read. */
export function generateSigningKey(): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519', {
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  return { privateKey, publicKey, keyId: keyIdOf(publicKey) }
}

/**
 * Identity of a key: SHA-256 of its SubjectPublicKeyInfo in DER.
 * @throws {TradingError} `KEY_INVALID` when the text is not an ed25519 public key
 */
export function keyIdOf(publicKey: string): string {
  return identify(readPublicKey(publicKey))
}

/** A signing key taken apart. */
export interface OpenSigningKey {
  readonly keyId: string
  readonly key: KeyObject
}

/** @throws {TradingError} `KEY_INVALID`; the message never quotes the key */
export function openSigningKey({ privateKey }: SigningKey): OpenSigningKey {
  try {
    const key = createPrivateKey(privateKey)
    if (key.asymmetricKeyType === 'ed25519') return { key, keyId: identify(createPublicKey(key)) }
  } catch {
    // OpenSSL's message may quote what it read, so it is not passed on.
  }
  throw new TradingError(
    'KEY_INVALID',
    'The signing key is not an ed25519 private key in PEM (PKCS #8); make one with `gatehouse registry keygen`',
  )
}

/** A trusted key taken apart. */
export interface RingKey extends TrustedKey {
  readonly keyId: string
  readonly key: KeyObject
}

/** The keys trusted here, by id. */
export type KeyRing = ReadonlyMap<string, RingKey>

/** @throws {TradingError} `KEY_INVALID` naming the owner */
export function openKeyRing(keys: readonly TrustedKey[]): KeyRing {
  return new Map(
    keys.map((trusted) => {
      const key = readPublicKey(trusted.publicKey, trusted.owner)
      return [identify(key), { ...trusted, roles: [...trusted.roles], key, keyId: identify(key) }]
    }),
  )
}

function readPublicKey(publicKey: string, owner?: string): KeyObject {
  try {
    // createPublicKey would derive the public half of a private key: a private key among the trusted ones is a leak.
    if (!publicKey.includes('PRIVATE')) {
      const key = createPublicKey(publicKey)
      if (key.asymmetricKeyType === 'ed25519') return key
    }
  } catch (cause) {
    throw new TradingError('KEY_INVALID', `The public key${owner === undefined ? '' : ` of ${owner}`} cannot be read`, { owner }, { cause })
  }
  throw new TradingError('KEY_INVALID', `The public key${owner === undefined ? '' : ` of ${owner}`} is not an ed25519 public key in PEM`, {
    owner,
  })
}

function identify(key: KeyObject): string {
  return sha256Hex(key.export({ type: 'spki', format: 'der' }))
}
