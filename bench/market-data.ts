// Batches, views and feeds: rows a second and heap bytes allocated a row, each as a strategy would read it.
// node --conditions=@gatehouse/source --import tsx bench/market-data.ts [--rounds 2] [--repeats 5] [--write]
// Each cell runs in a process of its own, bundled; the best time of all repeats counts. 1 M one-minute bars (bench/lcg-bars.ts, seed 12345), 200 000 MBP-10
// events (bench/lcg-book.ts, seed 7). Allocation is the least of up to twelve more repeats, sampled; columns of batches lie outside the heap and are not in it.
import { parseArgs } from 'node:util'
import { CellsBench } from './cells-bench.js'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '2' },
    repeats: { type: 'string', default: '5' },
    write: { type: 'boolean', default: false },
  },
})
using bench = new CellsBench()

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
await bench.bundle('market-data/cells.ts')
const best = new Map<string, number>()
const found = new Map<string, Found>()
for (let round = 0; round < Number(values.rounds); round++) {
  for (const [cell] of cells) {
    const result = bench.perform<Found>(cell, values.repeats, bench.folder)
    found.set(cell, result)
    best.set(cell, Math.max(best.get(cell) ?? 0, result.rows / Math.min(...result.seconds)))
  }
}
const speedOf = (cell: string): number => best.get(cell) ?? NaN
const bytesOf = (cell: string): number => found.get(cell)?.bytesPerRow ?? NaN
bench.say('\n| | M rows/s | times plain columns | heap bytes a row |\n|---|---|---|---|')
for (const [cell] of cells) {
  const ratio = speedOf('columns of bars') / speedOf(cell)
  bench.say(`| ${cell} | ${(speedOf(cell) / 1e6).toFixed(2)} | ${ratio.toFixed(2)} | ${bytesOf(cell).toFixed(1)} |`)
}
bench.say('')
for (const [cell, most] of cells)
  if (most < Infinity) bench.check(`${cell}: ${bytesOf(cell).toFixed(1)} heap bytes a row, at most ${most}`, bytesOf(cell) <= most)
const sums = ['columns of bars', 'views of bars', 'in memory', 'merge of feeds'].map((cell) => found.get(cell)?.sum ?? NaN)
bench.check(
  'what is read differently is the same',
  sums.every((sum) => Math.abs(sum / sums[0] - 1) < 1e-9),
)
if (values.write)
  bench.write('market-data-bench.md', {
    title: 'Market data: rows a second, and what a row allocates',
    command: 'market-data --write',
    method:
      '1 M one-minute bars, 200 000 MBP-10 events; five numbers of a bar, forty of a book are read. A process a cell, best of the repeats, a shared machine.',
  })
