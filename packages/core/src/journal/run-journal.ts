import { createHash } from 'node:crypto'
import { openLog, readLog, type DurableLog } from '@gatehouse/durable-log'
import { TradingError } from '@gatehouse/contracts'
import type { Instrument } from '../interfaces/instrument.js'
import type { Journal, JournalEntry } from '../interfaces/journal.js'
import { ByteWriter, nothingKnown, type KnownTexts } from './byte-writer.js'
import { readEntry, splitEntries, writeEntry, type EntryPosition, type RawEntry } from './codec.js'

/** A written entry that differs from what the run did this time. */
export interface Difference {
  /** Number of the entry. */
  readonly number: number
  /** What is written; `undefined` when the run did something where nothing is. */
  readonly written: JournalEntry | undefined
  /** What the run did; `undefined` when it did nothing where something is written. */
  readonly done: JournalEntry | undefined
}

/** Entries are gathered into records of about this size. */
const recordBytes = 256 * 1024

/** What a run's start says of texts that come again: ids of its orders, currency, and the account and executions of a simulated broker. */
function knownTexts({ runId, config }: Extract<JournalEntry, { type: 'run-started' }>): KnownTexts {
  const { broker } = JSON.parse(config) as { readonly broker?: { readonly name?: string; readonly currency?: string } }
  const { name = '', currency = '' } = broker ?? {}
  return [`${runId}-`, currency, name, name && `${name}-`]
}

/** Where a journal's entries come from when a run is done again. */
export class WrittenEntries {
  readonly #instruments: Instrument[] = []
  #known = nothingKnown
  #queue: RawEntry[] = []
  #head = 0
  #first = 0
  readonly #records: AsyncIterator<{ readonly payload: Uint8Array }>
  isExhausted = false

  constructor(records: AsyncIterable<{ readonly payload: Uint8Array }>) {
    this.#records = records[Symbol.asyncIterator]()
  }

  /** Reads on until at least `count` entries are at hand, or the end. */
  async fill(count: number): Promise<void> {
    while (!this.isExhausted && this.#queue.length - this.#head < count) {
      const next = await this.#records.next()
      if (next.done === true) {
        this.isExhausted = true
        return
      }
      this.#queue = this.#queue.slice(this.#head)
      this.#head = 0
      for (const raw of splitEntries(next.value.payload, this.#first)) {
        // What the others leave out of their texts stands in here.
        if (raw.kind === 'run-started') this.decode(raw)
        this.#queue.push(raw)
        this.#first = raw.number + 1
      }
    }
  }

  peek(ahead = 0): RawEntry | undefined {
    return this.#queue[this.#head + ahead]
  }

  /** Entries at hand. */
  get ready(): number {
    return this.#queue.length - this.#head
  }

  next(): RawEntry {
    return this.#queue[this.#head++]
  }

  decode(raw: RawEntry): JournalEntry {
    const instrumentOf = (number: number): Instrument => {
      const instrument = this.#instruments[number]
      if (instrument === undefined) throw new RangeError(`instrument ${number} was never introduced`)
      return instrument
    }
    const entry = readEntry(raw, instrumentOf, this.#known)
    if (entry.type === 'instrument') this.#instruments[entry.number] ??= entry.instrument
    if (entry.type === 'run-started') this.#known = knownTexts(entry)
    return entry
  }

  async close(): Promise<void> {
    await this.#records.return?.()
  }
}

/** What a run's journal is opened with. */
export interface RunJournalParts {
  readonly directory: string
  /** The log to write to; `undefined` for a run that is only compared. */
  readonly log: DurableLog | undefined
  /** Entries written before, which must come out again before anything is added. */
  readonly written: WrittenEntries | undefined
  readonly durability: 'process' | 'power'
}

/**
 * A run's journal. Where entries were written before (a resumed run, a replay), what the run does is first compared with them, byte for byte;
 * only when they are used up is anything added. So a resumed run's journal is the one an uninterrupted run would have left.
 */
export class RunJournal implements Journal {
  next = 0
  readonly directory: string
  /** Entry and position where the run first did something else than is written. */
  firstDifference: Difference | undefined
  readonly #log: DurableLog | undefined
  readonly #written: WrittenEntries | undefined
  readonly #durability: 'process' | 'power'
  readonly #out = new ByteWriter()
  readonly #hash = createHash('sha256')
  #isCatchingUp: boolean
  #position: () => EntryPosition = () => ({ rows: 0, phase: 0 })
  #numberOf: (instrument: Instrument) => number = () => 0

  constructor({ directory, log, written, durability }: RunJournalParts) {
    this.directory = directory
    this.#log = log
    this.#written = written
    this.#durability = durability
    this.#isCatchingUp = written !== undefined
  }

  /** Where entries are made and how instruments are numbered; set by the engine. */
  attach(position: () => EntryPosition, numberOf: (instrument: Instrument) => number): void {
    this.#position = position
    this.#numberOf = numberOf
  }

  /** Goes on after what is written, without doing it again. */
  async continue(start: JournalState['start']): Promise<void> {
    if (start !== undefined) this.#out.known = knownTexts(start)
    for await (const { payload } of this.#log?.read() ?? []) {
      this.#hash.update(payload)
      for (const raw of splitEntries(payload, this.next)) this.next = raw.number + 1
    }
  }

  /** Reads written entries on, so that the next rows find theirs. @returns false once the run is past them */
  async prepare(entries: number): Promise<boolean> {
    if (!this.#isCatchingUp) return false
    await this.#written?.fill(entries)
    if (this.#written?.peek() === undefined && this.#log !== undefined) this.#isCatchingUp = false
    return this.#isCatchingUp
  }

  /** The next written entry, not yet done again. */
  get upcoming(): RawEntry | undefined {
    return this.#isCatchingUp ? this.#written?.peek() : undefined
  }

  decode(raw: RawEntry): JournalEntry {
    if (this.#written === undefined) throw new TradingError('JOURNAL_DAMAGED', 'No written entries to decode', {})
    return this.#written.decode(raw)
  }

  /** True while what the run does has been done before: nothing may leave the process. */
  get isCatchingUp(): boolean {
    return this.#isCatchingUp
  }

  append(entry: JournalEntry): number {
    const number = this.next++
    const out = this.#out
    const start = out.length
    this.#requireSame()
    writeEntry(out, entry, number, this.#position(), this.#numberOf)
    if (entry.type === 'run-started') out.known = knownTexts(entry)
    if (this.#isCatchingUp) this.#compare(number, entry, start)
    else if (out.length >= recordBytes) this.flush()
    return number
  }

  #compare(number: number, done: JournalEntry, start: number): void {
    const { bytes, length } = this.#out
    const written = this.#written?.peek()
    if (written === undefined) {
      if (this.#written?.isExhausted === false) {
        throw new TradingError('JOURNAL_TURN_TOO_LONG', `One turn made more entries than are held ready (entry ${number})`, {
          entry: number,
        })
      }
      // Everything that was written has come out again; from here on the run is new.
      this.#isCatchingUp = false
      if (this.#log === undefined) this.firstDifference ??= { number, written: undefined, done }
      return
    }
    this.#written?.next()
    this.#hash.update(bytes.subarray(start, length))
    if (this.firstDifference === undefined && !isSame(written.bytes, bytes, start, length)) {
      this.firstDifference = { number, written: this.#written?.decode(written), done }
      this.#requireSame()
    } else if (written.kind === 'instrument') {
      this.#written?.decode(written)
    }
    this.#out.rewind(start)
  }

  /** A resumed run that does something else than is written is another run: nothing of it may be added, even when the strategy catches this. */
  #requireSame(): void {
    if (this.firstDifference === undefined || this.#log === undefined) return
    const { number, written, done } = this.firstDifference
    throw new TradingError(
      'JOURNAL_DIFFERS',
      `Entry ${number} of ${this.directory} is ${inWords(written)}; done again, the run made ${inWords(done)}. Resume it with the strategy, broker, limits and data it was started with, or take another folder`,
      { directory: this.directory, entry: number, written, done },
    )
  }

  flush(): void {
    if (this.#isCatchingUp) return
    const out = this.#out
    if (out.length === 0) return
    const payload = out.bytes.subarray(0, out.length)
    this.#log?.appendSync(payload, { durability: this.#durability })
    this.#hash.update(payload)
    out.rewind(0)
  }

  async sync(): Promise<void> {
    this.flush()
    await this.#log?.sync()
  }

  async *read(from = 0): AsyncGenerator<{ readonly number: number; readonly entry: JournalEntry }> {
    this.flush()
    yield* readJournal(this.directory, from)
  }

  get hash(): string {
    const hash = this.#hash.copy()
    if (!this.#isCatchingUp) hash.update(this.#out.bytes.subarray(0, this.#out.length))
    return hash.digest('hex')
  }

  async close(): Promise<void> {
    await this.#written?.close()
    if (this.#log === undefined) return
    // A full disk must not keep the folder locked: whoever makes room wants to resume.
    try {
      this.flush()
    } finally {
      await this.#log.close()
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

const longestWords = 300

/** An entry for a message: its members as JSON, instruments by symbol, cut where it gets long. */
function inWords(entry: JournalEntry | undefined): string {
  if (entry === undefined) return 'nothing'
  const words = JSON.stringify(entry, (key, value: unknown) => {
    if (typeof value === 'bigint') return String(value)
    return key === 'instrument' && typeof value === 'object' && value !== null && 'symbol' in value ? value.symbol : value
  })
  return words.length > longestWords ? `${words.slice(0, longestWords)}…` : words
}

function isSame(written: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  return written.length === end - start && Buffer.compare(written, bytes.subarray(start, end)) === 0
}

/** What a journal's folder holds. */
export interface JournalState {
  readonly entries: number
  readonly hash: string
  readonly start: Extract<JournalEntry, { type: 'run-started' }> | undefined
  readonly end: Extract<JournalEntry, { type: 'run-ended' }> | undefined
}

/**
 * Reads a journal's entries, oldest first, from its files alone.
 * @throws {TradingError} `JOURNAL_DAMAGED`; errors of the log
 */
export async function* readJournal(
  directory: string,
  from = 0,
): AsyncGenerator<{ readonly number: number; readonly entry: JournalEntry; readonly position: EntryPosition }> {
  const written = new WrittenEntries(readLog(directory))
  try {
    for (;;) {
      await written.fill(1)
      const raw = written.peek()
      if (raw === undefined) return
      written.next()
      const entry = written.decode(raw)
      if (raw.number >= from) yield { number: raw.number, entry, position: { rows: raw.rows, phase: raw.phase } }
    }
  } finally {
    await written.close()
  }
}

/** Counts and hashes a journal and finds its first and last entry. */
export async function inspectJournal(directory: string): Promise<JournalState> {
  const written = new WrittenEntries(readLog(directory))
  const hash = createHash('sha256')
  let entries = 0
  let start: JournalState['start']
  let end: JournalState['end']
  for (;;) {
    await written.fill(1)
    const raw = written.peek()
    if (raw === undefined) break
    written.next()
    hash.update(raw.bytes)
    entries++
    if (raw.kind !== 'run-started' && raw.kind !== 'run-ended' && raw.kind !== 'instrument') continue
    const entry = written.decode(raw)
    if (entry.type === 'run-started') start ??= entry
    if (entry.type === 'run-ended') end = entry
  }
  return { entries, hash: hash.digest('hex'), start, end }
}

/**
 * Opens the journal of a run: new, or one whose run was interrupted.
 * @throws {TradingError} `JOURNAL_FINISHED` when it holds a run that has ended
 */
export async function openJournal(options: {
  readonly directory: string
  readonly durability?: 'process' | 'power' | undefined
  /** The run can be done again: at durability `process` nothing waits for the disk, and what a loss of power takes is told. */
  readonly canBeMadeAgain?: boolean | undefined
  /** `'compare'`: a resumed run does everything again and is compared. `'fold'`: what is written is taken as it is, and the run goes on after it. */
  readonly resume: 'compare' | 'fold'
}): Promise<{ readonly journal: RunJournal; readonly state: JournalState }> {
  const { directory, durability = 'process', canBeMadeAgain = false } = options
  const log = await openLog({ directory, ...(canBeMadeAgain ? { syncWithinMs: 0, neverSync: durability === 'process' } : {}) })
  try {
    const state: JournalState =
      log.head.index === 0 ? { entries: 0, hash: '', start: undefined, end: undefined } : await inspectJournal(directory)
    if (state.end !== undefined) {
      throw new TradingError(
        'JOURNAL_FINISHED',
        `${directory} holds the journal of run ${state.start?.runId ?? '?'}, which has ended; take another folder`,
        { directory },
      )
    }
    const written = state.entries === 0 || options.resume === 'fold' ? undefined : new WrittenEntries(log.read())
    const journal = new RunJournal({ directory, log, written, durability })
    if (options.resume === 'fold') await journal.continue(state.start)
    return { journal, state }
  } catch (error) {
    await log.close()
    throw error
  }
}
