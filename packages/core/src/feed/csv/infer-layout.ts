import { TradingError } from '@gatehouse/contracts'
import { openTimeZone } from '../../calendar/time-zone.js'
import { barNs, type BarSchema } from '../../interfaces/schema.js'
import { openBytes } from './byte-source.js'
import { mapHeader, mapPositions, type ColumnPositions } from './column-map.js'
import type { CsvPlan } from './csv-options.js'
import { RowScanner } from './row-scanner.js'
import { dayOfFile, detectTimeFormat, TimeField, type TimeFormat } from './time-field.js'

/** How a file is laid out. */
export interface CsvLayout {
  readonly hasHeader: boolean
  readonly positions: ColumnPositions
  readonly fieldCount: number
  readonly timeFormat: TimeFormat
}

const looked = 200

/** Opens a file and reads its first row: scanner and layout. `undefined` for a file without any row. @throws {TradingError} as `csvBars` */
export async function openLayout(path: string, plan: CsvPlan): Promise<{ scanner: RowScanner; layout: CsvLayout } | undefined> {
  const scanner = new RowScanner(openBytes(path, plan.entry), path, plan.delimiterCode)
  try {
    while (!scanner.next()) if (!(await scanner.fill())) return undefined
    const hasHeader = plan.header ?? looksLikeHeader(scanner, plan)
    const columns = plan.columns ?? {}
    const positions = hasHeader ? mapHeader(scanner, columns) : mapPositions(scanner, columns)
    if (plan.adjust === 'adjusted-close' && positions.adjustedClose < 0) {
      throw new TradingError('CSV_COLUMN_MISSING', `${path}:1: no column of adjusted closes: name it in columns.adjustedClose`, {
        file: path,
        line: 1,
      })
    }
    const { fieldCount } = scanner
    if (hasHeader) while (!scanner.next()) if (!(await scanner.fill())) return undefined
    const text = scanner.text(positions.time)
    const timeFormat = plan.timeFormat ?? detectTimeFormat(text)
    if (timeFormat === undefined) {
      throw new TradingError(
        'CSV_TIME_INVALID',
        `${path}:${scanner.line}: ${JSON.stringify(text)} is no known way to write a time: state timeFormat`,
        {
          file: path,
          line: scanner.line,
          value: text,
        },
      )
    }
    scanner.back()
    return { scanner, layout: { hasHeader, positions, fieldCount, timeFormat } }
  } catch (error) {
    await scanner.close()
    throw error
  }
}

/** A first row without any number below its names is a header. */
function looksLikeHeader(scanner: RowScanner, { timeFormat, columns }: CsvPlan): boolean {
  if (Object.values(columns ?? {}).some((column) => typeof column === 'string')) return true
  const cells = Array.from({ length: scanner.fieldCount }, (_, field) => scanner.text(field))
  return timeFormat === 'milliseconds-of-day'
    ? Number.isNaN(Number(cells[0]))
    : cells.every((cell) => Number.isNaN(Number(cell)) || cell === '')
}

/**
 * The bar length that the first rows of a file are apart: the smallest distance that occurs.
 * @throws {TradingError} `CSV_SCHEMA_UNKNOWN` when it is none of a second, minute, hour or day
 */
export async function inferSchema(path: string, plan: CsvPlan): Promise<BarSchema | undefined> {
  const opened = await openLayout(path, plan)
  if (opened === undefined) return undefined
  const { scanner, layout } = opened
  const time = new TimeField(layout.timeFormat, openTimeZone(plan.timeZone), dayOfFile(path))
  let previous = NaN
  let smallest = Infinity
  try {
    for (let row = 0; row < looked; row++) {
      let isRow = scanner.next()
      while (!isRow && (await scanner.fill())) isRow = scanner.next()
      if (!isRow) break
      if (scanner.fieldCount <= layout.positions.time) continue
      if (!time.parse(scanner.bytes, scanner.starts[layout.positions.time], scanner.ends[layout.positions.time])) continue
      const seconds = time.seconds + time.nanos / 1e9
      if (seconds > previous) smallest = Math.min(smallest, seconds - previous)
      previous = seconds
    }
  } finally {
    await scanner.close()
  }
  // Daily bars skip nothing shorter than a day, but a change of clocks makes one 23 hours long.
  if (smallest >= 82_800 && smallest <= 5 * 86_400) return 'ohlcv-1d'
  const schema = (Object.keys(barNs) as BarSchema[]).find((length) => Number(barNs[length]) === smallest * 1e9)
  if (schema !== undefined) return schema
  throw new TradingError(
    'CSV_SCHEMA_UNKNOWN',
    `${path}: its rows are ${smallest === Infinity ? 'too few to tell' : `${smallest} s apart`}: state schema, one of ${Object.keys(barNs).join(', ')}`,
    { file: path, value: smallest },
  )
}
