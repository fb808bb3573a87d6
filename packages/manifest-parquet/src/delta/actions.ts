import { TradingError } from '@gatehouse/durable-log'

/** Delta's actions, the fields that are used here. @see https://github.com/delta-io/delta/blob/master/PROTOCOL.md#actions */
export interface AddAction {
  /** URL-encoded path relative to the table, as it stands in the log */
  readonly path: string
  readonly partitionValues: Readonly<Record<string, string | null>>
  readonly size: number
  readonly modificationTime: number
  readonly dataChange: boolean
  readonly stats?: string | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
  readonly deletionVector?: unknown
}
export interface RemoveAction {
  readonly path: string
  readonly deletionTimestamp?: number | undefined
  readonly dataChange: boolean
  readonly extendedFileMetadata?: boolean | undefined
  readonly partitionValues?: Readonly<Record<string, string | null>> | undefined
  readonly size?: number | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
}
export interface MetaDataAction {
  readonly id: string
  readonly name?: string | undefined
  readonly description?: string | undefined
  readonly format: { readonly provider: string; readonly options?: Readonly<Record<string, string>> | undefined }
  readonly schemaString: string
  readonly partitionColumns: readonly string[]
  readonly configuration: Readonly<Record<string, string>>
  readonly createdTime?: number | undefined
}
export interface ProtocolAction {
  readonly minReaderVersion: number
  readonly minWriterVersion: number
  readonly readerFeatures?: readonly string[] | undefined
  readonly writerFeatures?: readonly string[] | undefined
}
export interface TxnAction {
  readonly appId: string
  readonly version: number
  readonly lastUpdated?: number | undefined
}
export interface CommitInfoAction {
  readonly timestamp?: number | undefined
  readonly operation?: string | undefined
  readonly operationParameters?: Readonly<Record<string, string>> | undefined
  readonly readVersion?: number | undefined
  readonly isBlindAppend?: boolean | undefined
  readonly engineInfo?: string | undefined
  /** ours: the hash chain up to the version before this one */
  readonly chain?: string | undefined
  /** ours: what produced the rows */
  readonly lineage?: Readonly<Record<string, string>> | undefined
}

/** One line of a log entry or one row of a checkpoint: exactly one member is set; unknown ones are kept out of the way. */
export interface Action {
  readonly add?: AddAction | undefined
  readonly remove?: RemoveAction | undefined
  readonly metaData?: MetaDataAction | undefined
  readonly protocol?: ProtocolAction | undefined
  readonly txn?: TxnAction | undefined
  readonly commitInfo?: CommitInfoAction | undefined
}

type Loose = Readonly<Record<string, unknown>>

/**
 * Parses the bytes of a log entry.
 * @throws {TradingError} `MANIFEST_LOG_CORRUPT` naming file and line
 */
export function parseActions(bytes: Uint8Array, file: string): Action[] {
  const text = new TextDecoder('utf-8', { fatal: true })
  let lines: string[]
  try {
    lines = text.decode(bytes).split('\n')
  } catch (error) {
    throw corrupt(file, 1, 'is not UTF-8', error)
  }
  const actions: Action[] = []
  lines.forEach((line, index) => {
    if (line.trim() === '') return
    let value: unknown
    try {
      value = JSON.parse(line)
    } catch (error) {
      throw corrupt(file, index + 1, 'is not JSON: the entry is cut short or damaged', error)
    }
    if (!isObject(value)) throw corrupt(file, index + 1, 'is not an object')
    actions.push(checkAction(value, file, index + 1))
  })
  return actions
}

/** Checks the members that replay relies on. */
export function checkAction(value: Loose, file: string, line: number): Action {
  const { add, remove, metaData, protocol, txn } = value
  const need = (holds: boolean, what: string): void => {
    if (!holds) throw corrupt(file, line, what)
  }
  if (isObject(add)) {
    need(typeof add.path === 'string' && add.path !== '', 'adds a file without a path')
    need(typeof add.size === 'number', 'adds a file without a size')
    need(isObject(add.partitionValues), 'adds a file without partition values')
  }
  if (isObject(remove)) need(typeof remove.path === 'string' && remove.path !== '', 'removes a file without a path')
  if (isObject(metaData)) {
    need(typeof metaData.id === 'string', 'describes a table without an id')
    need(Array.isArray(metaData.partitionColumns), 'describes a table without partition columns')
    // Old writers leave out what is empty.
    const { configuration = {}, schemaString = '' } = metaData
    return { metaData: { ...metaData, configuration, schemaString } as unknown as MetaDataAction }
  }
  if (isObject(protocol)) need(Number.isInteger(protocol.minReaderVersion), 'states a protocol without versions')
  if (isObject(txn))
    need(typeof txn.appId === 'string' && typeof txn.version === 'number', 'records a transaction without appId and version')
  return value
}

/** The bytes of a log entry: one JSON line an action, in the order given. */
export function serialiseActions(actions: readonly Action[]): Uint8Array {
  return new TextEncoder().encode(`${actions.map((action) => JSON.stringify(action)).join('\n')}\n`)
}

export function isObject(value: unknown): value is Loose {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function corrupt(file: string, line: number, what: string, cause?: unknown): TradingError {
  return new TradingError('MANIFEST_LOG_CORRUPT', `${file}, line ${line} ${what}`, { file, line }, { cause })
}
