import { type Schema, type ViewOf } from '@gatehouse/core'
import { type Transform } from './transform.js'

/**
 * A streaming function of market views. Like a {@link Transform}, its memory is `slots` numbers in the feature set's slab.
 * `factor` makes prices continuous through splits and rolls: multiply raw prices by it, divide sizes by it.
 */
export interface FeatureOperator<S extends Schema = Schema> {
  readonly schema: S
  readonly definition: string
  /** Views of `schema` before the first value. */
  readonly warmUp: number
  readonly slots: number
  readonly start?: ((state: Float64Array, at: number) => void) | undefined
  readonly update: (state: Float64Array, at: number, view: ViewOf<S>, factor: number) => number
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

/** A number read from a view, with a stable name. */
export interface Reader<S extends Schema> {
  readonly schema: S
  readonly definition: string
  readonly read: (view: ViewOf<S>, factor: number) => number
}

/** A reader followed by a transform. */
export function over<S extends Schema>({ schema, definition, read }: Reader<S>, transform: Transform): FeatureOperator<S> {
  return {
    schema,
    definition: `${schema}.${definition} | ${transform.definition}`,
    warmUp: transform.warmUp + 1,
    slots: transform.slots,
    start: transform.start,
    update: (state, at, view, factor) => transform.push(state, at, read(view, factor)),
  }
}

/** An operator's values followed by a transform. */
export function followedBy<S extends Schema>(operator: FeatureOperator<S>, transform: Transform): FeatureOperator<S> {
  return {
    ...operator,
    definition: `${operator.definition} | ${transform.definition}`,
    warmUp: operator.warmUp + transform.warmUp,
    slots: operator.slots + transform.slots,
    start: (state, at) => {
      operator.start?.(state, at)
      transform.start?.(state, at + operator.slots)
    },
    update: (state, at, view, factor) => {
      const value = operator.update(state, at, view, factor)
      return value === value ? transform.push(state, at + operator.slots, value) : NaN
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
