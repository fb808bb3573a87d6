import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { type ManifestPin } from '@gatehouse/contracts'
import { isTradingError, TradingError } from '@gatehouse/durable-log'
import { type Batch, type ManifestFile, type ManifestVerification, type ScanQuery, type Snapshot } from '@gatehouse/core'
import { requireTexts, requireTime } from '../check-options.js'
import { fileSource } from '../codec/byte-source.js'
import { ParquetFile } from '../codec/parquet-file.js'
import { type AddAction } from '../delta/actions.js'
import { type DeltaLog } from '../delta/delta-log.js'
import { type TableState } from '../delta/table-state.js'
import { type ScanPlan, timeRanges } from '../scan/file-cursor.js'
import { scanFiles } from '../scan/scan.js'
import { InstrumentPool } from './instruments.js'
import { layoutFrom, type StoredColumn, type TableLayout } from './layout.js'
import { orderedFiles, type TableFile } from './table-files.js'

type CallOptions = Pick<ScanQuery, 'signal' | 'onProgress'>

/** A table's state with its layout. */
export interface Resolved {
  readonly state: TableState
  readonly layout: TableLayout
}

const lastTime = 2n ** 63n - 1n

/** The rows of one pin. */
export class TableSnapshot implements Snapshot {
  readonly #log: DeltaLog
  #resolved: Promise<Resolved> | undefined

  constructor(
    log: DeltaLog,
    readonly pin: ManifestPin,
  ) {
    this.#log = log
  }

  /** The state behind the pin, once its table and chain have been compared. */
  resolve(): Promise<Resolved> {
    return (this.#resolved ??= resolvePin(this.#log, this.pin))
  }

  async *scan(query: ScanQuery = {}): AsyncGenerator<Batch> {
    const { state, layout } = await this.resolve()
    const { schema, from = 0n, to = lastTime, symbols, signal } = query
    requireTime('from', from)
    requireTime('to', to)
    requireTexts('symbols', symbols)
    requireTexts('columns', query.columns)
    if (schema !== undefined && schema !== layout.schema) {
      throw new TradingError('MANIFEST_SCHEMA_MISMATCH', `the manifest holds ${layout.schema}, not ${schema}: open the one that holds it`, {
        schema,
      })
    }
    const wanted = symbols && new Set(symbols)
    const plan: ScanPlan = {
      directory: this.#log.directory,
      columns: wantedColumns(layout, query.columns),
      from,
      to,
      symbols: wanted,
      pool: new InstrumentPool(),
    }
    const files = orderedFiles(state).filter((file) => file.from < to && file.to >= from && mayHold(state.files.get(file.path)!, wanted))
    yield* scanFiles(layout, plan, files, signal)
  }

  async files(): Promise<readonly ManifestFile[]> {
    const { state, layout } = await this.resolve()
    return orderedFiles(state).map(({ path, sha256, bytes, rows }) => ({ path, sha256, bytes, rows, schema: layout.schema }))
  }

  async verify({ signal, onProgress }: CallOptions = {}): Promise<ManifestVerification> {
    const findings: { code: string; path: string; message: string }[] = []
    const note = (path: string, error: unknown): void => {
      if (!isTradingError(error)) throw error
      findings.push({ code: error.code, path, message: error.message })
    }
    let rows = 0
    let files: readonly TableFile[] = []
    try {
      // From the first entry on, without checkpoints: this is the proof that they are only a shortcut.
      const state = await this.#log.fromStart(this.pin.version)
      requirePinned(state, this.pin)
      files = orderedFiles(state)
      requireSame(await this.#log.at(this.pin.version), files, this.#log.directory)
    } catch (error) {
      note('_delta_log', error)
    }
    for (const [done, file] of files.entries()) {
      signal?.throwIfAborted()
      onProgress?.({ stage: 'verifying files', done, total: files.length, unit: 'files' })
      try {
        rows += await verifyFile(join(this.#log.directory, ...file.path.split('/')), file)
      } catch (error) {
        note(file.path, error)
      }
    }
    return { ok: findings.length === 0, files: files.length, rows, findings }
  }
}

async function resolvePin(log: DeltaLog, pin: ManifestPin): Promise<Resolved> {
  const state = await log.at(pin.version)
  requirePinned(state, pin)
  return { state, layout: layoutFrom(state.described(log.directory).metaData, log.directory) }
}

function requirePinned(state: TableState, pin: ManifestPin): void {
  const id = state.metaData?.id
  if (id === pin.tableId && state.chain === pin.chain && state.version === pin.version) return
  const what =
    id === pin.tableId
      ? `version ${pin.version} of this table is not the one that was pinned`
      : `the pin names table ${pin.tableId}, this is ${id}`
  throw new TradingError('MANIFEST_PIN_MISMATCH', `${what}: the log was changed, or the pin belongs to another directory`, {
    tableId: id,
    version: state.version,
    chain: state.chain,
    pinned: pin.chain,
  })
}

function mayHold({ tags }: AddAction, wanted: ReadonlySet<string> | undefined): boolean {
  if (!wanted || tags?.symbols === undefined) return true
  return (JSON.parse(tags.symbols) as string[]).some((symbol) => wanted.has(symbol))
}

function wantedColumns(layout: TableLayout, names: readonly string[] | undefined): readonly StoredColumn[] {
  if (!names) return layout.columns
  return names.map((name) => {
    const column = layout.columns.find((candidate) => candidate.name === name)
    if (column) return column
    const known = layout.columns.map((candidate) => candidate.name)
    throw new TradingError('MANIFEST_NO_COLUMN', `${layout.schema} has no column ${name}; it has ${known.join(', ')}`, { name, known })
  })
}

/** What scans of this process go by, which may have begun at a checkpoint, is what the log says. */
function requireSame(state: TableState, files: readonly TableFile[], directory: string): void {
  const known = (all: readonly TableFile[]): string =>
    all.map(({ path, sha256, rows, from, to }) => [path, sha256, rows, from, to].join()).join('\n')
  if (known(orderedFiles(state)) === known(files)) return
  throw new TradingError(
    'MANIFEST_CHECKPOINT_CORRUPT',
    `a checkpoint of ${directory} does not hold what the log says: delete _delta_log/_last_checkpoint, and the log is read instead`,
    { version: state.version },
  )
}

async function verifyFile(path: string, stated: TableFile): Promise<number> {
  const hash = createHash('sha256')
  let bytes = 0
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Uint8Array>) {
      hash.update(chunk)
      bytes += chunk.length
    }
  } catch (error) {
    throw new TradingError('MANIFEST_FILE_MISSING', `${path} cannot be read: restore it from a copy`, { path }, { cause: error })
  }
  const digest = hash.digest('hex')
  if (bytes !== stated.bytes || digest !== stated.sha256) {
    throw new TradingError('MANIFEST_FILE_CORRUPT', `${path} is not the file that was committed: restore it from a copy`, {
      path,
      bytes,
      digest,
    })
  }
  const file = await ParquetFile.open(await fileSource(path))
  try {
    timeRanges(file, stated, path)
    return file.rows
  } finally {
    await file.close()
  }
}
