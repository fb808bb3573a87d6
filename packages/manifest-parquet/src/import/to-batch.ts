import {
  type AssetClass,
  type Batch,
  crypto,
  createBatch,
  type ColumnKind,
  dayOfCivil,
  equity,
  etf,
  fx,
  index,
  type Instrument,
  openTimeZone,
  type Schema,
  schemaColumns,
  schemas,
  selectRows,
  timeOfDay,
  type TimeZone,
} from '@gatehouse/core'
import { parseTime } from '@gatehouse/contracts'
import { TradingError } from '@gatehouse/durable-log'
import { invalidOption, requireOneOf } from '../check-options.js'
import { type ImportSpec, type RawRows, type TimeFormat, timeFormats } from './import-spec.js'

const nsPerDay = 86_400_000_000_000n

type Raw = string | number | bigint | boolean | null | undefined
const factories: Partial<Record<AssetClass, (symbol: string) => Instrument>> = { equity, etf, fx, crypto, index }

/** Turns rows of a file into batches of the schema. */
export class RowConverter {
  readonly #spec: ImportSpec
  readonly #zone: TimeZone | undefined
  readonly #midnight: bigint
  readonly #instruments = new Map<string, Instrument>()

  constructor(spec: ImportSpec) {
    this.#spec = spec
    requireOneOf('schema', spec.schema, schemas)
    requireOneOf('time', spec.time, timeFormats)
    const names = schemaColumns[spec.schema].map(({ name }) => name as string)
    for (const name of Object.keys(spec.columns ?? {})) requireOneOf(`a column of ${spec.schema}`, name, names)
    if (spec.priceScale !== undefined && !(spec.priceScale > 0)) throw invalidOption('priceScale', spec.priceScale, 'above 0')
    this.#zone = spec.zone === undefined || spec.zone === 'UTC' ? undefined : openTimeZone(spec.zone)
    this.#midnight = spec.date === undefined ? 0n : parseTime(`${spec.date}T00:00:00Z`)
    if (spec.time === 'ms-of-day' && spec.date === undefined) throw invalid('times of the day need a date', {})
  }

  get instruments(): number {
    return this.#instruments.size
  }

  /**
   * A batch in `availableAt` order.
   * @param firstRow number of the first row in the file, for messages
   * @throws {TradingError} `MANIFEST_IMPORT` naming row and column
   */
  convert(raw: RawRows, firstRow: number): Batch {
    const { schema, source } = this.#spec
    const columns: Record<string, unknown> = {}
    for (const { name, kind } of schemaColumns[schema]) columns[name] = this.#column(raw, name, kind, firstRow)
    const { instruments, instrumentIndex } = this.#index(raw, firstRow)
    const event = columns.tsEvent as BigInt64Array
    const order = sortedOrder((columns.tsRecv as BigInt64Array | undefined) ?? event)
    if (!order) return createBatch<Schema>({ schema, source, instruments, instrumentIndex, columns: columns as never })
    // Time may fall between instruments; a batch is in time order across them.
    const sorted = createBatch<Schema>({
      schema,
      source,
      instruments,
      instrumentIndex,
      columns: columns as never,
      availableAt: new BigInt64Array(raw.rows),
    })
    const picked = selectRows<Schema>(sorted, order)
    return createBatch<Schema>({ schema, source, instruments, instrumentIndex: picked.instrumentIndex, columns: picked.columns })
  }

  #column(raw: RawRows, name: string, kind: ColumnKind, firstRow: number): unknown {
    const stated = this.#spec.columns?.[name]
    const values =
      stated === undefined ? (raw.column(name) ?? raw.column(snake(name)) ?? raw.column(name.toLowerCase())) : raw.column(stated)
    if (!values) {
      // What a source does not say is zero, empty or unknown; times and prices it must say.
      if (kind === 'time' || kind === 'price')
        throw invalid(
          stated === undefined
            ? `the file has no column ${name} or ${snake(name)}: say what it is called there (columns: { ${name}: '…' }, or --map ${name}=…)`
            : `the file has no column ${stated}, which ${name} is said to be`,
          { column: name },
        )
      return absent(kind, raw.rows)
    }
    const convert = this.#converter(kind)
    const target = absent(kind, raw.rows) as { [row: number]: unknown }
    for (let row = 0; row < raw.rows; row++) {
      try {
        target[row] = convert(values[row])
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error)
        throw invalid(`row ${firstRow + row}, ${name}: ${message}`, { row: firstRow + row, column: name }, error)
      }
    }
    return target
  }

  #converter(kind: ColumnKind): (value: Raw) => unknown {
    const scale = this.#spec.priceScale ?? 1
    switch (kind) {
      case 'time':
        return (value) => this.#time(value)
      case 'id':
        return (value) => BigInt(value as string | number | bigint)
      case 'price':
        return (value) => (isEmpty(value) ? NaN : number(value) / scale)
      case 'size':
      case 'number':
        return (value) => (isEmpty(value) ? NaN : number(value))
      case 'count':
      case 'flags':
        return (value) => (isEmpty(value) ? 0 : whole(value))
      case 'char':
        return (value) => (isEmpty(value) ? 0 : String(value).charCodeAt(0))
      case 'text':
        return (value) => (isEmpty(value) ? '' : String(value))
    }
  }

  #time(value: Raw): bigint {
    if (isEmpty(value)) throw new Error('the time is empty')
    const format: TimeFormat = this.#spec.time ?? 'iso'
    switch (format) {
      case 'ns':
        return BigInt(value)
      case 'us':
        return BigInt(value) * 1000n
      case 'ms':
        return BigInt(value) * 1_000_000n
      case 's':
        return BigInt(value) * 1_000_000_000n
      case 'days':
        return timeOfDay(number(value))
      case 'ms-of-day':
        return this.#local(this.#midnight + BigInt(Math.round(number(value) * 1e6)))
      case 'iso': {
        const text = String(value)
        if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return this.#local(parseTime(`${text}T00:00:00Z`))
        return parseTime(text.endsWith('+00:00') ? `${text.slice(0, -6)}Z` : text.replace(' ', 'T'))
      }
      case 'lean': {
        const match = /^(\d{4})(\d{2})(\d{2}) (\d{2}):(\d{2})$/.exec(String(value))
        if (!match) throw new Error(`"${String(value)}" is no time such as 20131007 09:30`)
        const [year, month, day, hour, minute] = match.slice(1).map(Number)
        return this.#local(timeOfDay(dayOfCivil(year, month, day)) + BigInt(hour * 60 + minute) * 60_000_000_000n)
      }
    }
  }

  #local(wallClock: bigint): bigint {
    if (!this.#zone) return wallClock
    const day = wallClock / nsPerDay
    const rest = wallClock % nsPerDay
    return this.#zone.timeOfLocal(Number(day), Number(rest / 1_000_000_000n)) + (rest % 1_000_000_000n)
  }

  #index(raw: RawRows, firstRow: number): { instruments: Instrument[]; instrumentIndex: Uint32Array } {
    const { symbolColumn, symbol } = this.#spec
    const instrumentIndex = new Uint32Array(raw.rows)
    const instruments: Instrument[] = []
    const places = new Map<string, number>()
    const place = (name: string): number => {
      let found = places.get(name)
      if (found === undefined) places.set(name, (found = instruments.push(this.#instrument(name)) - 1))
      return found
    }
    if (symbol !== undefined) {
      place(symbol)
      return { instruments, instrumentIndex }
    }
    const names = raw.column(symbolColumn ?? 'symbol')
    if (!names) throw invalid('no instrument: state symbol, or the column that holds it', { symbolColumn })
    for (let row = 0; row < raw.rows; row++) {
      if (isEmpty(names[row])) throw invalid(`row ${firstRow + row}: the symbol is empty`, { row: firstRow + row })
      instrumentIndex[row] = place(String(names[row]))
    }
    return { instruments, instrumentIndex }
  }

  #instrument(symbol: string): Instrument {
    let instrument = this.#instruments.get(symbol)
    if (!instrument) {
      const make = this.#spec.instrument ?? factories[this.#spec.assetClass ?? 'equity']
      if (!make)
        throw invalid(`instruments of class ${this.#spec.assetClass} need their own factory`, { assetClass: this.#spec.assetClass })
      this.#instruments.set(symbol, (instrument = make(symbol)))
    }
    return instrument
  }
}

function absent(kind: ColumnKind, rows: number): unknown {
  switch (kind) {
    case 'time':
      return new BigInt64Array(rows)
    case 'id':
      return new BigUint64Array(rows)
    case 'price':
    case 'size':
    case 'number':
      return new Float64Array(rows).fill(NaN)
    case 'count':
      return new Uint32Array(rows)
    case 'char':
    case 'flags':
      return new Uint8Array(rows)
    case 'text':
      return new Array<string>(rows).fill('')
  }
}

function isEmpty(value: Raw): value is '' | null | undefined {
  return value === '' || value === null || value === undefined
}

function number(value: Raw): number {
  const parsed = typeof value === 'string' ? Number(value.trim()) : Number(value)
  if (Number.isNaN(parsed) && !(typeof value === 'number') && String(value).toLowerCase() !== 'nan')
    throw new Error(`"${String(value)}" is no number`)
  return parsed
}

function whole(value: Raw): number {
  const parsed = number(value)
  if (!Number.isInteger(parsed) || parsed < 0 || parsed > 4_294_967_295) throw new Error(`"${String(value)}" is no count`)
  return parsed
}

/** `bidPx00` as `bid_px_00`, `tsEvent` as `ts_event`. */
function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`).replace(/(?<=[a-z])(?=\d)/, '_')
}

function sortedOrder(times: BigInt64Array): Uint32Array | undefined {
  let sorted = true
  for (let row = 1; row < times.length && sorted; row++) sorted = times[row] >= times[row - 1]
  if (sorted) return undefined
  const keys = new Float64Array(times.buffer, times.byteOffset, times.length)
  return Uint32Array.from({ length: times.length }, (_, row) => row).sort((a, b) =>
    keys[a] < keys[b] ? -1 : keys[a] > keys[b] ? 1 : a - b,
  )
}

export function invalid(message: string, details: Record<string, unknown>, cause?: unknown): TradingError {
  return new TradingError('MANIFEST_IMPORT', message, details, { cause })
}
