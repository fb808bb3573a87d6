import { TradingError, type Admission } from '@gatehouse/contracts'
import type { MarketDataReference } from '../interfaces/batch.js'
import type { BrokerEvent } from '../interfaces/broker.js'
import type { Instrument } from '../interfaces/instrument.js'
import type { JournalEntry, ModelInUse } from '../interfaces/journal.js'
import type { Order } from '../interfaces/order.js'
import type { TimeNs } from '../interfaces/time.js'
import { readJournal } from './run-journal.js'

/** A prediction that an order was decided on. */
export interface ExplainedPrediction {
  /** Entry of the journal. */
  readonly entry: number
  readonly at: TimeNs
  readonly model: string
  /** SHA-256 of the model's `model.json`. */
  readonly digest: string
  /** `undefined`: the model passed no gate. */
  readonly admission: Admission | undefined
  readonly instrument: Instrument
  readonly values: readonly number[]
}

/** Why an order was sent, from the journal's files alone. */
export interface OrderExplanation {
  readonly runId: string
  readonly strategy: string
  readonly order: Order
  /** Entry of the decision, and when it was made. */
  readonly decision: { readonly entry: number; readonly at: TimeNs; readonly rows: number }
  /** The rest of the group: bracket, one-cancels-other. */
  readonly group: readonly Order[]
  readonly predictions: readonly ExplainedPrediction[]
  /** Market data that the run had handled or was handling: for each feed the last batches up to the decision. */
  readonly marketData: readonly { readonly feed: string; readonly reference: MarketDataReference }[]
  /** What the broker said of it. */
  readonly outcome: readonly BrokerEvent[]
  /** Entry of the refusal, when the broker did not take it. */
  readonly refusal: Extract<JournalEntry, { type: 'refusal' }>['refusal'] | undefined
}

/**
 * Order ← decision ← predictions ← model and admission ← market data.
 * @throws {TradingError} `ORDER_NOT_FOUND` when the journal has no such order
 */
export async function explain(directory: string, clientOrderId: string): Promise<OrderExplanation> {
  let start: Extract<JournalEntry, { type: 'run-started' }> | undefined
  let found: { number: number; rows: number; entry: Extract<JournalEntry, { type: 'decision' }> } | undefined
  let refusal: OrderExplanation['refusal']
  const outcome: BrokerEvent[] = []
  const instruments: Instrument[] = []
  const models: ModelInUse[] = []
  const data = new Map<number, MarketDataReference>()
  const after = new Map<number, MarketDataReference>()
  for await (const { number, entry, position } of readJournal(directory)) {
    switch (entry.type) {
      case 'run-started':
        start = entry
        models.push(...entry.models)
        break
      case 'instrument':
        instruments[entry.number] = entry.instrument
        break
      case 'market-data':
        // The batch that was under way at the decision is written down when it ends.
        if (found === undefined) data.set(entry.feed, entry.reference)
        else if (!after.has(entry.feed)) after.set(entry.feed, entry.reference)
        break
      case 'decision':
        if (entry.orders.some((order) => order.clientOrderId === clientOrderId)) found = { number, rows: position.rows, entry }
        break
      case 'refusal':
        if (entry.orders.some((order) => order.clientOrderId === clientOrderId)) refusal = entry.refusal
        break
      case 'broker-event':
        if ('clientOrderId' in entry.event && entry.event.clientOrderId === clientOrderId) outcome.push(entry.event)
        break
      default:
    }
  }
  if (start === undefined || found === undefined) {
    throw new TradingError('ORDER_NOT_FOUND', `${directory} has no order ${clientOrderId}; its orders begin with ${start?.runId ?? '?'}-`, {
      directory,
      clientOrderId,
    })
  }
  const { entry, number, rows } = found
  const feeds = feedNames(start.config)
  const order = entry.orders.find((candidate) => candidate.clientOrderId === clientOrderId) as Order
  return {
    runId: start.runId,
    strategy: start.strategy,
    order,
    decision: { entry: number, at: entry.at, rows },
    group: entry.orders.filter((other) => other !== order),
    predictions: await predictionsOf(directory, entry.predictions, models, instruments),
    marketData: [...data, ...after].map(([feed, reference]) => ({ feed: feeds[feed] ?? String(feed), reference })),
    outcome,
    refusal,
  }
}

async function predictionsOf(
  directory: string,
  wanted: readonly number[],
  models: readonly ModelInUse[],
  instruments: readonly Instrument[],
): Promise<ExplainedPrediction[]> {
  if (wanted.length === 0) return []
  const last = Math.max(...wanted)
  const predictions: ExplainedPrediction[] = []
  for await (const { number, entry } of readJournal(directory)) {
    if (entry.type === 'prediction' && wanted.includes(number)) {
      const model = models[entry.model]
      predictions.push({
        entry: number,
        at: entry.at,
        model: model?.name ?? String(entry.model),
        digest: model?.digest ?? '',
        admission: model?.admission,
        instrument: instruments[entry.instrument],
        values: [...entry.values],
      })
    }
    if (number >= last) break
  }
  return predictions
}

function feedNames(config: string): readonly string[] {
  const { feeds = [] } = JSON.parse(config) as { feeds?: readonly { name: string }[] }
  return feeds.map(({ name }) => name)
}
