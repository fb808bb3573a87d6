import { TradingError } from '@gatehouse/contracts'
import type { RowScanner } from './row-scanner.js'

/** Which column holds what: a header's name (any case) or a position from 0. */
export interface CsvColumns {
  readonly time?: string | number | undefined
  readonly open?: string | number | undefined
  readonly high?: string | number | undefined
  readonly low?: string | number | undefined
  readonly close?: string | number | undefined
  /** `null` for a file without volume: it is `NaN`, which is not zero. */
  readonly volume?: string | number | null | undefined
  readonly adjustedClose?: string | number | undefined
}

/** Positions of the columns; -1 where a file has no such column. */
export interface ColumnPositions {
  readonly time: number
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
  readonly volume: number
  readonly adjustedClose: number
}

const knownNames = {
  time: ['time', 'date', 'datetime', 'timestamp', 'ts_event', 'tsevent', 'date time', 'open time', ''],
  open: ['open', 'o'],
  high: ['high', 'h'],
  low: ['low', 'l'],
  close: ['close', 'c', 'last', 'close/last'],
  volume: ['volume', 'vol', 'v'],
  adjustedClose: ['adj close', 'adj_close', 'adjclose', 'adjusted_close', 'adjusted close'],
} as const
type Role = keyof typeof knownNames
const roles = Object.keys(knownNames) as Role[]

/** Positions in a file with a header row, which the scanner stands on. @throws {TradingError} `CSV_COLUMN_MISSING` */
export function mapHeader(scanner: RowScanner, columns: CsvColumns): ColumnPositions {
  const header = Array.from({ length: scanner.fieldCount }, (_, field) => scanner.text(field).toLowerCase())
  return positions(scanner, columns, header, (role) => {
    const found = knownNames[role].map((name) => header.indexOf(name)).filter((position) => position >= 0)
    return found.length === 0 ? -1 : found[0]
  })
}

/** Positions in a file without a header: time, open, high, low, close, volume in this order unless stated. */
export function mapPositions(scanner: RowScanner, columns: CsvColumns): ColumnPositions {
  const order = ['time', 'open', 'high', 'low', 'close', 'volume']
  return positions(scanner, columns, [], (role) => {
    const position = order.indexOf(role)
    return position < scanner.fieldCount ? position : -1
  })
}

function positions(scanner: RowScanner, columns: CsvColumns, header: readonly string[], fallback: (role: Role) => number): ColumnPositions {
  const found = Object.fromEntries(
    roles.map((role) => {
      const wanted = columns[role]
      if (wanted === null) return [role, -1]
      const position =
        wanted === undefined ? fallback(role) : typeof wanted === 'number' ? wanted : header.indexOf(wanted.trim().toLowerCase())
      const isNeeded = wanted !== undefined || !(role === 'volume' || role === 'adjustedClose')
      if (isNeeded && !(position >= 0 && position < scanner.fieldCount)) throw missing(scanner, role, wanted)
      return [role, position]
    }),
  )
  return found as unknown as ColumnPositions
}

const mostNamed = 20
const mostShown = 40

function missing(scanner: RowScanner, role: Role, wanted: string | number | undefined): TradingError {
  const { file, line, fieldCount } = scanner
  const columns = Array.from({ length: Math.min(fieldCount, mostNamed) }, (_, field) => shown(scanner.text(field)))
  const rest = fieldCount > mostNamed ? `, … ${fieldCount}` : ''
  const named = wanted === undefined ? `for ${role}` : JSON.stringify(wanted)
  const message = `${file}:${line}: no column ${named} among ${columns.join(', ')}${rest}: name it in columns, such as { ${role}: 'the header' }`
  return new TradingError('CSV_COLUMN_MISSING', message, { file, line, column: role, columns })
}

/** A header as a message can hold it: of a file that is no text, some bytes would move the cursor and others fill the screen. */
function shown(header: string): string {
  const printable = header.replace(/[\p{Cc}\p{Cf}\u2028\u2029\ufffd]+/gu, '�')
  return printable.length > mostShown ? `${printable.slice(0, mostShown)}…` : printable
}
