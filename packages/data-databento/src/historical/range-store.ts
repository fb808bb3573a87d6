import type { Batch, Manifest, Schema } from '@gatehouse/core'
import { barNs, isBarSchema, TradingError } from '@gatehouse/core'
import { createHash, randomUUID } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { openDbn } from '../file/open-dbn.js'
import { writeAll } from './write-all.js'

/** A half-open span of time, ns. */
export interface Span {
  readonly from: bigint
  readonly to: bigint
}

/** What was asked for, apart from the time: data of one key join in time. */
export interface RangeKey {
  readonly dataset: string
  readonly schema: Schema
  readonly stypeIn: string
  readonly symbols: readonly string[] | 'ALL_SYMBOLS'
}

/** Turns the bytes of an answer into batches. */
export type ToBatches = (bytes: AsyncIterable<Uint8Array> | string) => AsyncIterable<Batch>

/** Keeps what was paid for. */
export interface RangeStore {
  /** Spans that are complete, in any order. */
  spans(key: RangeKey): Promise<readonly Span[]>
  /** Keeps an answer; it counts only when all of it has come and decodes. */
  write(key: RangeKey, span: Span, bytes: AsyncIterable<Uint8Array>, toBatches: ToBatches): Promise<void>
  /** Rows of a span that is kept. */
  read(key: RangeKey, span: Span, toBatches: ToBatches): AsyncIterable<Batch>
}

/** Name of a key: the same for the same data, whatever the order of the symbols. */
export function keyName({ dataset, schema, stypeIn, symbols }: RangeKey): string {
  const sorted = symbols === 'ALL_SYMBOLS' ? symbols : [...symbols].sort()
  const digest = createHash('sha256')
    .update(JSON.stringify([dataset, schema, stypeIn, sorted]))
    .digest('hex')
  return `${dataset}.${schema}.${digest.slice(0, 16)}`
}

/** What of a span has to be asked for, and what is there, in order of time. */
export function planSpans(wanted: Span, kept: readonly Span[]): (Span & { readonly kept?: Span | undefined })[] {
  const plan: (Span & { readonly kept?: Span | undefined })[] = []
  let at = wanted.from
  const useful = kept
    .filter(({ from, to }) => to > wanted.from && from < wanted.to)
    .sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : a.to > b.to ? -1 : 1))
  for (const span of useful) {
    if (at >= wanted.to) break
    if (span.to <= at) continue
    if (span.from > at) plan.push({ from: at, to: span.from })
    const from = span.from > at ? span.from : at
    const to = span.to < wanted.to ? span.to : wanted.to
    plan.push({ from, to, kept: span })
    at = to
  }
  if (at < wanted.to) plan.push({ from: at, to: wanted.to })
  return plan
}

/** Keeps answers as DBN files in a folder: `KEY/FROM-TO.dbn.zst`. Any DBN tool can read them. */
export function directoryStore(directory: string): RangeStore {
  const fileOf = (key: RangeKey, { from, to }: Span): string => join(directory, keyName(key), `${from}-${to}.dbn.zst`)
  return {
    async spans(key) {
      const names = await readdir(join(directory, keyName(key))).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return []
        throw error
      })
      return names.flatMap((name) => {
        const match = /^(\d+)-(\d+)\.dbn\.zst$/.exec(name)
        return match === null ? [] : [{ from: BigInt(match[1]), to: BigInt(match[2]) }]
      })
    },
    async write(key, span, bytes) {
      const path = fileOf(key, span)
      await mkdir(dirname(path), { recursive: true })
      // A name of its own: two processes may ask for the same span at the same time.
      const part = `${path}.${randomUUID()}.part`
      const handle = await open(part, 'wx')
      try {
        try {
          for await (const chunk of bytes) await writeAll(handle, chunk)
          await handle.sync()
        } finally {
          await handle.close()
        }
        // Read once from end to end: a file that does not decode is not kept.
        const dbn = await openDbn(part)
        await dbn.forEachRun(() => undefined)
      } catch (error) {
        await rm(part, { force: true })
        throw error
      }
      await rename(part, path)
      await writeDescription(join(dirname(path), 'request.json'), key)
    },
    read: (key, span, toBatches) => toBatches(fileOf(key, span)),
  }
}

async function writeDescription(path: string, key: RangeKey): Promise<void> {
  const handle = await open(path, 'w')
  try {
    await handle.write(`${JSON.stringify(key, undefined, 2)}\n`)
  } finally {
    await handle.close()
  }
}

/**
 * Keeps answers as rows of a Manifest. Which spans are complete is remembered in `coverage`, a file of JSON lines, written after the commit:
 * a crash in between costs nothing twice, because an append is made once a transaction.
 */
export function manifestStore(manifest: Manifest, coverage: string): RangeStore {
  return {
    async spans(key) {
      const name = keyName(key)
      const text = await readFile(coverage, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return ''
        throw error
      })
      return text
        .split('\n')
        .filter((line) => line !== '')
        .flatMap((line, index) => {
          const entry = parseCoverage(line, coverage, index)
          return entry.key === name ? [{ from: BigInt(entry.from), to: BigInt(entry.to) }] : []
        })
    },
    async write(key, span, bytes, toBatches) {
      let sequence = 0
      for await (const batch of toBatches(bytes)) {
        sequence += 1
        await manifest.append(batch, { appId: `databento:${keyName(key)}:${span.from}-${span.to}`, sequence })
      }
      if (sequence > 0) await manifest.commit()
      await mkdir(dirname(coverage), { recursive: true })
      const handle = await open(coverage, 'a')
      try {
        await writeAll(handle, Buffer.from(`${JSON.stringify({ key: keyName(key), from: String(span.from), to: String(span.to) })}\n`))
        await handle.sync()
      } finally {
        await handle.close()
      }
    },
    read(key, { from, to }) {
      // Spans are by the time Databento filters by; a bar is filtered by its start and known at its end.
      const later = isBarSchema(key.schema) ? barNs[key.schema] : 0n
      const symbols = key.symbols === 'ALL_SYMBOLS' ? undefined : key.symbols
      return manifest.at('latest').scan({ schema: key.schema, from: from + later, to: to + later, symbols })
    },
  }
}

function parseCoverage(line: string, file: string, index: number): { readonly key: string; readonly from: string; readonly to: string } {
  try {
    const entry = JSON.parse(line) as { key: string; from: string; to: string }
    if ([entry.from, entry.to].every((time) => /^\d+$/.test(time))) return entry
  } catch {
    // Reported below.
  }
  throw new TradingError('DATABENTO_CACHE', `line ${index + 1} of ${file} cannot be read: remove it (its span will be asked for again)`, {
    file,
    line: index + 1,
  })
}
