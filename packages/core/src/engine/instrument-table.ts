import type { Instrument } from '../interfaces/instrument.js'

/** Gives each instrument of a run a small number, in order of first sight. The same id is the same instrument. */
export class InstrumentTable {
  readonly instruments: Instrument[] = []
  readonly #byObject = new Map<Instrument, number>()
  readonly #byId = new Map<string, number>()
  /** Called for each instrument that is new. */
  onNew: ((instrument: Instrument, index: number) => void) | undefined

  /** The instrument's number; a new one gets the next. */
  indexOf(instrument: Instrument): number {
    const known = this.#byObject.get(instrument)
    if (known !== undefined) return known
    let index = this.#byId.get(instrument.id)
    if (index === undefined) {
      index = this.instruments.length
      this.instruments.push(instrument)
      this.#byId.set(instrument.id, index)
      this.#byObject.set(instrument, index)
      this.onNew?.(instrument, index)
    } else {
      this.#byObject.set(instrument, index)
    }
    return index
  }

  /** The instrument with an id, when the run knows it. */
  byId(id: string): Instrument | undefined {
    const index = this.#byId.get(id)
    return index === undefined ? undefined : this.instruments[index]
  }
}
