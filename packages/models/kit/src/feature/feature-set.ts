import { canonicalJson, featureSpecHash, sha256Hex, TradingError, type FeatureSpec } from '@gatehouse/contracts'
import { type CorporateActionView, type Instrument, type MarketView } from '@gatehouse/core'
import { type FeatureDefinition } from './feature.js'

/** A feature vector as data: the same object computes it in training and live. */
export interface FeatureSet {
  readonly features: readonly FeatureDefinition[]
  /** As `model.json` has it; its hash is compared when a model is loaded. */
  readonly spec: FeatureSpec
  /** Dataset it is computed from; a model trained on one source refuses another. */
  readonly source: string
  /** Starts computing for one instrument, with context instruments by role. */
  open(self: Instrument, context?: Readonly<Record<string, Instrument>>): FeatureStream
}

/** A feature set at work. */
export interface FeatureStream {
  /** Takes a view; false when it is of an instrument or schema that no feature reads. */
  update(view: MarketView): boolean
  /** The latest value of every item of the spec, `NaN` where missing. Reused. */
  readonly values: Float64Array
  /** True once every feature that must have a value has had one; a value may still be missing now. */
  readonly isWarm: boolean
  /** True when no feature that refuses missing values misses one now. */
  readonly isComplete: boolean
  /** What raw prices of the instrument itself are multiplied by so that they run on through splits and rolls. */
  readonly priceFactor: number
  /** Features that have not had a value yet, by name. */
  cold(): readonly string[]
  save(): Uint8Array
  /** @throws {TradingError} `MODEL_STATE_INVALID` */
  restore(state: Uint8Array): void
}

/**
 * Composes features into a set.
 * @param rows rows in one network input: 1, or the window of a sequence
 * @throws {TradingError} `MODEL_FEATURE_INVALID` for no features or two of one name
 */
export function featureSet(
  features: readonly FeatureDefinition[],
  { source, rows = 1 }: { readonly source: string; readonly rows?: number | undefined },
): FeatureSet {
  if (features.length === 0) throw new TradingError('MODEL_FEATURE_INVALID', 'a feature set needs a feature', {})
  const names = new Set<string>()
  for (const { name } of features) {
    if (names.has(name)) throw new TradingError('MODEL_FEATURE_INVALID', `two features are named "${name}"`, { feature: name })
    names.add(name)
  }
  const items = features.map(({ name, unit, operator, role = 'self', missing = 'refuse' }): FeatureSpec['items'][number] => ({
    name,
    unit,
    source: { dataset: source, schema: operator.schema },
    warmUp: { amount: operator.warmUp, of: 'rows' },
    missing,
    definition: role === 'self' ? operator.definition : `${role}: ${operator.definition}`,
  }))
  // A feature that may be missing says so in a column of its own: the mean that stands in for it is then not mistaken for a value.
  for (const { name, missing, definition, source: from, warmUp } of [...items])
    if (missing === 'flag')
      items.push({ name: `${name}/missing`, unit: 'flag', source: from, warmUp, missing: 'zero', definition: `missing(${definition})` })
  const spec: FeatureSpec = { items, rows, hash: featureSpecHash({ items, rows }) }
  return { features, spec, source, open: (self, context = {}) => openStream(features, spec, source, { ...context, self }) }
}

/**
 * Checks that the features at hand are those an artifact was trained on.
 * @throws {TradingError} `MODEL_FEATURES_MISMATCH` naming the first difference
 */
export function requireSameFeatures(trained: FeatureSpec, atHand: FeatureSpec): void {
  if (trained.hash === atHand.hash) return
  const differs = Math.max(trained.items.length, atHand.items.length)
  for (let i = 0; i < differs; i++) {
    const [a, b] = [trained.items[i], atHand.items[i]]
    // Canonical: the keys of what was read from a file stand in another order.
    if (a !== undefined && b !== undefined && canonicalJson(a) === canonicalJson(b)) continue
    const isSourceAlone = a !== undefined && b !== undefined && a.definition === b.definition && a.source.dataset !== b.source.dataset
    throw new TradingError(
      'MODEL_FEATURES_MISMATCH',
      isSourceAlone
        ? `the model was trained on ${a.source.dataset}, not ${b.source.dataset}; it needs a passing cross-source parity report`
        : `feature ${i} of the model is ${described(a, b)}, at hand is ${described(b, a)}; use the options and the version that it was trained with`,
      { index: i, trained: trained.hash, atHand: atHand.hash },
    )
  }
  throw new TradingError('MODEL_FEATURES_MISMATCH', `the model's window is ${trained.rows} rows, at hand ${atHand.rows}`, {
    trained: trained.hash,
    atHand: atHand.hash,
  })
}

type FeatureItem = FeatureSpec['items'][number]

/** A feature by name and definition, or, where it shares both with another, by what it does not share. */
function described(item: FeatureItem | undefined, other: FeatureItem | undefined): string {
  if (item === undefined) return 'none'
  if (item.name !== other?.name || item.definition !== other.definition) return `"${item.name}" (${item.definition})`
  const own = Object.entries(item).filter(([key, value]) => canonicalJson(value) !== canonicalJson(other[key as keyof FeatureItem]))
  return `"${item.name}" with ${own.map(([key, value]) => `${key} ${canonicalJson(value)}`).join(', ')}`
}

/** What one instrument's views of one schema feed. */
interface Route {
  readonly instrument: Instrument
  readonly schema: string
  readonly role: number
  readonly columns: readonly number[]
}
/** Numbers kept a role before the operators' own: the price factor. */
const roleSlots = 1

function openStream(
  features: readonly FeatureDefinition[],
  spec: FeatureSpec,
  source: string,
  roles: Readonly<Record<string, Instrument>>,
): FeatureStream {
  const roleNames = [...new Set(features.map(({ role = 'self' }) => role))]
  const missingRole = roleNames.find((role) => roles[role] === undefined)
  if (missingRole !== undefined)
    throw new TradingError('MODEL_FEATURE_INVALID', `no instrument plays the role "${missingRole}"`, { role: missingRole })
  const selfRole = roleNames.indexOf('self')
  const operators = features.map(({ operator }) => operator)
  const offsets = new Array<number>(features.length)
  let slots = roleSlots * roleNames.length
  operators.forEach((operator, i) => {
    offsets[i] = slots
    slots += operator.slots
  })
  // Values, counts of values and the cell that operators write into lie behind the operators' slots: one slab holds all that a restart needs.
  const width = spec.items.length
  const counts = slots + width
  const written = counts + features.length
  const slab = new Float64Array(written + 1)
  const values = slab.subarray(slots, counts)
  const carries = features.map(({ missing }) => missing === 'carry-forward')
  const refuses = features.map(({ missing = 'refuse' }) => missing === 'refuse')
  const zeroes = features.map(({ missing }) => missing === 'zero')
  /** Column of a feature's missing flag, or -1. */
  const flags = features.map(({ name }) => spec.items.findIndex((item) => item.name === `${name}/missing`))
  /** Features without which there is no prediction. */
  const required = features.map((_, i) => refuses[i] || carries[i])
  const routes: Route[] = roleNames.flatMap((role, r) => {
    const own = features.map((_, i) => i).filter((i) => (features[i].role ?? 'self') === role)
    return [...new Set(own.map((i) => operators[i].schema))].map((schema) => ({
      instrument: roles[role],
      schema,
      role: r,
      columns: own.filter((i) => operators[i].schema === schema),
    }))
  })
  const identity = Buffer.from(sha256Hex(spec.hash + roleNames.map((role) => `${role}=${roles[role].id}`).join()), 'hex')
  const countCold = (): number => features.filter((_, i) => required[i] && slab[counts + i] === 0).length
  let cold = 0

  const reset = (): void => {
    slab.fill(0)
    features.forEach((_, i) => {
      values[i] = zeroes[i] ? 0 : NaN
      if (flags[i] >= 0) values[flags[i]] = 1
    })
    cold = countCold()
    for (let r = 0; r < roleNames.length; r++) slab[roleSlots * r] = 1
    operators.forEach((operator, i) => operator.start?.(slab, offsets[i]))
  }
  reset()

  const step = (route: Route, view: MarketView): void => {
    const factor = roleSlots * route.role
    for (let k = 0; k < route.columns.length; k++) {
      const i = route.columns[k]
      operators[i].update(slab, offsets[i], view as never, written, factor)
      const value = slab[written]
      if (value === value) {
        values[i] = value
        if (slab[counts + i]++ === 0 && required[i]) cold--
      } else if (zeroes[i]) values[i] = 0
      else if (!carries[i]) values[i] = value
      if (flags[i] >= 0) values[flags[i]] = value === value ? 0 : 1
    }
  }

  return {
    values,
    get isWarm() {
      return cold === 0
    },
    get isComplete() {
      for (let i = 0; i < refuses.length; i++) if (refuses[i] && values[i] !== values[i]) return false
      return true
    },
    get priceFactor() {
      return selfRole < 0 ? 1 : slab[roleSlots * selfRole]
    },
    cold: () => features.filter((_, i) => slab[counts + i] === 0).map(({ name }) => name),
    update(view) {
      if (view.schema === 'corporate-action') return followAction(view as CorporateActionView, routes, slab)
      let isUsed = false
      for (let r = 0; r < routes.length; r++) {
        const route = routes[r]
        if (route.schema !== view.schema || route.instrument !== view.instrument) continue
        if (view.source !== source) throw wrongSource(view.source, source)
        step(route, view)
        isUsed = true
      }
      return isUsed
    },
    save() {
      const state = new Uint8Array(32 + slab.byteLength)
      state.set(identity)
      state.set(new Uint8Array(slab.buffer), 32)
      return state
    },
    restore(state) {
      if (state.length !== 32 + slab.byteLength || !identity.equals(state.subarray(0, 32)))
        throw new TradingError(
          'MODEL_STATE_INVALID',
          'the saved state belongs to other features or instruments; warm up from recorded data',
          {},
        )
      new Uint8Array(slab.buffer).set(state.subarray(32))
      cold = countCold()
    },
  }
}

/**
 * After a split of `ratio` new shares an old one, prices fall by the ratio: raw prices are multiplied by it from here on, so that every window stays
 * continuous. A roll's ratio is the old contract's price over the new one's. Dividends move prices by little and are left in, as in the data.
 */
function followAction(action: CorporateActionView, routes: readonly Route[], slab: Float64Array): boolean {
  if ((action.kind !== 'split' && action.kind !== 'roll') || !(action.ratio > 0 && Number.isFinite(action.ratio))) return false
  const roles = new Set(routes.filter(({ instrument }) => instrument === action.instrument).map(({ role }) => role))
  for (const role of roles) slab[roleSlots * role] *= action.ratio
  return roles.size > 0
}

function wrongSource(found: string, expected: string): TradingError {
  return new TradingError(
    'MODEL_FEATURES_MISMATCH',
    `features of ${expected} were given a row of ${found}; a model trained on one source refuses another`,
    { found, expected },
  )
}
