import Type, { type Static, type TObject, type TProperties, type TSchema } from 'typebox'
import { Compile, type Validator } from 'typebox/compile'
import { TradingError } from '@gatehouse/durable-log'
import { whole, type Immutable } from './primitives.js'

/** One mistake in a document. */
export interface DocumentProblem {
  /** JSON Pointer to the place. */
  readonly at: string
  readonly message: string
}

/** A versioned document kind that research and execution share: its schema, and the one way in. */
export interface Contract<T> {
  /** Literal `type` of its documents, `'evidence'`. */
  readonly name: string
  /** `major.minor` that this library writes. It reads older minors of the same major. */
  readonly version: string
  /** JSON Schema, draft 2020-12, as also generated under `schemas/`. */
  readonly schema: Readonly<Record<string, unknown>>
  /** True when the value fits. Compiled on first use. */
  check(value: unknown): value is T
  /** What is wrong with the value; empty when it fits. The first ten. */
  problems(value: unknown): readonly DocumentProblem[]
  /**
   * Parses at the edge.
   * @throws {TradingError} `CONTRACT_VERSION_UNSUPPORTED` for another major, naming it; `CONTRACT_INVALID` naming the first mistakes
   */
  parse(value: unknown): T
}

/** The type of a contract's documents. */
export type DocumentOf<C> = C extends Contract<infer T> ? T : never

export interface ContractDefinition<P extends TProperties> {
  readonly name: string
  /** `major.minor`. */
  readonly version: `${number}.${number}`
  readonly title: string
  readonly description: string
  readonly properties: P
}

const draft = 'https://json-schema.org/draft/2020-12/schema'

/** The `$id` of a contract's schema: a URN, so that no resolver goes looking for it on the network. */
export const schemaId = (name: string, version: string): string => `urn:gatehouse:schema:${name}:${version}`

function envelope<P extends TProperties>(definition: ContractDefinition<P>) {
  const [major] = definition.version.split('.')
  return Type.Object(
    {
      type: Type.Literal(definition.name),
      contractVersion: Type.String({
        pattern: whole(`${major}\\.(?:0|[1-9][0-9]{0,5})`),
        description: `major.minor of this schema; written as ${definition.version}`,
      }),
      ...definition.properties,
    },
    { additionalProperties: false },
  )
}

/** Defines a document kind with `type` and `contractVersion` members. */
export function defineContract<P extends TProperties>(
  definition: ContractDefinition<P>,
): Contract<Immutable<Static<ReturnType<typeof envelope<P>>>>> {
  const { name, version, title, description } = definition
  const schema: TObject = envelope(definition)
  return contractOver(name, version, { $schema: draft, $id: schemaId(name, version), title, description, ...schema }, schema)
}

/**
 * Wraps a schema that has an envelope of its own, as CloudEvents does.
 * @param branchOf of a union, the part that a value was meant to be
 */
export function contractOver<T>(
  name: string,
  version: string,
  published: Readonly<Record<string, unknown>>,
  schema: TSchema,
  branchOf: (value: unknown) => TSchema | undefined = () => undefined,
): Contract<T> {
  let compiled: Validator | undefined
  const validator = (): Validator => (compiled ??= Compile(schema))
  const problems = (value: unknown): readonly DocumentProblem[] => {
    if (validator().Check(value)) return []
    // Of a union only the branch that was meant is worth listing.
    const branch = branchOf(value)
    const errors = (branch === undefined ? validator() : Compile(branch))
      .Errors(value)
      // A `false` schema is how a closed object refuses a member; the error beside it names the member in words.
      .map((error) => ({
        at: error.instancePath || '/',
        message: error.keyword === 'boolean' ? 'is not a member of this document' : error.message,
      }))
    return errors.length === 0 ? [{ at: '/', message: 'does not fit the schema' }] : errors.slice(0, 10)
  }
  return {
    name,
    version,
    schema: published,
    check: (value): value is T => validator().Check(value),
    problems,
    parse(value) {
      if (validator().Check(value)) return value as T
      refuseOtherVersion(name, version, value)
      const found = problems(value)
      const listed = found.map(({ at, message }) => `${at} ${message}`).join('; ')
      throw new TradingError('CONTRACT_INVALID', `Not a ${name} ${version}: ${listed}`, { contract: name, version, problems: found })
    },
  }
}

function refuseOtherVersion(name: string, version: string, value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  const { type, contractVersion } = value as { type?: unknown; contractVersion?: unknown }
  if (type !== name || typeof contractVersion !== 'string' || !/^[0-9]{1,6}\.[0-9]{1,6}$/.test(contractVersion)) return
  const [major, minor] = contractVersion.split('.').map(Number)
  const [ownMajor, ownMinor] = version.split('.').map(Number)
  // A newer minor gets here only when it uses something this reader does not know: what is not understood is not ignored.
  if (major === ownMajor && minor <= ownMinor) return
  throw new TradingError(
    'CONTRACT_VERSION_UNSUPPORTED',
    `This ${name} is version ${contractVersion}; this library reads ${ownMajor}.0 to ${version}. Upgrade @gatehouse/contracts, or have it written at ${version}`,
    { contract: name, found: contractVersion, supported: version },
  )
}
