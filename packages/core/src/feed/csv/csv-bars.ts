import { TradingError, type CallOptions } from '@gatehouse/contracts'
import type { Batch } from '../../interfaces/batch.js'
import type { Feed, FeedStatus } from '../../interfaces/feed.js'
import { BadRows, type ReadReport } from '../bad-rows.js'
import { recordedFeed } from '../recorded-feed.js'
import { FactorTable, readFactorFile } from '../lean/factor-file.js'
import { readMapFile, renames } from '../lean/map-file.js'
import { CsvReader } from './csv-reader.js'
import { inferSchema } from './infer-layout.js'
import { planCsv, type CsvBarsOptions } from './csv-options.js'

/** A feed of files, which also says what it found in them. */
export interface FileFeed extends Feed {
  /** What the last reading found; complete when its `batches` ended. */
  readonly report: ReadReport
}

/**
 * Bars from CSV files: plain, `.gz` or `.zip`, with or without a header, any column order, streamed in bounded memory. Headers, delimiter, time
 * format and bar length are found by looking; each can be stated. Bars are known at their end.
 *
 * A bad row is an error that names file, line and value, or with `onBadRow: 'skip'` left out, counted in `report` and told in-band as a `gap`.
 * @throws {TradingError} `FEED_OPTIONS_INVALID` at once; from `batches`: `CSV_…` codes, and `LEAN_FILE_INVALID` for factor and map files
 */
export function csvBars(options: string | CsvBarsOptions): FileFeed {
  const plan = planCsv(options)
  const badRows = new BadRows(plan.onBadRow ?? 'throw')
  const hasActions = plan.factorFile !== undefined || plan.mapFile !== undefined
  const name = `csv-${plan.instrument.symbol}`

  async function* open(callOptions: CallOptions): AsyncGenerator<Batch | FeedStatus> {
    badRows.reset()
    const schema = plan.schema ?? (await inferSchema(plan.paths[0], plan))
    const factors = plan.factorFile === undefined ? new FactorTable([]) : await readFactorFile(plan.factorFile)
    const tickers = plan.mapFile === undefined ? [] : await readMapFile(plan.mapFile)
    // What the prices already contain must not happen to positions a second time.
    const told = factors.actions().filter(({ kind }) => plan.adjust === 'none' || (plan.adjust === 'splits' && kind === 'dividend'))
    const actions = [...told, ...renames(tickers)].sort((a, b) => a.day - b.day)
    if (schema === undefined) throw empty(plan.paths)
    const reader = new CsvReader({ feed: name, plan, schema, factors, actions, badRows })
    let files = 0
    for (const path of plan.paths) {
      callOptions.onProgress?.({ stage: `reading ${path}`, done: files++, total: plan.paths.length, unit: 'files' })
      yield* reader.read(path)
    }
    const { rows, skipped, outsideHours } = badRows.report
    if (rows + skipped + outsideHours === 0) throw empty(plan.paths)
  }
  const feed = recordedFeed({
    name,
    // A length that is not stated is known once a file is open; until then any of them may come.
    schemas: [
      ...(plan.schema === undefined ? (['ohlcv-1s', 'ohlcv-1m', 'ohlcv-1h', 'ohlcv-1d'] as const) : [plan.schema]),
      ...(hasActions ? (['corporate-action'] as const) : []),
    ],
    instruments: async () => [plan.instrument],
    open: (_range, _book, callOptions) => open(callOptions),
  })
  return Object.defineProperty(feed, 'report', { get: () => badRows.report, enumerable: true }) as FileFeed
}

function empty(paths: readonly string[]): TradingError {
  return new TradingError('CSV_EMPTY', `${paths.join(', ')}: no row of data`, { file: paths[0] })
}
