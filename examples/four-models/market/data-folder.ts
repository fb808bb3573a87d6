import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseTime } from '@gatehouse/contracts'
import { leanBars, recordedFeed, TradingError, type Dataset, type Feed, type Schema } from '@gatehouse/core'
import { day, hour, type Lane, type Market } from '../lane.js'
import { openBarFiles } from './bar-files.js'

/**
 * Real files of all four kinds, laid out as docs/data.md says. Their days and names do not meet, so each lane trades in a run of its own; the daily panel has no
 * prices within a day, so the ranker is trained and judged, and not traded.
 */
export async function openDataFolder(folder: string): Promise<Market> {
  for (const part of ['equities-hour', 'equities-second', 'gap-daily', 'l2-cme']) {
    if (!existsSync(join(folder, part)))
      throw new TradingError('OPTION_INVALID', `${folder} holds no ${part}; docs/data.md says what --data expects`, { folder, part })
  }
  const hourly = await openBarFiles(['aapl', 'aig', 'bac', 'ibm', 'spy'].map((name) => join(folder, 'equities-hour', `${name}.csv.gz`)))
  const lanes: readonly Lane[] = [...hourly.lanes, gapLane(folder), secondsLane(folder), bookLane(folder)]
  return {
    description: `the files of ${folder}`,
    lanes,
    sessions: [
      { name: 'hours', lanes: ['macro-regime'] },
      { name: 'seconds', lanes: ['seconds-bar'] },
      { name: 'book', lanes: ['order-book'] },
    ],
  }
}

function gapLane(folder: string): Lane {
  const schemas = ['ohlcv-1d', 'ohlcv-1m', 'corporate-action'] as const
  return {
    family: 'gap-ranker',
    // The panel knows a morning by its opening price.
    settings: { session: '09:30' },
    schemas,
    async sources() {
      const { dailyPanel } = await import('../../../scripts/evaluate/gap-ranker-data/daily-panel.js')
      const { dataset } = await dailyPanel(join(folder, 'gap-daily'))
      return schemas.map((schema) => ({ feed: feedOf(dataset, schema) }))
    },
    // Nothing is traded: all that is left is there to be judged on.
    windows: (_first, last) => ({ until: parseTime('2016-02-01T00:00:00Z'), tradeFrom: last + day }),
    warmUpNs: 60n * day,
  }
}

/** One schema of a dataset as a feed. */
function feedOf(dataset: Dataset, schema: Schema): Feed {
  return recordedFeed({
    name: `${dataset.name} ${schema}`,
    schemas: [schema],
    instruments: async () => dataset.instruments,
    open: (_range, _book, options) => dataset.batches(schema, undefined, options),
  })
}

/** Three sessions: one to train on, one to judge, one to trade. */
function secondsLane(folder: string): Lane {
  const directory = join(folder, 'equities-second')
  const names = readdirSync(directory).sort()
  return {
    family: 'seconds-bar',
    schemas: ['ohlcv-1s'],
    sources: async () => names.map((symbol) => ({ feed: leanBars({ directory, symbol, resolution: 'second', hours: 'regular' }) })),
    windows: () => ({ until: parseTime('2013-10-08T00:00:00Z'), tradeFrom: parseTime('2013-10-09T08:00:00Z') }),
    warmUpNs: day,
  }
}

/** One hour of a quiet evening: half to train on, a quarter to judge, a quarter to trade. */
function bookLane(folder: string): Lane {
  const directory = join(folder, 'l2-cme')
  const files = readdirSync(directory).filter((name) => name.includes('.mbo.')).sort().map((name) => join(directory, name)) // prettier-ignore
  const definitions = readdirSync(directory).filter((name) => name.startsWith('definition')).map((name) => join(directory, name)) // prettier-ignore
  return {
    family: 'order-book',
    schemas: ['mbp-10'],
    async sources() {
      const { dbnFiles } = await import('@gatehouse/data-databento')
      return [{ feed: await dbnFiles({ files, definitions, levels: 'mbp-10' }) }]
    },
    windows: () => ({ until: parseTime('2023-12-25T23:30:00Z'), tradeFrom: parseTime('2023-12-25T23:45:00Z') }),
    warmUpNs: hour,
  }
}
