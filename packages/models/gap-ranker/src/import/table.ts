import { TradingError } from '@gatehouse/contracts'
import { recordsOf } from './records.js'

/** Names under which files have a column; the first that is there is taken. */
export type ColumnNames = Readonly<Record<string, readonly string[]>>

/** Where a value stands in a file: what errors say. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: string
}

/** One row of a file by the names that the importer asked for; `undefined` for a column that the file does not have. */
export interface TableRow<N extends ColumnNames> {
  readonly line: number
  readonly text: { readonly [K in keyof N]: string | undefined }
  place(column: keyof N & string): Place
}

/**
 * Rows of a delimited file with a header. Names of columns match whatever their case.
 * @param required columns without which nothing can be read
 * @throws {TradingError} `GAP_FILE_HEADER`, `GAP_FILE_ROW` for a row with more or fewer fields than the header, `GAP_FILE_UNREADABLE`
 */
export async function* tableRows<N extends ColumnNames>(
  file: string,
  names: N,
  required: readonly (keyof N & string)[],
): AsyncGenerator<TableRow<N>> {
  let header: readonly string[] | undefined
  let columns: Readonly<Record<string, number>> = {}
  for await (const { line, fields } of recordsOf(file)) {
    if (header === undefined) {
      header = fields.map((field) => field.trim())
      columns = findColumns(file, header, { names, required })
      continue
    }
    if (fields.length !== header.length)
      throw new TradingError('GAP_FILE_ROW', `${file}:${line}: ${fields.length} fields, the header has ${header.length}; mend the line, or quote a field that holds the delimiter`, { file, line, value: fields.join().slice(0, 80), found: fields.length, expected: header.length }) // prettier-ignore
    const names_ = header
    yield {
      line,
      text: Object.fromEntries(
        Object.entries(columns).map(([name, at]) => [name, at < 0 ? undefined : fields[at].trim()]),
      ) as TableRow<N>['text'],
      place: (column) => ({ file, line, column: names_[columns[column]] ?? column }),
    }
  }
  if (header === undefined) throw new TradingError('GAP_FILE_HEADER', `${file}: is empty; the first line names the columns`, { file, line: 1, value: '' }) // prettier-ignore
}

function findColumns<N extends ColumnNames>(
  file: string,
  header: readonly string[],
  { names, required }: { readonly names: N; readonly required: readonly string[] },
): Readonly<Record<string, number>> {
  const lower = header.map((name) => name.toLowerCase())
  const columns = Object.fromEntries(
    Object.entries(names).map(([name, aliases]) => {
      const found = aliases.map((alias) => lower.indexOf(alias.toLowerCase())).find((at) => at >= 0)
      return [name, found ?? -1]
    }),
  )
  const missing = required.filter((name) => columns[name] < 0)
  if (missing.length > 0)
    throw new TradingError('GAP_FILE_HEADER', `${file}:1: no column for ${missing.map((name) => `${name} (${names[name].join(', ')})`).join(' and ')}; the file has ${header.join(', ')}; name it in \`columns\``, { file, line: 1, value: header.join(), missing }) // prettier-ignore
  return columns
}

/** @throws {TradingError} `GAP_FILE_VALUE` */
export function badValue({ file, line, column }: Place, value: string, expected: string): TradingError {
  return new TradingError('GAP_FILE_VALUE', `${file}:${line}: ${column} is "${value}"; expected ${expected}`, { file, line, column, value })
}

const missingWords = new Set(['', '-', '--', 'n/a', 'na', 'nan', 'null', 'none'])
const magnitudes: Readonly<Record<string, number>> = { '': 1, K: 1e3, M: 1e6, B: 1e9, T: 1e12 }

/**
 * A quantity from 0 on, such as `5502353`, `"137,452"` or `36.44M`.
 * @returns `undefined` for what files write where they have none
 * @throws {TradingError} `GAP_FILE_VALUE`
 */
export function quantityOf(text: string | undefined, place: Place): number | undefined {
  if (text === undefined || missingWords.has(text.toLowerCase())) return undefined
  const match = /^([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(\.[0-9]+)?([KMBT]?)$/i.exec(text)
  if (match === null) throw badValue(place, text, 'a quantity from 0 on, such as 5502353 or 36.44M')
  return Number(match[1].replaceAll(',', '') + (match[2] ?? '')) * magnitudes[match[3].toUpperCase()]
}
