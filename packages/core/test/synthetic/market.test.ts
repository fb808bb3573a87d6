import {
  syntheticBars,
  syntheticMarket,
  xnys,
  type BarView,
  type Batch,
  type BookView,
  type Feed,
  type FundamentalsView,
  type NewsView,
  type Schema,
} from '@gatehouse/core'
import { createHash } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'

const everything = { from: 0n, to: 2n ** 62n }
const time = (text: string): bigint => BigInt(Date.parse(text)) * 1_000_000n

async function batchesOf(feed: Feed, range = everything): Promise<Batch[]> {
  const batches: Batch[] = []
  for await (const item of feed.batches(range)) if (item.type === 'batch') batches.push(item.retain())
  return batches
}

/** SHA-256 of every column of every batch in order; batch bounds do not count. */
async function digestOf(feed: Feed, range = everything): Promise<string> {
  const hashes = new Map<string, ReturnType<typeof createHash>>()
  const add = (name: string, values: NodeJS.TypedArray | readonly string[]) => {
    const hash = hashes.get(name) ?? createHash('sha256')
    hashes.set(name, hash)
    hash.update(ArrayBuffer.isView(values) ? values : JSON.stringify(values).slice(1, -1) + ',')
  }
  for (const batch of await batchesOf(feed, range)) {
    add('availableAt', batch.availableAt)
    add('instrumentIndex', batch.instrumentIndex)
    for (const [name, values] of Object.entries(batch.columns)) add(`${batch.schema}.${name}`, values as NodeJS.TypedArray)
  }
  const whole = createHash('sha256')
  for (const [name, hash] of [...hashes].sort(([a], [b]) => (a < b ? -1 : 1))) whole.update(`${name}=${hash.digest('hex')}\n`)
  return whole.digest('hex')
}

const digests = {
  'ohlcv-1s': '653fd95ee6afebfd197038991cf6eae5f7d16230076e2effeef4f7f79baee424',
  'ohlcv-1m': 'acd7b57545c05a74c3a27adf45e10e71f8654613e2322fa3de99ccba85a7e6db',
  'ohlcv-1h': 'a3c0101685780392fe03040534a08dc893561c75dc02520b9015f8f436282ac4',
  'ohlcv-1d': '7d267c27a0d71b7c0c98cef4e990f4c8954112c08e482aaa98dbf5f0d28e787c',
  book: 'a4a13330b7bcc774aab70c21617343b1d021eff3a36d2b7c6a2e8ed13c5f16d9',
  gaps: '3097e91a0614e641516e2221a58e0d42587e78df92fd881de236cb51b25e882e',
}

describe('the generator', () => {
  // A change of these is a change of every model that was trained on the market and of every published figure: it needs a major version.
  const market = syntheticMarket({ seed: 42, symbols: ['ALFA', 'BRAV'], gapNames: 20, from: '2020-03-02', to: '2020-03-14' })
  test.each(Object.entries(digests))('%s keep the digest they were published with', async (name, digest) => {
    const feed = name === 'book' ? market.book('BRAV') : name === 'gaps' ? market.gaps() : market.bars(name as 'ohlcv-1h')
    const range = name === 'book' ? { from: time('2020-03-03'), to: time('2020-03-03T14:40:00Z') } : everything
    expect(await digestOf(feed, range)).toBe(digest)
  })

  test('a name is the same whatever names stand beside it', async () => {
    const closes = async (symbols: readonly string[]) => {
      const feed = syntheticMarket({ seed: 9, symbols, from: '2020-03-02', to: '2020-03-05' }).bars('ohlcv-1m')
      feed.subscribe([{ schema: 'ohlcv-1m', symbols: ['MID'] }])
      return (await batchesOf(feed)).flatMap((batch) => [...(batch as Batch<'ohlcv-1m'>).columns.close])
    }
    expect(await closes(['MID'])).toEqual(await closes(['AAA', 'MID', 'ZZZ']))
  })

  test('a position is the same wherever reading began', async () => {
    const market2 = syntheticMarket({ seed: 9, symbols: ['A'], from: '2020-03-02', to: '2020-03-20' })
    const range = { from: time('2020-03-12T15:00:00Z'), to: time('2020-03-12T15:01:00Z') }
    for (const feed of [market2.bars('ohlcv-1s'), market2.book()]) {
      const all = (await batchesOf(feed, { from: time('2020-03-12T14:00:00Z'), to: range.to })).flatMap(({ availableAt }) => [
        ...availableAt,
      ])
      const part = (await batchesOf(feed, range)).flatMap(({ availableAt }) => [...availableAt])
      expect(part).toEqual(all.filter((at) => at >= range.from))
    }
  })

  test('other seeds make other worlds', async () => {
    const of = (seed: number) => digestOf(syntheticMarket({ seed, from: '2020-03-02', to: '2020-03-05' }).bars('ohlcv-1h'))
    expect(new Set([await of(1), await of(2), await of(2 ** 40 + 1)]).size).toBe(3)
  })

  test('a bar count is kept', async () => {
    const batches = await batchesOf(syntheticBars({ symbol: 'SPY', seed: 7, bars: 5000 }))
    expect(batches.reduce((rows, { length }) => rows + length, 0)).toBe(5000)
  })

  test('more bars than there are days for are refused, not given short', () => {
    expect(() => syntheticBars({ symbol: 'SPY', seed: 7, bars: 1_000_000 })).toThrowError(/there are 2\d{4} ohlcv-1h bars from then on/)
  })

  test.each([
    [{ seed: -1 }, 'seed'],
    [{ seed: 1.5 }, 'seed'],
    [{ seed: 1, symbols: [] }, 'symbols'],
    [{ seed: 1, symbols: ['A', 'A'] }, 'twice'],
    [{ seed: 1, from: '2021-01-01', to: '2020-01-01' }, 'ends before'],
    [{ seed: 1, from: 'yesterday' }, 'from'],
    [{ seed: 1, to: '2040-01-01' }, 'to'],
    [{ seed: 1, signal: 7 }, 'signal'],
    [{ seed: 1, gapNames: 0 }, 'gapNames'],
  ])('%j is refused by what is wrong with it', (options, named) => {
    expect(() => syntheticMarket(options)).toThrowError(
      expect.objectContaining({ code: 'SYNTHETIC_OPTIONS_INVALID', message: expect.stringContaining(named) as string }) as Error,
    )
  })
})

describe('sessions', () => {
  test("are the calendar's, with its holidays and early closes", async () => {
    const [batch] = await batchesOf(syntheticMarket({ seed: 1, symbols: ['A'], from: '2020-11-25', to: '2020-12-01' }).bars('ohlcv-1d'))
    const closes = [...batch.availableAt].map((at) => new Date(Number(at / 1_000_000n)).toISOString())
    // Thanksgiving is closed, the day after ends at 13:00 in New York.
    expect(closes).toEqual(['2020-11-25T21:00:00.000Z', '2020-11-27T18:00:00.000Z', '2020-11-30T21:00:00.000Z'])
  })

  test('no bar lies outside them', async () => {
    const calendar = xnys()
    for (const schema of ['ohlcv-1s', 'ohlcv-1m'] as const) {
      for (const batch of await batchesOf(
        syntheticMarket({ seed: 1, symbols: ['A'], from: '2020-03-06', to: '2020-03-10' }).bars(schema),
      )) {
        for (let row = 0; row < batch.length; row += 97)
          expect(calendar.isOpen((batch as Batch<'ohlcv-1s'>).columns.tsEvent[row])).toBe(true)
      }
    }
  })
})

/** Closes (logarithms) and volumes of one name, bar by bar. */
async function series(schema: 'ohlcv-1s' | 'ohlcv-1m' | 'ohlcv-1h' | 'ohlcv-1d', from: string, to: string) {
  const close: number[] = []
  const volume: number[] = []
  const range: number[] = []
  for (const batch of await batchesOf(syntheticMarket({ seed: 11, symbols: ['A'], from, to }).bars(schema))) {
    const bar = batch.view() as BarView & { row: number }
    for (bar.row = 0; bar.row < batch.length; bar.row++) {
      close.push(Math.log(bar.close))
      volume.push(bar.volume)
      range.push((bar.high - bar.low) / bar.open)
    }
  }
  return { close, volume, range, moves: close.slice(1).map((value, i) => value - close[i]) }
}

const average = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
function correlation(a: readonly number[], b: readonly number[]): number {
  const [ma, mb] = [average(a), average(b)]
  const covariance = average(a.map((value, i) => (value - ma) * (b[i] - mb)))
  return covariance / Math.sqrt(average(a.map((value) => (value - ma) ** 2)) * average(b.map((value) => (value - mb) ** 2)))
}
const lagged = (values: readonly number[], lag: number): number => correlation(values.slice(lag), values.slice(0, -lag))
function kurtosis(values: readonly number[]): number {
  const mean = average(values)
  const variance = average(values.map((value) => (value - mean) ** 2))
  return average(values.map((value) => (value - mean) ** 4)) / (variance * variance) - 3
}

/** Facts that real markets share: Cont (2001), "Empirical properties of asset returns: stylized facts and statistical issues". */
describe('stylised facts', () => {
  test.each(['ohlcv-1h', 'ohlcv-1d'] as const)('%s returns have fat tails', async (schema) => {
    const { moves } = await series(schema, '2012-01-01', '2022-01-01')
    expect(kurtosis(moves)).toBeGreaterThan(1)
    expect(kurtosis(moves)).toBeLessThan(60)
  })

  test('volatility clusters for weeks, returns hardly predict themselves linearly', async () => {
    const { moves } = await series('ohlcv-1h', '2012-01-01', '2022-01-01')
    const sizes = moves.map(Math.abs)
    for (const lag of [7, 14, 35]) expect(lagged(sizes, lag)).toBeGreaterThan(0.05)
    for (const lag of [1, 2, 7]) expect(Math.abs(lagged(moves, lag))).toBeLessThan(0.12)
  })

  test('yearly volatility is that of shares', async () => {
    const { moves } = await series('ohlcv-1d', '2012-01-01', '2022-01-01')
    const volatility = Math.sqrt(average(moves.map((move) => move * move)) * 252)
    expect(volatility).toBeGreaterThan(0.1)
    expect(volatility).toBeLessThan(0.6)
  })

  test('a session is busiest at its ends: volume and range are U-shaped', async () => {
    const { volume, range } = await series('ohlcv-1m', '2021-02-01', '2021-04-01')
    const at = (values: readonly number[], from: number, to: number) => average(values.filter((_, i) => i % 390 >= from && i % 390 < to))
    expect(at(volume, 0, 30)).toBeGreaterThan(1.5 * at(volume, 180, 240))
    expect(at(volume, 360, 390)).toBeGreaterThan(1.5 * at(volume, 180, 240))
    expect(at(range, 0, 30)).toBeGreaterThan(1.3 * at(range, 180, 240))
  })

  test('volume goes with the size of moves', async () => {
    const { volume, moves } = await series('ohlcv-1m', '2021-02-01', '2021-04-01')
    expect(correlation(volume.slice(1), moves.map(Math.abs))).toBeGreaterThan(0.05)
  })

  test('seconds bounce between bid and ask, and no further', async () => {
    const { moves } = await series('ohlcv-1s', '2021-02-01', '2021-02-03')
    expect(lagged(moves, 1)).toBeLessThan(0)
    expect(Math.abs(lagged(moves, 5))).toBeLessThan(0.03)
  })
})

describe('a second of a market without a signal', () => {
  interface Second {
    readonly open: number
    readonly high: number
    readonly low: number
    readonly close: number
    readonly volume: number
  }
  const bars: Second[] = []
  beforeAll(async () => {
    for (const batch of await batchesOf(
      syntheticMarket({ seed: 8, symbols: ['A'], from: '2021-02-01', to: '2021-02-04', noSignal: true }).bars('ohlcv-1s'),
    )) {
      const bar = batch.view() as BarView & { row: number }
      for (bar.row = 0; bar.row < batch.length; bar.row++)
        bars.push({ open: bar.open, high: bar.high, low: bar.low, close: bar.close, volume: bar.volume })
    }
  })
  /** What is seen so far in a minute, from its third second to its last but one, against the next ten seconds' part of what follows. */
  const foretold = (seen: (minute: readonly Second[], sofar: number) => number): number => {
    const shown: number[] = []
    const next: number[] = []
    for (let from = 60; from + 60 <= bars.length; from += 60) {
      const minute = bars.slice(from, from + 60)
      for (let sofar = 3; sofar < 59; sofar++) {
        shown.push(seen(minute, sofar))
        // From the second after next on: the last trade was at the bid or at the ask, and bounces.
        next.push(Math.sign(minute[Math.min(59, sofar + 5)].close - minute[sofar].close))
      }
    }
    return correlation(shown, next)
  }
  const since = (minute: readonly Second[], sofar: number): number => minute[sofar - 1].close - minute[0].open

  test('does not tell by how far the minute has come which way it goes on', () => {
    expect(Math.abs(foretold((minute, sofar) => Math.sign(since(minute, sofar))))).toBeLessThan(0.03)
  })

  test('does not tell by its volume where the minute ends', () => {
    const busy = (minute: readonly Second[], sofar: number) => average(minute.slice(0, sofar).map(({ volume }) => volume))
    const usual = average(bars.map(({ volume }) => volume))
    expect(Math.abs(foretold((minute, sofar) => Math.sign(since(minute, sofar)) * Math.log(busy(minute, sofar) / usual)))).toBeLessThan(
      0.03,
    )
  })

  test("does not tell by its high or low that they are the minute's", () => {
    const reach = ({ open, high, low, close }: Second) => Math.max(high - Math.max(open, close), Math.min(open, close) - low)
    expect(Math.max(...bars.map(reach))).toBeLessThan(0.011)
  })
})

describe('a book', () => {
  const market = syntheticMarket({ seed: 4, symbols: ['A'], from: '2021-02-01', to: '2021-02-02' })
  const range = { from: time('2021-02-01T14:30:00Z'), to: time('2021-02-01T14:50:01Z') }
  let rows: {
    second: number
    action: string
    side: string
    price: number
    size: number
    bid: number
    ask: number
    spread: number
    depth: number[]
  }[]

  beforeAll(async () => {
    rows = []
    for (const batch of await batchesOf(market.book(), range)) {
      const book = batch.view() as BookView & { row: number }
      for (book.row = 0; book.row < batch.length; book.row++) {
        rows.push({
          second: Number(book.tsEvent / 1_000_000_000n),
          action: book.action,
          side: book.side,
          price: Math.round(book.price * 100),
          size: book.size,
          bid: Math.round(book.bidPrice(0) * 100),
          ask: Math.round(book.askPrice(0) * 100),
          spread: Math.round((book.askPrice(0) - book.bidPrice(0)) * 100),
          depth: Array.from({ length: 10 }, (_, level) => book.bidSize(level)),
        })
      }
    }
  })

  test('never crosses, and shows ten levels', () => {
    expect(rows.every(({ spread, depth }) => spread >= 1 && depth.every((size) => size >= 1))).toBe(true)
  })

  test("trades of each second are that second's bar, to the share", async () => {
    const bars = new Map<number, number[]>()
    for (const batch of await batchesOf(market.bars('ohlcv-1s'), { from: range.from, to: time('2021-02-01T14:50:00Z') + 1n })) {
      const bar = batch.view() as BarView & { row: number }
      for (bar.row = 0; bar.row < batch.length; bar.row++) {
        const prices = [bar.open, bar.high, bar.low, bar.close].map((price) => Math.round(price * 100))
        bars.set(Number(bar.tsEvent / 1_000_000_000n), [...prices, bar.volume])
      }
    }
    const made = new Map<number, number[]>()
    for (const { second, action, price, size } of rows) {
      if (action !== 'T') continue
      const bar = made.get(second) ?? [price, price, price, price, 0]
      made.set(second, [bar[0], Math.max(bar[1], price), Math.min(bar[2], price), price, bar[4] + size])
    }
    expect(bars.size).toBe(1200)
    for (const [second, bar] of bars) expect(made.get(second)).toEqual(bar)
  })

  test('spreads are mostly a few ticks and vary', () => {
    const spreads = rows.map(({ spread }) => spread)
    expect(Math.max(...spreads)).toBeGreaterThanOrEqual(5)
    expect(average(spreads)).toBeLessThan(8)
    expect(average(spreads)).toBeGreaterThan(1.5)
  })

  test('depth is humped: less at the touch than a few ticks away, less again far out', () => {
    const depth = Array.from({ length: 10 }, (_, level) => average(rows.map((row) => row.depth[level])))
    expect(depth[0]).toBeLessThan(depth[3])
    expect(depth[9]).toBeLessThan(depth[4])
  })

  test('both sides trade, at the touch or within the spread', () => {
    const trades = rows.filter(({ action }) => action === 'T')
    const buys = trades.filter(({ side }) => side === 'B').length / trades.length
    expect(buys).toBeGreaterThan(0.4)
    expect(buys).toBeLessThan(0.6)
  })

  test('the trades feed is the trades of the book', async () => {
    const trades = await batchesOf(market.trades(), range)
    expect(trades.reduce((sum, { length }) => sum + length, 0)).toBe(rows.filter(({ action }) => action === 'T').length)
  })
})

describe('the gap names', () => {
  const market = syntheticMarket({ seed: 4, gapNames: 60, from: '2021-02-01', to: '2021-05-01' })
  let batches: Batch[]
  beforeAll(async () => {
    batches = await batchesOf(market.gaps())
  })
  const of = <S extends Schema>(schema: S) => batches.filter((batch): batch is Batch<S> & Batch => batch.schema === schema)

  test('publish float, short interest and short ratio before the first session', () => {
    const first = of('fundamentals')[0]
    const view = first.view() as FundamentalsView & { row: number }
    const fields = new Set(Array.from({ length: first.length }, (_, row) => ((view.row = row), view.field)))
    expect(fields).toEqual(new Set(['floatShares', 'sharesShort', 'shortRatio']))
    expect(first.length).toBe(180)
    expect(first.availableAt[0] < of('ohlcv-1d')[0].availableAt[0]).toBe(true)
  })

  test('have a daily bar each, every session', () => {
    expect(of('ohlcv-1d').every(({ length }) => length === 60)).toBe(true)
  })

  test('that gap have news and pre-market volume before the open', () => {
    const days = new Map<string, Set<number>>()
    for (const batch of of('news')) {
      const view = batch.view() as NewsView & { row: number }
      for (view.row = 0; view.row < batch.length; view.row++) {
        const key = new Date(Number(view.tsEvent / 1_000_000n)).toISOString().slice(0, 10)
        days.set(key, (days.get(key) ?? new Set()).add(batch.instrumentIndex[view.row]))
        expect(view.headline).toContain(view.instrument.symbol)
        expect(Math.abs(view.sentiment)).toBeLessThanOrEqual(1)
      }
    }
    const traced = market.optimum.gaps()
    expect(traced.length).toBeGreaterThan(300)
    for (let row = 0; row < traced.length; row++) {
      const day = new Date(traced.day[row] * 86_400_000).toISOString().slice(0, 10)
      expect(days.get(day)?.has(traced.name[row])).toBe(true)
    }
  })

  test('words of a headline agree with its score', () => {
    for (const batch of of('news')) {
      const { headline, sentiment } = batch.columns
      headline.forEach((text, row) => {
        if (sentiment[row] > 0.2) expect(text).toMatch(/beats|approval|upgraded|record|awarded/)
        if (sentiment[row] < -0.2) expect(text).toMatch(/misses|lawsuit|downgraded|dilutive|recalls/)
      })
    }
  })

  test('minutes of a session add up to its day', () => {
    const daily = new Map<string, number[]>()
    for (const batch of of('ohlcv-1d')) {
      const bar = batch.view() as BarView & { row: number }
      for (bar.row = 0; bar.row < batch.length; bar.row++) {
        daily.set(`${bar.tsEvent}/${bar.instrument.symbol}`, [bar.open, bar.high, bar.low, bar.close, bar.volume])
      }
    }
    const calendar = xnys()
    const made = new Map<string, number[]>()
    for (const batch of of('ohlcv-1m')) {
      const bar = batch.view() as BarView & { row: number }
      for (bar.row = 0; bar.row < batch.length; bar.row++) {
        const session = calendar.sessionContaining(bar.tsEvent)
        if (session === undefined) continue
        const key = `${session.opens}/${bar.instrument.symbol}`
        const { open, high, low, close, volume } = bar
        const sum = made.get(key) ?? [open, high, low, close, 0]
        made.set(key, [sum[0], Math.max(sum[1], high), Math.min(sum[2], low), close, sum[4] + volume])
      }
    }
    expect(made.size).toBe(market.optimum.gaps().length)
    for (const [key, bar] of made) expect(bar).toEqual(daily.get(key))
  })
})
