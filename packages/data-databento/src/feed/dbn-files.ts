import {
  recordedFeed,
  TradingError,
  type Batch,
  type CallOptions,
  type Feed,
  type Instrument,
  type Schema,
  type TimeRange,
} from '@gatehouse/core'
import { MbpBuilder } from '../book/mbp.js'
import type { Metadata } from '../codec/metadata.js'
import type { RecordRun } from '../codec/run.js'
import { openDbn } from '../file/open-dbn.js'
import type { ZstdBackend } from '@gatehouse/zstd'
import { RType } from '../layout/enums.js'
import type { DefinitionRecord } from '../records/generated/index.js'
import { BatchMaker, coreSchema, type BatchMakerOptions } from './batch-maker.js'

/** Options of {@link dbnFiles}. */
export interface DbnFilesOptions extends Pick<BatchMakerOptions, 'symbols' | 'instrument'> {
  /** Files of one dataset and schema, `.dbn` or `.dbn.zst`, of any version; read in order of their start. */
  readonly files: readonly string[]
  /** Files of definitions, for tick sizes and multipliers. */
  readonly definitions?: readonly string[] | undefined
  /** Files of `mbo`: give the ten (or one) best levels after each event instead of the orders themselves. */
  readonly levels?: 'mbp-10' | 'mbp-1' | undefined
  readonly zstd?: ZstdBackend | undefined
  readonly name?: string | undefined
}

/** The parts of a reader that the feeds share. */
export interface FeedParts {
  readonly definitions: ReadonlyMap<number, DefinitionRecord>
  readonly known: Map<string, Instrument>
}

/** All definitions of some files, by instrument id. */
export async function readDefinitions(
  files: readonly string[],
  { signal }: CallOptions = {},
): Promise<ReadonlyMap<number, DefinitionRecord>> {
  const definitions = new Map<number, DefinitionRecord>()
  for (const file of files) {
    const dbn = await openDbn(file, { signal })
    await dbn.forEach((record) => {
      if (record.type === 'definition') definitions.set(record.instrumentId, record.toObject())
    })
  }
  return definitions
}

/**
 * A feed over DBN files that are on disk. Nothing is loaded ahead: memory does not grow with the files.
 * ```ts no-run
 * const feed = await dbnFiles({ files: ['ES-2024-03-01.mbp-10.dbn.zst'] })
 * ```
 * @throws {TradingError} `DBN_FILE` and the codes of `openDbn`; `DATABENTO_SCHEMA` when files differ in schema or core has no such schema
 */
export async function dbnFiles(options: DbnFilesOptions): Promise<Feed> {
  const { files, zstd, instrument, symbols } = options
  if (files.length === 0) throw new TradingError('DBN_FILE', 'dbnFiles: no files are named', {})
  const heads = await Promise.all(files.map(async (file) => ({ file, metadata: await headOf(file) })))
  heads.sort((a, b) => (a.metadata.start < b.metadata.start ? -1 : a.metadata.start > b.metadata.start ? 1 : 0))
  const [first] = heads
  const stored = onlySchema(heads.map(({ metadata }) => metadata))
  if (options.levels !== undefined && stored !== 'mbo') {
    throw new TradingError('DATABENTO_SCHEMA', `levels are made of mbo; the files hold ${stored}`, { schema: stored })
  }
  const schema = options.levels ?? stored
  // The book goes on from file to file: a snapshot at midnight builds it anew by itself.
  const levels = options.levels === undefined ? undefined : options.levels === 'mbp-10' ? 10 : 1
  const parts: FeedParts = { definitions: await readDefinitions(options.definitions ?? []), known: new Map() }
  const makerFor = (metadata: Metadata): BatchMaker =>
    new BatchMaker({ dataset: metadata.dataset, metadata, symbols, instrument, ...parts })

  return recordedFeed({
    name: options.name ?? first.metadata.dataset,
    schemas: [schema],
    instruments: async () => {
      const found = new Map<string, Instrument>()
      for (const { metadata, file } of heads) {
        const maker = makerFor(metadata)
        // Files without mappings (live recordings) name their instruments in their first records.
        if (metadata.mappings.length === 0) await learnMappings(file, maker)
        for (const one of maker.mapped()) found.set(one.id, one)
      }
      return [...found.values()]
    },
    async *open(range, _book, { signal, onProgress }) {
      const builder = levels === undefined ? undefined : new MbpBuilder({ levels })
      for (const { file, metadata } of heads) {
        // A book needs what came before the range; plain rows do not.
        if ((builder === undefined && metadata.end <= range.from) || metadata.start >= range.to) continue
        const dbn = await openDbn(file, { zstd, signal, onProgress })
        const runs = builder === undefined ? dbn.runs() : levelsOf(dbn.runs(), builder)
        yield* batchesIn(runs, makerFor(metadata), range)
      }
    },
  })
}

/** Messages at a time: the rows made of them fit in one run. */
const MESSAGES = 2000

/** Runs of MBP rows made of runs of MBO; other runs pass, for they may name instruments. */
async function* levelsOf(runs: AsyncIterable<RecordRun>, builder: MbpBuilder): AsyncGenerator<RecordRun, void, undefined> {
  for await (const run of runs) {
    if (run.rtype !== RType.mbo) {
      yield run
      continue
    }
    for (let row = 0; row < run.length; row += MESSAGES) {
      const made: RecordRun[] = []
      const length = Math.min(MESSAGES, run.length - row)
      builder.apply({ ...run, wordOffset: run.wordOffset + row * run.stride, length }, (rows) => made.push(rows))
      yield* made
    }
  }
  const rest: RecordRun[] = []
  builder.flush((rows) => rest.push(rows))
  yield* rest
}

/** Batches of runs, until the first that begins after the range. */
export async function* batchesIn(
  runs: AsyncIterable<Parameters<BatchMaker['batches']>[0]>,
  maker: BatchMaker,
  range: TimeRange,
): AsyncGenerator<Batch, void, undefined> {
  for await (const run of runs) {
    for (const batch of maker.batches(run)) {
      if (batch.availableAt[batch.length - 1] < range.from) continue
      if (batch.availableAt[0] >= range.to) return
      yield batch
    }
  }
}

async function headOf(file: string): Promise<Metadata> {
  await using dbn = await openDbn(file)
  if (dbn.metadata === undefined) throw new TradingError('DBN_NOT_DBN', `${file} has no metadata`, { file })
  return dbn.metadata
}

/** Mapping records stand before the first record of the market. */
async function learnMappings(file: string, maker: BatchMaker): Promise<void> {
  await using dbn = await openDbn(file)
  for await (const run of dbn.runs()) {
    if (run.rtype === RType.symbolMapping) maker.learn(run)
    else if (run.rtype !== RType.system && run.rtype !== RType.error) return
  }
}

function onlySchema(metadata: readonly Metadata[]): Schema {
  const [{ schema: first }] = metadata
  if (metadata.some(({ schema }) => schema !== first)) {
    throw new TradingError(
      'DATABENTO_SCHEMA',
      `the files differ in schema (${[...new Set(metadata.map(({ schema }) => schema ?? 'mixed'))].join(', ')}): make a feed of each`,
      {},
    )
  }
  const schema = first && coreSchema(first)
  if (schema === undefined)
    throw new TradingError(
      'DATABENTO_SCHEMA',
      `core has no rows of schema ${first ?? 'mixed'}: split the file by schema, or read it with openDbn`,
      { schema: first },
    )
  return schema
}
