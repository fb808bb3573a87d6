import { TradingError, type CallOptions } from '@gatehouse/contracts'
import type { Batch } from '../interfaces/batch.js'
import type { Feed } from '../interfaces/feed.js'
import { isBarSchema, type BarSchema } from '../interfaces/schema.js'
import type { TimeRange } from '../interfaces/time.js'

/** Options of {@link priceCurve}. */
export interface PriceCurveOptions extends CallOptions {
  /** Needed where the feed has several instruments. */
  readonly symbol?: string | undefined
  /** Default: all that the feed has. */
  readonly range?: TimeRange | undefined
}

/** Closes of one instrument: when each could be known, and what it was. A benchmark for `run`. */
export interface PriceCurve {
  readonly name: string
  readonly times: BigInt64Array
  readonly values: Float64Array
}

/**
 * Reads the closes of an instrument's bars into memory: a benchmark that begins before the run does, or comes from elsewhere.
 * @throws {TradingError} `FEED_SYMBOL_UNKNOWN` for a symbol that the feed does not have, or none where it has several; errors of the feed
 */
export async function priceCurve(feed: Feed, { symbol, range, signal }: PriceCurveOptions = {}): Promise<PriceCurve> {
  const instruments = await feed.instruments({ signal })
  const instrument =
    symbol === undefined && instruments.length === 1
      ? instruments[0]
      : instruments.find((known) => known.symbol === symbol || known.id === symbol)
  if (instrument === undefined) {
    const names = instruments.map((known) => known.symbol).join(', ')
    throw new TradingError('FEED_SYMBOL_UNKNOWN', `priceCurve: feed ${feed.name} has ${names}, not ${symbol ?? 'one instrument alone'}`, {
      feed: feed.name,
      symbol,
    })
  }
  const times: bigint[] = []
  const values: number[] = []
  for await (const item of feed.batches(range ?? { from: 0n, to: 0x7fef_ffff_ffff_ffffn }, { signal })) {
    if (item.type !== 'batch' || !isBarSchema(item.schema)) continue
    const { instrumentIndex, availableAt, length } = item
    const bar = (item as Batch<BarSchema>).view()
    const wanted = item.instruments.map((known) => known.id === instrument.id)
    for (let row = 0; row < length; row++) {
      if (!wanted[instrumentIndex[row]]) continue
      times.push(availableAt[row])
      bar.row = row
      values.push(bar.close)
    }
  }
  return { name: instrument.symbol, times: BigInt64Array.from(times), values: Float64Array.from(values) }
}
