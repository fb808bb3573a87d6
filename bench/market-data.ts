// Batches, views and feeds: rows a second and heap bytes allocated a row, each as a strategy would read it.
// node --conditions=@gatehouse/source --import tsx bench/market-data.ts [--rounds 2] [--repeats 5] [--write]
// Each cell runs in a process of its own, bundled; the best time of all repeats counts. 1 M one-minute bars (bench/lcg-bars.ts, seed 12345), 200 000 MBP-10
// events (bench/lcg-book.ts, seed 7). Allocation is the least of up to twelve more repeats, sampled; columns of batches lie outside the heap and are not in it.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '2' },
    repeats: { type: 'string', default: '5' },
    write: { type: 'boolean', default: false },
  },
})
const folder = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'))
const program = join(folder, 'cells.mjs')

interface Found {
  readonly rows: number
  readonly sum: number
  readonly seconds: readonly number[]
  readonly bytesPerRow: number
}

/** Name, and the most heap bytes a row may take: views must not allocate (of the forty numbers of a book not half a one). */
const cells: readonly (readonly [string, number])[] = [
  ['columns of bars', 1],
  ['views of bars', 1],
  ['views of books', 8],
  ['in memory', 1],
  ['merge of feeds', Infinity],
  ['aggregation to hours', Infinity],
  ['CSV', Infinity],
  ['CSV, gzip', Infinity],
]
const lines = ['| | M rows/s | times plain columns | heap bytes a row |', '|---|---|---|---|']
let failures = 0
try {
  await build({
    entryPoints: [fileURLToPath(new URL('./market-data/cells.ts', import.meta.url))],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['@gatehouse/source'],
    banner: { js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);" },
    logLevel: 'error',
  })
  const best = new Map<string, number>()
  const found = new Map<string, Found>()
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const [cell] of cells) {
      const result = JSON.parse(execFileSync(process.execPath, [program, cell, values.repeats, folder], { encoding: 'utf8' })) as Found
      found.set(cell, result)
      best.set(cell, Math.max(best.get(cell) ?? 0, result.rows / Math.min(...result.seconds)))
    }
  }
  const plain = best.get('columns of bars') ?? NaN
  for (const [cell, most] of cells) {
    const [speed, bytes] = [best.get(cell) ?? NaN, found.get(cell)?.bytesPerRow ?? NaN]
    if (!(bytes <= most)) {
      failures++
      console.log(`FAIL ${cell}: ${bytes.toFixed(1)} heap bytes a row, at most ${most}`)
    }
    lines.push(`| ${cell} | ${(speed / 1e6).toFixed(2)} | ${(plain / speed).toFixed(2)} | ${bytes.toFixed(1)} |`)
  }
  // What is read differently must be the same.
  const sums = ['columns of bars', 'views of bars', 'in memory', 'merge of feeds'].map((cell) => found.get(cell)?.sum ?? NaN)
  if (!sums.every((sum) => Math.abs(sum / sums[0] - 1) < 1e-9)) {
    failures++
    console.log(`FAIL sums differ: ${sums.join(', ')}`)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
console.log(lines.join('\n'))
if (values.write) {
  const head = `# Market data: rows a second, and what a row allocates\n\nNode ${process.version}, ${cpus().length} cores, ${new Date().toISOString().slice(0, 10)}. Command: \`npm run bench -- market-data --write\`.\n1 M one-minute bars, 200 000 MBP-10 events; five numbers of a bar, forty of a book are read. A process a cell, best of the repeats, a shared machine.\n`
  writeFileSync(new URL('../proof/market-data-bench.md', import.meta.url), `${head}\n${lines.join('\n')}\n`)
}
if (failures > 0) process.exitCode = 1
