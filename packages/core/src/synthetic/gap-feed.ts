import type { Batch } from '../interfaces/batch.js'
import type { Instrument } from '../interfaces/instrument.js'
import type { TimeRange } from '../interfaces/time.js'
import { BarBuilder } from '../market-data/bar-builder.js'
import { ColumnarBatch } from '../market-data/columnar-batch.js'
import { TimeColumn } from '../market-data/time-column.js'
import { rangeSeconds } from './coarse-bars.js'
import { GapName, preMarketFrom, type GapDay } from './gap-names.js'
import { syntheticSource, ticksPerUnit, type World } from './market-options.js'
import { newYorkSeconds, tradingDays, type TradingDay } from './sessions.js'

/** Figures are published before the first session, then once in twenty by each name. */
const publishEvery = 20
const firstPublication = 3 * 3600 + 1800
const laterPublication = 18 * 3600
const batchRows = 8192

/** The gaps of one session, and the names as the session left them. */
export interface GapSession {
  readonly day: TradingDay
  readonly names: readonly GapName[]
  readonly gaps: readonly GapDay[]
}

/** Runs through the sessions of the gap names. The same objects every day: read them before going on. */
export function* gapSessions(world: World): Generator<GapSession> {
  const names = Array.from({ length: world.gapNames }, (_, index) => new GapName(world.seed, index, world.strength))
  for (const day of tradingDays(world.fromDay, world.toDay)) {
    yield { day, names, gaps: names.map((name) => name.next(day)).filter((gap) => gap !== undefined) }
  }
}

/**
 * News, minutes, days and figures of the gap names in time order. On a day: news from 04:00, pre-market minutes from 07:00, minutes of the session for the
 * names that gap, daily bars of all names at the close, and figures (`floatShares`, `sharesShort`, `shortRatio`) of some in the evening.
 */
export function* gapBatches(world: World, range: TimeRange): Generator<Batch> {
  const [fromSeconds, toSeconds] = rangeSeconds(range)
  let session = 0
  let instruments: readonly Instrument[] = []
  for (const { day, names, gaps } of gapSessions(world)) {
    if (session === 0) {
      instruments = names.map(({ instrument }) => instrument)
      yield figures(names, instruments, newYorkSeconds(day.day, firstPublication))
    }
    if (newYorkSeconds(day.day, 0) >= toSeconds) return
    session++
    if (newYorkSeconds(day.day + 1, 0) < fromSeconds) continue
    if (gaps.length > 0) {
      yield news(gaps, instruments, day)
      yield* minuteBars(names, gaps, instruments, day)
    }
    yield dailyBars(names, instruments, day)
    const due = names.filter(({ index }) => (index + session) % publishEvery === 0)
    if (due.length > 0) yield figures(due, instruments, newYorkSeconds(day.day, laterPublication))
  }
}

function news(gaps: readonly GapDay[], instruments: readonly Instrument[], day: TradingDay): Batch {
  const sorted = [...gaps].sort((a, b) => a.newsAt - b.newsAt)
  const time = new TimeColumn(sorted.length)
  sorted.forEach(({ newsAt }, row) => time.set(row, newYorkSeconds(day.day, newsAt), 0))
  return new ColumnarBatch<'news'>({
    schema: 'news',
    source: syntheticSource,
    instruments,
    instrumentIndex: Uint32Array.from(sorted, ({ name }) => name),
    availableAt: time.times,
    priceDivisor: 1,
    columns: {
      tsEvent: time.times,
      headline: sorted.map(({ headline }) => headline),
      body: sorted.map(() => ''),
      sentiment: Float64Array.from(sorted, ({ sentiment }) => sentiment),
      publisher: sorted.map(() => 'Synthetic Wire'),
    },
  })
}

function* minuteBars(
  names: readonly GapName[],
  gaps: readonly GapDay[],
  instruments: readonly Instrument[],
  day: TradingDay,
): Generator<Batch> {
  const rows = new BarBuilder({ schema: 'ohlcv-1m', source: syntheticSource, instruments, capacity: batchRows, priceDivisor: ticksPerUnit })
  const early = gaps
    .flatMap(({ name, preMarket }) => preMarket.map((bar) => ({ ...bar, name })))
    .sort((a, b) => a.minute - b.minute || a.name - b.name)
  const from = newYorkSeconds(day.day, preMarketFrom)
  for (const { name, minute, open, close, volume } of early) {
    rows.times(name, from + minute * 60, 0, from + minute * 60 + 60, 0)
    rows.values(open, Math.max(open, close), Math.min(open, close), close, volume)
    if (rows.isFull) yield rows.take()
  }
  const minutes = (day.close - day.open) / 60
  for (let minute = 0; minute < minutes; minute++) {
    for (const { name } of gaps) {
      const bars = names[name].minutes
      rows.times(name, day.open + minute * 60, 0, day.open + minute * 60 + 60, 0)
      rows.values(bars.open[minute], bars.high[minute], bars.low[minute], bars.close[minute], bars.volume[minute])
      if (rows.isFull) yield rows.take()
    }
  }
  if (rows.length > 0) yield rows.take()
}

function dailyBars(names: readonly GapName[], instruments: readonly Instrument[], day: TradingDay): Batch {
  const rows = new BarBuilder({
    schema: 'ohlcv-1d',
    source: syntheticSource,
    instruments,
    capacity: names.length,
    priceDivisor: ticksPerUnit,
  })
  for (const { index, day: bar } of names) {
    rows.times(index, day.open, 0, day.close, 0)
    rows.values(bar.open, bar.high, bar.low, bar.close, bar.volume)
  }
  return rows.take()
}

function figures(names: readonly GapName[], instruments: readonly Instrument[], seconds: number): Batch {
  const rows = names.flatMap(({ index, floatShares, sharesShort, usualVolume }) => [
    { index, field: 'floatShares', value: floatShares, unit: 'shares' },
    { index, field: 'sharesShort', value: sharesShort, unit: 'shares' },
    { index, field: 'shortRatio', value: Math.round((sharesShort / usualVolume) * 100) / 100, unit: 'days' },
  ])
  const time = new TimeColumn(rows.length)
  rows.forEach((_, row) => time.set(row, seconds, 0))
  return new ColumnarBatch<'fundamentals'>({
    schema: 'fundamentals',
    source: syntheticSource,
    instruments,
    instrumentIndex: Uint32Array.from(rows, ({ index }) => index),
    availableAt: time.times,
    priceDivisor: 1,
    columns: {
      tsEvent: time.times,
      field: rows.map(({ field }) => field),
      value: Float64Array.from(rows, ({ value }) => value),
      unit: rows.map(({ unit }) => unit),
    },
  })
}
