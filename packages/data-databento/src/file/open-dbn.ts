import type { CallOptions, Closable } from '@gatehouse/core'
import type { ZstdBackend } from '@gatehouse/zstd'
import { DbnDecoder, type DecoderOptions } from '../codec/decoder.js'
import type { Metadata } from '../codec/metadata.js'
import type { RecordRun } from '../codec/run.js'
import { ColumnReader, type ColumnOptions, type Columns } from '../records/columns.js'
import { createCursor, type DbnCursor, type DbnRecord } from '../records/generated/index.js'
import type { DbnSource } from './plain-file-source.js'
import { openFileSource, streamSource } from './source.js'

/** How a file or stream is opened. */
export interface OpenDbnOptions extends DecoderOptions, CallOptions {
  /** What decompresses zstd; the default takes `node:zlib` where it can. */
  readonly zstd?: ZstdBackend | undefined
}

/** Runs cut a turn: how many records are read between two checks of the abort signal. */
const CHECK_EVERY_RUNS = 1024

/**
 * A DBN file or stream, opened. It is read once, at one of four levels; each level costs what it touches:
 * runs (overlays), a cursor, columns of chosen fields, plain objects.
 */
export class DbnReader implements Closable {
  readonly #decoder: DbnDecoder
  readonly #source: DbnSource
  readonly #signal: AbortSignal | undefined
  #closed = false

  /** @internal use {@link openDbn} */
  constructor(decoder: DbnDecoder, source: DbnSource, signal: AbortSignal | undefined) {
    this.#decoder = decoder
    this.#source = source
    this.#signal = signal
  }

  /** The head of the stream; `undefined` for fragments. */
  get metadata(): Metadata | undefined {
    return this.#decoder.metadata
  }

  /** Bytes decoded so far, metadata included. */
  get offset(): number {
    return this.#decoder.offset
  }

  /** @internal the next run, or `undefined` at the end */
  async nextRun(): Promise<RecordRun | undefined> {
    for (;;) {
      const run = this.#decoder.next()
      if (run !== undefined) return run
      this.#signal?.throwIfAborted()
      if (!(await this.#source.fill(this.#decoder))) {
        this.#decoder.end()
        return undefined
      }
    }
  }

  /**
   * Gives every run to `handle`, synchronously and in order: the fastest way through a file. Returning `false` stops.
   * @returns records handled
   * @throws {TradingError} after the last whole record of a damaged or cut file
   */
  async forEachRun(handle: (run: RecordRun) => void | boolean): Promise<number> {
    const decoder = this.#decoder
    let records = 0
    try {
      for (;;) {
        this.#signal?.throwIfAborted()
        let untilCheck = CHECK_EVERY_RUNS
        for (let run = decoder.next(); run !== undefined; run = decoder.next()) {
          records += run.length
          if (handle(run) === false) return records
          untilCheck -= 1
          if (untilCheck === 0) {
            this.#signal?.throwIfAborted()
            untilCheck = CHECK_EVERY_RUNS
          }
        }
        if (!(await this.#source.fill(decoder))) break
      }
      decoder.end()
      return records
    } finally {
      await this.close()
    }
  }

  /**
   * Gives every record to `handle` as a cursor that is reused. Keep one with `toObject()`.
   * @returns records handled
   */
  async forEach(handle: (record: DbnCursor) => void): Promise<number> {
    const cursors = new Map<string, DbnCursor>()
    return this.forEachRun((run) => {
      const name = run.layout?.name ?? ''
      let cursor = cursors.get(name)
      if (cursor === undefined) {
        cursor = createCursor(run)
        cursors.set(name, cursor)
      } else cursor.attach(run)
      const { stride } = run
      const end = run.wordOffset + run.length * stride
      for (let word = run.wordOffset; word < end; word += stride) {
        cursor.word = word
        handle(cursor)
      }
    })
  }

  /** Runs one by one; each is valid until the next is asked for. */
  async *runs(): AsyncGenerator<RecordRun, void, undefined> {
    try {
      for (let run = await this.nextRun(); run !== undefined; run = await this.nextRun()) yield run
    } finally {
      await this.close()
    }
  }

  /**
   * Columns of the given fields, a batch a run. Records of other types than `rtypes` are passed over; give it when the stream is mixed.
   * @throws {TradingError} `DBN_FIELD` when a record has no such field
   */
  async *columns<Name extends string>(
    fields: readonly Name[],
    { rtypes, ...options }: ColumnOptions & { readonly rtypes?: readonly number[] | undefined } = {},
  ): AsyncGenerator<Columns<Name>, void, undefined> {
    const reader = new ColumnReader(fields, options)
    for await (const run of this.runs()) {
      if (rtypes === undefined || rtypes.includes(run.rtype)) yield reader.read(run)
    }
  }

  /**
   * Plain objects, a list at a time, because an `await` for every record costs more than decoding it.
   * `exact` gives prices as bigint in units of 1e-9.
   */
  recordLists(options?: { readonly exact?: false | undefined }): AsyncGenerator<DbnRecord[], void, undefined>
  recordLists(options: { readonly exact: true }): AsyncGenerator<DbnRecord<bigint>[], void, undefined>
  async *recordLists({ exact = false }: { readonly exact?: boolean | undefined } = {}): AsyncGenerator<
    (DbnRecord | DbnRecord<bigint>)[],
    void,
    undefined
  > {
    for await (const run of this.runs()) {
      const cursor = createCursor(run)
      for (let row = 0; row < run.length; row += RECORDS_PER_LIST) {
        const count = Math.min(RECORDS_PER_LIST, run.length - row)
        const list = new Array<DbnRecord | DbnRecord<bigint>>(count)
        for (let index = 0; index < count; index += 1) {
          cursor.word = run.wordOffset + (row + index) * run.stride
          list[index] = exact ? cursor.toExactObject() : cursor.toObject()
        }
        yield list
      }
    }
  }

  /** Plain objects one by one: the simplest way, and the slowest. */
  async *records(): AsyncGenerator<DbnRecord, void, undefined> {
    for await (const list of this.recordLists()) yield* list
  }

  /** Stops reading and lets go of the file. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#source.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

// Small enough that a list dies young: larger ones are copied by the garbage collector.
const RECORDS_PER_LIST = 256

/**
 * Opens a DBN file (a path), or a stream of its bytes, plain or zstd, of any version, and reads its metadata.
 * ```ts no-run
 * await using dbn = await openDbn('trades.dbn.zst')
 * await dbn.forEach((record) => { if (record.type === 'trade') console.log(record.price, record.size) })
 * ```
 * @throws {TradingError} `DBN_FILE`, `DBN_NOT_DBN`, `DBN_VERSION`, `DBN_METADATA_INVALID`, `DBN_METADATA_TRUNCATED`, `DBN_LEGACY_DBZ`, `ZSTD_*`
 */
export async function openDbn(input: string | URL | AsyncIterable<Uint8Array>, options: OpenDbnOptions = {}): Promise<DbnReader> {
  const { signal, onProgress, zstd = 'auto' } = options
  signal?.throwIfAborted()
  const decoder = new DbnDecoder(options)
  const isPath = typeof input === 'string' || input instanceof URL
  const source = isPath ? await openFileSource(input, decoder, zstd, onProgress) : streamSource(input, zstd)
  try {
    while (!decoder.isReady) {
      signal?.throwIfAborted()
      if (!(await source.fill(decoder))) decoder.end()
    }
  } catch (error) {
    await source.close()
    throw error
  }
  return new DbnReader(decoder, source, signal)
}
