import { resolve } from 'node:path'
import { parseArgs } from 'node:util'

/** What the thread runs on. */
export interface ThreadOptions {
  /** LEAN or Yahoo-style bar files; none: the synthetic market. */
  readonly bars: readonly string[]
  readonly out: string
  readonly seed: number
}

const usage = `npm start -- [--bars FILE...] [--out DIR] [--seed N]

  --bars FILE...  hourly bars of your own: LEAN's .csv/.csv.gz/.zip (a factor_files folder beside it is used)
                  or any CSV with a header (time, open, high, low, close, volume). Default: the synthetic market.
  --out DIR       where everything is written; default out/thread. A folder of an earlier run is emptied, another refused.
  --verbose       show where an error came from.
  --seed N        seed of market, training and run; default 7. Same seed, same bytes.`

/** Reads the command line; prints the usage and exits on `--help` or an option it does not know. */
export function readOptions(argv: readonly string[]): ThreadOptions {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        bars: { type: 'string', multiple: true, default: [] },
        out: { type: 'string', default: 'out/thread' },
        seed: { type: 'string', default: '7' },
        help: { type: 'boolean', default: false },
        verbose: { type: 'boolean', default: false },
      },
    })
    if (values.help) {
      console.log(usage)
      process.exit(0)
    }
    const seed = Number(values.seed)
    if (!Number.isSafeInteger(seed) || seed < 0) throw new Error(`--seed takes a whole number, not "${values.seed}"`)
    // `--bars a b c`: what follows the first file arrives as positionals.
    return { bars: [...values.bars, ...positionals].map((file) => resolve(file)), out: resolve(values.out), seed }
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}\n`)
    process.exit(2)
  }
}
