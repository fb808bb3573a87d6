// Type tests of the seams: compiled by `npm run typecheck`, never run.
import type { Admitted, Registry } from '@gatehouse/contracts'
import { expectTypeOf } from 'vitest'
import {
  createBatch,
  type BarView,
  type Batch,
  type BookView,
  type Broker,
  type BrokerEvent,
  type ColumnOf,
  type Feed,
  type FeedStatus,
  type Manifest,
  type MarketView,
  type Model,
  type ModelFamily,
  type Order,
  type OrderResult,
  type Prediction,
  type Predictor,
  type PriceArray,
  type Schema,
  type Strategy,
  type ViewOf,
} from '@gatehouse/core'

// A schema decides its columns and its view.
expectTypeOf<ColumnOf<'ohlcv-1h', 'close'>>().toEqualTypeOf<PriceArray>()
expectTypeOf<ColumnOf<'mbp-10', 'bidSz09'>>().toEqualTypeOf<Float64Array | Uint32Array>()
expectTypeOf<ColumnOf<'mbo', 'orderId'>>().toEqualTypeOf<BigUint64Array>()
expectTypeOf<ViewOf<'ohlcv-1s'>>().toEqualTypeOf<BarView>()
expectTypeOf<ViewOf<'mbp-10'>>().toEqualTypeOf<BookView>()
expectTypeOf<ReturnType<Batch<'mbp-10'>['view']>>().toExtend<BookView>()
// @ts-expect-error a bar has no bid
void ({} as Batch<'ohlcv-1h'>).columns.bidPx00
expectTypeOf<Batch<'ohlcv-1h'>>().toExtend<Batch>()
// @ts-expect-error a batch of bars needs its prices
createBatch({ schema: 'ohlcv-1h', source: 'x', instruments: [], columns: { tsEvent: new BigInt64Array() } })

// Views are read-only to strategies.
declare const bar: BarView
// @ts-expect-error what a handler sees cannot be changed
bar.close = 1
expectTypeOf(bar.copy()).toEqualTypeOf<BarView>()

// Status is in-band.
declare const feed: Feed
for await (const item of feed.batches({ from: 0n, to: 1n })) expectTypeOf(item).toEqualTypeOf<Batch | FeedStatus>()

// A literal `type` narrows.
declare const event: BrokerEvent
if (event.type === 'fill') expectTypeOf(event.executionId).toEqualTypeOf<string>()
if (event.type === 'broker-order') expectTypeOf(event.clientOrderId).toEqualTypeOf<string>()

// Refusals are data.
declare const result: OrderResult
if (result.approved) expectTypeOf(result.orders).toEqualTypeOf<readonly Order[]>()
else expectTypeOf(result.rule).toEqualTypeOf<string>()

// A broker answers a group at once and tells outcomes later.
expectTypeOf<Parameters<Broker['submit']>>().toEqualTypeOf<[group: readonly Order[]]>()

// A family's prediction type reaches the strategy's author through its predictor.
interface Regime extends Prediction {
  readonly type: 'regime'
  readonly probabilities: Float32Array
}
declare const family: ModelFamily<Regime>
expectTypeOf<Awaited<ReturnType<typeof family.load>>>().toEqualTypeOf<Model<Regime>>()
expectTypeOf<ReturnType<Model<Regime>['open']>>().toEqualTypeOf<Predictor<Regime>>()
expectTypeOf<Parameters<Predictor['update']>>().toEqualTypeOf<[view: MarketView]>()

// The registry mints admissions of whatever the family loads.
declare const registry: Registry
expectTypeOf(registry.admit('regime@production', 'live', (artifact) => family.load(artifact))).resolves.toEqualTypeOf<
  Admitted<Model<Regime>>
>()

// A manifest is append, commit, pin, scan.
expectTypeOf<Manifest['append']>().parameters.toEqualTypeOf<[batch: Batch, txn: { readonly appId: string; readonly sequence: number }]>()
expectTypeOf<Schema>().extract<'mbp-10' | 'ohlcv-1m'>().toEqualTypeOf<'mbp-10' | 'ohlcv-1m'>()

// A strategy is plain methods, all optional.
expectTypeOf<{ name: string }>().toExtend<Strategy>()
