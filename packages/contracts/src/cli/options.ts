import { parseArgs } from 'node:util'
import { isTradingError, TradingError } from '@gatehouse/durable-log'
import { documentDigest } from '../canonical/digest.js'
import { openRegistry } from '../registry/open-registry.js'
import type { Registry, Stage } from '../registry/interfaces.js'
import type { TrustedKey } from '../registry/keys.js'
import { defaultPolicies, defaultPolicyDigests } from '../policies/default-policies.js'
import { evidenceContract, type Evidence } from '../schema/evidence.js'
import { gatePolicyContract, type GatePolicy } from '../schema/gate-policy.js'
import { parseTime } from '../time/time.js'
import type { CommandIo } from './command-io.js'

const optionTypes = {
  directory: { type: 'string' },
  keys: { type: 'string' },
  'key-file': { type: 'string' },
  anchor: { type: 'string' },
  'allow-policy': { type: 'string', multiple: true },
  json: { type: 'boolean' },
  help: { type: 'boolean' },
  artifact: { type: 'string' },
  stage: { type: 'string' },
  policy: { type: 'string' },
  evidence: { type: 'string' },
  approval: { type: 'string', multiple: true },
  expected: { type: 'string' },
  to: { type: 'string' },
  by: { type: 'string' },
  reason: { type: 'string' },
  html: { type: 'string' },
  cases: { type: 'string' },
  out: { type: 'string' },
  hours: { type: 'string' },
} as const

/** A command line taken apart. */
export interface CommandLine {
  readonly positionals: readonly string[]
  readonly text: Readonly<
    Partial<
      Record<
        | 'directory'
        | 'keys'
        | 'key-file'
        | 'anchor'
        | 'artifact'
        | 'stage'
        | 'policy'
        | 'evidence'
        | 'expected'
        | 'to'
        | 'by'
        | 'reason'
        | 'html'
        | 'cases'
        | 'out'
        | 'hours',
        string
      >
    >
  >
  readonly lists: { readonly approval: readonly string[]; readonly 'allow-policy': readonly string[] }
  readonly json: boolean
  readonly help: boolean
}

/** @throws {TradingError} `CLI_USAGE` for an unknown option or a missing value */
export function parseCommandLine(argv: readonly string[]): CommandLine {
  try {
    const { values, positionals } = parseArgs({ args: [...argv], options: optionTypes, allowPositionals: true, strict: true })
    const { json = false, help = false, approval = [], 'allow-policy': allowed = [], ...text } = values
    return { positionals, text, lists: { approval, 'allow-policy': allowed }, json, help }
  } catch (cause) {
    throw new TradingError('CLI_USAGE', (cause as Error).message, {}, { cause })
  }
}

/** A required option. @throws {TradingError} `CLI_USAGE` naming it */
export function required(line: CommandLine, name: keyof CommandLine['text']): string {
  const value = line.text[name]
  if (value === undefined || value === '') throw new TradingError('CLI_USAGE', `--${name} is missing`, { option: name })
  return value
}

/** A required positional. @throws {TradingError} `CLI_USAGE` naming it */
export function positional(line: CommandLine, index: number, name: string): string {
  const value = line.positionals[index]
  if (value === undefined) throw new TradingError('CLI_USAGE', `<${name}> is missing`, { positional: name })
  return value
}

/** `order-book@paper`. @throws {TradingError} `CLI_USAGE` */
export function aliasReference(text: string): { readonly name: string; readonly stage: Stage } {
  const [, name, stage] = /^(.+)@(paper|production)$/.exec(text) ?? []
  if (name === undefined) throw new TradingError('CLI_USAGE', `"${text}" is not name@paper or name@production`, { text })
  return { name, stage: stage as Stage }
}

/** Opens the registry that a command line names. */
export async function registryFor(line: CommandLine, io: CommandIo, { isSigning = false, isTrusting = false } = {}): Promise<Registry> {
  const directory = line.text.directory ?? io.defaults.directory
  if (directory === undefined) throw new TradingError('CLI_USAGE', '--directory is missing: where the registry is', {})
  const keysFile = line.text.keys ?? io.defaults.keys
  if (keysFile === undefined && (isSigning || isTrusting))
    throw new TradingError('CLI_USAGE', '--keys is missing: a JSON file that lists the trusted public keys', {})
  const keyFile = line.text['key-file'] ?? io.defaults.keyFile
  if (keyFile === undefined && isSigning)
    throw new TradingError('CLI_USAGE', '--key-file is missing: the file that holds the signing key', {})
  const policies = await Promise.all(line.lists['allow-policy'].map((path) => readPolicy(path, io)))
  return openRegistry({
    directory,
    trustedKeys: keysFile === undefined ? [] : await readTrustedKeys(keysFile, io),
    signingKey: isSigning && keyFile !== undefined ? { privateKey: await io.readFile(keyFile) } : undefined,
    clock: io.clock,
    allowedPolicies: [...defaultPolicyDigests(), ...policies.map(documentDigest)],
    anchor: readAnchor(line.text.anchor),
    // Looking must work on a read-only directory.
    highWater: isSigning,
  })
}

/** `12:<hash>`: entries, and the chain hash over them, as `head` prints them. */
function readAnchor(text: string | undefined): { readonly index: number; readonly hash: string } | undefined {
  if (text === undefined) return undefined
  const [, index, hash] = /^([0-9]{1,15}):([0-9a-f]{64})$/.exec(text) ?? []
  if (hash === undefined) throw new TradingError('CLI_USAGE', '--anchor is not <entries>:<hash>', {})
  return { index: Number(index), hash }
}

async function readTrustedKeys(path: string, io: CommandIo): Promise<readonly TrustedKey[]> {
  const value = await readJson(path, io)
  if (!Array.isArray(value)) throw new TradingError('CLI_USAGE', `${path} is not a list of { publicKey, owner, roles }`, { path })
  return (value as unknown[]).map((item) => {
    const { publicKey, owner, roles, notAfter } = (item ?? {}) as Record<string, unknown>
    const known = Array.isArray(roles) && roles.length > 0 && roles.every((role) => role === 'promote' || role === 'approve')
    if (typeof publicKey !== 'string' || typeof owner !== 'string' || !known)
      throw new TradingError('CLI_USAGE', `${path} is not a list of { publicKey, owner, roles }`, { path })
    return {
      publicKey,
      owner,
      roles: roles as TrustedKey['roles'],
      notAfter: typeof notAfter === 'string' ? parseTime(notAfter) : undefined,
    }
  })
}

/** A policy from a file, or a shipped one by its id, `order-book-paper`. */
export async function readPolicy(reference: string, io: CommandIo): Promise<GatePolicy> {
  const shipped = defaultPolicies.find(({ id }) => id === reference)
  return shipped ?? gatePolicyContract.parse(await readJson(reference, io))
}

export async function readEvidence(path: string, io: CommandIo): Promise<Evidence> {
  return evidenceContract.parse(await readJson(path, io))
}

/** @throws {TradingError} `CLI_USAGE` when the file is not there or not JSON */
export async function readJson(path: string, io: CommandIo): Promise<unknown> {
  try {
    return JSON.parse(await io.readFile(path))
  } catch (cause) {
    if (isTradingError(cause)) throw cause
    throw new TradingError('CLI_USAGE', `${path} cannot be read as JSON: ${(cause as Error).message}`, { path }, { cause })
  }
}
