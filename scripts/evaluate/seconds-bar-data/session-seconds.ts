import { join } from 'node:path'
import {
  createBatch,
  equity,
  leanBars,
  leanQuotes,
  openTimeZone,
  recordedFeed,
  type Batch,
  type Dataset,
  type Instrument,
} from '@gatehouse/core'
import { feedDataset } from '@gatehouse/model-kit/testing'

/** Seconds of a regular session. */
export const sessionSeconds = 23_400
export const days = ['2013-10-07', '2013-10-08', '2013-10-09'] as const
const source = 'lean'
const nsPerSecond = 1_000_000_000n
const everything = { from: 0n, to: 2n ** 62n }

/** One name's regular sessions on a grid of seconds; quotes are carried forward, as the published baselines do. */
export interface SessionSeconds {
  readonly symbol: string
  readonly instrument: Instrument
  /** One entry a day, each of {@link sessionSeconds}. */
  readonly days: readonly DaySeconds[]
}

export interface DaySeconds {
  /** Start of the session, seconds since 1970. */
  readonly opens: number
  readonly mid: Float64Array
  /** Of bid and ask in dollars, and (bid - ask) / (bid + ask) of their sizes. */
  readonly spread: Float64Array
  readonly imbalance: Float64Array
  readonly bidSize: Float64Array
  readonly askSize: Float64Array
  readonly volume: Float64Array
  /** 1 where a quote came in that second. */
  readonly quoted: Uint8Array
}

const newYork = openTimeZone('America/New_York')

/** Reads LEAN's second files of one name. */
export async function readSessions(data: string, symbol: string): Promise<SessionSeconds> {
  const instrument = equity(symbol.toUpperCase())
  const opens = days.map((date) => Number(newYork.timeOfLocal(Date.parse(`${date}T00:00:00Z`) / 86_400_000, 34_200) / 1_000_000_000n))
  const read = days.map((_, d) => ({
    opens: opens[d],
    mid: new Float64Array(sessionSeconds).fill(NaN),
    spread: new Float64Array(sessionSeconds).fill(NaN),
    imbalance: new Float64Array(sessionSeconds).fill(NaN),
    bidSize: new Float64Array(sessionSeconds),
    askSize: new Float64Array(sessionSeconds),
    volume: new Float64Array(sessionSeconds),
    quoted: new Uint8Array(sessionSeconds),
  }))
  /** Day and second of a bar's start. */
  const place = (tsEvent: bigint): readonly [DaySeconds, number] | undefined => {
    const second = Number(tsEvent / 1_000_000_000n)
    const d = opens.findIndex((open) => second >= open && second < open + sessionSeconds)
    return d < 0 ? undefined : [read[d], second - opens[d]]
  }
  const options = { directory: join(data, 'equities-second'), symbol, resolution: 'second' as const, instrument }
  for await (const batch of leanQuotes(options).batches(everything)) {
    if (batch.type !== 'batch' || batch.schema !== 'mbp-1') continue
    const view = (batch as Batch<'mbp-1'>).view()
    for (view.row = 0; view.row < batch.length; view.row++) {
      // Sampled at the end of its second.
      const at = place(view.tsEvent - 1n)
      if (at === undefined || !(view.bidPrice > 0 && view.askPrice > 0)) continue
      const [day, second] = at
      day.mid[second] = (view.bidPrice + view.askPrice) / 2
      day.spread[second] = view.askPrice - view.bidPrice
      day.imbalance[second] = (view.bidSize - view.askSize) / Math.max(1, view.bidSize + view.askSize)
      day.bidSize[second] = view.bidSize
      day.askSize[second] = view.askSize
      day.quoted[second] = 1
    }
  }
  for await (const batch of leanBars(options).batches(everything)) {
    if (batch.type !== 'batch' || batch.schema !== 'ohlcv-1s') continue
    const view = (batch as Batch<'ohlcv-1s'>).view()
    for (view.row = 0; view.row < batch.length; view.row++) {
      const at = place(view.tsEvent)
      if (at !== undefined) at[0].volume[at[1]] = view.volume
    }
  }
  for (const day of read) for (const column of [day.mid, day.spread, day.imbalance]) carryForward(column)
  return { symbol, instrument, days: read }
}

function carryForward(values: Float64Array): void {
  for (let i = 1; i < values.length; i++) if (Number.isNaN(values[i])) values[i] = values[i - 1]
}

/**
 * The sessions as bars of a second of the middle of the market, with the volume that traded, and the quotes. A second without a quote has no bar, as live.
 * @param from and @param to indices of days, `to` not included
 */
export function sessionDataset(sessions: readonly SessionSeconds[], from: number, to: number): Dataset {
  const instruments = sessions.map(({ instrument }) => instrument)
  const feed = (schema: 'ohlcv-1s' | 'mbp-1') =>
    recordedFeed({
      name: schema,
      schemas: [schema],
      instruments: async () => instruments,
      async *open() {
        for (let d = from; d < to; d++) yield batchOf(sessions, d, schema)
      },
    })
  const [first, last] = [sessions[0].days[from], sessions[0].days[to - 1]]
  return feedDataset({
    name: `equities-second/${days[from]}..${days[to - 1]}`,
    source,
    instruments,
    range: { from: BigInt(first.opens) * nsPerSecond, to: BigInt(last.opens + sessionSeconds + 1) * nsPerSecond },
    feeds: { 'ohlcv-1s': feed('ohlcv-1s'), 'mbp-1': feed('mbp-1') },
  })
}

/** One day of all names, second by second. */
function batchOf(sessions: readonly SessionSeconds[], d: number, schema: 'ohlcv-1s' | 'mbp-1'): Batch {
  const rows: { readonly name: number; readonly i: number }[] = []
  for (let i = 0; i < sessionSeconds; i++) sessions.forEach(({ days }, name) => days[d].quoted[i] === 1 && rows.push({ name, i }))
  const day = ({ name }: { readonly name: number }) => sessions[name].days[d]
  const column = (read: (of: DaySeconds, i: number) => number): Float64Array => Float64Array.from(rows, (row) => read(day(row), row.i))
  const shared = {
    source,
    instruments: sessions.map(({ instrument }) => instrument),
    instrumentIndex: Uint32Array.from(rows, ({ name }) => name),
    availableAt: BigInt64Array.from(rows, (row) => BigInt(day(row).opens + row.i + 1) * nsPerSecond),
  }
  const before = ({ mid }: DaySeconds, i: number): number => (mid[i - 1] > 0 ? mid[i - 1] : mid[i])
  if (schema === 'ohlcv-1s')
    return createBatch({
      ...shared,
      schema,
      columns: {
        tsEvent: shared.availableAt.map((t) => t - nsPerSecond),
        open: column(before),
        high: column((of, i) => Math.max(before(of, i), of.mid[i])),
        low: column((of, i) => Math.min(before(of, i), of.mid[i])),
        close: column(({ mid }, i) => mid[i]),
        volume: column(({ volume }, i) => volume[i]),
      },
    })
  const bytes = new Uint8Array(rows.length)
  const counts = new Uint32Array(rows.length)
  return createBatch({
    ...shared,
    schema,
    columns: {
      tsEvent: shared.availableAt,
      tsRecv: shared.availableAt,
      action: bytes,
      side: bytes,
      price: column(() => NaN),
      size: counts,
      flags: bytes,
      sequence: counts,
      depth: counts,
      bidPx00: column(({ mid, spread }, i) => mid[i] - spread[i] / 2),
      askPx00: column(({ mid, spread }, i) => mid[i] + spread[i] / 2),
      bidSz00: column(({ bidSize }, i) => bidSize[i]),
      askSz00: column(({ askSize }, i) => askSize[i]),
      bidCt00: counts,
      askCt00: counts,
    },
  })
}
