import type { Refusal } from '@gatehouse/contracts'
import type { Instrument } from './instrument.js'
import type { Order, OrderState } from './order.js'
import type { Portfolio } from './portfolio.js'
import type { TimeNs } from './time.js'

/** What a limit may look at. A value that is not known is `undefined`, and a limit that needs it refuses. */
export interface RiskView {
  readonly now: TimeNs
  readonly portfolio: Portfolio
  /** Orders that may still trade, `unknown` ones included. */
  readonly working: readonly OrderState[]
  /** Last price seen and when, or `undefined`. */
  lastPrice(instrument: Instrument): { readonly price: number; readonly at: TimeNs } | undefined
  /** Orders sent since `from`. */
  ordersSince(from: TimeNs): number
  readonly isSessionOpen: (instrument: Instrument) => boolean | undefined
}

/** One named pre-trade limit. Depends on what it was shown alone; a missing input refuses. */
export interface RiskLimit {
  readonly name: string
  /** What it was set to, in values that JSON keeps: part of the run's configuration and journal. A limit without any is known by its name alone. */
  readonly parameters?: Readonly<Record<string, unknown>> | undefined
  /** @returns a refusal with what was observed and the limit, or `undefined` to let it pass */
  check(group: readonly Order[], view: RiskView): Refusal | undefined
  /** Told as equity is sampled, for limits that remember: a peak, the start of the day. */
  observe?(view: RiskView): void
}
