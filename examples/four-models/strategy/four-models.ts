import type { Strategy } from '@gatehouse/core'
import type { FamilyName } from '../lane.js'
import { bookSleeve } from './book-sleeve.js'
import { openingSleeve } from './opening-sleeve.js'
import { hourlySleeve } from './hourly-sleeve.js'
import { secondsSleeve } from './seconds-sleeve.js'

/** A part of the strategy with instruments of its own: what it needs to hear, it has a method for. */
export type Sleeve = Omit<Strategy, 'name' | 'save' | 'restore'>

/**
 * The blend: the macro model bounds size, the ranker chooses names at the open, the seconds model times entries, the book model says how to place them.
 * With fewer models at hand, the sleeves that can do without the others trade alone.
 */
export function fourModels(families: readonly FamilyName[]): Strategy {
  const has = (family: FamilyName): boolean => families.includes(family)
  const sleeves: Sleeve[] = [
    ...(has('gap-ranker') ? [openingSleeve()] : []),
    ...(has('seconds-bar') ? [secondsSleeve()] : has('macro-regime') ? [hourlySleeve()] : []),
    ...(has('order-book') && !has('seconds-bar') ? [bookSleeve()] : []),
  ]
  return {
    name: 'four-models',
    onBar: (bar, context) => sleeves.forEach((sleeve) => sleeve.onBar?.(bar, context)),
    onBook: (book, context) => sleeves.forEach((sleeve) => sleeve.onBook?.(book, context)),
    onPrediction: (prediction, context) => sleeves.forEach((sleeve) => sleeve.onPrediction?.(prediction, context)),
    onOrder: (update, context) => sleeves.forEach((sleeve) => sleeve.onOrder?.(update, context)),
    onFill: (fill, context) => sleeves.forEach((sleeve) => sleeve.onFill?.(fill, context)),
    onTimer: (timer, context) => sleeves.forEach((sleeve) => sleeve.onTimer?.(timer, context)),
  }
}
