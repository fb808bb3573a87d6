/**
 * The real sets import, verify, and give the row counts and checks that their README documents; DuckDB replays the log and reads the same rows.
 *
 *   node --conditions=@gatehouse/source --import tsx proof/manifest-data.ts [--write]
 *
 * GATEHOUSE_SHARED names the folder that holds `data`; nothing of it is copied into the project.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { crypto, type Schema, xnys } from '@gatehouse/core'
import {
  csvRows,
  importFile,
  importRows,
  openManifest,
  type ImportSpec,
  type ParquetManifest,
  type QualityReport,
} from '@gatehouse/manifest-parquet'
import { replayWithDuckDB } from '../packages/manifest-parquet/test/support/duckdb-replay.js'
import { unzipOne } from '../packages/manifest-parquet/test/support/lean-zip.js'
import { duckdb } from '../packages/manifest-parquet/test/peers.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const data = join(process.env.GATEHOUSE_SHARED ?? join(root, '..', 'shared'), 'data')
if (!existsSync(data)) {
  process.stdout.write(`SKIPPED: no data sets at ${data}\n0 passed, 0 failed\n`)
  process.exit(0)
}
/** Lines of each file, from the set's own MANIFEST.csv. */
const documented = new Map(
  readFileSync(join(data, 'MANIFEST.csv'), 'utf8')
    .split('\n')
    .slice(1)
    .filter(Boolean)
    .map((line) => [line.split(',')[0], Number(line.split(',')[2])]),
)
const linesOf = (files: readonly string[]): number => files.reduce((sum, file) => sum + documented.get(file)!, 0)

const work = await mkdtemp(join(tmpdir(), 'gatehouse-data-'))
const rows: string[][] = []
let passed = 0
let failed = 0

function check(set: string, what: string, expected: unknown, found: unknown): void {
  const holds = JSON.stringify(expected) === JSON.stringify(found)
  if (holds) passed++
  else failed++
  rows.push([set, what, String(expected), String(found), holds ? 'ok' : 'DIFFERS'])
  process.stdout.write(
    `${holds ? 'ok  ' : 'FAIL'} ${set.padEnd(28)} ${what.padEnd(52)} ${String(expected).padStart(12)} ${String(found).padStart(12)}\n`,
  )
}

async function table(
  set: string,
  fill: (manifest: ParquetManifest) => Promise<void>,
  judge: (manifest: ParquetManifest, report: () => Promise<QualityReport>) => Promise<void>,
): Promise<void> {
  const directory = join(work, set)
  await using manifest = await openManifest({ directory, lineage: { program: 'proof/manifest-data.ts', set } })
  await fill(manifest)
  const pin = await manifest.commit()
  const { ok, findings } = await manifest.at(pin).verify()
  check(set, 'verify', 'sound', ok ? 'sound' : JSON.stringify(findings))
  if (duckdb) {
    const replayed = await replayWithDuckDB(directory)
    check(set, 'rows by a Delta replay in DuckDB SQL', pin.holds.rows, replayed.rows)
    check(set, 'sum of times there and here', await sumOfTimes(manifest), replayed.sumOfTimes)
  }
  await judge(manifest, () => manifest.quality(xnys({ hours: 'extended' })))
  process.stdout.write(
    `     ${set}: ${(await manifest.at(pin).files()).length} files, ${(await manifest.at(pin).files()).reduce((sum, { bytes }) => sum + bytes, 0)} bytes\n`,
  )
}

async function sumOfTimes(manifest: ParquetManifest): Promise<string> {
  let sum = 0n
  let last = 0n
  for await (const batch of manifest.at('latest').scan({ columns: [] })) {
    for (const time of batch.availableAt) {
      if (time < last) throw new Error('rows are out of order')
      last = time
      sum += time
    }
  }
  return String(sum)
}

const bars = ['tsEvent', 'open', 'high', 'low', 'close', 'volume']
const names = (folder: string, pattern: RegExp): string[] =>
  readdirSync(join(data, folder))
    .filter((name) => pattern.test(name))
    .map((name) => `${folder}/${name}`)

const hourFiles = names('equities-hour', /csv\.gz$/)
await table(
  'equities-hour',
  async (manifest) => {
    for (const file of hourFiles) {
      const symbol = file.replace(/.*\/(.*)\.csv\.gz/, '$1').toUpperCase()
      const spec: ImportSpec = { schema: 'ohlcv-1h', source: 'LEAN', time: 'lean', zone: 'America/New_York', priceScale: 10_000, symbol }
      await importFile(manifest, join(data, file), spec, { header: bars })
    }
    const again = await importFile(
      manifest,
      join(data, hourFiles[0]),
      { schema: 'ohlcv-1h', source: 'LEAN', time: 'lean', zone: 'America/New_York', priceScale: 10_000, symbol: 'AAPL' },
      { header: bars },
    )
    check('equities-hour', 'rows added by importing a file a second time', 0, again.rows)
  },
  async (manifest) => {
    check('equities-hour', 'rows = lines of the files', linesOf(hourFiles), manifest.at('latest').pin.holds.rows)
    const { counts } = await manifest.quality(xnys())
    check('equities-hour', 'duplicates, inconsistent bars ("no duplicates, OHLC consistent")', '0 0', `${counts.duplicate} ${counts.ohlc}`)
  },
)

for (const resolution of ['minute', 'second'] as const) {
  for (const kind of ['trade', 'quote'] as const) {
    const set = `equities-${resolution}-${kind}`
    const symbols = readdirSync(join(data, `equities-${resolution}`))
    const files = symbols.flatMap((symbol) => names(`equities-${resolution}/${symbol}`, new RegExp(`_${kind}\\.zip$`)))
    const schema: Schema = kind === 'trade' ? (resolution === 'minute' ? 'ohlcv-1m' : 'ohlcv-1s') : 'bbo-1s'
    const header =
      kind === 'trade' ? bars : ['tsEvent', 'bidO', 'bidH', 'bidL', 'bidC', 'bidSize', 'askO', 'askH', 'askL', 'askC', 'askSize']
    await table(
      set,
      async (manifest) => {
        for (const file of files) {
          const [, symbol, date] = /\/([a-z]+)\/(\d{8})_/.exec(file)!
          const quote = { bidPx00: 'bidC', askPx00: 'askC', bidSz00: 'bidSize', askSz00: 'askSize', price: 'bidC', tsRecv: 'tsEvent' }
          const spec: ImportSpec = {
            schema,
            source: 'LEAN',
            time: 'ms-of-day',
            date: date.replace(/(....)(..)(..)/, '$1-$2-$3'),
            zone: 'America/New_York',
            priceScale: 10_000,
            symbol: symbol.toUpperCase(),
            columns: kind === 'quote' ? quote : undefined,
          }
          const lines = unzipOne(readFileSync(join(data, file)))
            .trim()
            .split('\n')
          await importRows(
            manifest,
            csvRows(
              (async function* () {
                yield* lines
              })(),
              { header },
            ),
            spec,
            { appId: file },
          )
        }
      },
      async (manifest, report) => {
        check(set, 'rows = lines of the files', linesOf(files), manifest.at('latest').pin.holds.rows)
        const { counts } = await report()
        if (kind === 'trade')
          check(set, 'duplicates, inconsistent bars ("rising, OHLC clean")', '0 0', `${counts.duplicate} ${counts.ohlc}`)
        else if (resolution === 'second') check(set, 'crossed quotes ("0 crossed")', 0, counts.crossed)
      },
    )
  }
}

const daily = names('gap-daily', /parquet$/)[0]
await table(
  'gap-daily',
  async (manifest) => {
    const report = await importFile(manifest, join(data, daily), { schema: 'ohlcv-1d', source: 'pystock', columns: { tsEvent: 'date' } })
    check('gap-daily', 'symbols', 6695, report.instruments)
  },
  async (manifest) => {
    check('gap-daily', 'rows', 1_966_997, manifest.at('latest').pin.holds.rows)
    const days = new Set<bigint>()
    let wrong = 0
    for await (const batch of manifest.at('latest').scan()) {
      const { open, high, low, close } = batch.columns as unknown as Record<string, Float64Array>
      for (let row = 0; row < batch.length; row++) {
        days.add(batch.availableAt[row])
        if (!(
          high[row] >= open[row] &&
          high[row] >= close[row] &&
          low[row] <= open[row] &&
          low[row] <= close[row] &&
          high[row] >= low[row]
        ))
          wrong++
      }
    }
    check('gap-daily', 'dates', 324, days.size)
    check('gap-daily', 'OHLC violations ("one OHLC violation")', 1, wrong)
  },
)

const book = 'l2-nasdaq/ARL_20250717_mbp10_reference.csv.gz'
await table(
  'l2-nasdaq',
  async (manifest) => {
    await importFile(manifest, join(data, book), { schema: 'mbp-10', source: 'XNAS.ITCH', time: 'iso', symbolColumn: 'symbol' })
  },
  async (manifest) => {
    check('l2-nasdaq', 'rows', 3928, manifest.at('latest').pin.holds.rows)
    const { counts } = await manifest.quality(xnys({ hours: 'extended' }))
    check('l2-nasdaq', 'crossed books', 0, counts.crossed)
  },
)

const fxFiles = names('fx-second/eurusd', /zip$/)
await table(
  'fx-second',
  async (manifest) => {
    for (const file of fxFiles) {
      const date = /(\d{4})(\d\d)(\d\d)_/.exec(file)!.slice(1, 4).join('-')
      const lines = unzipOne(readFileSync(join(data, file)))
        .trim()
        .split('\n')
      const spec: ImportSpec = {
        schema: 'bbo-1s',
        source: 'FXCM',
        time: 'ms-of-day',
        date,
        symbol: 'EUR/USD',
        instrument: (symbol) => crypto(symbol, { venue: 'FXCM' }),
        columns: { bidPx00: 'bidC', askPx00: 'askC', bidSz00: 'bidSize', askSz00: 'askSize', price: 'bidC', tsRecv: 'tsEvent' },
      }
      const header = ['tsEvent', 'bidO', 'bidH', 'bidL', 'bidC', 'bidSize', 'askO', 'askH', 'askL', 'askC', 'askSize']
      await importRows(
        manifest,
        csvRows(
          (async function* () {
            yield* lines
          })(),
          { header },
        ),
        spec,
        { appId: file },
      )
    }
  },
  async (manifest) => {
    check('fx-second', 'rows', 277_141, manifest.at('latest').pin.holds.rows)
    let crossed = 0
    for await (const batch of manifest.at('latest').scan({ columns: ['bidPx00', 'askPx00'] })) {
      const { bidPx00, askPx00 } = batch.columns as unknown as Record<string, Float64Array>
      for (let row = 0; row < batch.length; row++) if (bidPx00[row] > askPx00[row]) crossed++
    }
    check('fx-second', 'bid close above ask close, % ("3.7 %")', '3.7', ((crossed / 277_141) * 100).toFixed(1))
  },
)

await rm(work, { recursive: true })
process.stdout.write(`${passed} passed, ${failed} failed\n`)
if (process.argv.includes('--write')) {
  const head = ['set', 'check', 'documented', 'found', '']
  const text = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
  writeFileSync(
    join(root, 'proof', 'manifest-data.md'),
    `# Real data through the manifest

\`node --conditions=@gatehouse/source --import tsx proof/manifest-data.ts --write\`

${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}, ${availableParallelism()} cores: **${passed} passed, ${failed} failed.** The sets are third-party and not part of this repository.

${text}
`,
  )
}
process.exitCode = failed === 0 ? 0 : 1
