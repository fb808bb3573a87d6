import { type Moment } from './moment.js'

/** How a feature changes when bids and asks change places: `odd` turns its sign, `even` does not change. */
export type Parity = 'odd' | 'even'

export interface Column {
  readonly name: string
  readonly unit: string
  readonly definition: string
  readonly parity: Parity
}

/** Features that belong together and share memory. Events are followed as they come; the numbers are only written when somebody asks for them. */
export interface Section {
  readonly columns: readonly Column[]
  /** Numbers of memory, zero at the start and after a pause. */
  readonly slots: number
  /** Takes one event into the memory. */
  follow(state: Float64Array, at: number, now: Moment): void
  /** Writes `columns.length` numbers at `out`, all of them finite for any book that {@link Moment.read} takes. Changes no memory. */
  write(state: Float64Array, at: number, now: Moment, values: Float64Array, out: number): void
}

export const odd = (name: string, unit: string, definition: string): Column => ({ name, unit, definition, parity: 'odd' })
export const even = (name: string, unit: string, definition: string): Column => ({ name, unit, definition, parity: 'even' })

/** `sign(x) log(1 + |x|)`: sums of flows have heavy tails. */
export const signedLog = (x: number): number => (x < 0 ? -Math.log(1 - x) : Math.log(1 + x))

/** Ages count from here, seconds: below a millisecond they are all the same. */
export const youngest = 1e-3

/** How full the longest memory is, floored: a rate over a memory that has hardly begun is no rate. */
export const fullness = (weight: number): number => (weight > 0.02 ? weight : 0.02)
