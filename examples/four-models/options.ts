import { resolve } from 'node:path'
import { parseArgs } from 'node:util'

/** What the example runs on. */
export interface ExampleOptions {
  /** LEAN or Yahoo-style files of hourly bars: the hourly family alone. */
  readonly bars: readonly string[]
  /** A folder of market data of all four kinds. */
  readonly data: string | undefined
  readonly out: string
  readonly seed: number
}

const usage = `npm start -- [--bars FILE... | --data DIR] [--out DIR] [--seed N]

  --bars FILE...  hourly bars of your own: LEAN's .csv/.csv.gz/.zip (a factor_files folder beside it is used)
                  or any CSV with a header (time, open, high, low, close, volume). Trains and trades the hourly family alone.
  --data DIR      real files of all four kinds, laid out as docs/data.md says. Default: the synthetic market.
  --out DIR       where everything is written; default out/four-models. What an earlier run finished there is kept until this one has;
                  a folder that npm start did not make is refused.
  --verbose       show where an error came from.
  --seed N        seed of market, training and run; default 7. Same seed, same bytes.`

/** Reads the command line; prints the usage and exits on `--help` or an option it does not know. */
export function readOptions(argv: readonly string[]): ExampleOptions {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        bars: { type: 'string', multiple: true, default: [] },
        data: { type: 'string' },
        out: { type: 'string', default: 'out/four-models' },
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
    const bars = [...values.bars, ...positionals].map((file) => resolve(file))
    if (bars.length > 0 && values.data !== undefined) throw new Error('--bars and --data exclude each other')
    return { bars, data: values.data === undefined ? undefined : resolve(values.data), out: resolve(values.out), seed }
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}\n`)
    process.exit(2)
  }
}
