import { createWriteStream, type WriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { once } from 'node:events'
import { join } from 'node:path'
import { DbnEncoder } from '../../codec/encoder.js'
import { schemaOf, type DbnSchema } from '../../layout/enums.js'
import { receiveTime } from '../../live/recent-records.js'
import { SymbolIndex } from '../../symbols/symbol-index.js'
import { isoTime } from '../csv.js'
import { onlyFile, UsageError, type CommandContext } from './context.js'

const MAX_OPEN = 256

/** `split FILE --by symbol|instrument|day|schema --out DIR`: one DBN file a group, metadata kept. */
export async function split(context: CommandContext): Promise<void> {
  const { options } = context
  const by = options['by']
  const directory = options['out']
  if (by !== 'symbol' && by !== 'instrument' && by !== 'day' && by !== 'schema')
    throw new UsageError('--by takes symbol, instrument, day or schema')
  if (typeof directory !== 'string') throw new UsageError('--out DIR is missing')
  await mkdir(directory, { recursive: true })
  await using dbn = await context.open(onlyFile(context))
  const { metadata } = dbn
  if (metadata === undefined) throw new UsageError('a fragment has no metadata and cannot be split')
  const symbols = new SymbolIndex(metadata)
  const files = new Map<string, { stream: WriteStream; encoder: DbnEncoder; records: number }>()

  const names = new Set<string>()
  const failures: Error[] = []
  const groupOf = (instrumentId: number, ts: bigint, rtype: number): string => {
    if (by === 'instrument') return String(instrumentId)
    if (by === 'day') return isoTime(ts).slice(0, 10)
    if (by === 'schema') return schemaNameOf(rtype, metadata.schema)
    return symbols.symbolAt(instrumentId, ts) ?? `unmapped-${instrumentId}`
  }
  for await (const run of dbn.runs()) {
    symbols.learn(run)
    for (let row = 0; row < run.length;) {
      const word = run.wordOffset + row * run.stride
      const group = groupOf(run.uint32[word + 1], receiveTime(run.window.view, word * 4, run.rtype), run.rtype)
      let end = row + 1
      // Consecutive rows of one group are written at once.
      while (end < run.length) {
        const next = run.wordOffset + end * run.stride
        if (groupOf(run.uint32[next + 1], receiveTime(run.window.view, next * 4, run.rtype), run.rtype) !== group) break
        end += 1
      }
      let file = files.get(group)
      if (file === undefined) {
        if (files.size === MAX_OPEN) throw new UsageError(`more than ${MAX_OPEN} groups: split by day or schema first`)
        const encoder = new DbnEncoder(metadata)
        const stream = createWriteStream(join(directory, `${fileName(group, names)}.dbn`))
        stream.on('error', (error) => failures.push(error))
        file = { stream, encoder, records: 0 }
        file.stream.write(encoder.head)
        files.set(group, file)
      }
      const bytes = file.encoder.run({ ...run, wordOffset: word, length: end - row })
      // The run's memory is used again, the stream's buffer is not.
      const hasRoom = file.stream.write(bytes.slice())
      if (failures.length > 0) throw failures[0]
      if (!hasRoom) await once(file.stream, 'drain')
      file.records += end - row
      row = end
    }
  }
  for (const [group, { stream, records }] of files) {
    if (failures.length > 0) throw failures[0]
    stream.end()
    await once(stream, 'close')
    if (failures.length > 0) throw failures[0]
    await context.out.line(`${String(records).padStart(14)}  ${group}`)
  }
}

/** A name of its own for every group: `BRK/B` and `BRK B` are two files, also where a disk does not tell `a` from `A`. */
function fileName(group: string, names: Set<string>): string {
  const plain = group.replace(/[^\w.+-]/g, '_')
  let name = plain
  for (let copy = 2; names.has(name.toLowerCase()); copy += 1) name = `${plain}~${copy}`
  names.add(name.toLowerCase())
  return name
}

function schemaNameOf(rtype: number, schema: DbnSchema | undefined): string {
  // TBBO and MBP-1 share a record type: the metadata knows which it is.
  if (schema !== undefined) return schema
  return schemaOf(rtype) ?? `rtype-${rtype.toString(16)}`
}
