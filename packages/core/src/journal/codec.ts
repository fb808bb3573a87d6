import type { Refusal } from '@gatehouse/contracts'
import type { BrokerEvent, BrokerOrderEvent } from '../interfaces/broker.js'
import type { Instrument } from '../interfaces/instrument.js'
import type { JournalEntry } from '../interfaces/journal.js'
import type { Fill, Order } from '../interfaces/order.js'
import { ByteReader, known, type ByteWriter, type KnownTexts } from './byte-writer.js'
import { readOrder, writeOrder, type Made } from './order-codec.js'
import { damaged, fromText, toText } from './plain-values.js'

/** Numbers of the entry types; append only, they are on disk. */
const kinds = [
  'run-started',
  'market-data',
  'feed-status',
  'prediction',
  'decision',
  'refusal',
  'order-change',
  'broker-event',
  'broker-snapshot',
  'timer',
  'instrument',
  'subscription',
  'admission-ended',
  'command',
  'log',
  'checkpoint',
  'run-ended',
  'resumed',
] as const satisfies readonly JournalEntry['type'][]
const kindCodes = new Map<string, number>(kinds.map((kind, code) => [kind, code]))

const statuses = ['accepted', 'canceled', 'rejected', 'expired', 'filled', 'replaced', 'replaceRejected', 'cancelRejected'] as const
const statusCodes = new Map<string, number>(statuses.map((status, code) => [status, code]))
const liquidities = ['added', 'removed', 'unknown'] as const

/** Where in the run an entry was made: market rows begun, and whether the row's handlers had been reached. */
export interface EntryPosition {
  readonly rows: number
  readonly phase: 0 | 1
}

/**
 * Before the body: a byte of kind and bits, length of the body, rows, time. A body of 64 KiB or more, or an entry after more rows than 32 bits count, has
 * a wide header; every other has a narrow one.
 */
const headerBytes = { narrow: 15, wide: 21 } as const
const headerBits = { wide: 64, phase: 128 } as const
const kindMask = 63
const most16 = 0xffff
const most32 = 0xffff_ffff

/** Names an instrument in an entry. */
export type NumberOf = (instrument: Instrument) => number
export type InstrumentOf = (number: number) => Instrument

/** Writes one entry: header, then a body whose layout its kind decides. The same entry has the same bytes whatever was written before it. */
export function writeEntry(out: ByteWriter, entry: JournalEntry, number: number, { rows, phase }: EntryPosition, numberOf: NumberOf): void {
  const start = out.length
  const first = (kindCodes.get(entry.type) ?? kindMask) | (phase === 1 ? headerBits.phase : 0)
  if (rows <= most32) {
    out.reserve(headerBytes.narrow)
    out.u8(first)
    out.u16(0)
    out.u32(rows)
    out.i64(entry.at)
    writeBody(out, entry, number, numberOf)
    const length = out.length - start - headerBytes.narrow
    out.setU16(start + 1, length)
    if (length <= most16) return
    out.rewind(start)
  }
  out.reserve(headerBytes.wide)
  out.u8(first | headerBits.wide)
  out.u32(0)
  out.f64(rows)
  out.i64(entry.at)
  writeBody(out, entry, number, numberOf)
  out.setU32(start + 1, out.length - start - headerBytes.wide)
}

function writeBody(out: ByteWriter, entry: JournalEntry, number: number, numberOf: NumberOf): void {
  switch (entry.type) {
    case 'decision': {
      const { orders, predictions } = entry
      writeOrders(out, orders, { at: entry.at, number }, numberOf)
      out.reserve(2 + 8 * predictions.length)
      out.u16(predictions.length)
      for (let i = 0; i < predictions.length; i++) out.f64(predictions[i])
      return
    }
    case 'refusal':
      writeOrders(out, entry.orders, { at: entry.at, number }, numberOf)
      out.text(toText(entry.refusal, numberOf))
      return
    case 'broker-event':
      writeBrokerEvent(out, entry.event, entry.at, numberOf)
      return
    case 'prediction':
      out.reserve(8 + 4 * entry.values.length)
      out.u16(entry.model)
      out.u32(entry.instrument)
      out.u16(entry.values.length)
      for (let i = 0; i < entry.values.length; i++) out.f32(entry.values[i])
      return
    case 'instrument':
      out.reserve(4)
      out.u32(entry.number)
      out.text(toText({ $instrument: entry.instrument }, numberOf))
      return
    case 'checkpoint':
      out.raw(entry.state)
      return
    default: {
      const { type: _type, at: _at, ...body } = entry
      out.text(toText(body, numberOf))
    }
  }
}

function writeOrders(out: ByteWriter, orders: readonly Order[], made: Made, numberOf: NumberOf): void {
  out.reserve(2)
  out.u16(orders.length)
  for (let i = 0; i < orders.length; i++) writeOrder(out, orders[i], made, numberOf(orders[i].instrument))
}

function writeBrokerEvent(out: ByteWriter, event: BrokerEvent, at: bigint, numberOf: NumberOf): void {
  if (event.type === 'fill') writeFill(out, event, at, numberOf)
  else if (event.type === 'broker-order') writeOrderEvent(out, event, at)
  else {
    out.reserve(1)
    out.u8(2)
    out.text(toText(event, numberOf))
  }
}

/** Bits of a fill: side, where its liquidity came from, and which members follow. */
const fillHas = { sell: 1, liquidityShift: 1, corrects: 8, at: 16 } as const

function writeFill(out: ByteWriter, fill: Fill, at: bigint, numberOf: NumberOf): void {
  // A venue in the process tells a fill at the time of the entry: it is written once.
  const isLater = fill.at !== at
  out.reserve(38)
  out.u8(0)
  out.u8(
    (fill.side === 'buy' ? 0 : fillHas.sell) |
      (liquidities.indexOf(fill.liquidity) << fillHas.liquidityShift) |
      (fill.corrects === undefined ? 0 : fillHas.corrects) |
      (isLater ? fillHas.at : 0),
  )
  out.u32(numberOf(fill.instrument))
  out.f64(fill.quantity)
  out.f64(fill.price)
  // A fee past nine billion units does not fit 64 bits of nano-units; it is no fee.
  out.i64(fill.fee.nano)
  if (isLater) out.i64(fill.at)
  out.likely(fill.executionId, known.execution)
  out.orderId(fill.clientOrderId)
  out.likely(fill.fee.currency, known.currency)
  out.likely(fill.account, known.account)
  if (fill.corrects !== undefined) out.likely(fill.corrects, known.execution)
}

/** Bits that say which members of an order event follow. */
const eventHas = { brokerOrderId: 1, filledQuantity: 2, change: 4, message: 8, at: 16 } as const

function writeOrderEvent(out: ByteWriter, event: BrokerOrderEvent, at: bigint): void {
  const { brokerOrderId, filledQuantity, change, message } = event
  const isLater = event.at !== at
  out.reserve(19)
  out.u8(1)
  out.u8(statusCodes.get(event.status) ?? 0)
  out.u8(
    (brokerOrderId === undefined ? 0 : eventHas.brokerOrderId) |
      (filledQuantity === undefined ? 0 : eventHas.filledQuantity) |
      (change === undefined ? 0 : eventHas.change) |
      (message === undefined ? 0 : eventHas.message) |
      (isLater ? eventHas.at : 0),
  )
  if (filledQuantity !== undefined) out.f64(filledQuantity)
  if (isLater) out.i64(event.at)
  out.orderId(event.clientOrderId)
  if (brokerOrderId !== undefined) out.text(brokerOrderId)
  if (change !== undefined) out.text(JSON.stringify(change))
  if (message !== undefined) out.text(message)
}

/** An entry's bytes, not yet decoded. */
export interface RawEntry extends EntryPosition {
  readonly number: number
  readonly kind: JournalEntry['type']
  readonly at: bigint
  /** Header and body. */
  readonly bytes: Uint8Array
  /** Where the body begins in them. */
  readonly bodyAt: number
}

/** Splits a record's payload into entries. */
export function* splitEntries(payload: Uint8Array, first: number): Generator<RawEntry> {
  const reader = new ByteReader(payload)
  let number = first
  while (reader.rest > 0) {
    const start = reader.at
    const isWide = (payload[start] & headerBits.wide) !== 0
    const header = isWide ? headerBytes.wide : headerBytes.narrow
    if (reader.rest < header) throw damaged(number, `${reader.rest} bytes where a header of ${header} should be`)
    const code = reader.u8()
    const length = isWide ? reader.u32() : reader.u16()
    const rows = isWide ? reader.f64() : reader.u32()
    const at = reader.i64()
    const kind = kinds[code & kindMask]
    if (kind === undefined) throw damaged(number, `kind ${code & kindMask} is unknown; it was written by a newer version`)
    if (length > reader.rest) throw damaged(number, `its body of ${length} bytes is cut at ${reader.rest}`)
    const bodyAt = reader.at - start
    reader.at += length
    yield { number, kind, rows, phase: code & headerBits.phase ? 1 : 0, at, bytes: payload.subarray(start, reader.at), bodyAt }
    number++
  }
}

/**
 * Decodes an entry.
 * @param texts what the writer named by number
 * @throws {TradingError} `JOURNAL_DAMAGED` naming the entry
 */
export function readEntry(raw: RawEntry, instrumentOf: InstrumentOf, texts: KnownTexts): JournalEntry {
  const from = new ByteReader(raw.bytes.subarray(raw.bodyAt), texts)
  try {
    return readBody(raw, from, instrumentOf)
  } catch (cause) {
    throw damaged(raw.number, 'its body does not fit its kind', cause)
  }
}

function readBody({ kind, at, number }: RawEntry, from: ByteReader, instrumentOf: InstrumentOf): JournalEntry {
  switch (kind) {
    case 'decision':
      return {
        type: kind,
        at,
        orders: list(from.u16(), () => readOrder(from, { at, number }, instrumentOf)),
        predictions: list(from.u16(), () => from.f64()),
      }
    case 'refusal':
      return {
        type: kind,
        at,
        orders: list(from.u16(), () => readOrder(from, { at, number }, instrumentOf)),
        refusal: fromText(from.text(), instrumentOf) as Refusal,
      }
    case 'broker-event':
      return { type: kind, at, event: readBrokerEvent(from, at, instrumentOf) }
    case 'prediction': {
      const [model, instrument] = [from.u16(), from.u32()]
      return { type: kind, at, model, instrument, values: Float32Array.from(list(from.u16(), () => from.f32())) }
    }
    case 'instrument': {
      const number = from.u32()
      const { $instrument } = fromText(from.text(), instrumentOf) as { $instrument: Instrument }
      return { type: kind, at, number, instrument: $instrument }
    }
    case 'checkpoint':
      return { type: kind, at, state: from.raw(from.rest).slice() }
    default:
      return { type: kind, at, ...(fromText(from.text(), instrumentOf) as object) } as JournalEntry
  }
}

function readBrokerEvent(from: ByteReader, at: bigint, instrumentOf: InstrumentOf): BrokerEvent {
  const sort = from.u8()
  if (sort === 0) return readFill(from, at, instrumentOf)
  if (sort === 1) return readOrderEvent(from, at)
  return fromText(from.text(), instrumentOf) as BrokerEvent
}

function readFill(from: ByteReader, at: bigint, instrumentOf: InstrumentOf): Fill {
  const codes = from.u8()
  const instrument = instrumentOf(from.u32())
  const [quantity, price, nano] = [from.f64(), from.f64(), from.i64()]
  const filledAt = codes & fillHas.at ? from.i64() : at
  const fill: Fill = {
    type: 'fill',
    executionId: from.text(),
    clientOrderId: from.text(),
    instrument,
    side: codes & fillHas.sell ? 'sell' : 'buy',
    quantity,
    price,
    fee: { currency: from.text(), nano },
    at: filledAt,
    liquidity: liquidities[(codes >> fillHas.liquidityShift) & 3],
    account: from.text(),
  }
  return codes & fillHas.corrects ? { ...fill, corrects: from.text() } : fill
}

function readOrderEvent(from: ByteReader, at: bigint): BrokerOrderEvent {
  const status = statuses[from.u8()]
  const bits = from.u8()
  const filledQuantity = bits & eventHas.filledQuantity ? from.f64() : undefined
  const toldAt = bits & eventHas.at ? from.i64() : at
  const event: BrokerOrderEvent = { type: 'broker-order', clientOrderId: from.text(), status, at: toldAt }
  return {
    ...event,
    ...(filledQuantity === undefined ? {} : { filledQuantity }),
    ...(bits & eventHas.brokerOrderId ? { brokerOrderId: from.text() } : {}),
    ...(bits & eventHas.change ? { change: JSON.parse(from.text()) as BrokerOrderEvent['change'] } : {}),
    ...(bits & eventHas.message ? { message: from.text() } : {}),
  }
}

function list<T>(length: number, read: () => T): T[] {
  return Array.from({ length }, read)
}
