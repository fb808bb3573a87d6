import { TradingError } from '@gatehouse/durable-log'
import { type AddAction, type MetaDataAction, type ProtocolAction } from './actions.js'

/** Reader features that ask nothing of a reader that only lists and reads whole files. */
const harmless = new Set(['vacuumProtocolCheck', 'timestampNtz'])

/**
 * Refuses what would be misread, naming each feature. Reader version 1 is covered, and later ones as far as they ask for nothing more.
 * @throws {TradingError} `MANIFEST_UNSUPPORTED_FEATURE`
 */
export function requireReadable(protocol: ProtocolAction, metaData: MetaDataAction, table: string): void {
  const missing = new Set<string>()
  const { minReaderVersion, readerFeatures = [] } = protocol
  if (minReaderVersion > 3 || minReaderVersion < 1) missing.add(`reader version ${minReaderVersion}`)
  for (const feature of readerFeatures) if (!harmless.has(feature)) missing.add(feature)
  const mapping = metaData.configuration['delta.columnMapping.mode']
  if (minReaderVersion >= 2 && mapping !== undefined && mapping !== 'none') missing.add('columnMapping')
  else missing.delete('columnMapping')
  if (metaData.format.provider !== 'parquet') missing.add(`data format ${metaData.format.provider}`)
  if (missing.size > 0) throw unsupported(table, [...missing])
}

/** Writing asks for more: version 2 and no features. */
export function requireWritable(protocol: ProtocolAction, table: string): void {
  const { minWriterVersion, writerFeatures = [] } = protocol
  if (minWriterVersion <= 2 && writerFeatures.length === 0) return
  throw unsupported(table, writerFeatures.length > 0 ? writerFeatures : [`writer version ${minWriterVersion}`])
}

/** Rows that are deleted by reference would come back to life. */
export function requireWholeFile(add: AddAction, table: string): void {
  if (add.deletionVector !== undefined && add.deletionVector !== null) throw unsupported(table, ['deletionVectors'])
}

export function unsupported(table: string, features: readonly string[]): TradingError {
  return new TradingError(
    'MANIFEST_UNSUPPORTED_FEATURE',
    `the table ${table} needs ${features.join(', ')}, which is not read here: use an engine that supports it, or rewrite the table without`,
    { table, features },
  )
}
