import {
  createBatch,
  syntheticMarket,
  type Batch,
  type Cursor,
  type Dataset,
  type Instrument,
  type QuoteView,
  type SyntheticMarket,
} from '@gatehouse/core'
import { feedDataset } from '@gatehouse/model-kit/testing'

export const time = (text: string): bigint => BigInt(Date.parse(text)) * 1_000_000n

/** One-second bars of a synthetic market as a data set. */
export function datasetOf(market: SyntheticMarket, { to, pinned = true }: { to?: string; pinned?: boolean } = {}): Dataset {
  const range = { from: 0n, to: to === undefined ? market.range.to : time(to) }
  const feeds = { 'ohlcv-1s': market.bars('ohlcv-1s') }
  return feedDataset({ name: 'synthetic', source: 'synthetic', instruments: market.instruments, range, feeds, pinned })
}

/** A data set of one name's bars, whatever they are. */
export function datasetOfBars(market: SyntheticMarket, bars: readonly TestBar[], source = 'synthetic'): Dataset {
  return {
    ...datasetOf(market),
    async *batches(schema) {
      if (schema === 'ohlcv-1s') yield barsOf(market.instruments[0], bars, source)
    },
  }
}

/** A bar as a test writes it. */
export interface TestBar {
  readonly second: number
  readonly close: number
  readonly open?: number
  readonly high?: number
  readonly low?: number
  readonly volume?: number
}

/** Bars as a batch, in order. */
export function barsOf(instrument: Instrument, bars: readonly TestBar[], source = 'synthetic'): Batch<'ohlcv-1s'> {
  const column = (read: (bar: TestBar) => number): Float64Array => Float64Array.from(bars, read)
  return createBatch({
    schema: 'ohlcv-1s',
    source,
    instruments: [instrument],
    columns: {
      tsEvent: BigInt64Array.from(bars, ({ second }) => BigInt(second) * 1_000_000_000n),
      open: column(({ open, close }) => open ?? close),
      high: column(({ high, open, close }) => high ?? Math.max(open ?? close, close)),
      low: column(({ low, open, close }) => low ?? Math.min(open ?? close, close)),
      close: column(({ close }) => close),
      volume: column(({ volume }) => volume ?? 100),
    },
  })
}

/** A quote as a test writes it. */
export interface TestQuote {
  readonly second: number
  readonly bid: number
  readonly ask: number
  readonly bidSize: number
  readonly askSize: number
}

/** A quote as a view of a batch of one. */
export function quoteOf(instrument: Instrument, { second, bid, ask, bidSize, askSize }: TestQuote): QuoteView {
  const [byte, count, tsEvent] = [new Uint8Array(1), new Uint32Array(1), BigInt64Array.of(BigInt(second) * 1_000_000_000n)]
  const columns = { tsEvent, tsRecv: tsEvent, price: Float64Array.of(NaN), size: count, side: byte, flags: byte, bidPx00: Float64Array.of(bid), askPx00: Float64Array.of(ask), bidSz00: Uint32Array.of(bidSize), askSz00: Uint32Array.of(askSize), bidCt00: count, askCt00: count } // prettier-ignore
  return createBatch({ schema: 'bbo-1s', source: 'synthetic', instruments: [instrument], columns }).view()
}

/** Every bar of a batch, as a view. */
export function each(batch: Batch<'ohlcv-1s'>, use: (bar: Cursor<'ohlcv-1s'>, row: number) => void): void {
  const view = batch.view()
  for (view.row = 0; view.row < batch.length; view.row++) use(view, view.row)
}

/** One name's bars of a market, as plain bars; `keep` leaves seconds out, as a market without a trade does. */
export async function plainBars(market: SyntheticMarket, keep: (second: number) => boolean = () => true): Promise<TestBar[]> {
  const [instrument] = market.instruments
  const bars: TestBar[] = []
  for await (const batch of datasetOf(market).batches('ohlcv-1s')) {
    each(batch as Batch<'ohlcv-1s'>, (bar) => {
      const second = Number(bar.tsEvent / 1_000_000_000n)
      const { open, high, low, close, volume } = bar
      if (bar.instrument === instrument && keep(second)) bars.push({ second, open, high, low, close, volume })
    })
  }
  return bars
}

export const oneName = (from: string, to: string, seed = 5): SyntheticMarket => syntheticMarket({ seed, symbols: ['ALFA'], from, to })
