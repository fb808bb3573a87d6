import assert from 'node:assert/strict'
import { isTradingError } from '@gatehouse/contracts'
import type { Batch } from '../interfaces/batch.js'
import type { Feed, FeedStatus, Subscription } from '../interfaces/feed.js'
import { isBarSchema, schemaColumns, type Schema } from '../interfaces/schema.js'
import type { TimeRange } from '../interfaces/time.js'
import type { BarView, BookView, QuoteView } from '../interfaces/view.js'
import { conformanceSuite, type ConformanceCase } from './suite.js'

/** The outside world of a feed, and a way to hurt it. */
export interface FeedWorld {
  /**
   * Makes the source fail while or before it is read: deletes the file, cuts the connection. The feed then owes its reader an error or a status; silence would pass
   * for "nothing happened".
   */
  breakSource(): Promise<void>
}

export interface FeedHarness {
  readonly feed: Feed
  readonly world: FeedWorld
  /** Where the source has rows; small, for every case reads all of it. At least two instruments of one schema make the subscription cases count. */
  readonly range: TimeRange
  /** Rows that the source holds in that range, all schemas and instruments. */
  readonly rows: number
}

/**
 * Optional abilities: `repeatable`, the same range gives the same rows again (recorded and generated feeds; live ones cannot); `several-instruments`;
 * `dynamic`, a change of subscription holds while batches are being read.
 */
export type FeedClaim = 'repeatable' | 'several-instruments' | 'dynamic'

export interface FeedCasesOptions {
  readonly claims?: readonly FeedClaim[] | undefined
}

interface Reading {
  /** A line of text for every row: all that it says. */
  readonly rows: string[]
  readonly availableAt: bigint[]
  readonly instruments: Set<string>
  readonly schemas: Set<Schema>
  readonly statuses: FeedStatus[]
}

async function read(feed: Feed, range: TimeRange, inspect: (batch: Batch) => void = () => undefined): Promise<Reading> {
  const reading: Reading = { rows: [], availableAt: [], instruments: new Set(), schemas: new Set(), statuses: [] }
  for await (const item of feed.batches(range)) {
    if (item.type === 'feed-status') {
      reading.statuses.push(item)
      continue
    }
    inspect(item)
    reading.schemas.add(item.schema)
    for (let row = 0; row < item.length; row++) {
      reading.rows.push(describeRow(item, row))
      reading.availableAt.push(item.availableAt[row])
      reading.instruments.add(item.instruments[item.instrumentIndex[row]].id)
    }
  }
  return reading
}

/** Everything a row says, as text. */
function describeRow(batch: Batch, row: number): string {
  const columns = batch.columns as unknown as Readonly<Record<string, ArrayLike<unknown>>>
  const values = schemaColumns[batch.schema].map(({ name }) => String(columns[name][row]))
  return [
    batch.schema,
    batch.source,
    batch.instruments[batch.instrumentIndex[row]]?.id,
    batch.availableAt[row],
    batch.priceDivisor,
    ...values,
  ].join('|')
}

/** Something in the middle of what was read, to cut a range at: the time of a row, so that the boundary itself is tested. */
const middleOf = ({ availableAt }: Reading): bigint => availableAt[Math.floor(availableAt.length / 2)]

async function subscribed(
  feed: Feed,
  range: TimeRange,
): Promise<{ readonly schema: Schema; readonly symbols: readonly [string, string]; readonly ids: readonly [string, string] }> {
  const bySchema = new Map<Schema, Map<string, string>>()
  for await (const item of feed.batches(range)) {
    if (item.type !== 'batch') continue
    const seen = bySchema.get(item.schema) ?? new Map<string, string>()
    for (const index of item.instrumentIndex) seen.set(item.instruments[index].symbol, item.instruments[index].id)
    bySchema.set(item.schema, seen)
  }
  const found = [...bySchema].find(([, seen]) => seen.size >= 2)
  assert.ok(found !== undefined, 'the harness claims several instruments, and no schema has rows of two')
  const [[one, oneId], [two, twoId]] = [...found[1]]
  return { schema: found[0], symbols: [one, two], ids: [oneId, twoId] }
}

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  return undefined
}

/** What every feed must do, live or recorded, whatever it reads. */
export function feedCases(open: () => Promise<FeedHarness>, { claims }: FeedCasesOptions = {}): readonly ConformanceCase[] {
  return conformanceSuite<FeedHarness, FeedClaim>({
    suite: 'Feed',
    open,
    claims,
    release: ({ feed }) => feed.close(),
    cases: [
      {
        name: 'all rows of the range come, in the order they could be known',
        async check({ feed, range, rows }) {
          const reading = await read(feed, range)
          assert.equal(reading.rows.length, rows, `the source holds ${rows} rows, ${reading.rows.length} came`)
          reading.availableAt.forEach((time, row) => {
            if (row > 0) assert.ok(time >= reading.availableAt[row - 1], `row ${row} was known before the row ahead of it`)
          })
        },
      },
      {
        name: 'a range is half-open: its parts hold every row once',
        async check({ feed, range, rows }) {
          const whole = await read(feed, range)
          const cut = middleOf(whole)
          const inside = whole.availableAt.filter((time) => time >= range.from && time < range.to).length
          assert.equal(inside, rows, 'rows came from outside the range')
          const first = await read(feed, { from: range.from, to: cut })
          const second = await read(feed, { from: cut, to: range.to })
          assert.ok(
            first.availableAt.every((time) => time < cut),
            'a row at the end of a range was given',
          )
          assert.ok(
            second.availableAt.every((time) => time >= cut),
            'a row before the range was given',
          )
          assert.equal(first.rows.length + second.rows.length, rows, 'a row was lost or given twice where the range was cut')
        },
      },
      {
        name: 'an empty range gives no rows, a reversed one is refused',
        async check({ feed, range }) {
          assert.equal((await read(feed, { from: range.from, to: range.from })).rows.length, 0)
          const error = await rejection(read(feed, { from: range.to, to: range.from }))
          assert.ok(isTradingError(error), 'a range that ends before it begins was taken')
        },
      },
      {
        name: 'rows are sound: listed instruments and schemas, no bar known at its start, highs above lows, levels in order',
        async check({ feed, range }) {
          const listed = new Map((await feed.instruments()).map((instrument) => [instrument.id, instrument]))
          await read(feed, range, (batch) => {
            assert.ok(feed.schemas.includes(batch.schema), `a ${batch.schema} batch came, which is not among the feed's schemas`)
            for (const { id } of batch.instruments) assert.ok(listed.has(id), `${id} came, which instruments() does not list`)
            assertSound(batch)
          })
        },
      },
      {
        name: 'identity is stable: the same instruments each time they are asked for',
        async check({ feed }) {
          const [first, second] = [await feed.instruments(), await feed.instruments()]
          assert.deepEqual(first, second)
          assert.equal(new Set(first.map(({ id }) => id)).size, first.length, 'an id is listed twice')
        },
      },
      {
        name: 'a retained batch keeps its rows whatever is read after it',
        async check({ feed, range }) {
          const kept: { readonly batch: Batch; readonly rows: readonly string[] }[] = []
          await read(feed, range, (batch) => {
            const retained = batch.retain()
            kept.push({ batch: retained, rows: Array.from({ length: retained.length }, (_, row) => describeRow(batch, row)) })
          })
          for (const { batch, rows } of kept) {
            assert.deepEqual(
              rows,
              Array.from({ length: batch.length }, (_, row) => describeRow(batch, row)),
            )
          }
        },
      },
      {
        name: 'an aborted reading rejects with the reason of its signal',
        async check({ feed, range }) {
          const reason = new Error('enough')
          const before = await rejection(drain(feed, range, AbortSignal.abort(reason)))
          assert.equal(before, reason, 'a signal that was aborted before reading was not heeded')
          const controller = new AbortController()
          const during = await rejection(
            (async () => {
              for await (const _ of feed.batches(range, { signal: controller.signal })) controller.abort(reason)
            })(),
          )
          assert.equal(during, reason, 'a signal that was aborted while reading was not heeded')
        },
      },
      {
        name: 'a reader that leaves early leaves the feed usable',
        async check({ feed, range }) {
          for await (const item of feed.batches(range)) if (item.type === 'batch') break
          const rest = await rejection(read(feed, range))
          assert.equal(rest, undefined, `reading again failed: ${String(rest)}`)
        },
      },
      {
        name: 'what it does not have is refused in-band, by name',
        async check({ feed, range }) {
          await feed.instruments()
          const schema = feed.schemas[0]
          feed.subscribe([{ schema, symbols: ['NO-SUCH-NAME'] }])
          const { rows, statuses } = await read(feed, range)
          const refused = statuses.find(({ status }) => status === 'refused')
          assert.ok(refused !== undefined, 'a subscription to an unknown symbol was taken in silence')
          assert.ok(refused.symbols?.includes('NO-SUCH-NAME'), 'the refusal does not name the symbol')
          assert.equal(rows.length, 0, 'rows came that were not subscribed')
        },
      },
      {
        name: 'a source that fails is told, never passed over',
        async check({ feed, world, range, rows }) {
          await world.breakSource()
          const told: FeedStatus[] = []
          let given = 0
          const error = await rejection(
            (async () => {
              for await (const item of feed.batches(range)) {
                if (item.type === 'feed-status') told.push(item)
                else given += item.length
              }
            })(),
          )
          if (error !== undefined) {
            assert.ok(isTradingError(error), 'the failure is not a TradingError')
            return
          }
          const bad = told.some(({ status }) => status === 'gap' || status === 'disconnected' || status === 'stale' || status === 'refused')
          assert.ok(bad, `the source failed after ${given} of ${rows} rows and nothing was said`)
        },
      },
      {
        name: 'close is safe to call twice, and ends reading',
        async check({ feed, range }) {
          await feed.close()
          await feed.close()
          await feed[Symbol.asyncDispose]()
          const error = await rejection(drain(feed, range))
          assert.ok(isTradingError(error), 'a closed feed gave batches')
        },
      },
      {
        name: 'the same range gives the same rows again',
        needs: 'repeatable',
        async check({ feed, range }) {
          assert.deepEqual((await read(feed, range)).rows, (await read(feed, range)).rows)
        },
      },
      {
        name: 'the parts of a range are the whole, row for row',
        needs: 'repeatable',
        async check({ feed, range }) {
          const whole = await read(feed, range)
          const cut = middleOf(whole)
          const parts = [...(await read(feed, { from: range.from, to: cut })).rows, ...(await read(feed, { from: cut, to: range.to })).rows]
          assert.deepEqual(parts, whole.rows)
        },
      },
      {
        name: 'a subscription gives what it names and no more',
        needs: 'several-instruments',
        async check({ feed, range }) {
          const { schema, symbols, ids } = await subscribed(feed, range)
          feed.subscribe([{ schema, symbols: [symbols[0]] }])
          const one = await read(feed, range)
          assert.deepEqual([...one.instruments], [ids[0]])
          assert.deepEqual([...one.schemas], [schema])
          feed.subscribe([{ schema, symbols: [symbols[1]] }])
          assert.deepEqual(new Set((await read(feed, range)).instruments), new Set(ids))
          feed.subscribe([{ schema, symbols: [symbols[0]], change: 'remove' }])
          assert.deepEqual([...(await read(feed, range)).instruments], [ids[1]])
        },
      },
      {
        name: 'a subscription may change while batches are read',
        needs: 'dynamic',
        async check({ feed, range }) {
          const { schema, symbols, ids } = await subscribed(feed, range)
          feed.subscribe([{ schema, symbols }])
          const removal: Subscription = { schema, symbols: [symbols[0]], change: 'remove' }
          const after = new Set<string>()
          let batches = 0
          for await (const item of feed.batches(range)) {
            if (item.type !== 'batch') continue
            if (batches++ === 0) feed.subscribe([removal])
            else for (const index of item.instrumentIndex) after.add(item.instruments[index].id)
          }
          assert.ok(batches > 1, 'the harness gives one batch: a smaller one is needed to see a change')
          assert.deepEqual([...after], [ids[1]])
        },
      },
    ],
  })
}

async function drain(feed: Feed, range: TimeRange, signal?: AbortSignal): Promise<void> {
  for await (const _ of feed.batches(range, { signal })) if (signal?.aborted === true) return
}

function assertSound(batch: Batch): void {
  const { schema } = batch
  const view = batch.view() as { row: number } & (BarView | BookView | QuoteView)
  for (view.row = 0; view.row < batch.length; view.row++) {
    const where = `${schema} row ${view.row}`
    if (isBarSchema(schema)) {
      const { open, high, low, close } = view as BarView
      assert.ok(view.availableAt > view.tsEvent, `${where}: a bar was known at its start`)
      assert.ok(
        low > 0 && low <= Math.min(open, close) && high >= Math.max(open, close),
        `${where}: high ${high} and low ${low} do not hold ${open} and ${close}`,
      )
    } else if (schema === 'mbp-10') {
      const book = view as BookView
      for (let level = 1; level < 10; level++) {
        assert.ok(
          !(book.bidPrice(level) >= book.bidPrice(level - 1)) && !(book.askPrice(level) <= book.askPrice(level - 1)),
          `${where}: levels out of order`,
        )
      }
    }
  }
}
