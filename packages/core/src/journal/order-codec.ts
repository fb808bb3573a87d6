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
} as const

/** An order: bits of what it has, then the members. */
export function writeOrder(out: ByteWriter, order: Order, number: number): void {
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
  out.u16(bits)
  out.text(order.clientOrderId)
  out.u32(number)
  out.u8((order.side === 'buy' ? 0 : 1) | ((typeCodes.get(order.type) ?? 0) << 1) | ((tifCodes.get(order.timeInForce) ?? 0) << 5))
  out.f64(order.quantity)
  out.i64(order.createdAt)
  out.f64(order.decision)
  if (limitPrice !== undefined) out.f64(limitPrice)
  if (stopPrice !== undefined) out.f64(stopPrice)
  if (trailAmount !== undefined) out.f64(trailAmount)
  if (trailFraction !== undefined) out.f64(trailFraction)
  if (expiresAt !== undefined) out.i64(expiresAt)
  if (account !== undefined) out.text(account)
  if (reason !== undefined) out.text(reason)
  if (link !== undefined) out.text(JSON.stringify([link.groupId, link.role, link.parentClientOrderId ?? null]))
}

export function readOrder(from: ByteReader, instrumentOf: (number: number) => Instrument): Order {
  const bits = from.u16()
  const clientOrderId = from.text()
  const instrument = instrumentOf(from.u32())
  const codes = from.u8()
  const order = {
    instrument,
    clientOrderId,
    side: (codes & 1) === 0 ? ('buy' as const) : ('sell' as const),
    type: types[(codes >> 1) & 15],
    timeInForce: timesInForce[codes >> 5],
    quantity: from.f64(),
    createdAt: from.i64(),
    decision: from.f64(),
  }
  return {
    ...order,
    ...(bits & has.limit ? { limitPrice: from.f64() } : {}),
    ...(bits & has.stop ? { stopPrice: from.f64() } : {}),
    ...(bits & has.trailAmount ? { trailAmount: from.f64() } : {}),
    ...(bits & has.trailFraction ? { trailFraction: from.f64() } : {}),
    ...(bits & has.expires ? { expiresAt: from.i64() } : {}),
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
