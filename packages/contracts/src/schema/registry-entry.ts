import Type, { type Static } from 'typebox'
import { contractOver, schemaId, type Contract } from './contract.js'
import { closed, count, digest, mapOf, slug, stage, text, time, type Immutable } from './primitives.js'
import { dsseEnvelope } from './promotion.js'

const common = {
  type: Type.Literal('registry-entry'),
  contractVersion: Type.Literal('1.0'),
  at: time('When, by the clock of the writer'),
  by: text('Who'),
}

/** Where a registered file lies, and what it must hash to. */
const file = closed({ sha256: digest('Of the file'), bytes: count('Its length') })

const head = closed({ index: count('Entries before this one'), hash: digest('Chain hash over them') })

const target = Type.Union([
  closed({ kind: Type.Enum(['artifact', 'policy', 'key']), digest: digest('What is revoked') }),
  closed({ kind: Type.Literal('promotion'), logIndex: count('Entry that promoted') }),
])

const registered = closed({
  ...common,
  kind: Type.Literal('registered'),
  name: slug('Model'),
  artifactDigest: digest('Artifact'),
  files: mapOf('[a-z0-9][a-z0-9._-]{0,63}', file, { description: 'Every file, by name' }),
  pins: Type.Array(digest('Document that holds a data pin')),
})
const promoted = closed({
  ...common,
  kind: Type.Literal('promoted'),
  name: slug('Model'),
  stage,
  artifactDigest: digest('Artifact'),
  envelope: dsseEnvelope,
})
const rolledBack = closed({
  ...common,
  kind: Type.Literal('rolled-back'),
  name: slug('Model'),
  stage,
  artifactDigest: digest('Artifact that the alias names again'),
  envelope: dsseEnvelope,
})
const revoked = closed({ ...common, kind: Type.Literal('revoked'), reason: text('Why'), target, envelope: Type.Optional(dsseEnvelope) })

const union = Type.Union([registered, promoted, rolledBack, revoked])

/** One entry of a registry's log, as canonical JSON. */
export type RegistryEntry = Immutable<Static<typeof union>>
export type RegisteredEntry = Extract<RegistryEntry, { kind: 'registered' }>
export type PromotedEntry = Extract<RegistryEntry, { kind: 'promoted' }>
export type RolledBackEntry = Extract<RegistryEntry, { kind: 'rolled-back' }>
export type RevokedEntry = Extract<RegistryEntry, { kind: 'revoked' }>

export const registryEntryContract: Contract<RegistryEntry> = contractOver(
  'registry-entry',
  '1.0',
  {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: schemaId('registry-entry', '1.0'),
    title: 'RegistryEntry',
    description: "One entry of a registry's log",
    anyOf: [registered, promoted, rolledBack, revoked],
  },
  union,
)

/** What a signed rollback claims. */
export const rollbackPredicate = closed({
  name: slug('Model'),
  stage,
  from: digest('Artifact that the alias named'),
  to: digest('Artifact that it names again'),
  promotionIndex: count('Entry whose promotion is in force again'),
  reason: text('Why'),
  operator: text('Who'),
  at: time('When'),
  head,
})
export type RollbackPredicate = Immutable<Static<typeof rollbackPredicate>>
