import { TradingError } from '@gatehouse/contracts'
import type { Instrument } from '../interfaces/instrument.js'

/**
 * Values of entries as JSON text: member order is kept, and what JSON lacks is a tagged pair: bigints `{"$n":"1"}`, numbers that are not finite `{"$f":"NaN"}`,
 * instruments by their number `{"$i":0}`, bytes `{"$b":"base64"}`. Doubles print in their shortest form, which reads back to the same bits.
 */
export function toText(value: unknown, numberOf: (instrument: Instrument) => number): string {
  return JSON.stringify(value, function (this: Record<string, unknown>, key, encoded: unknown) {
    const original = this[key]
    if (typeof original === 'bigint') return { $n: String(original) }
    if (typeof original === 'number' && !Number.isFinite(original)) return { $f: String(original) }
    if (original instanceof Uint8Array) return { $b: Buffer.from(original).toString('base64') }
    if (isInstrument(original) && key !== '$instrument') return { $i: numberOf(original) }
    return encoded
  })
}

/** Reads {@link toText}'s text. */
export function fromText(text: string, instrumentOf: (number: number) => Instrument): unknown {
  return JSON.parse(text, (_, value: unknown) => {
    if (typeof value !== 'object' || value === null) return value
    const tagged = value as { $n?: string; $f?: string; $b?: string; $i?: number }
    if (tagged.$n !== undefined) return BigInt(tagged.$n)
    if (tagged.$f !== undefined) return Number(tagged.$f)
    if (tagged.$b !== undefined) return new Uint8Array(Buffer.from(tagged.$b, 'base64'))
    if (tagged.$i !== undefined) return instrumentOf(tagged.$i)
    return value
  })
}

function isInstrument(value: unknown): value is Instrument {
  return typeof value === 'object' && value !== null && 'tickSize' in value && 'lotSize' in value && 'multiplier' in value
}

/** @throws {TradingError} `JOURNAL_DAMAGED` */
export function damaged(number: number, what: string, cause?: unknown): TradingError {
  return new TradingError('JOURNAL_DAMAGED', `Entry ${number} of the journal cannot be read: ${what}`, { entry: number }, { cause })
}
