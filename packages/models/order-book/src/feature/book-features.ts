import { featureSpecHash, sha256Hex, TradingError, type FeatureSpec } from '@gatehouse/contracts'
import { type BookView, type CorporateActionView, type Instrument, type MarketView } from '@gatehouse/core'
import { type FeatureSet, type FeatureStream } from '@gatehouse/model-kit'
import { activity } from './activity.js'
import { levels } from './levels.js'
import { eventsOf, lastEventOf, midOf, Moment, momentSlots, spreadOf, weightOf } from './moment.js'
import { moves, varianceOf } from './moves.js'
import { orderFlow } from './order-flow.js'
import { pressure } from './pressure.js'
import { type Column, type Section } from './section.js'
import { spreadState } from './spread.js'
import { trades } from './trades.js'

const sections: readonly Section[] = [levels, pressure, spreadState, moves, orderFlow, trades, activity]

/** The features in the order of the vector. */
export const bookColumns: readonly Column[] = sections.flatMap(({ columns }) => columns)
/** Events of one instrument before the first vector. */
export const warmUpEvents = 200

/** A stream of book features with what the family's clock needs to know of it. */
export interface BookStream extends FeatureStream {
  /** When the last event was, ns as float64; 0 when there was none, or when it left a side of the book empty. */
  readonly lastEvent: number
  /** Events since the start or the last pause. */
  readonly events: number
  /** Middle and spread of the last whole book, ticks. */
  readonly mid: number
  readonly spread: number
  /** What the middle usually moves in a second, ticks; of the last minutes. */
  readonly usualMove: number
  /** What all these are read from, by functions of the same names: numbers that a getter gives may be boxed. */
  readonly memory: Float64Array
}

/** The feature set of the family: one pass over the book an event, nothing allocated. */
export interface BookFeatureSet extends FeatureSet {
  open(self: Instrument): BookStream
}

/**
 * The features of a ten-level book of one source, whichever it is: all are ratios to what is usual for the instrument, so that books of coins, shares and
 * futures look alike. A model is bound to the source all the same.
 */
export function bookFeatures(source: string): BookFeatureSet {
  const items = bookColumns.map(({ name, unit, definition }): FeatureSpec['items'][number] => ({
    name,
    unit,
    source: { dataset: source, schema: 'mbp-10' },
    warmUp: { amount: warmUpEvents, of: 'rows' },
    missing: 'refuse',
    definition,
  }))
  const spec: FeatureSpec = { items, rows: 1, hash: featureSpecHash({ items, rows: 1 }) }
  return { features: bookColumns.map(columnFeature), spec, source, open: (self) => openStream(spec, source, self) }
}

/** A column by itself, for tools that list or plot features one by one: the whole pass for one number. */
function columnFeature({ name, unit, definition }: Column, column: number): FeatureSet['features'][number] {
  const moment = new Moment()
  const values = new Float64Array(bookColumns.length)
  return {
    name,
    unit,
    operator: {
      schema: 'mbp-10',
      definition,
      warmUp: warmUpEvents,
      slots: memorySlots,
      update(cells, at, view, to) {
        const own = cells.subarray(at, at + memorySlots)
        cells[to] = NaN
        if (!moment.read(own, view as BookView)) return
        follow(own, moment)
        write(own, moment, values)
        if (eventsOf(own) >= warmUpEvents) cells[to] = values[column]
      },
    },
  }
}

const offsets = sections.map((_, i) => sections.slice(0, i).reduce((sum, { slots }) => sum + slots, momentSlots))
const places = sections.map((_, i) => sections.slice(0, i).reduce((sum, { columns }) => sum + columns.length, 0))
const movesAt = offsets[sections.indexOf(moves)]
const memorySlots = sections.reduce((sum, { slots }) => sum + slots, momentSlots)

function follow(state: Float64Array, moment: Moment): void {
  for (let i = 0; i < sections.length; i++) sections[i].follow(state, offsets[i], moment)
}
function write(state: Float64Array, moment: Moment, values: Float64Array): void {
  for (let i = 0; i < sections.length; i++) sections[i].write(state, offsets[i], moment, values, places[i])
}

/** What the middle usually moves in a second, ticks; of the last minutes. */
export const usualMoveOf = (memory: Float64Array): number => Math.sqrt(varianceOf(memory, movesAt, weightOf(memory)))

/** Slab: whether the vector is whole, values, memory. One copy of it is a saved state. */
const [completeAt, valuesAt] = [0, 1]

function openStream(spec: FeatureSpec, source: string, instrument: Instrument): BookStream {
  if (!(instrument.tickSize > 0 && instrument.tickSize < Infinity))
    throw new TradingError(
      'MODEL_FEATURE_INVALID',
      `order-book: ${instrument.id} has ticks of ${instrument.tickSize}; give it a positive tick size`,
      {
        instrument: instrument.id,
        tickSize: instrument.tickSize,
      },
    )
  const width = bookColumns.length
  const slab = new Float64Array(valuesAt + width + memorySlots)
  const values = slab.subarray(valuesAt, valuesAt + width)
  const memory = slab.subarray(valuesAt + width)
  const moment = new Moment()
  const identity = Buffer.from(sha256Hex(`${spec.hash}${instrument.id}`), 'hex')
  values.fill(NaN)
  // Most events are followed by others before anybody predicts: the vector is written when it is read.
  let isBehind = false
  const catchUp = (): void => {
    if (!isBehind) return
    isBehind = false
    if (slab[completeAt] === 1) write(memory, moment, values)
    else values.fill(NaN)
  }

  return {
    memory,
    get values() {
      catchUp()
      return values
    },
    get isWarm() {
      return eventsOf(memory) >= warmUpEvents
    },
    get isComplete() {
      return slab[completeAt] === 1
    },
    get lastEvent() {
      return lastEventOf(memory)
    },
    get events() {
      return eventsOf(memory)
    },
    get mid() {
      return midOf(memory)
    },
    get spread() {
      return spreadOf(memory)
    },
    get usualMove() {
      return usualMoveOf(memory)
    },
    // A split or roll starts the book afresh: nothing is carried over that would need a factor.
    priceFactor: 1,
    cold: () => (eventsOf(memory) >= warmUpEvents ? [] : bookColumns.map(({ name }) => name)),
    update(view: MarketView) {
      if (view.instrument !== instrument) return false
      if (view.schema === 'mbp-10') {
        if (view.source !== source) throw wrongSource(view.source, source)
        const isWhole = moment.read(memory, view as BookView)
        slab[completeAt] = isWhole ? 1 : 0
        if (isWhole) follow(memory, moment)
        isBehind = true
        return true
      }
      if (view.schema !== 'corporate-action') return false
      const { kind, ratio } = view as CorporateActionView
      if ((kind !== 'split' && kind !== 'roll') || !(ratio > 0 && ratio < Infinity)) return false
      // Another price, another depth: the book is as good as a new one, and warm again within seconds.
      slab.fill(0)
      isBehind = true
      return true
    },
    save() {
      catchUp()
      const state = new Uint8Array(32 + slab.byteLength)
      state.set(identity)
      state.set(new Uint8Array(slab.buffer), 32)
      return state
    },
    restore(state) {
      if (state.length !== 32 + slab.byteLength || !identity.equals(state.subarray(0, 32)))
        throw new TradingError(
          'MODEL_STATE_INVALID',
          'order-book: the saved state belongs to other features or another instrument; warm up from recorded data',
          { instrument: instrument.id },
        )
      new Uint8Array(slab.buffer).set(state.subarray(32))
      isBehind = false
    },
  }
}

/** Turns a vector into that of the mirrored market, bids for asks: odd features change sign. */
export function mirror(values: Float32Array | Float64Array, at = 0): void {
  for (let k = 0; k < isOdd.length; k++) if (isOdd[k] === 1) values[at + k] = -values[at + k]
}
const isOdd = Uint8Array.from(bookColumns, ({ parity }) => (parity === 'odd' ? 1 : 0))

function wrongSource(found: string, expected: string): TradingError {
  return new TradingError(
    'MODEL_FEATURES_MISMATCH',
    `order-book: the model was trained on ${expected} and was given a row of ${found}; train one on it, or pass a cross-source parity report to the gate`,
    { found, expected },
  )
}
