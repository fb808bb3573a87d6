/**
 * The manifest beside DuckDB, hyparquet and hyparquet-writer, in one run on one machine: ratios, not absolutes.
 *
 *   node --conditions=@gatehouse/source --import tsx bench/manifest.ts [--scale 1] [--repeat 3] [--only text] [--zstd-node PATH] [--write]
 *
 * 2 M rows of ten-level books (64 columns) and 5 M one-minute bars (8 columns), seeds 7 and 11. Every cell is a process of its own; the best of
 * `--repeat` alternations counts. `--zstd-node` names a Node 22.15 or later for the cells that write zstd; without it the running Node must have it.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { zstdCompressSync } from '../packages/manifest-parquet/bench/zstd-feature.js'
import { type CellOptions } from '../packages/manifest-parquet/bench/cells.js'
import { dataSet, type SetName } from '../packages/manifest-parquet/bench/data.js'
import { loadDuckDB } from '../packages/manifest-parquet/bench/peers.js'

const { values } = parseArgs({
  options: {
    scale: { type: 'string', default: '1' },
    repeat: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
    'zstd-node': { type: 'string' },
    write: { type: 'boolean', default: false },
  },
})
const load = loadavg()[0].toFixed(1)
const repeat = Number(values.repeat)
const folder = join(tmpdir(), 'gatehouse-bench-manifest')
mkdirSync(folder, { recursive: true })
const rowsOf = { mbp: 2_000_000, bars: 5_000_000 }
const sets = (['bars', 'mbp'] as const).map((name) =>
  dataSet(name, Math.max(250_000, Math.round((rowsOf[name] * Number(values.scale)) / 125_000) * 125_000), folder),
)
const hasDuckDB = loadDuckDB() !== undefined
const zstdNode = values['zstd-node'] ?? (zstdCompressSync ? process.execPath : undefined)
if (!zstdNode) process.stdout.write('SKIPPED: zstd cells (this Node cannot write zstd; --zstd-node names one that can)\n')

interface Measured {
  readonly ms: number
  readonly bytes?: number
  readonly note?: string
  readonly rssMb: number
}

function cell(name: string, options: CellOptions, node = process.execPath): Measured {
  const script = fileURLToPath(new URL('../packages/manifest-parquet/bench/cells.ts', import.meta.url))
  const args = ['--conditions=@gatehouse/source', '--import', 'tsx', script, name, JSON.stringify(options)]
  const { status, stdout, stderr } = spawnSync(node, args, { encoding: 'utf8', maxBuffer: 1 << 26 })
  if (status !== 0) throw new Error(`${name}: ${stderr.slice(-2000)}`)
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Measured
}

/** The best of several alternations of some contenders. */
function compare(contenders: Readonly<Record<string, () => Measured>>): Record<string, Measured> {
  const best: Record<string, Measured> = {}
  for (let round = 0; round < repeat; round++) {
    for (const [name, run] of Object.entries(contenders)) {
      const measured = run()
      if (!best[name] || measured.ms < best[name].ms)
        best[name] = { ...measured, rssMb: Math.min(measured.rssMb, best[name]?.rssMb ?? Infinity) }
    }
  }
  return best
}

const table: string[][] = []
let missed = 0
function line(what: string, target: string, found: number | string, holds: boolean, detail: string): void {
  if (!holds) missed++
  const shown = typeof found === 'number' ? found.toFixed(2) : found
  table.push([what, target, shown, holds ? 'met' : 'MISSED', detail])
  process.stdout.write(`${holds ? 'met   ' : 'MISSED'} ${what.padEnd(58)} ${target.padStart(9)} ${shown.padStart(9)}   ${detail}\n`)
}
const wanted = (part: string): boolean => values.only === '' || part.includes(values.only)
const ms = (measured: Measured): string => `${measured.ms.toFixed(0)} ms`
const file = (name: string): string => join(folder, `${name}.parquet`)
const base = (set: { name: SetName; rows: number }, path: string): CellOptions => ({ set: set.name, rows: set.rows, folder, file: path })

for (const set of sets) {
  const { name } = set
  if (wanted('write')) {
    const writers = compare({
      ours: () => cell('write ours', { ...base(set, file(`${name}-ours`)), variant: 'snappy' }),
      ...(hasDuckDB && { duckdb: () => cell('write duckdb', { ...base(set, file(`${name}-duckdb`)), variant: 'zstd-V2' }) }),
      ...(hasDuckDB && { optional: () => cell('write duckdb', { ...base(set, file(`${name}-optional`)), variant: 'snappy-V1' }) }),
      hyparquet: () => cell('write hyparquet-writer', base(set, file(`${name}-hyparquet`))),
      ...(zstdNode && { zstd: () => cell('write ours', { ...base(set, file(`${name}-zstd`)), variant: 'zstd' }, zstdNode) }),
    })
    const { ours, duckdb, hyparquet, zstd, optional } = writers
    const fastest = zstd && zstd.ms < ours.ms ? zstd : ours
    if (duckdb) {
      const ratio = Math.min(duckdb.ms, optional.ms) / fastest.ms
      line(
        `${name}: write, x the faster of DuckDB zstd and snappy`,
        '>= 1.00',
        ratio,
        ratio >= 1,
        `snappy ${ms(ours)}${zstd ? `, zstd ${ms(zstd)}` : ''}; DuckDB ${ms(duckdb)}, ${ms(optional)}`,
      )
      if (zstd)
        line(
          `${name}: size, x DuckDB zstd (V2)`,
          '<= 1.05',
          zstd.bytes! / duckdb.bytes!,
          zstd.bytes! / duckdb.bytes! <= 1.05,
          `${zstd.bytes} of ${duckdb.bytes}; snappy ${ours.bytes}`,
        )
      line(
        `${name}: size with snappy, x DuckDB snappy`,
        '<= 1.05',
        ours.bytes! / optional.bytes!,
        ours.bytes! / optional.bytes! <= 1.05,
        `${ours.bytes} of ${optional.bytes}`,
      )
    }
    line(
      `${name}: write, x hyparquet-writer`,
      '>= 4.00',
      hyparquet.ms / ours.ms,
      hyparquet.ms / ours.ms >= 4,
      `${ms(ours)}; ${ms(hyparquet)}, ${hyparquet.bytes} bytes`,
    )
  }
  if (wanted('read') && existsSync(file(`${name}-ours`))) {
    // Equality with the source is checked once, outside the timing.
    cell('read ours', { ...base(set, file(`${name}-ours`)), check: true })
    for (const only of [false, true]) {
      const options = { ...base(set, file(`${name}-ours`)), only }
      const readers = compare({
        ours: () => cell('read ours', options),
        ...(hasDuckDB && { duckdb: () => cell('read duckdb', options) }),
        hyparquet: () => cell('read hyparquet', options),
      })
      const { ours, duckdb, hyparquet } = readers
      const limit = only ? 1 : 1.2
      if (duckdb) {
        const ratio = duckdb.ms / ours.ms
        line(
          `${name}: ${only ? 'three columns' : 'full read'} to typed arrays, x DuckDB`,
          `>= ${limit.toFixed(2)}`,
          ratio,
          ratio >= limit,
          `${ms(ours)}, ${ours.rssMb} MB; DuckDB ${ms(duckdb)}; hyparquet ${ms(hyparquet)}`,
        )
      }
    }
    if (hasDuckDB && existsSync(file(`${name}-optional`))) {
      const options = base(set, file(`${name}-optional`))
      cell('read ours', { ...options, check: true })
      const { ours, hyparquet } = compare({ ours: () => cell('read ours', options), hyparquet: () => cell('read hyparquet', options) })
      line(
        `${name}: third-party OPTIONAL file, x hyparquet`,
        '>= 5.00',
        hyparquet.ms / ours.ms,
        hyparquet.ms / ours.ms >= 5,
        `${ms(ours)}; ${ms(hyparquet)}`,
      )
    }
  }
}
if (wanted('scan')) {
  const set = sets[1]
  const directory = join(folder, 'table')
  rmSync(directory, { recursive: true, force: true })
  const written = cell('manifest write', base(set, directory))
  const scanned = compare({ scan: () => cell('manifest scan', base(set, directory)) }).scan
  line(
    `scan of ${set.rows} book rows in time order, peak memory, MB`,
    '<= 300',
    scanned.rssMb,
    scanned.rssMb <= 300,
    `${ms(scanned)}; append and commit ${ms(written)}, ${written.note}`,
  )
}
if (wanted('commit')) {
  const directory = join(folder, 'commits')
  const runs = Array.from({ length: repeat }, () => {
    rmSync(directory, { recursive: true, force: true })
    return cell('commits', base(sets[0], directory))
  })
  const ratios = runs.map(({ ms: ours, note }) => ours / Number(/bare ([\d.]+)/.exec(note!)![1]))
  const ratio = Math.min(...ratios)
  const best = runs[ratios.indexOf(ratio)]
  line('commit p50, x a bare write, fsync, link', '<= 3.00', ratio, ratio <= 3, `${best.ms.toFixed(2)} ms; ${best.note}`)
}
if (wanted('open')) {
  const directory = join(folder, 'long-log')
  if (!existsSync(join(directory, '_delta_log', '00000000000000009999.json'))) {
    rmSync(directory, { recursive: true, force: true })
    cell('long log', base(sets[0], directory))
  }
  const opened = compare({ open: () => cell('open long log', base(sets[0], directory)) }).open
  line('opening a table of 10,000 commits, ms', '<= 100', opened.ms, opened.ms <= 100, opened.note ?? '')
}
process.stdout.write(`${table.length - missed} met, ${missed} missed\n`)
if (values.write) {
  const head = ['what', 'target', 'measured', '', 'detail']
  const text = [head, head.map(() => '---'), ...table].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
  writeFileSync(
    fileURLToPath(new URL('../proof/manifest-bench.md', import.meta.url)),
    `# The manifest beside other engines

\`node --conditions=@gatehouse/source --import tsx bench/manifest.ts --repeat ${repeat} --write\`${values['zstd-node'] ? ' with `--zstd-node` a Node 24 for the zstd cells' : ''}

${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}, ${availableParallelism()} cores, seeds 7 and 11, ${sets.map(({ rows, name }) => `${rows} ${name} rows`).join(', ')}; best of ${repeat} alternations,
a process a cell. The machine is shared (load average ${load} at the start, ${loadavg()[0].toFixed(1)} at the end): read ratios, not absolutes. **${table.length - missed} met, ${missed} missed.**

${text}
`,
  )
}
process.exitCode = missed === 0 ? 0 : 1
