/**
 * Writes `src/records/generated/*.ts` from the layout table: one file a struct, with its plain type and its cursor.
 * Plain code is what V8 optimises best, and what an editor completes. A test fails when the files are not current.
 *
 * node --conditions=@gatehouse/source --import tsx packages/data-databento/test/support/generate-records.ts --write
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { format, resolveConfig } from 'prettier'
import { layouts, type Field, type Layout } from '../../src/layout/layout.js'

const directory = new URL('../../src/records/generated/', import.meta.url)
const headerKeys = new Set(['length', 'rtype', 'publisherId', 'instrumentId', 'tsEvent'])

/** The literal that tells records apart. */
const kebab = (name: string): string =>
  name
    .replace(/^(Mbp|Cmbp)(\d+)$/, '$1-$2')
    .replace(/([a-z])([A-Z])/g, '$1-$2')
    .toLowerCase()

const docs: Readonly<Record<string, string>> = {
  tsRecv: 'When the capture server received it, ns since the Unix epoch.',
  tsInDelta: 'Receive time minus the venue’s send time, ns.',
  sequence: 'Sequence number of the venue’s message.',
  action: 'What happened: `A` add, `C` cancel, `M` modify, `R` clear, `T` trade, `F` fill, `N` none.',
  side: '`A` ask, `B` bid, `N` none; of a trade, the aggressor.',
  flags: 'Bits of `Flag`.',
  depth: 'Level that changed, 0 is the best.',
  orderId: 'The venue’s order id.',
  openInterest: 'Contracts.',
  volume: 'Quantity traded in the bar.',
}
const statusDocs: Readonly<Record<string, string>> = { action: 'See `statusActions`; numbers not listed there occur.' }

const isWide = (field: Field): boolean =>
  field.kind === 'price' || field.kind === 'i64' || (field.kind === 'u64' && field.name !== 'order_id')

function typeOf(field: Field): string {
  if (field.kind === 'cstr' || field.kind === 'char') return 'string'
  if (field.kind === 'ts' || (field.kind === 'u64' && !isWide(field))) return 'bigint'
  return isWide(field) ? 'N' : 'number'
}

const halves = (field: Field): [string, string] => [`i[w + ${field.offset / 4 + 1}]`, `u[w + ${field.offset / 4}]`]

/** Expression of a field as a number, text or bigint, over the locals `w i u b v`. */
function read(field: Field, exact = false): string {
  const byte = `(w << 2) + ${field.offset}`
  const shift = (field.offset % 4) * 8
  switch (field.kind) {
    case 'u8':
      return `b[${byte}]`
    case 'i8':
      return `(b[${byte}] << 24) >> 24`
    case 'u16':
      return shift === 16 ? `u[w + ${(field.offset - 2) / 4}] >>> 16` : `u[w + ${field.offset / 4}] & 0xffff`
    case 'i16':
      return shift === 16 ? `i[w + ${(field.offset - 2) / 4}] >> 16` : `(i[w + ${field.offset / 4}] << 16) >> 16`
    case 'u32':
      return `u[w + ${field.offset / 4}]`
    case 'i32':
      return `i[w + ${field.offset / 4}]`
    case 'char':
      return `chars[b[${byte}]]`
    case 'cstr':
      return `readCstr(b, ${byte}, ${field.bytes})`
    case 'price':
      return exact ? `v.getBigInt64(${byte}, true)` : `scaled(${halves(field).join(', ')})`
    case 'i64':
      return exact ? `v.getBigInt64(${byte}, true)` : `definedOrNaN(${halves(field).join(', ')})`
    case 'u64':
      if (!isWide(field) || exact) return `wide(q, v, w + ${field.offset / 4})`
      return `u[w + ${field.offset / 4 + 1}] * 4294967296 + u[w + ${field.offset / 4}]`
    case 'ts':
      return `wide(q, v, w + ${field.offset / 4})`
    case 'struct':
      throw new TypeError('structs are read level by level')
  }
}

const locals: readonly (readonly [name: string, source: string])[] = [
  ['w', 'this.word'],
  ['i', 'this.int32'],
  ['u', 'this.uint32'],
  ['b', 'this.bytes'],
  ['q', 'this.uint64'],
  ['v', 'this.view'],
]
/** Getters name the overlays in full; object readers keep them in locals. */
const inGetter = (expression: string): string =>
  locals.reduce((text, [name, source]) => text.replace(new RegExp(`(?<![\\w.])${name}(?=[ .[<,)])`, 'g'), source), expression)
const localsFor = (body: string): string =>
  locals
    .filter(([name]) => new RegExp(`(?<![\\w.])${name}(?=[ .[<,)])`).test(body))
    .map(([name, source]) => `const ${name} = ${source}`)
    .join('\n')

const getter = (name: string, type: string, expression: string, doc?: string): string =>
  `${doc === undefined ? '' : `/** ${doc} */\n`}get ${name}(): ${type} {\nreturn ${inGetter(expression)}\n}\n`

function getters(layout: Layout, field: Field): string {
  const doc = (layout.name === 'Status' ? statusDocs[field.key] : undefined) ?? docs[field.key]
  if (field.kind === 'struct') return levelAccessors(field)
  const type = typeOf(field)
  const first = getter(field.key, type === 'N' ? 'number' : type, read(field), field.kind === 'price' ? '`NaN` when undefined.' : doc)
  if (isWide(field))
    return first + getter(`${field.key}Raw`, 'bigint', read(field, true), field.kind === 'price' ? 'Exact, in units of 1e-9.' : 'Exact.')
  if (field.kind === 'ts' || field.kind === 'u64') {
    return (
      first +
      getter(`${field.key}High`, 'number', `u[w + ${field.offset / 4 + 1}]`, `Upper half of \`${field.key}\`.`) +
      getter(`${field.key}Low`, 'number', `u[w + ${field.offset / 4}]`, `Lower half of \`${field.key}\`.`)
    )
  }
  return first
}

function levelAccessors(levels: Field): string {
  const words = levels.struct!.size / 4
  return levels
    .struct!.fields.map((field) => {
      const at = levels.offset / 4 + Math.floor(field.offset / 4)
      const body = levels.count === 1 ? 'if (level !== 0) return NaN' : `if (level >>> 0 >= ${levels.count}) return NaN`
      const word = levels.count === 1 ? `const w = this.word + ${at}` : `const w = this.word + ${at} + level * ${words}`
      const expression =
        { price: 'scaled(this.int32[w + 1], this.uint32[w])', u16: 'this.uint32[w] & 0xffff' }[field.kind as string] ?? 'this.uint32[w]'
      const rawAccessor =
        field.kind === 'price'
          ? `/** Exact, in units of 1e-9. */\n${field.key}Raw(level: number): bigint {\nreturn this.view.getBigInt64((this.word + ${at} + level * ${words}) << 2, true)\n}\n`
          : ''
      return `/** ${field.kind === 'price' ? 'Price of a level, `NaN` where there is none' : 'Of a level'}; 0 is the best. */\n${field.key}(level: number): number {\n${body}\n${word}\nreturn ${expression}\n}\n${rawAccessor}`
    })
    .join('\n')
}

function objectReader(layout: Layout, exact: boolean): string {
  const lines: string[] = []
  const prelude: string[] = []
  for (const field of layout.fields) {
    if (headerKeys.has(field.key)) continue
    if (field.kind !== 'struct') {
      lines.push(`${field.key}: ${read(field, exact)},`)
      continue
    }
    const struct = field.struct!
    const body = struct.fields
      .map(
        (level) =>
          `${level.key}: ${read({ ...level, offset: level.offset + field.offset }, exact)
            .replaceAll('w + ', 'p + ')
            .replaceAll('(w <<', '(p <<')},`,
      )
      .join('\n')
    if (field.count === 1) {
      prelude.push(`const p = w`)
    } else {
      prelude.push(
        `const levels = new Array<${struct.name}${exact ? '<bigint>' : ''}>(${field.count})`,
        `for (let level = 0, p = w; level < ${field.count}; level += 1, p += ${struct.size / 4}) levels[level] = {\n${body}\n}`,
      )
    }
    lines.push(field.count === 1 ? `levels: [{\n${body}\n}],` : 'levels,')
  }
  const body = `${prelude.join('\n')}
    const record: ${layout.name}Record${exact ? '<bigint>' : ''} = {
      type: '${kebab(layout.name)}',
      rtype: this.rtype,
      publisherId: u[w] >>> 16,
      instrumentId: u[w + 1],
      tsEvent: wide(q, v, w + 2),
      ${lines.join('\n')}
    }
    return this.tsOutWord < 0 ? record : { ...record, tsOut: wide(q, v, w + this.tsOutWord) }`
  const name = exact ? 'toExactObject' : 'toObject'
  const doc = exact
    ? 'A copy with prices and quantities as bigints, exact (prices in units of 1e-9).'
    : 'A copy that stays; prices in price units, `NaN` when undefined.'
  return `/** ${doc} */\n${name}(): ${layout.name}Record${exact ? '<bigint>' : ''} {\n${localsFor(body)}\n${body}\n}\n`
}

const generic = (layout: Layout): boolean => layout.fields.some((field) => isWide(field) || field.kind === 'struct')

function plainType(layout: Layout, isRecord: boolean): string {
  const fields = layout.fields
    .filter((field) => !isRecord || !headerKeys.has(field.key))
    .map((field) => {
      const doc = (layout.name === 'Status' ? statusDocs[field.key] : undefined) ?? docs[field.key]
      return `${doc === undefined ? '' : `/** ${doc} */\n`}readonly ${field.key}: ${field.kind === 'struct' ? `readonly ${field.struct!.name}<N>[]` : typeOf(field)}`
    })
  // A record without wide fields still takes the parameter, so that every record reads alike.
  const parameter = generic(layout) ? 'N extends number | bigint = number' : '_N extends number | bigint = number'
  return isRecord
    ? `export interface ${layout.name}Record<${parameter}> extends RecordHeader {\nreadonly type: '${kebab(layout.name)}'\n${fields.join('\n')}\n}\n`
    : `export interface ${layout.name}<${parameter}> {\n${fields.join('\n')}\n}\n`
}

function fileFor(layout: Layout): string {
  const isRecord = layout.rtypes.length > 0
  const doc = isRecord
    ? `/** A \`${kebab(layout.name)}\` record of DBN ${layout.versions.join(', ')}. \`N\` is \`bigint\` in exact objects. */\n`
    : `/** One level of a book, both sides. */\n`
  const cursor = isRecord
    ? `/** Cursor over \`${kebab(layout.name)}\` records. */
       export class ${layout.name}Cursor extends RecordCursor {
         readonly type = '${kebab(layout.name)}'
         ${layout.fields
           .filter((field) => !headerKeys.has(field.key))
           .map((field) => getters(layout, field))
           .join('\n')}
         ${objectReader(layout, false)}
         ${objectReader(layout, true)}
       }\n`
    : ''
  const body = doc + plainType(layout, isRecord) + cursor
  const values = ['chars', 'definedOrNaN', 'scaled', 'wide'].filter((name) => new RegExp(`\\b${name}[[(]`).test(body))
  const structs = [...new Set(layout.fields.flatMap((field) => (field.struct === undefined ? [] : [field.struct.name])))]
  const imports = [
    ...(body.includes('readCstr(') ? [`import { readCstr } from '../../codec/cstr.js'`] : []),
    ...(isRecord ? [`import { ${[...values, 'RecordCursor', 'type RecordHeader'].join(', ')} } from '../cursor.js'`] : []),
    ...structs.map((name) => `import type { ${name} } from './${kebab(name)}.js'`),
  ]
  return `// Generated from src/layout/structs.ts by test/support/generate-records.ts; do not edit.\n${imports.join('\n')}\n\n${body}`
}

function indexFile(records: readonly Layout[]): string {
  const names = records.map((layout) => layout.name)
  return `// Generated from src/layout/structs.ts by test/support/generate-records.ts; do not edit.
    import type { RecordRun } from '../../codec/run.js'
    import { UnknownCursor, type UnknownRecord } from '../cursor.js'
    ${records.map((layout) => `import { ${layout.name}Cursor, type ${layout.name}Record } from './${kebab(layout.name)}.js'`).join('\n')}

    /** Any record; switch on \`type\`. \`N\` is \`bigint\` in exact objects. */
    export type DbnRecord<N extends number | bigint = number> = ${names.map((name) => `| ${name}Record<N>`).join(' ')} | UnknownRecord

    /** A cursor over any record; switch on \`type\`. */
    export type DbnCursor = ${names.map((name) => `| ${name}Cursor`).join(' ')} | UnknownCursor

    /** A new cursor for the layout of a run, standing on its first record. */
    export function createCursor(run: RecordRun): DbnCursor {
      switch (run.layout?.name) {
        ${names.map((name) => `case '${name}':\nreturn new ${name}Cursor(run)`).join('\n')}
        default:
          return new UnknownCursor(run)
      }
    }

    export { ${names.map((name) => `${name}Cursor, type ${name}Record`).join(', ')} }
    ${[...layouts.values()]
      .filter((layout) => layout.rtypes.length === 0)
      .map((layout) => `export type { ${layout.name} } from './${kebab(layout.name)}.js'`)
      .join('\n')}
  `
}

/** All generated files by name. */
export async function generateRecords(): Promise<ReadonlyMap<string, string>> {
  const options = { ...(await resolveConfig(fileURLToPath(import.meta.url))), parser: 'typescript' as const }
  const files = new Map<string, string>()
  for (const layout of layouts.values()) files.set(`${kebab(layout.name)}.ts`, await format(fileFor(layout), options))
  files.set('index.ts', await format(indexFile([...layouts.values()].filter((layout) => layout.rtypes.length > 0)), options))
  return files
}

/** Names of generated files that are missing or differ from what the table gives. */
export async function staleRecords(): Promise<string[]> {
  const files = await generateRecords()
  return [...files].filter(([name, text]) => readIfThere(new URL(name, directory)) !== text).map(([name]) => name)
}

function readIfThere(file: URL): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

if (process.argv.includes('--write')) {
  mkdirSync(directory, { recursive: true })
  for (const [name, text] of await generateRecords()) writeFileSync(new URL(name, directory), text)
}
