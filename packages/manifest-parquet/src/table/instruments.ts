import { type Instrument } from '@gatehouse/core'

/** Distinct instruments as JSON, their keys in order, times as digits: the same instrument gives the same text. */
export function instrumentsToJson(instruments: readonly Instrument[]): string {
  const distinct = new Set(instruments.map((instrument) => JSON.stringify(instrumentKey(instrument))))
  return `[${[...distinct].join(',')}]`
}

function instrumentKey(instrument: Instrument): [string, unknown][] {
  return Object.entries(instrument)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => [key, typeof value === 'bigint' ? { ns: String(value) } : (value as unknown)])
}

function instrumentFromKey(entries: readonly [string, unknown][]): Instrument {
  const members = entries.map(([key, value]) => [key, isNanoseconds(value) ? BigInt(value.ns) : value])
  return Object.freeze(Object.fromEntries(members)) as Instrument
}

function isNanoseconds(value: unknown): value is { ns: string } {
  return typeof value === 'object' && value !== null && 'ns' in value
}

/** Gives equal instruments one object, so that within a scan identity holds. */
export class InstrumentPool {
  readonly #known = new Map<string, Instrument>()

  /** Reads what {@link instrumentsToJson} wrote. */
  parse(text: string): Instrument[] {
    return (JSON.parse(text) as [string, unknown][][]).map((entries) => {
      const key = JSON.stringify(entries)
      let instrument = this.#known.get(key)
      if (!instrument) this.#known.set(key, (instrument = instrumentFromKey(entries)))
      return instrument
    })
  }
}
