import { canonicalMetadata, canonicalRecord } from '../../codec/canonical.js'
import { runLayout, type RecordRun } from '../../codec/run.js'
import type { Metadata } from '../../codec/metadata.js'
import type { Layout } from '../../layout/layout.js'
import { columnFields } from '../../records/columns.js'
import { csvWriter } from '../csv.js'
import { countOption, onlyFile, UsageError, type CommandContext } from './context.js'

/** `meta FILE [--json]`: the head of the file. */
export async function meta(context: CommandContext): Promise<void> {
  await using dbn = await context.open(onlyFile(context), { upgrade: false })
  const { metadata } = dbn
  if (metadata === undefined) throw new UsageError('a fragment has no metadata')
  if (context.options['json'] === true) await context.out.line(canonicalMetadata(metadata))
  else for (const line of describe(metadata)) await context.out.line(line)
}

function describe(metadata: Metadata): string[] {
  const time = (ns: bigint): string =>
    ns === 0n || ns === 0xffffffffffffffffn ? 'open' : `${new Date(Number(ns / 1_000_000n)).toISOString().slice(0, 23)}Z`
  const list = (symbols: readonly string[]): string =>
    symbols.length <= 10 ? symbols.join(' ') || 'none' : `${symbols.slice(0, 10).join(' ')} … (${symbols.length})`
  return [
    `version     DBN ${metadata.version}`,
    `dataset     ${metadata.dataset}`,
    `schema      ${metadata.schema ?? (metadata.schemaCode === 0xffff ? 'mixed' : `unknown (${metadata.schemaCode})`)}`,
    `start       ${time(metadata.start)}`,
    `end         ${time(metadata.end)}`,
    `limit       ${metadata.limit === 0n ? 'none' : String(metadata.limit)}`,
    `stype       ${metadata.stypeIn ?? `(${metadata.stypeInCode})`} -> ${metadata.stypeOut ?? `(${metadata.stypeOutCode})`}`,
    `ts_out      ${metadata.tsOut ? 'yes' : 'no'}`,
    `symbols     ${list(metadata.symbols)}`,
    `partial     ${list(metadata.partial)}`,
    `not found   ${list(metadata.notFound)}`,
    `mappings    ${metadata.mappings.length} symbols, ${metadata.mappings.reduce((sum, { intervals }) => sum + intervals.length, 0)} intervals`,
  ]
}

/** Calls `handle` for every row, waiting when it asks to, up to a limit of rows. */
async function eachRow(
  limit: number,
  runs: AsyncIterable<RecordRun>,
  handle: (run: RecordRun, row: number) => Promise<void> | undefined,
): Promise<void> {
  let left = limit
  if (left === 0) return
  for await (const run of runs) {
    for (let row = 0; row < run.length; row += 1) {
      const waiting = handle(run, row)
      if (waiting !== undefined) await waiting
      left -= 1
      if (left === 0) return
    }
  }
}

/** `json FILE [--limit N] [--upgrade]`: the metadata line, then a line a record, in the canonical text. */
export async function json(context: CommandContext): Promise<void> {
  const limit = countOption(context, 'limit') ?? Infinity
  await using dbn = await context.open(onlyFile(context), { upgrade: context.options['upgrade'] === true })
  if (dbn.metadata !== undefined) await context.out.line(canonicalMetadata(dbn.metadata))
  await eachRow(limit, dbn.runs(), (run, row) => context.out.line(canonicalRecord(run, row)))
}

/** `csv FILE [--limit N] [--raw] [--fields a,b]`: one record type a file; of a mixed file the type of its first record. */
export async function csv(context: CommandContext): Promise<void> {
  const { options } = context
  const limit = countOption(context, 'limit') ?? Infinity
  await using dbn = await context.open(onlyFile(context))
  const fields = typeof options['fields'] === 'string' ? options['fields'].split(',') : undefined
  let layout: Layout | undefined
  let write: ((run: RecordRun, row: number) => string) | undefined
  let skipped = 0
  await eachRow(limit, dbn.runs(), (run, row) => {
    if (write === undefined) {
      layout = runLayout(run)
      const names = fields ?? [...columnFields(layout).values()].map(({ key }) => key).filter((key) => key !== 'length')
      const writer = csvWriter(layout, names, { isRaw: options['raw'] === true })
      write = writer.row
      const heading = context.out.line(writer.head)
      const line = write(run, row)
      return heading === undefined ? context.out.line(line) : heading.then(() => context.out.line(line))
    }
    if (runLayout(run) !== layout) {
      skipped += 1
      return undefined
    }
    return context.out.line(write(run, row))
  })
  if (skipped > 0) context.stderr.write(`${skipped} records of other types were left out; split the file by schema first\n`)
}

/** `count FILE…`: records by type. */
export async function count(context: CommandContext): Promise<void> {
  if (context.files.length === 0) throw new UsageError('expected at least one FILE')
  const counts = new Map<string, number>()
  let instruments = 0
  for (const file of context.files) {
    const seen = new Set<number>()
    const dbn = await context.open(file)
    await dbn.forEachRun((run) => {
      const name = run.layout === undefined ? `unknown 0x${run.rtype.toString(16)}` : run.layout.name
      counts.set(name, (counts.get(name) ?? 0) + run.length)
      for (let word = run.wordOffset + 1, end = word + run.length * run.stride; word < end; word += run.stride) seen.add(run.uint32[word])
    })
    instruments += seen.size
  }
  const total = [...counts.values()].reduce((sum, value) => sum + value, 0)
  if (context.options['json'] === true) {
    await context.out.line(JSON.stringify({ records: total, instruments, types: Object.fromEntries(counts) }))
    return
  }
  for (const [name, value] of counts) await context.out.line(`${String(value).padStart(14)}  ${name}`)
  await context.out.line(`${String(total).padStart(14)}  records, ${instruments} instruments`)
}
