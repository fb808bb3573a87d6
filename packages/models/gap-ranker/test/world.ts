import { concatBatches, inMemory, openTimeZone, syntheticMarket, type Batch, type Dataset, type Feed, type Schema, type SyntheticMarket } from '@gatehouse/core' // prettier-ignore
import { feedDataset } from '@gatehouse/model-kit/testing'

export const day = (date: string): bigint => BigInt(Date.parse(date)) * 1_000_000n

/** Ninety names over two and a half years, a dozen gaps on most mornings. */
export function worldOf({ signal = true, from = '2018-01-01', to = '2020-07-01', gapNames = 90, seed = 5 } = {}): SyntheticMarket {
  return syntheticMarket({ seed, noSignal: !signal, from, to, gapNames })
}

const schemas = ['ohlcv-1d', 'ohlcv-1m', 'news', 'fundamentals'] as const
export interface DatasetOptions {
  readonly until?: string | undefined
  readonly pinned?: boolean | undefined
  /** What the data set does not hold. */
  readonly without?: Schema | undefined
}

/** The gap names of a market as a data set, with every minute of the session. */
export function datasetOf(market: SyntheticMarket, options: DatasetOptions = {}): Dataset {
  const gaps = market.gaps()
  return withFeeds(market, Object.fromEntries(schemas.map((schema) => [schema, gaps])), options)
}

/** The same without the minutes of the session, in memory: they never enter (a test shows it) and are nearly all of the rows. */
export async function morningsOf(market: SyntheticMarket): Promise<(options?: DatasetOptions) => Dataset> {
  const kept = new Map<Schema, Batch[]>(schemas.map((schema) => [schema, []]))
  for await (const item of market.gaps().batches(market.range)) {
    if (item.type !== 'batch') continue
    const to = item.schema === 'ohlcv-1m' ? earlyRows(item) : item.length
    if (to > 0) kept.get(item.schema)!.push(concatBatches([{ batch: item, from: 0, to }]))
  }
  const feeds = Object.fromEntries([...kept].map(([schema, batches]) => [schema, inMemory(batches)]))
  return (options = {}) => withFeeds(market, feeds, options)
}

const zone = openTimeZone('America/New_York')

/** Rows of a batch of minutes before the first that ends after the open. */
export function earlyRows({ availableAt, length }: Batch): number {
  for (let row = 0; row < length; row++) {
    const seconds = Number(availableAt[row] / 1_000_000_000n)
    if ((seconds + zone.offsetSeconds(seconds)) % 86_400 > 9.5 * 3600) return row
  }
  return length
}

function withFeeds(
  market: SyntheticMarket,
  feeds: Readonly<Partial<Record<Schema, Feed>>>,
  { until, pinned = true, without }: DatasetOptions,
): Dataset {
  return feedDataset({
    name: 'synthetic-gaps',
    source: 'synthetic',
    instruments: market.gapInstruments,
    range: until === undefined ? market.range : { from: market.range.from, to: day(until) },
    feeds: Object.fromEntries(Object.entries(feeds).filter(([schema]) => schema !== without)),
    pinned,
  })
}

/** All rows of a market in time order, kept. */
export async function batchesOf(market: SyntheticMarket, { until }: { until: string }): Promise<readonly Batch[]> {
  const batches: Batch[] = []
  for await (const item of market.gaps().batches({ from: 0n, to: day(until) })) if (item.type === 'batch') batches.push(item.retain())
  return batches
}

/** Another data set with the batches of a schema changed as they are read. */
export function changed(dataset: Dataset, schema: Schema, change: (batch: Batch) => Batch): Dataset {
  async function* mapped(batches: AsyncIterable<Batch>): AsyncGenerator<Batch> {
    for await (const batch of batches) yield change(batch)
  }
  return {
    ...dataset,
    batches(wanted, range, options) {
      const batches = dataset.batches(wanted, range, options)
      return wanted === schema ? mapped(batches) : batches
    },
  }
}
