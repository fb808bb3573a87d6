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
  #because = 'the run has not looked at it yet'
  readonly #until: number

  constructor(timeoutMs: number) {
    this.#until = performance.now() + timeoutMs
    this.result = new Promise((resolve) => (this.#resolve = resolve))
  }

  /** Called between turns, once the command has been obeyed. */
  look(engine: Engine): void {
    if (this.#isOver || !engine.isFlattening) return
    this.#because = engine.whyNotFlat()
    if (this.#because === '') this.#finish({ flat: true, because: '' })
    else if (performance.now() > this.#until) this.#finish({ flat: false, because: `not flat, because ${this.#because}` })
  }

  /** The run is over: what is held now stays. */
  end(): void {
    this.#finish({
      flat: this.#because === '',
      because: this.#because === '' ? '' : `not flat, because the run ended while ${this.#because}`,
    })
  }

  #finish(result: FlattenResult): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#resolve(result)
  }
}
