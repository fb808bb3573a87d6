import { TradingError } from '@gatehouse/durable-log'
import { type AddAction } from '../delta/actions.js'
import { decodePath } from '../delta/paths.js'
import { type TableState } from '../delta/table-state.js'

/** A data file as the log describes it. */
export interface TableFile {
  /** decoded, relative to the table */
  readonly path: string
  readonly sha256: string
  /** digest of its footer */
  readonly footer: string
  readonly bytes: number
  readonly rows: number
  /** times of its first and its last row */
  readonly from: bigint
  readonly to: bigint
}

const digest = /^[0-9a-f]{64}$/
const digits = /^\d{1,19}$/

/**
 * Reads what this package writes beside Delta's own fields.
 * @throws {TradingError} `MANIFEST_FOREIGN_COMMIT` for a file that is not described so, or lies outside the table
 */
export function tableFile({ path, size, tags = {} }: AddAction): TableFile {
  const { sha256, footer, rows, from, to } = tags
  const decoded = decodePath(path)
  const refuse = (what: string): TradingError =>
    new TradingError('MANIFEST_FOREIGN_COMMIT', `${path} was added by another program: ${what}`, { path })
  // Nothing is read, and nothing proven, that the table's folder does not hold.
  if (!decoded.startsWith('data/') || decoded.includes('\0') || decoded.split(/[/\\]/).includes('..'))
    throw refuse('it does not lie in the data folder of the table')
  if (!digest.test(sha256) || !digest.test(footer)) throw refuse('it carries no digest')
  if (!digits.test(rows) || !digits.test(from) || !digits.test(to)) throw refuse('its rows and times are not stated')
  return { path: decoded, sha256, footer, bytes: size, rows: Number(rows), from: BigInt(from), to: BigInt(to) }
}

/** Files by commit, then by their place in it: the order of rows of one instant. */
export function orderedFiles(state: TableState): (TableFile & { readonly order: number })[] {
  const keyed = [...state.files.values()].map((add) => {
    const [version, place] = (add.tags?.order ?? '0.0').split('.').map(Number)
    return { file: tableFile(add), version, place }
  })
  keyed.sort((a, b) => a.version - b.version || a.place - b.place || (a.file.path < b.file.path ? -1 : 1))
  return keyed.map(({ file }, order) => ({ ...file, order }))
}
