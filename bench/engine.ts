// Speed and memory of the engine's full path: feed, simulated exchange, orders, fees, portfolio, report; single thread.
// node --conditions=@gatehouse/source --import tsx bench/engine.ts [--rounds 3] [--repeats 7] [--only bars,journal,book,memory,repeat] [--write]
// Each cell runs in a process of its own, bundled, so that neither the heap nor the compiled code of another is in its way; cells alternate over the rounds
// and the best time of each counts. Inputs and seeds are named in bench/engine/cells.ts.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { CellsBench } from './cells-bench.js'
import { bars, bookEvents, streamedBars } from './engine/sizes.js'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    repeats: { type: 'string', default: '7' },
    only: { type: 'string', default: 'bars,journal,book,memory,repeat' },
    write: { type: 'boolean', default: false },
  },
})
const parts = new Set(values.only.split(','))
const root = fileURLToPath(new URL('..', import.meta.url))
using bench = new CellsBench()

interface Found {
  readonly seconds: readonly number[]
  readonly equity?: number
  readonly fills?: number
  readonly peakMb?: number
  readonly grownMb?: number
  readonly rssMb?: number
  readonly failed?: string
}

const perform = (cell: string): Found => bench.perform(cell, values.repeats, root)
const say = (line: string): void => bench.say(line)
const check = (what: string, holds: boolean): void => bench.check(what, holds)

await bench.bundle('engine/cells.ts')
const best = new Map<string, number>()
const found = new Map<string, Found>()
const cells = [
  ...(parts.has('bars') || parts.has('journal')
    ? [
        'bare loop',
        'engine',
        'journal on',
        ...(existsSync('/dev/shm') ? ['journal on, in memory'] : []),
        'journal on, rows digested',
        'grademark',
      ]
    : []),
  ...(parts.has('book') ? ['book'] : []),
]
for (let round = 0; round < Number(values.rounds); round++) {
  for (const cell of cells) {
    const result = perform(cell)
    found.set(cell, result)
    if (result.failed !== undefined) console.warn(`${cell} was not measured: ${result.failed}; run npm run peers`)
    else best.set(cell, Math.min(best.get(cell) ?? Infinity, ...result.seconds))
  }
}
const [engine, journal, book] = ['engine', 'journal on', 'book'].map((cell) => best.get(cell) ?? NaN)
if (best.has('engine')) {
  say(`\n${bars / 1e6} M one-minute bars, EMA 10/30, one share, 0.1 % fee:\n`)
  say('| | M bars/s | times the engine’s time |\n|---|---|---|')
  for (const [cell, seconds] of best)
    if (cell !== 'book') say(`| ${cell} | ${(bars / seconds / 1e6).toFixed(2)} | ${(seconds / engine).toFixed(3)} |`)
  say('')
  const { equity = NaN, fills } = found.get('engine') ?? {}
  check(`final equity ${equity.toFixed(7)}, on which two other engines agree: 97668.0298257`, Math.abs(equity - 97668.0298257) < 1e-6)
  check(`${fills} fills, theirs 36795`, fills === 36_795)
  check(`${(bars / engine / 1e6).toFixed(2)} M bars/s with the journal off (floor 2, aim 5)`, bars / engine >= 2e6)
  check(`the journal slows it ${(journal / engine).toFixed(2)} times (floor 1.5, aim 1.2)`, journal / engine <= 1.5)
}
if (best.has('book')) {
  const { fills } = found.get('book') ?? {}
  say(`\n${bookEvents} MBP-10 events, ten levels a side read, ${fills} fills taken from the book:\n`)
  check(`${(bookEvents / book / 1e6).toFixed(2)} M events/s (floor 1.5, aim 4)`, bookEvents / book >= 1.5e6)
}
if (parts.has('memory')) {
  const [{ peakMb = NaN, seconds, fills }, idle] = [perform('memory'), perform('idle')]
  say(`\n${streamedBars / 1e6} M bars streamed in ${seconds[0].toFixed(1)} s, ${fills} fills kept for the report:\n`)
  check(
    `peak memory of the process ${peakMb.toFixed(0)} MB, of which ${idle.peakMb?.toFixed(0)} MB without bars (floor 300, aim 150)`,
    peakMb <= 300,
  )
}
if (parts.has('repeat')) {
  const { grownMb = NaN, rssMb = NaN } = perform('repeat')
  say('\n100 backtests of 50 000 bars in one process, after 10 others:\n')
  check(`the heap grew by ${grownMb.toFixed(2)} MB (none: under 2), the process has ${rssMb.toFixed(0)} MB`, grownMb < 2)
}
if (values.write)
  bench.write('engine-bench.md', {
    title: 'The engine’s speed and memory',
    command: `engine --rounds ${values.rounds} --repeats ${values.repeats} --write`,
    method: 'Best of the rounds, a process a cell; a shared machine: ratios within the run are what to look at.',
  })
