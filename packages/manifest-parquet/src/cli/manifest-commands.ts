import { parseArgs, type ParseArgsConfig } from 'node:util'
import { formatTime, manifestPinContract, parseTime, type CallOptions, type Clock, type ManifestPin } from '@gatehouse/contracts'
import { type AssetClass, type Batch, calendarNamed, type Schema, schemas } from '@gatehouse/core'
import { isTradingError, TradingError } from '@gatehouse/durable-log'
import { type Codec } from '../codec/compression.js'
import { importFile } from '../import/import-file.js'
import { type TimeFormat } from '../import/import-spec.js'
import { openManifest, type ParquetManifest } from '../manifest.js'
import { type PartitionBy } from '../table/layout.js'

/** What a command touches outside the manifest. */
export interface ManifestCommandIo extends CallOptions {
  readonly write: (text: string) => void
  /** where what went wrong is said; default `write` */
  readonly writeError?: ((text: string) => void) | undefined
  readonly readFile: (path: string) => Promise<string>
  readonly clock?: Clock | undefined
}

/** One command: its usage, and what it does. Exit codes: 0 done, 1 it could not be done, 2 something is wrong with the data. */
export interface ManifestCommand {
  readonly usage: string
  readonly run: (args: readonly string[], io: ManifestCommandIo) => Promise<0 | 1 | 2>
}

type OptionTypes = NonNullable<ParseArgsConfig['options']>
type Values = Record<string, string | boolean | undefined>
type Action = (manifest: ParquetManifest, values: Values, io: ManifestCommandIo, files: readonly string[]) => Promise<0 | 1 | 2>

const text = { type: 'string' } as const
const flag = { type: 'boolean' } as const

/** A command on one manifest: `--directory` names it, `--json` asks for JSON lines. */
function command(usage: string, options: OptionTypes, action: Action): ManifestCommand {
  return {
    usage,
    async run(args, io) {
      const { values, positionals } = parse(usage, [...args], { directory: text, json: flag, help: flag, ...options })
      if (values.help) {
        io.write(`usage: manifest ${usage}\n`)
        return 0
      }
      if (typeof values.directory !== 'string') throw usageError(usage, '--directory is missing')
      await using manifest = await openManifest({
        directory: values.directory,
        clock: io.clock,
        codec: values.codec as Codec | undefined,
        partitionBy: values['partition-by'] as PartitionBy | undefined,
      })
      return await action(manifest, values, io, positionals)
    },
  }
}

const at: OptionTypes = { version: text, time: text, pin: text }

/** `gatehouse manifest …`: pure functions over the public interface, by name. */
export const manifestCommands: Readonly<Record<string, ManifestCommand>> = {
  log: command('log --directory D [--json]', {}, async (manifest, { json }, io) => {
    await manifest.refresh()
    for await (const entry of manifest.lineage()) {
      const rows = entry.added.reduce((sum, file) => sum + file.rows, 0)
      if (json) print(io, entry)
      else {
        const when = new Date(entry.timestamp).toISOString()
        io.write(
          `${String(entry.version).padStart(8)}  ${when}  ${entry.operation.padEnd(12)}  +${entry.added.length} files  +${rows} rows  -${entry.removed.length} files\n`,
        )
      }
    }
    return 0
  }),

  pin: command(
    'pin --directory D [--version N | --time T] [--name NAME | --drop NAME | --list]',
    { ...at, name: text, drop: text, list: flag },
    async (manifest, values, io) => {
      if (values.list) {
        for (const [name, { version, holds }] of await manifest.savedPins()) print(io, { name, version, rows: holds.rows })
        return 0
      }
      if (typeof values.drop === 'string') {
        await manifest.dropPin(values.drop)
        return 0
      }
      const pin = await chosenPin(manifest, values, io)
      if (typeof values.name === 'string') await manifest.savePin(values.name, pin)
      io.write(`${JSON.stringify(pin, null, values.json ? 0 : 2)}\n`)
      return 0
    },
  ),

  verify: command('verify --directory D [--version N | --time T | --pin FILE] [--json]', at, async (manifest, values, io) => {
    const pin = await chosenPin(manifest, values, io)
    const { ok, files, rows, findings } = await manifest.at(pin).verify(io)
    if (values.json) print(io, { ok, version: pin.version, files, rows, findings })
    else {
      io.write(`${ok ? 'sound' : 'NOT SOUND'}: version ${pin.version}, ${files} files, ${rows} rows\n`)
      for (const { code, path, message } of findings) io.write(`${code} ${path}: ${message}\n`)
    }
    return ok ? 0 : 2
  }),

  scan: command(
    'scan --directory D [--version N | --time T | --pin FILE] [--from T] [--to T] [--symbols A,B] [--columns a,b] [--limit N] [--json]',
    { ...at, from: text, to: text, symbols: text, columns: text, limit: text },
    async (manifest, values, io) => {
      const pin = await chosenPin(manifest, values, io)
      const columns = list(values.columns)
      let left = values.limit === undefined ? Infinity : wholeNumber('limit', values.limit)
      let headed = Boolean(values.json)
      const query = { columns, symbols: list(values.symbols), from: time(values.from), to: time(values.to), signal: io.signal }
      for await (const batch of manifest.at(pin).scan(query)) {
        const names = columns ?? Object.keys(batch.columns)
        if (!headed) io.write(`availableAt,symbol,${names.join(',')}\n`)
        headed = true
        io.write(rowsAsText(batch, names, Math.min(batch.length, left), Boolean(values.json)))
        left -= batch.length
        if (left <= 0) break
      }
      return 0
    },
  ),

  quality: command(
    'quality --directory D --calendar XNYS [--version N | --time T | --pin FILE] [--json]',
    { ...at, calendar: text },
    async (manifest, values, io) => {
      if (typeof values.calendar !== 'string') throw usageError('quality', '--calendar is missing')
      const pin = await chosenPin(manifest, values, io)
      const report = await manifest.quality(calendarNamed(values.calendar), { pin, signal: io.signal, onProgress: io.onProgress })
      if (values.json) print(io, report)
      else {
        io.write(`${report.rows} rows of ${report.instruments} instruments, ${report.missingBars} bars missing\n`)
        for (const [kind, count] of Object.entries(report.counts)) if (count > 0) io.write(`${kind.padEnd(16)} ${count}\n`)
        for (const { kind, instrument, at: when, message } of report.findings)
          io.write(`  ${kind} ${instrument} ${formatTime(when)}: ${message}\n`)
      }
      return Object.values(report.counts).every((count) => count === 0) ? 0 : 2
    },
  ),

  compact: command('compact --directory D [--target-bytes N] [--json]', { 'target-bytes': text }, async (manifest, values, io) => {
    const target = values['target-bytes']
    const report = await manifest.compact({
      targetBytes: target === undefined ? undefined : wholeNumber('target-bytes', target),
      signal: io.signal,
    })
    print(io, report)
    return 0
  }),

  retention: command(
    'retention --directory D [--keep-days N] [--dry-run]',
    { 'keep-days': text, 'dry-run': flag },
    async (manifest, values, io) => {
      const days = values['keep-days']
      const keepReplacedMs = days === undefined ? undefined : wholeNumber('keep-days', days) * 86_400_000
      print(io, await manifest.retention({ keepReplacedMs, dryRun: Boolean(values['dry-run']), signal: io.signal }))
      return 0
    },
  ),

  import: command(
    'import --directory D --schema S --source X [--time ns|us|ms|s|days|iso|lean|ms-of-day] [--zone Z] [--date D] [--price-scale N] [--symbol A | --symbol-column C] [--asset-class C] [--map column=name,…] [--header a,b,…] [--separator ,] [--codec snappy|zstd] [--partition-by P] FILE…',
    {
      schema: text,
      source: text,
      time: text,
      zone: text,
      date: text,
      'price-scale': text,
      symbol: text,
      'symbol-column': text,
      'asset-class': text,
      map: text,
      header: text,
      separator: text,
      codec: text,
      'partition-by': text,
    },
    async (manifest, values, io, files) => {
      const schema = values.schema as Schema
      if (!schemas.includes(schema)) throw usageError('import', `--schema is one of ${schemas.join(', ')}`)
      if (typeof values.source !== 'string') throw usageError('import', '--source is missing')
      if (files.length === 0) throw usageError('import', 'name a file')
      const scale = values['price-scale']
      const columns = pairs('map', values.map)
      for (const path of files) {
        const report = await importFile(
          manifest,
          path,
          {
            schema,
            source: values.source,
            time: values.time as TimeFormat | undefined,
            zone: values.zone as string | undefined,
            date: values.date as string | undefined,
            priceScale: scale === undefined ? undefined : wholeNumber('price-scale', scale),
            symbol: values.symbol as string | undefined,
            symbolColumn: values['symbol-column'] as string | undefined,
            assetClass: values['asset-class'] as AssetClass | undefined,
            columns,
          },
          { header: list(values.header), separator: values.separator as string | undefined, signal: io.signal, onProgress: io.onProgress },
        )
        print(io, { file: path, ...report })
      }
      return 0
    },
  ),
}

/**
 * Runs `argv` (`['verify', '--directory', 'data/bars']`). Errors with a code are written out and become exit code 1.
 */
export async function runManifestCommand(argv: readonly string[], io: ManifestCommandIo): Promise<0 | 1 | 2> {
  const [name = '', ...args] = argv
  const found = Object.hasOwn(manifestCommands, name) ? manifestCommands[name] : undefined
  const complain = io.writeError ?? io.write
  if (!found) {
    const isAsked = name === '' || name === 'help' || name === '--help'
    ;(isAsked ? io.write : complain)(
      `usage: manifest <command>\n${Object.values(manifestCommands)
        .map(({ usage }) => `  ${usage}\n`)
        .join('')}`,
    )
    return isAsked ? 0 : 1
  }
  try {
    return await found.run(args, io)
  } catch (error) {
    if (isTradingError(error)) complain(`${error.code}: ${error.message}\n`)
    else if (io.signal?.aborted) complain('interrupted\n')
    else throw error
    return 1
  }
}

function parse(usage: string, args: string[], options: OptionTypes): { values: Values; positionals: string[] } {
  try {
    return parseArgs({ args, options, allowPositionals: true }) as { values: Values; positionals: string[] }
  } catch (error) {
    throw usageError(usage, error instanceof Error ? error.message : String(error))
  }
}

function usageError(usage: string, problem: string): TradingError {
  return new TradingError('MANIFEST_USAGE', `${problem}; usage: ${manifestCommands[usage]?.usage ?? usage}`, { usage })
}

async function chosenPin(manifest: ParquetManifest, values: Values, io: ManifestCommandIo): Promise<ManifestPin> {
  if (typeof values.pin === 'string') {
    const saved = (await manifest.savedPins()).get(values.pin)
    return saved ?? (await pinFromFile(values.pin, io))
  }
  if (values.version !== undefined) return manifest.pinAt({ version: wholeNumber('version', values.version) })
  if (typeof values.time === 'string') return manifest.pinAt({ time: parseTime(values.time) })
  return manifest.refresh()
}

async function pinFromFile(path: string, io: ManifestCommandIo): Promise<ManifestPin> {
  let content: unknown
  try {
    content = JSON.parse(await io.readFile(path))
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new TradingError('MANIFEST_NO_PIN', `no pin is saved as ${path}, and as a file it gives none: ${reason}`, { path }, { cause })
  }
  return manifestPinContract.parse(content)
}

/** `column=name` pairs. */
function pairs(name: string, value: string | boolean | undefined): Record<string, string> {
  return Object.fromEntries(
    (list(value) ?? []).map((pair) => {
      const at = pair.indexOf('=')
      if (at < 1 || at === pair.length - 1)
        throw new TradingError('MANIFEST_USAGE', `--${name} takes column=name pairs, not ${pair}`, { name, pair })
      return [pair.slice(0, at), pair.slice(at + 1)]
    }),
  )
}

function wholeNumber(name: string, value: string | boolean): number {
  const parsed = Number(value)
  if (Number.isSafeInteger(parsed) && parsed >= 0) return parsed
  throw new TradingError('MANIFEST_USAGE', `--${name} takes a whole number, not ${String(value)}`, { name, value })
}

function list(value: string | boolean | undefined): string[] | undefined {
  return typeof value === 'string' ? value.split(',') : undefined
}

function time(value: string | boolean | undefined): bigint | undefined {
  return typeof value === 'string' ? parseTime(value) : undefined
}

/** One line of JSON; 64-bit integers as text. */
function print(io: ManifestCommandIo, value: unknown): void {
  io.write(`${JSON.stringify(value, (_key, member: unknown) => (typeof member === 'bigint' ? String(member) : member))}\n`)
}

function rowsAsText(batch: Batch, names: readonly string[], rows: number, json: boolean): string {
  const columns = batch.columns as unknown as Readonly<Record<string, ArrayLike<unknown>>>
  let out = ''
  for (let row = 0; row < rows; row++) {
    const { symbol } = batch.instruments[batch.instrumentIndex[row]]
    const values = names.map((name) => columns[name][row])
    if (json) {
      const record = {
        availableAt: batch.availableAt[row],
        symbol,
        ...Object.fromEntries(names.map((name, index) => [name, values[index]])),
      }
      out += `${JSON.stringify(record, (_key, member: unknown) => (typeof member === 'bigint' ? String(member) : member))}\n`
    } else out += `${[formatTime(batch.availableAt[row]), symbol, ...values].map(csvField).join(',')}\n`
  }
  return out
}

function csvField(value: unknown): string {
  const plain = String(value)
  return /[",\n\r]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain
}
