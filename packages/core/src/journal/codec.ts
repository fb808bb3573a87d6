import type { Refusal } from '@gatehouse/contracts'
import type { BrokerEvent, BrokerOrderEvent } from '../interfaces/broker.js'
import type { Instrument } from '../interfaces/instrument.js'
import type { JournalEntry } from '../interfaces/journal.js'
import type { Fill } from '../interfaces/order.js'
import { ByteReader, type ByteWriter } from './byte-writer.js'
import { readOrder, writeOrder } from './order-codec.js'
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

/** Bytes before the body: kind and phase, length of the body, rows, time. */
export const headerBytes = 21

/** Names an instrument in an entry. */
export type NumberOf = (instrument: Instrument) => number
export type InstrumentOf = (number: number) => Instrument

/** Writes one entry: header, then a body whose layout its kind decides. */
export function writeEntry(out: ByteWriter, entry: JournalEntry, rows: number, phase: 0 | 1, numberOf: NumberOf): void {
  out.u8((kindCodes.get(entry.type) ?? 127) | (phase << 7))
  const lengthAt = out.length
  out.u32(0)
  out.f64(rows)
  out.i64(entry.at)
  const bodyAt = out.length
  writeBody(out, entry, numberOf)
  out.setU32(lengthAt, out.length - bodyAt)
}

function writeBody(out: ByteWriter, entry: JournalEntry, numberOf: NumberOf): void {
  switch (entry.type) {
    case 'decision': {
      const { orders, predictions } = entry
      out.u16(orders.length)
      for (let i = 0; i < orders.length; i++) writeOrder(out, orders[i], numberOf(orders[i].instrument))
      out.u16(predictions.length)
      for (let i = 0; i < predictions.length; i++) out.f64(predictions[i])
      return
    }
    case 'refusal':
      out.u16(entry.orders.length)
      for (const order of entry.orders) writeOrder(out, order, numberOf(order.instrument))
      out.text(toText(entry.refusal, numberOf))
      return
    case 'broker-event':
      writeBrokerEvent(out, entry.event, numberOf)
      return
    case 'prediction':
      out.u16(entry.model)
      out.u32(entry.instrument)
      out.u16(entry.values.length)
      for (let i = 0; i < entry.values.length; i++) out.f32(entry.values[i])
      return
    case 'instrument':
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

function writeBrokerEvent(out: ByteWriter, event: BrokerEvent, numberOf: NumberOf): void {
  if (event.type === 'fill') writeFill(out, event, numberOf)
  else if (event.type === 'broker-order') writeOrderEvent(out, event)
  else {
    out.u8(2)
    out.text(toText(event, numberOf))
  }
}

function writeFill(out: ByteWriter, fill: Fill, numberOf: NumberOf): void {
  out.u8(0)
  out.text(fill.executionId)
  out.text(fill.clientOrderId)
  out.u32(numberOf(fill.instrument))
  out.u8((fill.side === 'buy' ? 0 : 1) | (liquidities.indexOf(fill.liquidity) << 1) | (fill.corrects === undefined ? 0 : 8))
  out.f64(fill.quantity)
  out.f64(fill.price)
  out.text(fill.fee.currency)
  // A fee past nine billion units does not fit 64 bits of nano-units; it is no fee.
  out.i64(fill.fee.nano)
  out.i64(fill.at)
  out.text(fill.account)
  if (fill.corrects !== undefined) out.text(fill.corrects)
}

function writeOrderEvent(out: ByteWriter, event: BrokerOrderEvent): void {
  const { brokerOrderId, filledQuantity, change, message } = event
  out.u8(1)
  out.text(event.clientOrderId)
  out.u8(statusCodes.get(event.status) ?? 0)
  out.u8(
    (brokerOrderId === undefined ? 0 : 1) |
      (filledQuantity === undefined ? 0 : 2) |
      (change === undefined ? 0 : 4) |
      (message === undefined ? 0 : 8),
  )
  out.i64(event.at)
  if (brokerOrderId !== undefined) out.text(brokerOrderId)
  if (filledQuantity !== undefined) out.f64(filledQuantity)
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
}

/** Splits a record's payload into entries. */
export function* splitEntries(payload: Uint8Array, first: number): Generator<RawEntry> {
  const reader = new ByteReader(payload)
  let number = first
  while (reader.rest > 0) {
    const start = reader.at
    if (reader.rest < headerBytes) throw damaged(number, `${reader.rest} bytes where a header of ${headerBytes} should be`)
    const code = reader.u8()
    const length = reader.u32()
    const rows = reader.f64()
    const at = reader.i64()
    const kind = kinds[code & 127]
    if (kind === undefined) throw damaged(number, `kind ${code & 127} is unknown; it was written by a newer version`)
    if (length > reader.rest) throw damaged(number, `its body of ${length} bytes is cut at ${reader.rest}`)
    reader.at += length
    yield { number, kind, rows, phase: code > 127 ? 1 : 0, at, bytes: payload.subarray(start, reader.at) }
    number++
  }
}

/** Decodes an entry. @throws {TradingError} `JOURNAL_DAMAGED` naming the entry */
export function readEntry(raw: RawEntry, instrumentOf: InstrumentOf): JournalEntry {
  const from = new ByteReader(raw.bytes.subarray(headerBytes))
  try {
    return readBody(raw, from, instrumentOf)
  } catch (cause) {
    throw damaged(raw.number, 'its body does not fit its kind', cause)
  }
}

function readBody({ kind, at }: RawEntry, from: ByteReader, instrumentOf: InstrumentOf): JournalEntry {
  switch (kind) {
    case 'decision':
      return {
        type: kind,
        at,
        orders: list(from.u16(), () => readOrder(from, instrumentOf)),
        predictions: list(from.u16(), () => from.f64()),
      }
    case 'refusal':
      return {
        type: kind,
        at,
        orders: list(from.u16(), () => readOrder(from, instrumentOf)),
        refusal: fromText(from.text(), instrumentOf) as Refusal,
      }
    case 'broker-event':
      return { type: kind, at, event: readBrokerEvent(from, instrumentOf) }
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

function readBrokerEvent(from: ByteReader, instrumentOf: InstrumentOf): BrokerEvent {
  const sort = from.u8()
  if (sort === 0) return readFill(from, instrumentOf)
  if (sort === 1) return readOrderEvent(from)
  return fromText(from.text(), instrumentOf) as BrokerEvent
}

function readFill(from: ByteReader, instrumentOf: InstrumentOf): Fill {
  const executionId = from.text()
  const clientOrderId = from.text()
  const instrument = instrumentOf(from.u32())
  const codes = from.u8()
  const [quantity, price] = [from.f64(), from.f64()]
  const fee = { currency: from.text(), nano: from.i64() }
  const fill: Fill = {
    type: 'fill',
    executionId,
    clientOrderId,
    instrument,
    side: (codes & 1) === 0 ? 'buy' : 'sell',
    quantity,
    price,
    fee,
    at: from.i64(),
    liquidity: liquidities[(codes >> 1) & 3],
    account: from.text(),
  }
  return codes & 8 ? { ...fill, corrects: from.text() } : fill
}

function readOrderEvent(from: ByteReader): BrokerOrderEvent {
  const clientOrderId = from.text()
  const status = statuses[from.u8()]
  const bits = from.u8()
  const event: BrokerOrderEvent = { type: 'broker-order', clientOrderId, status, at: from.i64() }
  return {
    ...event,
    ...(bits & 1 ? { brokerOrderId: from.text() } : {}),
    ...(bits & 2 ? { filledQuantity: from.f64() } : {}),
    ...(bits & 4 ? { change: JSON.parse(from.text()) as BrokerOrderEvent['change'] } : {}),
    ...(bits & 8 ? { message: from.text() } : {}),
  }
}

function list<T>(length: number, read: () => T): T[] {
  return Array.from({ length }, read)
}
