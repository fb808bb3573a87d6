import { never, timeKey, timeOfKey, type TimeKey } from './time-key.js'

/** Named alarms. Few at a time: a list, soonest found by looking. */
export class Timers {
  readonly #byName = new Map<string, TimeKey>()
  /** When the next rings; `never` when none is set. */
  nextKey: TimeKey = never

  set(name: string, at: bigint): void {
    this.#byName.set(name, timeKey(at))
    this.#findNext()
  }

  clear(name: string): void {
    if (this.#byName.delete(name)) this.#findNext()
  }

  /** Takes the soonest: by time, then by name. */
  take(): { readonly name: string; readonly key: TimeKey } {
    let chosen = ''
    for (const [name, key] of this.#byName) if (key === this.nextKey && (chosen === '' || name < chosen)) chosen = name
    const key = this.nextKey
    this.#byName.delete(chosen)
    this.#findNext()
    return { name: chosen, key }
  }

  entries(): [string, bigint][] {
    return [...this.#byName].map(([name, key]) => [name, timeOfKey(key)])
  }

  #findNext(): void {
    this.nextKey = never
    for (const key of this.#byName.values()) if (key < this.nextKey) this.nextKey = key
  }
}
