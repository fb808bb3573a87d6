import { anyBatch, barNs, isBarSchema, schemas, type Batch, type Instrument, type Schema } from '@gatehouse/core'
import type { Metadata } from '../codec/metadata.js'
import type { RecordRun } from '../codec/run.js'
import { RType, schemaOf, UNDEF_TIMESTAMP, type DbnSchema } from '../layout/enums.js'
import { DefinitionCursor } from '../records/generated/definition.js'
import type { DefinitionRecord } from '../records/generated/index.js'
import { SymbolIndex } from '../symbols/symbol-index.js'
import { AvailableAt, DbnBatch } from './dbn-batch.js'
import { defaultInstrument, type InstrumentResolver } from './instruments.js'

const coreSchemas: ReadonlySet<string> = new Set<string>(schemas)
const DAY_NS = 86_400_000_000_000n

/** The core schema of a DBN schema, or `undefined` when core has no such rows (consolidated books, one-minute quotes). */
export function coreSchema(schema: DbnSchema): Schema | undefined {
  return coreSchemas.has(schema) ? (schema as Schema) : undefined
}

/** What a maker knows about its stream. */
export interface BatchMakerOptions {
  readonly dataset: string
  readonly metadata?: Metadata | undefined
  /** Symbols by instrument id, for streams without mappings (requests of ALL_SYMBOLS). */
  readonly symbols?: ReadonlyMap<number, string> | undefined
  readonly instrument?: InstrumentResolver | undefined
  /** Definitions by instrument id, known beforehand. */
  readonly definitions?: ReadonlyMap<number, DefinitionRecord> | undefined
  /** 0x01 is `mbp-1` and `tbbo`: which of them the stream has. */
  readonly levelOne?: 'mbp-1' | 'tbbo' | undefined
  /** Instruments made before, by symbol: one identity a run. */
  readonly known?: Map<string, Instrument> | undefined
}

/** Turns runs of records into core batches: names the instruments, and when each row could be known. */
export class BatchMaker {
  readonly #options: BatchMakerOptions
  readonly #index: SymbolIndex
  readonly #definitions: Map<number, DefinitionRecord>
  readonly #known: Map<string, Instrument>
  readonly #instruments: Instrument[] = []
  readonly #indexOfSymbol = new Map<string, number>()
  /** Index by instrument id, for the day it was looked up. */
  readonly #indexOfId = new Map<number, number>()
  #day = -1n
  readonly #available = new AvailableAt()
  readonly #tsRecvWords = new Map<string, number>()

  constructor(options: BatchMakerOptions) {
    this.#options = options
    this.#index = new SymbolIndex(options.metadata)
    this.#definitions = new Map(options.definitions)
    this.#known = options.known ?? new Map<string, Instrument>()
  }

  /** Learns symbol mappings and definitions. */
  learn(run: RecordRun): void {
    if (run.rtype === RType.symbolMapping) {
      this.#index.learn(run)
      this.#indexOfId.clear()
    } else if (run.rtype === RType.definition && run.layout?.name === 'Definition') {
      const cursor = new DefinitionCursor(run)
      for (let row = 0; row < run.length; row += 1) {
        cursor.word = run.wordOffset + row * run.stride
        const definition = cursor.toObject()
        this.#definitions.set(definition.instrumentId, definition)
        if (this.#index.symbolAt(definition.instrumentId, definition.tsEvent) === undefined)
          this.#index.add(definition.instrumentId, definition.rawSymbol)
      }
    }
  }

  /** The core schema of a run, or `undefined` for control records and schemas that core does not have. */
  schemaOf(run: RecordRun): Schema | undefined {
    if (run.rtype === RType.mbp1) return this.#options.levelOne ?? (this.#options.metadata?.schema === 'tbbo' ? 'tbbo' : 'mbp-1')
    const schema = schemaOf(run.rtype)
    return schema === undefined ? undefined : coreSchema(schema)
  }

  /** Batches of a run, one a day; none for records that core has no rows for. Valid as long as the run is. */
  *batches(run: RecordRun): Generator<Batch, void, undefined> {
    this.learn(run)
    const schema = this.schemaOf(run)
    if (schema === undefined || run.layout === undefined) return
    for (let row = 0; row < run.length;) {
      const day = this.#dayOf(run, row)
      // Ids are given anew each day, so a batch does not cross midnight (UTC). Runs seldom do: the last row tells.
      let end = run.length
      if (this.#dayOf(run, run.length - 1) !== day) for (end = row + 1; end < run.length && this.#dayOf(run, end) === day;) end += 1
      if (day !== this.#day) {
        this.#day = day
        this.#indexOfId.clear()
      }
      const part = row === 0 && end === run.length ? run : { ...run, wordOffset: run.wordOffset + row * run.stride, length: end - row }
      yield anyBatch(this.#batch(part, schema))
      row = end
    }
  }

  /** Databento maps symbols by receive time where there is one: orders of a snapshot happened days before. */
  #mappingTime(run: RecordRun, word: number): bigint {
    const { view } = run.window
    const received = view.getBigUint64((word + this.#tsRecvWord(run)) * 4, true)
    return received === UNDEF_TIMESTAMP ? view.getBigUint64((word + 2) * 4, true) : received
  }

  #dayOf(run: RecordRun, row: number): bigint {
    return this.#mappingTime(run, run.wordOffset + row * run.stride) / DAY_NS
  }

  #batch(run: RecordRun, schema: Schema): DbnBatch {
    const instrumentIndex = new Uint32Array(run.length)
    let lastId = -1
    let lastIndex = 0
    for (let row = 0, word = run.wordOffset; row < run.length; row += 1, word += run.stride) {
      const id = run.uint32[word + 1]
      if (id !== lastId) {
        lastId = id
        lastIndex = this.#indexOfId.get(id) ?? this.#name(run, word, id)
      }
      instrumentIndex[row] = lastIndex
    }
    const availableAt = new BigInt64Array(run.length)
    this.#available.fill(run, schema, this.#tsRecvWord(run), isBarSchema(schema) ? barNs[schema] : 0n, availableAt)
    return new DbnBatch({ schema, source: this.#options.dataset, instruments: this.#instruments, instrumentIndex, availableAt, run })
  }

  #tsRecvWord(run: RecordRun): number {
    const name = run.layout?.name ?? ''
    let word = this.#tsRecvWords.get(name)
    if (word === undefined) {
      word = (run.layout?.fields.find((field) => field.name === 'ts_recv')?.offset ?? 8) / 4
      this.#tsRecvWords.set(name, word)
    }
    return word
  }

  #name(run: RecordRun, word: number, instrumentId: number): number {
    const ts = this.#mappingTime(run, word)
    // Without any mapping the id itself is the name: it is one within a dataset and day.
    const symbol = this.#index.symbolAt(instrumentId, ts) ?? this.#options.symbols?.get(instrumentId) ?? String(instrumentId)
    let index = this.#indexOfSymbol.get(symbol)
    if (index === undefined) {
      index = this.#instruments.length
      this.#instruments.push(this.instrumentNamed(symbol, instrumentId, run.uint32[word] >>> 16))
      this.#indexOfSymbol.set(symbol, index)
    }
    this.#indexOfId.set(instrumentId, index)
    return index
  }

  /** The instrument of a symbol; the same object each time. */
  instrumentNamed(symbol: string, instrumentId: number, publisherId: number): Instrument {
    const known = this.#known.get(symbol)
    if (known !== undefined) return known
    const { dataset, instrument = defaultInstrument } = this.#options
    const made = instrument({ dataset, symbol, instrumentId, publisherId, definition: this.#definitions.get(instrumentId) })
    this.#known.set(symbol, made)
    return made
  }

  /** Instruments of all mappings known so far. */
  mapped(): Instrument[] {
    const found = new Map<string, Instrument>()
    for (const [instrumentId, intervals] of this.#index.entries()) {
      for (const { symbol } of intervals) if (!found.has(symbol)) found.set(symbol, this.instrumentNamed(symbol, instrumentId, 0))
    }
    for (const [instrumentId, symbol] of this.#options.symbols ?? [])
      if (!found.has(symbol)) found.set(symbol, this.instrumentNamed(symbol, instrumentId, 0))
    return [...found.values()]
  }
}
