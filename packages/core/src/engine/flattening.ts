import type { Engine } from './engine.js'

/** How a flatten ended. */
export interface FlattenResult {
  readonly flat: boolean
  /** `''` when flat; otherwise what is still held and why. */
  readonly because: string
}

/** Follows a flatten until nothing is held and nothing works, or its time is up. */
export class Flattening {
  readonly result: Promise<FlattenResult>
  #resolve!: (result: FlattenResult) => void
  #isOver = false
  readonly #until: number

  constructor(timeoutMs: number) {
    this.#until = performance.now() + timeoutMs
    this.result = new Promise((resolve) => (this.#resolve = resolve))
  }

  /** Called between turns, once the command has been obeyed. */
  look(engine: Engine): void {
    if (this.#isOver || !engine.isFlattening) return
    const because = engine.whyNotFlat()
    if (because === '') this.#finish({ flat: true, because })
    else if (performance.now() > this.#until) this.#finish({ flat: false, because: `not flat, because ${because}` })
  }

  /** The run is over: what is held now stays. */
  end(engine: Engine | undefined): void {
    const because = engine === undefined ? 'it never began' : engine.whyNotFlat()
    this.#finish(because === '' ? { flat: true, because } : { flat: false, because: `not flat, because the run ended while ${because}` })
  }

  #finish(result: FlattenResult): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#resolve(result)
  }
}
