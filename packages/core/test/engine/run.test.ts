import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import {
  acceleratedClock,
  createBatch,
  equity,
  explain,
  inMemory,
  killLatch,
  percentFees,
  positionLimit,
  readJournal,
  replay,
  run,
  simulatedBroker,
  start,
  type Batch,
  type Broker,
  type Feed,
  type Manifest,
  type Model,
  type Notifier,
  type Prediction,
  type RunOptions,
  type Strategy,
} from '@gatehouse/core'
import { adversarialVenue } from '@gatehouse/core/testing'
import { defaultPolicy, formatTime, generateSigningKey, openRegistry, parseTime, type Admitted, type Notice } from '@gatehouse/contracts'
import { loadSmallNetwork, passingEvidence, smallCandidate } from '@gatehouse/contracts/testing'

const minute = 60_000_000_000n
const t0 = 1_704_205_800_000_000_000n
const instrument = equity('TEST', { venue: 'SIM', calendar: '24x7' })

function bars(closes: readonly number[], { from = t0, of = instrument, step = minute } = {}): Batch {
  const close = Float64Array.from(closes)
  const open = Float64Array.from(closes, (price, i) => closes[i - 1] ?? price)
  return createBatch({
    schema: 'ohlcv-1m',
    source: 'test',
    instruments: [of],
    columns: {
      tsEvent: BigInt64Array.from(closes, (_, i) => from + BigInt(i) * step),
      open,
      high: close.map((price, i) => Math.max(price, open[i])),
      low: close.map((price, i) => Math.min(price, open[i])),
      close,
      volume: new Float64Array(closes.length).fill(1e6),
    },
  })
}

/** A walk by a seed, the same everywhere. */
function walk(length: number, seed = 1): number[] {
  let [state, price] = [seed >>> 0, 100]
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (price *= 1 + 0.01 * (state / 4294967296 - 0.5))
  })
}

const flip = (): Strategy => {
  let previous = NaN
  return {
    name: 'flip',
    onBar(bar, { orders }) {
      if (bar.close > previous) orders.target(bar.instrument, 10)
      else if (bar.close < previous) orders.target(bar.instrument, -5)
      previous = bar.close
    },
    save: () => new Uint8Array(Float64Array.of(previous).buffer),
    restore: (state) => void (previous = new Float64Array(state.slice().buffer)[0]),
  }
}

const folders: string[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})
async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'gatehouse-engine-'))
  folders.push(made)
  return join(made, 'journal')
}

const options = (more: Partial<RunOptions> = {}): RunOptions => ({
  time: 'backtest',
  strategy: flip,
  feeds: [inMemory([bars(walk(500))])],
  broker: simulatedBroker({ cash: 100_000, fees: percentFees(0.001) }),
  ...more,
})

describe('run', () => {
  test('a market order decided on a bar fills at the open of the next one', async () => {
    let decidedAt: bigint | undefined
    const result = await run(
      options({
        strategy: () => ({
          name: 'once',
          onBar(bar, { orders, now }) {
            if (decidedAt !== undefined) return
            decidedAt = now
            orders.buy(bar.instrument, 1)
          },
        }),
        feeds: [inMemory([bars([100, 101, 102])])],
      }),
    )
    const { fills } = result.report.record
    expect(fills.prices[0]).toBe(100)
    expect(fills.times[0] > (decidedAt ?? 0n)).toBe(true)
  })

  test('cash, positions and fees of the result reconcile with the fills', async () => {
    const { report, equity: final } = await run(options())
    const { fills, prices } = report.record
    let [cash, held] = [100_000, 0]
    for (let i = 0; i < fills.times.length; i++) {
      cash -= fills.quantities[i] * fills.prices[i] + fills.fees[i]
      held += fills.quantities[i]
    }
    const last = prices?.[0].close.at(-1) ?? NaN
    expect(final).toBeCloseTo(cash + held * last, 6)
  })

  test('rows of several feeds come in the order they could be known, ties by the place of the feed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 4 }),
        async (lanes) => {
          const feeds = lanes.map((steps, lane): Feed => {
            const of = equity(`F${lane}`, { venue: 'SIM', calendar: '24x7' })
            const sorted = [...steps].sort((a, b) => a - b)
            const batches = sorted.map((step) => bars([100], { from: t0 + BigInt(step) * minute, of }))
            return inMemory(batches, { name: `feed-${lane}` })
          })
          const seen: [bigint, number][] = []
          await run(
            options({
              feeds,
              strategy: () => ({
                name: 'watch',
                onBar: (bar) => void seen.push([bar.availableAt, Number(bar.instrument.symbol.slice(1))]),
              }),
            }),
          )
          const expected = lanes
            .flatMap((steps, lane) => steps.map((step): [bigint, number] => [t0 + BigInt(step + 1) * minute, lane]))
            .sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : a[1] - b[1]))
          expect(seen).toEqual(expected)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('timers ring after the rows of their instant, and between rows', async () => {
    const seen: string[] = []
    await run(
      options({
        feeds: [inMemory([bars([100, 101, 102])])],
        strategy: () => ({
          name: 'timers',
          onStart(context) {
            context.setTimer('at-bar', t0 + minute)
            context.setTimer('between', t0 + minute + 1n)
          },
          onBar: (_, { now }) => void seen.push(`bar ${(now - t0) / minute}`),
          onTimer: ({ name }) => void seen.push(name),
        }),
      }),
    )
    expect(seen).toEqual(['bar 1', 'at-bar', 'between', 'bar 2', 'bar 3'])
  })

  test('a strategy that throws is named, with the row and its own error as cause', async () => {
    const cause = new Error('division by nothing')
    const failing = run(options({ strategy: () => ({ name: 'fragile', onBar: () => { throw cause } }) })) // prettier-ignore
    await expect(failing).rejects.toMatchObject({
      code: 'STRATEGY_FAILED',
      message: `fragile threw at ${formatTime(t0 + minute)}, after 1 row: division by nothing`,
      cause,
      details: { rows: 1 },
    })
  })

  test('a strategy that answers its own orders without end is stopped', async () => {
    const strategy = (): Strategy => ({
      name: 'echo',
      onBar: (bar, { orders }) => void orders.buy(bar.instrument, 1, { type: 'limit', limitPrice: 1 }),
      onOrder: (update, { orders }) => void orders.buy(update.order.instrument, 1, { type: 'limit', limitPrice: 1 }),
    })
    const broker = simulatedBroker({ cash: 100_000, margin: 'unlimited' })
    await expect(run(options({ strategy, broker }))).rejects.toMatchObject({ code: 'TURN_RUNAWAY' })
  })

  test('an aborted run rejects with the reason of its signal', async () => {
    const reason = new Error('enough')
    await expect(run(options({ signal: AbortSignal.abort(reason) }))).rejects.toBe(reason)
  })

  test('quantities and prices that make no sense are refused by rule, counted and explained', async () => {
    const rules: string[] = []
    let why: string | undefined
    const result = await run(
      options({
        feeds: [inMemory([bars([100, 101])])],
        strategy: () => ({
          name: 'wrong',
          onBar(bar, { orders, whyNot }) {
            const of = bar.instrument
            for (const answer of [
              orders.buy(of, 0),
              orders.buy(of, NaN),
              orders.sell(of, 0.5),
              orders.buy(of, 1, { type: 'limit' }),
              orders.buy(of, 1, { type: 'limit', limitPrice: Infinity }),
              orders.sell(of, 1, { type: 'stop', stopPrice: bar.close + 5 }),
              orders.buy(of, 1, { timeInForce: 'gtd' }),
              orders.target(of, NaN),
            ]) {
              if (!answer.approved) rules.push(answer.rule)
            }
            why = whyNot(of)
          },
        }),
      }),
    )
    expect(rules.slice(0, 8)).toEqual([
      'quantity',
      'quantity',
      'lot-size',
      'limit-price',
      'limit-price',
      'stop-side',
      'expires-at',
      'quantity',
    ])
    expect(why).toMatch(/expiresAt/)
    expect(result.report.record.refusals?.find(({ rule }) => rule === 'stop-side')?.count).toBe(2)
  })

  test('100 backtests in a row give the same bytes', async () => {
    const first = JSON.stringify((await run(options())).report)
    for (let i = 0; i < 20; i++)
      expect(JSON.stringify((await run(options({ broker: simulatedBroker({ cash: 100_000, fees: percentFees(0.001) }) }))).report)).toBe(
        first,
      )
  })
})

describe('the journal', () => {
  test('replays byte for byte, and tells where another strategy first does something else', async () => {
    const directory = await folder()
    const { journalHash } = await run(options({ journal: { directory, checkpointEveryRows: 100 } }))
    const feeds = [inMemory([bars(walk(500))])]
    const same = await replay({ directory, strategy: flip, feeds })
    expect(same).toMatchObject({ identical: true, hash: journalHash })
    const otherStrategy = (): Strategy => ({ name: 'flip', onBar: (bar, { orders }) => void orders.target(bar.instrument, 1) })
    const other = await replay({ directory, strategy: otherStrategy, feeds: [inMemory([bars(walk(500))])] })
    expect(other.identical).toBe(false)
    expect(other.firstDifference?.number).toBeGreaterThan(0)
  })

  test('notices data that is not the data of the run', async () => {
    const directory = await folder()
    await run(options({ journal: { directory } }))
    const closes = walk(500)
    // Below what moves any decision: only the digest can tell.
    closes[499] += 1e-9
    const changed = await replay({ directory, strategy: flip, feeds: [inMemory([bars(closes)])] })
    expect(changed.identical).toBe(false)
    expect(changed.firstDifference?.written?.type).toBe('market-data')
  })

  test('of a run that was stopped anywhere and resumed is that of a run that was not', async () => {
    const batches = (): Feed[] => [
      inMemory(Array.from({ length: 25 }, (_, i) => bars(walk(500).slice(i * 20, i * 20 + 20), { from: t0 + BigInt(i * 20) * minute }))),
    ]
    const whole = await folder()
    const { journalHash } = await run(options({ feeds: batches(), journal: { directory: whole, checkpointEveryRows: 70 } }))
    for (const stopAt of [1, 40, 260, 499]) {
      const directory = await folder()
      const stop = new AbortController()
      const journal = { directory, checkpointEveryRows: 70 }
      const broken = run(
        options({
          feeds: batches(),
          journal,
          broker: simulatedBroker({ cash: 100_000, fees: percentFees(0.001) }),
          signal: stop.signal,
          onProgress: ({ done }) => void (done >= stopAt && stop.abort(new Error('power'))),
        }),
      )
      await expect(broken).rejects.toThrow('power')
      const resumed = await run(
        options({ feeds: batches(), journal, broker: simulatedBroker({ cash: 100_000, fees: percentFees(0.001) }) }),
      )
      expect(resumed.journalHash).toBe(journalHash)
    }
  })

  test('explains an order from files alone, down to the model and the rows', async () => {
    const directory = await folder()
    await run(options({ journal: { directory }, models: [upModel()], strategy: onUp }))
    let id = ''
    for await (const { entry } of readJournal(directory)) if (entry.type === 'decision') id ||= entry.orders[0].clientOrderId
    const explanation = await explain(directory, id)
    expect(explanation.predictions[0]).toMatchObject({ model: 'up', digest: 'd'.repeat(64), admission: undefined })
    expect(explanation.marketData[0].reference.sha256).toMatch(/^[0-9a-f]{64}$/)
    expect(explanation.outcome.map(({ type }) => type)).toContain('fill')
    await expect(explain(directory, 'nobody-1')).rejects.toMatchObject({ code: 'ORDER_NOT_FOUND' })
  })

  test('of a finished run takes no second run', async () => {
    const directory = await folder()
    await run(options({ journal: { directory } }))
    await expect(run(options({ journal: { directory } }))).rejects.toMatchObject({ code: 'JOURNAL_FINISHED' })
  })

  describe('of an unfinished run is not gone on with by a run that does something else:', () => {
    const closes = walk(500)
    const parts = (prices: readonly number[]): Feed[] => [
      inMemory(Array.from({ length: 25 }, (_, i) => bars(prices.slice(i * 20, i * 20 + 20), { from: t0 + BigInt(i * 20) * minute }))),
    ]
    const broker = (cash = 100_000): Broker => simulatedBroker({ cash, fees: percentFees(0.001) })
    const others: Record<string, { more: () => Partial<RunOptions>; code: string }> = {
      'another strategy': {
        more: () => ({ strategy: () => ({ ...flip(), onBar: (bar, { orders }) => void orders.target(bar.instrument, 7) }) }),
        code: 'JOURNAL_DIFFERS',
      },
      'a strategy that swallows what is thrown at it': {
        more: () => ({
          strategy: () => ({
            ...flip(),
            onBar(bar, { orders }) {
              try {
                orders.target(bar.instrument, 7)
              } catch (error) {
                expect(error).toMatchObject({ code: 'JOURNAL_DIFFERS' })
              }
            },
          }),
        }),
        code: 'JOURNAL_DIFFERS',
      },
      'other prices': { more: () => ({ feeds: parts(closes.map((price, i) => (i < 100 ? price : price + 1))) }), code: 'JOURNAL_DIFFERS' },
      'fewer rows': { more: () => ({ feeds: parts(closes.slice(0, 100)) }), code: 'JOURNAL_DIFFERS' },
      'other cash': { more: () => ({ broker: broker(90_000) }), code: 'JOURNAL_OTHER_RUN' },
    }
    test.each(Object.keys(others))('%s', async (name) => {
      const { more, code } = others[name]
      const directory = await folder()
      const stop = new AbortController()
      const cut = (done: number): void => void (done >= 300 && stop.abort(new Error('power')))
      const common = { feeds: parts(closes), journal: { directory }, broker: broker(), runId: 'cut' }
      await expect(run(options({ ...common, signal: stop.signal, onProgress: ({ done }) => cut(done) }))).rejects.toThrow('power')
      const before = await written(directory)
      await expect(run(options({ ...common, broker: broker(), feeds: parts(closes), ...more() }))).rejects.toMatchObject({ code })
      expect(await written(directory)).toBe(before)
    })
    async function written(directory: string): Promise<number> {
      let entries = 0
      for await (const { number } of readJournal(directory)) entries = number + 1
      return entries
    }
  })

  test('of an unfinished run is not continued by another configuration', async () => {
    const directory = await folder()
    const broken = (): Strategy => ({ name: 'flip', onBar: () => { throw new Error('stop') } }) // prettier-ignore
    await expect(run(options({ journal: { directory }, strategy: broken }))).rejects.toThrow()
    await expect(run(options({ journal: { directory }, seed: 2 }))).rejects.toMatchObject({ code: 'JOURNAL_OTHER_RUN' })
  })
})

/** Predicts 1 after a rise, 0 after a fall; warm after two bars. */
function upModel(more: Partial<Model> = {}): Model {
  return {
    name: 'up',
    digest: 'd'.repeat(64),
    inputs: [{ schema: 'ohlcv-1m', source: 'test', warmUp: 2 }],
    trigger: { every: 'ohlcv-1m' },
    compute: (input) => input,
    open(instruments) {
      let [seen, previous, last] = [0, NaN, NaN]
      const values = new Float32Array(1)
      const prediction: Prediction = {
        type: 'up',
        model: 'up',
        digest: 'd'.repeat(64),
        instrument: instruments[0],
        at: 0n,
        values,
        copy() {
          return { ...this, values: this.values.slice() }
        },
      }
      return {
        update(view) {
          seen++
          previous = last
          last = (view as unknown as { close: number }).close
        },
        predict(_, emit) {
          values[0] = last > previous ? 1 : 0
          emit(prediction)
        },
        get isWarm() {
          return seen >= 2
        },
        save: () => new Uint8Array(Float64Array.of(seen, previous, last).buffer),
        restore(state) {
          ;[seen, previous, last] = new Float64Array(state.slice().buffer)
        },
      }
    },
    ...more,
  }
}
const onUp = (): Strategy => ({
  name: 'on-up',
  onPrediction: (prediction, { orders }) => void orders.target(prediction.instrument, prediction.values[0] === 1 ? 10 : 0),
})

describe('models', () => {
  test('a bare model runs in simulation, and the report calls it ungated', async () => {
    const { report } = await run(options({ models: [upModel()], strategy: onUp }))
    expect(report.record.flags?.map(({ type }) => type)).toContain('ungated')
    expect(report.record.fills.times.length).toBeGreaterThan(0)
  })

  test('a bare model is refused where a broker holds the account, before anything is connected', async () => {
    const venue = adversarialVenue({ seed: 1 })
    const refused = run(options({ time: 'realtime', broker: venue.broker, models: [upModel()] }))
    await expect(refused).rejects.toMatchObject({ code: 'MODEL_NOT_ADMITTED' })
  })

  test('a look-alike of an admission is refused', async () => {
    const venue = adversarialVenue({ seed: 1 })
    const model = upModel()
    const admission = { name: 'up', alias: 'paper', stage: 'paper', environment: 'paper', artifactDigest: model.digest }
    const fake = { type: 'admitted', model, admission, artifact: {} } as unknown as NonNullable<RunOptions['models']>[number]
    await expect(run(options({ time: 'realtime', broker: venue.broker, models: [fake] }))).rejects.toMatchObject({
      code: 'MODEL_NOT_ADMITTED',
    })
  })

  test.each([
    ['paper', 'live'],
    ['simulated', 'live'],
  ] as const)('a broker that says %s and turns out to be %s once connected is refused, and sent nothing', async (first, then) => {
    const venue = adversarialVenue({ seed: 1 })
    let isConnected = false
    const sent: unknown[] = []
    const broker: Broker = {
      ...venue.broker,
      get environment() {
        return isConnected ? then : first
      },
      connect: (...given) => ((isConnected = true), venue.broker.connect(...given)),
      submit: (group) => void sent.push(group),
    }
    const refused = run(options({ time: 'realtime', broker, clock: acceleratedClock({ from: t0, speed: 60 * 600 }) }))
    await expect(refused).rejects.toMatchObject({ code: 'PREFLIGHT_FAILED', details: { began: first, connected: then } })
    expect(sent).toEqual([])
  })

  test('a model trained on another source is refused by name', async () => {
    const model = upModel({ inputs: [{ schema: 'ohlcv-1m', source: 'elsewhere', warmUp: 2 }] })
    await expect(run(options({ models: [model] }))).rejects.toMatchObject({ code: 'MODEL_SOURCE_MISMATCH' })
  })

  test('a shadow is journaled and shown to no one', async () => {
    const directory = await folder()
    const { report } = await run(options({ shadows: [upModel()], strategy: onUp, journal: { directory } }))
    expect(report.record.fills.times.length).toBe(0)
    let predictions = 0
    for await (const { entry } of readJournal(directory)) if (entry.type === 'prediction') predictions++
    expect(predictions).toBe(499)
  })

  test('a successor warms up beside its model, takes over between events, and the run replays', async () => {
    const directory = await folder()
    const next = upModel({ digest: 'e'.repeat(64) })
    const feeds = (): Feed[] => [
      inMemory(Array.from({ length: 50 }, (_, i) => bars(walk(500).slice(i * 10, i * 10 + 10), { from: t0 + BigInt(i * 10) * minute }))),
    ]
    const session = start(options({ feeds: feeds(), models: [upModel()], strategy: onUp, journal: { directory } }))
    session.swap(next, 'tester')
    await session.done
    const commands: string[] = []
    for await (const { entry } of readJournal(directory))
      if (entry.type === 'command') commands.push(`${entry.command} ${entry.digest?.[0] ?? ''}`)
    expect(commands).toEqual(['swap e', 'swap e'])
    const again = await replay({ directory, strategy: onUp, feeds: feeds(), models: [upModel()], successors: [next] })
    expect(again).toMatchObject({ identical: true })
  })
})

describe('a successor whose admission ends while it warms up', () => {
  const now = parseTime('2026-06-15T10:00:00Z')
  const key = generateSigningKey()

  test('is dropped with a notice at the moment of the swap, and the run replays', { timeout: 30_000 }, async () => {
    const directory = await folder()
    await using registry = await openRegistry({
      directory: await folder(),
      signingKey: key,
      trustedKeys: [{ publicKey: key.publicKey, owner: 'ada', roles: ['promote', 'approve'] }],
      clock: { now: () => now },
    })
    // Rows that a predictor must have seen before it is warm: the successor's is decided when its admission has gone.
    const rowsToWarm = { first: 2, next: 0 }
    let seenByNext = 0
    const admit = async (seed: number, which: 'first' | 'next'): Promise<Admitted<Model>> => {
      const policy = defaultPolicy('order-book', 'paper')
      if (policy === undefined) throw new Error('no policy')
      const { digest } = await registry.register(smallCandidate({ seed }))
      const evidence = passingEvidence(policy, { artifactDigest: digest, measuredAt: formatTime(now - 1_000_000_000n) })
      await registry.promote({ name: 'order-book', stage: 'paper', artifactDigest: digest, policy, evidence, promoter: 'ada' })
      return registry.admit('order-book@paper', 'paper', async (artifact) => {
        const network = await loadSmallNetwork(artifact)
        const model = upModel({ digest, compute: (input) => network.compute(input) })
        const open: Model['open'] = (of) => {
          const predictor = model.open(of)
          let seen = 0
          return {
            ...predictor,
            update(view) {
              seen++
              if (which === 'next') seenByNext = seen
              predictor.update(view)
            },
            get isWarm() {
              return seen >= rowsToWarm[which]
            },
          }
        }
        return { ...model, open }
      })
    }
    const first = await admit(1, 'first')
    const next = await admit(2, 'next')
    rowsToWarm.next = Infinity
    const heard: Notice[] = []
    const notifier: Notifier = {
      notify: (notice) => void heard.push(notice),
      health: () => Promise.resolve({ status: 'healthy', message: '', pending: 0 }),
      close: () => Promise.resolve(),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }
    const common = { strategy: onUp, models: [first], risk: [positionLimit(100)] }
    const feeds = (): Feed[] => [inMemory([bars(walk(1200), { from: now })])]
    const session = start({
      ...common,
      feeds: feeds(),
      time: 'realtime',
      broker: adversarialVenue({ seed: 3 }).broker,
      clock: acceleratedClock({ from: now, speed: 60 * 600 }),
      range: { from: now, to: now + 1201n * minute },
      journal: { directory },
      notifier,
    })
    session.swap(next, 'tester')
    await expect.poll(() => seenByNext).toBeGreaterThan(0)
    await registry.revoke({ target: { kind: 'artifact', digest: next.model.digest }, by: 'ada', reason: 'fault' })
    rowsToWarm.next = seenByNext + 50
    await session.done
    const kinds: string[] = []
    for await (const { entry } of readJournal(directory))
      if (entry.type === 'command' || entry.type === 'admission-ended') kinds.push(entry.type)
    expect(kinds).toEqual(['command', 'admission-ended'])
    const dropped = heard.filter(({ type, data }) => type === 'gatehouse.execution.degraded.v1' && data.component === 'up')
    expect(dropped).toHaveLength(1)
    const again = await replay({ directory, ...common, feeds: feeds(), successors: [next] })
    expect(again).toMatchObject({ identical: true })
  })
})

describe('history before the run', () => {
  const from = t0 - 301n * minute
  const history = { at: () => ({ scan: () => inMemory([bars(walk(300, 5), { from })]).batches({ from, to: t0 }) }) } as unknown as Manifest
  const warmed = (closes: readonly number[]): RunOptions =>
    options({
      feeds: [inMemory([bars(closes)])],
      range: { from: t0, to: t0 + 10_000n * minute },
      warmUp: { manifest: history, from },
      benchmark: 'TEST',
    })

  test('is in no chart: prices begin at the start of the run and their times rise', async () => {
    const { report } = await run(warmed(walk(500)))
    const { times, close } = report.record.prices?.[0] ?? { times: [], close: [] }
    expect(times.length).toBe(501)
    expect(times[0]).toBe(t0)
    expect(close[0]).toBe(walk(300, 5).at(-1))
    for (let i = 1; i < times.length; i++) expect(times[i] > times[i - 1]).toBe(true)
  })

  test('leaves the benchmark to be bought when the run begins, however long the run is', async () => {
    const closes = walk(9000)
    const { report } = await run(warmed(closes))
    const bought = walk(300, 5)[299]
    expect(report.statistics.benchmark?.totalReturn).toBeCloseTo((report.record.benchmark?.values.at(-1) ?? NaN) / bought - 1, 12)
  })
})

test('a warm-up that journals more predictions than are held ready replays', async () => {
  const directory = await folder()
  const length = 45_000
  const from = t0 - BigInt(length + 1) * minute
  const scan = () => inMemory([bars(walk(length, 5), { from })]).batches({ from, to: t0 })
  const warmUp = { manifest: { at: () => ({ scan }) } as unknown as Manifest, from }
  const common = { models: [upModel()], strategy: onUp, warmUp }
  const feeds = (): Feed[] => [inMemory([bars(walk(50))])]
  await run(options({ ...common, feeds: feeds(), range: { from: t0, to: t0 + 10_000n * minute }, journal: { directory } }))
  expect(await replay({ ...common, feeds: feeds(), directory })).toMatchObject({ identical: true })
})

describe('a model that predicts by a clock', () => {
  const everyNs = Number(minute) / 2
  /** Times of its predictions, in half minutes from the start. */
  async function ticks(feeds: readonly Feed[]): Promise<readonly number[]> {
    const seen: number[] = []
    const watch = (): Strategy => ({ name: 'watch', onPrediction: ({ at }) => void seen.push(Number(at - t0) / everyNs) })
    const timed = upModel({ trigger: { everyNs } })
    const model: Model = {
      ...timed,
      open(instruments) {
        const predictor = timed.open(instruments)
        return {
          ...predictor,
          get isWarm() {
            return predictor.isWarm
          },
          predict: (now, emit) => predictor.predict(now, (prediction) => emit({ ...prediction, at: now, copy: () => prediction.copy() })),
        }
      },
    }
    await run(options({ feeds, models: [model], strategy: watch }))
    return seen
  }

  test('is asked at the first multiple at or after a row, and at none before which no row came', async () => {
    // Bars end on minutes 1 to 4, and after a night of 1000 minutes on 1005 and 1006; the last multiple needs a later row to pass.
    const night = bars(walk(2), { from: t0 + 1004n * minute })
    expect(await ticks([inMemory([bars(walk(4)), night])])).toEqual([4, 6, 8, 2010])
  })
})

describe('several histories before the run', () => {
  const other = equity('OTHER', { venue: 'SIM', calendar: '24x7' })
  const from = t0 - 11n * minute
  const recorded = (batch: Batch): Manifest =>
    ({ at: () => ({ scan: () => inMemory([batch]).batches({ from: 0n, to: t0 }) }) }) as unknown as Manifest

  test('come merged by the time they could be known, at equal times the earlier of the list first', async () => {
    const seen: string[] = []
    const watch = (): Strategy => ({
      name: 'watch',
      onBar: (bar, { isWarmingUp }) => void (isWarmingUp && seen.push(`${bar.instrument.symbol}@${(bar.availableAt - from) / minute}`)),
    })
    const [test, another] = [bars(walk(3), { from }), bars(walk(3, 2), { from, of: other })]
    const warmUp = [test, another].map((batch) => ({ manifest: recorded(batch), from }))
    await run(options({ strategy: watch, warmUp, instruments: [other], range: { from: t0, to: t0 + 10_000n * minute } }))
    expect(seen).toEqual(['TEST@1', 'OTHER@1', 'TEST@2', 'OTHER@2', 'TEST@3', 'OTHER@3'])
  })
})

describe('commands', () => {
  const realtime = (more: Partial<RunOptions> = {}): RunOptions =>
    options({
      time: 'realtime',
      feeds: [inMemory([bars(walk(600))])],
      broker: simulatedBroker({ cash: 100_000 }),
      clock: acceleratedClock({ from: t0, speed: 60 * 600 }),
      range: { from: t0, to: t0 + 601n * minute },
      ...more,
    })

  test('flatten closes everything, takes no entries, and says that it is flat', async () => {
    const session = start(realtime())
    await new Promise((resolve) => setTimeout(resolve, 250))
    expect(await session.flatten({ by: 'tester', timeoutMs: 3000 })).toEqual({ flat: true, because: '' })
    const { report } = await session.done
    expect(report.record.openPositions).toEqual([])
    expect(report.record.refusals?.some(({ rule }) => rule === 'exit-only')).toBe(true)
  })

  test('flatten says why it is not flat when nothing trades any more', async () => {
    const strategy = (): Strategy => ({ name: 'hold', onBar: (bar, { orders }) => void orders.target(bar.instrument, 10) })
    const feed = inMemory([bars([100, 101, 102])])
    const session = start(realtime({ strategy, feeds: [feed], range: { from: t0, to: t0 + 600n * minute } }))
    await new Promise((resolve) => setTimeout(resolve, 150))
    const result = await session.flatten({ timeoutMs: 200 })
    expect(result.flat).toBe(false)
    expect(result.because).toMatch(/^not flat, because (the run ended while )?10 TEST is held/)
    session.stop()
    await session.done
  })

  test('kill sets the latch, ends the run, and no run starts until a person releases it', async () => {
    const latch = killLatch({ directory: await folder() })
    const session = start(realtime({ killLatch: latch }))
    setTimeout(() => session.kill('tester', 'smoke'), 100)
    const { outcome, message } = await session.done
    expect([outcome, message]).toEqual(['stopped', 'killed by tester: smoke'])
    await expect(run(options({ killLatch: latch }))).rejects.toMatchObject({ code: 'KILL_LATCH_SET' })
    await latch.release()
    expect((await run(options({ killLatch: latch }))).outcome).toBe('completed')
  })

  test('a real-time run with latency, timers and commands replays byte for byte', async () => {
    const directory = await folder()
    const strategy = (): Strategy => ({
      ...flip(),
      onStart: (context) => context.setTimer('hour', context.now + 60n * minute),
      onTimer: (_, context) => context.setTimer('hour', context.now + 60n * minute),
    })
    const broker = simulatedBroker({ cash: 100_000, latency: { orderNs: 2e9, responseNs: (random) => random * 1e9 } })
    const session = start(realtime({ strategy, broker, journal: { directory, checkpointEveryRows: 100 } }))
    setTimeout(() => session.pause('tester'), 200)
    setTimeout(() => session.resume('tester'), 400)
    const { journalHash } = await session.done
    const again = await replay({ directory, strategy, feeds: [inMemory([bars(walk(600))])] })
    expect(again).toMatchObject({ identical: true, hash: journalHash })
  })

  test('a paper run that was cut off goes on with its books, and sends nothing twice', async () => {
    const directory = await folder()
    const venue = adversarialVenue({ seed: 3 })
    const clock = acceleratedClock({ from: t0, speed: 60 * 600 })
    const keepAlive = setInterval(() => venue.step(), 5)
    const broker: Broker = { ...venue.broker, close: async () => {} }
    const limits = [positionLimit(100)]
    const paper = (signal?: AbortSignal): Promise<unknown> =>
      run(realtime({ broker, clock, journal: { directory }, runId: 'paper-1', risk: limits, signal }))
    const stop = new AbortController()
    setTimeout(() => stop.abort(new Error('power')), 300)
    await expect(paper(stop.signal)).rejects.toThrow('power')
    await paper()
    clearInterval(keepAlive)
    for (const [id, arrivals] of venue.arrivals) expect(arrivals, id).toBe(1)
    let hasResumed = false
    for await (const { entry } of readJournal(directory)) hasResumed ||= entry.type === 'resumed'
    expect(hasResumed).toBe(true)
  })
})
