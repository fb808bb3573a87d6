import { canonicalJson } from '../canonical/canonical-json.js'

/** An in-toto Statement: files by digest, and what is claimed about them. */
export interface Statement {
  readonly subject: readonly { readonly name: string; readonly digest: { readonly sha256: string } }[]
  readonly predicateType: string
  readonly predicate: unknown
}

/** Kinds of claim that the registry signs. */
export const predicateTypes = {
  promotion: 'urn:gatehouse:predicate:promotion:v1',
  rollback: 'urn:gatehouse:predicate:rollback:v1',
  revocation: 'urn:gatehouse:predicate:revocation:v1',
  approval: 'urn:gatehouse:predicate:approval:v1',
} as const

const statementType = 'https://in-toto.io/Statement/v1'

/** The bytes of an in-toto Statement v1 over files. */
export function encodeStatement(predicateType: string, files: Readonly<Record<string, string>>, predicate: unknown): Buffer {
  const subject = Object.keys(files)
    .sort()
    .map((name) => ({ name, digest: { sha256: files[name] } }))
  return Buffer.from(canonicalJson({ _type: statementType, subject, predicateType, predicate }))
}

/** Reads a Statement of one kind; `undefined` when the bytes are not one. */
export function decodeStatement(
  body: Uint8Array,
  predicateType: string,
): (Statement & { readonly files: Readonly<Record<string, string>> }) | undefined {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(body).toString('utf8'))
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const statement = value as { _type?: unknown; subject?: unknown; predicateType?: unknown; predicate?: unknown }
  if (statement._type !== statementType || statement.predicateType !== predicateType || !Array.isArray(statement.subject)) return undefined
  const files: Record<string, string> = {}
  for (const item of statement.subject as unknown[]) {
    const { name, digest } = (item ?? {}) as { name?: unknown; digest?: { sha256?: unknown } }
    if (typeof name !== 'string' || typeof digest?.sha256 !== 'string' || Object.hasOwn(files, name)) return undefined
    files[name] = digest.sha256
  }
  return { subject: statement.subject as Statement['subject'], predicateType, predicate: statement.predicate, files }
}
