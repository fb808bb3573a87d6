import { type Schema, type ViewOf } from '@gatehouse/core'
import { type Transform } from './transform.js'

/** A streaming function of market views. Like a {@link Transform}, its memory is `slots` numbers in the feature set's slab, and it writes into a cell of it. */
export interface FeatureOperator<S extends Schema = Schema> {
  readonly schema: S
  readonly definition: string
  /** Views of `schema` before the first value. */
  readonly warmUp: number
  readonly slots: number
  readonly start?: ((cells: Float64Array, at: number) => void) | undefined
  /**
   * Takes a view and puts the value into cell `to`, `NaN` for none.
   * @param at first of its slots
   * @param factor cell of what makes prices continuous through splits and rolls: multiply raw prices by it, divide sizes by it
   */
  readonly update: (cells: Float64Array, at: number, view: ViewOf<S>, to: number, factor: number) => void
}

/** What happens where a value is missing: `refuse` no prediction, `flag` it enters as the mean and is known missing, `zero`, `carry-forward` the last value. */
export type MissingRule = 'refuse' | 'flag' | 'zero' | 'carry-forward'

/** One column of a feature vector. */
export interface FeatureDefinition<S extends Schema = Schema> {
  /** Unique in the set. */
  readonly name: string
  /** Such as `return-log`, `ticks`, `fraction`, `dimensionless`. */
  readonly unit: string
  readonly operator: FeatureOperator<S>
  /** Whose views it reads: `self`, or the role of a context instrument. Default `self`. */
  readonly role?: string | undefined
  /** Default `refuse`. */
  readonly missing?: MissingRule | undefined
}

/** A number read from a view into cell `to`, with a stable name; cell `factor` makes prices continuous, as in a {@link FeatureOperator}. */
export interface Reader<S extends Schema> {
  readonly schema: S
  readonly definition: string
  readonly read: (cells: Float64Array, view: ViewOf<S>, to: number, factor: number) => void
}

/** A reader followed by a transform. */
export function over<S extends Schema>({ schema, definition, read }: Reader<S>, transform: Transform): FeatureOperator<S> {
  return {
    schema,
    definition: `${schema}.${definition} | ${transform.definition}`,
    warmUp: transform.warmUp + 1,
    slots: transform.slots,
    start: transform.start,
    update: (cells, at, view, to, factor) => {
      read(cells, view, to, factor)
      transform.push(cells, at, to, to)
    },
  }
}

/** An operator's values followed by a transform. */
export function followedBy<S extends Schema>(operator: FeatureOperator<S>, transform: Transform): FeatureOperator<S> {
  return {
    ...operator,
    definition: `${operator.definition} | ${transform.definition}`,
    warmUp: operator.warmUp + transform.warmUp,
    slots: operator.slots + transform.slots,
    start: (cells, at) => {
      operator.start?.(cells, at)
      transform.start?.(cells, at + operator.slots)
    },
    update: (cells, at, view, to, factor) => {
      operator.update(cells, at, view, to, factor)
      if (cells[to] === cells[to]) transform.push(cells, at + operator.slots, to, to)
    },
  }
}

/** Shorthand with the name first. Typed loosely in the schema, so that a set can hold features of several. */
export function feature<S extends Schema>(
  name: string,
  unit: string,
  operator: FeatureOperator<S>,
  options: { readonly role?: string | undefined; readonly missing?: MissingRule | undefined } = {},
): FeatureDefinition {
  // A set gives an operator only views of the schema it names, which the type of a mixed list cannot say.
  return { name, unit, operator: operator as unknown as FeatureOperator, ...options }
}
