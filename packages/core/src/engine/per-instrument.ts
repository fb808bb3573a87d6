import type { Instrument } from '../interfaces/instrument.js'

/**
 * One value for each instrument, made when it is first asked for: indicators, counters, state of a strategy.
 * @param make called once per instrument
 */
export function perInstrument<T>(make: (instrument: Instrument) => T): (instrument: Instrument) => T {
  const values = new Map<string, T>()
  let lastInstrument: Instrument | undefined
  let lastValue: T
  return (instrument) => {
    // Rows of one instrument come in runs; most strategies trade one.
    if (instrument === lastInstrument) return lastValue
    let value = values.get(instrument.id)
    if (value === undefined && !values.has(instrument.id)) values.set(instrument.id, (value = make(instrument)))
    lastInstrument = instrument
    return (lastValue = value as T)
  }
}
