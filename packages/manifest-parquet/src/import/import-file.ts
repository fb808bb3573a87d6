import { TradingError } from '@gatehouse/durable-log'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'
import { type CallOptions } from '@gatehouse/contracts'
import { fileSource } from '../codec/byte-source.js'
import { type DecodedColumn, ParquetFile } from '../codec/parquet-file.js'
import { type ParquetManifest } from '../manifest.js'
import { type CsvOptions, csvRows } from './csv-rows.js'
import { type ImportReport, type ImportSpec, type RawRows, type TimeFormat } from './import-spec.js'
import { invalid, RowConverter } from './to-batch.js'

export interface ImportOptions extends CallOptions, CsvOptions {
  /** `csv` (also gzipped) or `parquet`; default by the file's name */
  readonly format?: 'csv' | 'parquet' | undefined
}

/**
 * Imports one CSV or Parquet file and commits it. Importing the same file again adds nothing: its digest names the transaction.
 * @throws {TradingError} `MANIFEST_IMPORT` naming row and column, `PARQUET_CORRUPT`, and what append and commit throw; nothing of the file is committed then
 */
export async function importFile(
  manifest: ParquetManifest,
  path: string,
  spec: ImportSpec,
  options: ImportOptions = {},
): Promise<ImportReport> {
  const format = options.format ?? (/\.parquet$/i.test(path) ? 'parquet' : 'csv')
  const appId = `import:${(await digestOf(path)).slice(0, 32)}`
  if (format === 'csv') return importRows(manifest, csvRows(linesOf(path), options), spec, { ...options, appId })
  const file = await ParquetFile.open(await fileSource(path))
  try {
    const time = spec.time ?? timeFormatOf(file, spec.columns?.tsEvent ? [spec.columns.tsEvent] : ['tsEvent', 'ts_event'])
    return await importRows(manifest, parquetRows(file, spec), { ...spec, time }, { ...options, appId })
  } finally {
    await file.close()
  }
}

/** Imports rows that were read elsewhere; `appId` names where they came from, once and for all. */
export async function importRows(
  manifest: ParquetManifest,
  raw: AsyncIterable<RawRows>,
  spec: ImportSpec,
  { appId, signal, onProgress }: CallOptions & { readonly appId: string },
): Promise<ImportReport> {
  const converter = new RowConverter(spec)
  const held = (await manifest.lastSequence(appId)) ?? 0
  let rows = 0
  let repeated = 0
  let sequence = 0
  try {
    for await (const part of raw) {
      signal?.throwIfAborted()
      const batch = converter.convert(part, rows + repeated)
      sequence++
      await manifest.append(batch, { appId, sequence })
      if (sequence <= held) repeated += batch.length
      else rows += batch.length
      onProgress?.({ stage: 'importing', done: rows + repeated, unit: 'rows' })
    }
  } catch (error) {
    // All of a file or nothing: its first half would be in the way of the mended one.
    await manifest.discard(appId)
    throw error
  }
  if (sequence > 0) await manifest.commit({ signal })
  return { rows, repeated, instruments: converter.instruments }
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Uint8Array>) hash.update(chunk)
  } catch (cause) {
    throw new TradingError('MANIFEST_IMPORT', `cannot read ${path}: ${(cause as Error).message}`, { path }, { cause })
  }
  return hash.digest('hex')
}

async function* linesOf(path: string): AsyncGenerator<string> {
  const file = createReadStream(path)
  const input = /\.gz$/i.test(path) ? file.pipe(createGunzip()) : file
  // A failing file must end the reading of what is piped from it.
  if (input !== file) file.on('error', (error) => input.destroy(error))
  try {
    yield* createInterface({ input, crlfDelay: Infinity })
  } catch (cause) {
    throw new TradingError('MANIFEST_IMPORT', `cannot read ${path}: ${(cause as Error).message}`, { path }, { cause })
  }
}

/** What a Parquet column says of its times itself. */
function timeFormatOf(file: ParquetFile, names: readonly string[]): TimeFormat | undefined {
  const element = file.columns.find(({ name }) => names.includes(name))?.element
  if (element?.converted_type === 'DATE' || element?.logical_type?.type === 'DATE') return 'days'
  if (element?.converted_type === 'TIMESTAMP_MILLIS') return 'ms'
  if (element?.converted_type === 'TIMESTAMP_MICROS') return 'us'
  if (element?.logical_type?.type === 'TIMESTAMP') return ({ MILLIS: 'ms', MICROS: 'us', NANOS: 'ns' } as const)[element.logical_type.unit]
  return element?.type === 'INT64' ? 'ns' : undefined
}

/** Row groups of a Parquet file of any writer. */
async function* parquetRows(file: ParquetFile, spec: ImportSpec): AsyncGenerator<RawRows> {
  const flat = file.columns.filter(({ repeated }) => !repeated).map(({ name }) => name)
  for (const name of Object.values(spec.columns ?? {})) {
    if (!flat.includes(name)) throw invalid(`${file.source.name} has no column ${name}`, { name, columns: flat })
  }
  for (let group = 0; group < file.groups; group++) {
    const columns = new Map((await file.readGroup(group, flat)).map((column) => [column.name, column]))
    yield {
      rows: file.groupRows(group),
      column: (name) => plainValues(columns.get(name), file.columns.find((leaf) => leaf.name === name)?.scale ?? 0),
    }
  }
}

function plainValues(column: DecodedColumn | undefined, scale: number): ReturnType<RawRows['column']> {
  if (!column) return undefined
  const { values, present } = column
  const rows = 'codes' in values ? values.codes.length : 'other' in values ? values.other.length : values.length
  const at = (row: number): string | number | bigint | boolean | null => {
    if (present?.[row] === 0) return null
    if ('codes' in values) return values.dictionary[values.codes[row]]
    if ('other' in values) return values.other[row] as string | number | bigint | boolean | null
    return scale === 0 ? values[row] : Number(values[row]) / 10 ** scale
  }
  return Array.from({ length: rows }, (_, row) => at(row))
}
