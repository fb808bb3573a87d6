/** One look at held-out data. */
export interface Look {
  readonly reason: string
  /** 1 for the first. */
  readonly count: number
}

/** Data that nobody sees without it being counted: each look at the test set spends some of its worth. */
export interface HeldOut<T> {
  /** @param reason why, for the log */
  look(reason: string): T
  readonly looks: readonly Look[]
}

/** Wraps held-out data. @param onLook called at every look, to log it; the count belongs into `Evaluation.trials` */
export function heldOut<T>(value: T, onLook: (look: Look) => void = () => undefined): HeldOut<T> {
  const looks: Look[] = []
  return {
    looks,
    look(reason) {
      const look = { reason, count: looks.length + 1 }
      looks.push(look)
      onLook(look)
      return value
    },
  }
}
