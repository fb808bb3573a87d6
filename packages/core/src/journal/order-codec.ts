import type { Instrument } from '../interfaces/instrument.js'
import type { Order, OrderLink, OrderType, TimeInForce } from '../interfaces/order.js'
import type { ByteReader, ByteWriter } from './byte-writer.js'

const types: readonly OrderType[] = [
  'market',
  'limit',
  'stop',
  'stopLimit',
  'trailingStop',
  'marketOnOpen',
  'marketOnClose',
  'limitOnOpen',
  'limitOnClose',
  'marketIfTouched',
  'limitIfTouched',
]
const timesInForce: readonly TimeInForce[] = ['day', 'gtc', 'gtd', 'ioc', 'fok', 'opg']
const typeCodes = new Map(types.map((type, code) => [type, code]))
const tifCodes = new Map(timesInForce.map((tif, code) => [tif, code]))

/** Bits that say which optional members follow. */
const has = {
  limit: 1,
  stop: 2,
  trailAmount: 4,
  trailFraction: 8,
  expires: 16,
  outside: 32,
  reduce: 64,
  account: 128,
  reason: 256,
  link: 512,
  created: 1024,
  decision: 2048,
} as const

/** Where an order is written: one that was made there repeats neither time nor number. */
export interface Made {
  readonly at: bigint
  /** Of the entry. */
  readonly number: number
}

/** Most bytes of an order's numbers. */
const numberBytes = 71

/** An order: bits of what it has, its numbers, then its texts. @param instrument its number */
export function writeOrder(out: ByteWriter, order: Order, { at, number }: Made, instrument: number): void {
  const { limitPrice, stopPrice, trailAmount, trailFraction, expiresAt, account, reason, link } = order
  let bits = 0
  if (limitPrice !== undefined) bits |= has.limit
  if (stopPrice !== undefined) bits |= has.stop
  if (trailAmount !== undefined) bits |= has.trailAmount
  if (trailFraction !== undefined) bits |= has.trailFraction
  if (expiresAt !== undefined) bits |= has.expires
  if (order.outsideRegularHours === true) bits |= has.outside
  if (order.reduceOnly === true) bits |= has.reduce
  if (account !== undefined) bits |= has.account
  if (reason !== undefined) bits |= has.reason
  if (link !== undefined) bits |= has.link
  const isLater = order.createdAt !== at
  const isElsewhere = order.decision !== number
  if (isLater) bits |= has.created
  if (isElsewhere) bits |= has.decision
  out.reserve(numberBytes)
  out.u16(bits)
  out.u32(instrument)
  out.u8((order.side === 'buy' ? 0 : 1) | ((typeCodes.get(order.type) ?? 0) << 1) | ((tifCodes.get(order.timeInForce) ?? 0) << 5))
  out.f64(order.quantity)
  if (isElsewhere) out.f64(order.decision)
  if (isLater) out.i64(order.createdAt)
  if (limitPrice !== undefined) out.f64(limitPrice)
  if (stopPrice !== undefined) out.f64(stopPrice)
  if (trailAmount !== undefined) out.f64(trailAmount)
  if (trailFraction !== undefined) out.f64(trailFraction)
  if (expiresAt !== undefined) out.i64(expiresAt)
  out.orderId(order.clientOrderId)
  if (account !== undefined) out.text(account)
  if (reason !== undefined) out.text(reason)
  if (link !== undefined) out.text(JSON.stringify([link.groupId, link.role, link.parentClientOrderId ?? null]))
}

export function readOrder(from: ByteReader, { at, number }: Made, instrumentOf: (number: number) => Instrument): Order {
  const bits = from.u16()
  const instrument = instrumentOf(from.u32())
  const codes = from.u8()
  const quantity = from.f64()
  const decision = bits & has.decision ? from.f64() : number
  const createdAt = bits & has.created ? from.i64() : at
  const numbers = {
    ...(bits & has.limit ? { limitPrice: from.f64() } : {}),
    ...(bits & has.stop ? { stopPrice: from.f64() } : {}),
    ...(bits & has.trailAmount ? { trailAmount: from.f64() } : {}),
    ...(bits & has.trailFraction ? { trailFraction: from.f64() } : {}),
    ...(bits & has.expires ? { expiresAt: from.i64() } : {}),
  }
  return {
    instrument,
    clientOrderId: from.text(),
    side: (codes & 1) === 0 ? 'buy' : 'sell',
    type: types[(codes >> 1) & 15],
    timeInForce: timesInForce[codes >> 5],
    quantity,
    createdAt,
    decision,
    ...numbers,
    ...(bits & has.outside ? { outsideRegularHours: true } : {}),
    ...(bits & has.reduce ? { reduceOnly: true } : {}),
    ...(bits & has.account ? { account: from.text() } : {}),
    ...(bits & has.reason ? { reason: from.text() } : {}),
    ...(bits & has.link ? { link: readLink(from.text()) } : {}),
  }
}

function readLink(text: string): OrderLink {
  const [groupId, role, parent] = JSON.parse(text) as [string, OrderLink['role'], string | null]
  return parent === null ? { groupId, role } : { groupId, role, parentClientOrderId: parent }
}
