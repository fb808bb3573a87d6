import type { Instrument } from '../interfaces/instrument.js'
import { fromNano } from '../portfolio/money.js'
import type { MarginModel } from './options.js'
import type { SimulationWorld } from './market-simulation.js'

/** The venue's own books of one account. The engine keeps another set from the fills; the two must agree to the nano-unit. */
export class VenueAccount {
  readonly cash = new Map<string, bigint>()
  readonly quantities: number[] = []
  /** Cost of the open quantity in price units × quantity, for the average price of a snapshot. */
  readonly costs: number[] = []
  readonly #held: number[] = []

  constructor(
    readonly currency: string,
    readonly margin: MarginModel | undefined,
  ) {}

  move(currency: string, nano: bigint): void {
    this.cash.set(currency, (this.cash.get(currency) ?? 0n) + nano)
  }

  quantity(index: number): number {
    return this.quantities[index] ?? 0
  }

  /** Numbers of the instruments that are held. */
  get held(): readonly number[] {
    return this.#held
  }

  change(index: number, quantity: number, price: number): void {
    const before = this.quantity(index)
    let after = before + quantity
    if (after < 5e-10 && after > -5e-10) after = 0
    const cost = this.costs[index] ?? 0
    if (before === 0 || before > 0 === quantity > 0) this.costs[index] = cost + quantity * price
    else if (after === 0) this.costs[index] = 0
    else if (after > 0 === before > 0) this.costs[index] = (cost * after) / before
    else this.costs[index] = after * price
    this.#set(index, after)
  }

  split(index: number, ratio: number): void {
    this.#set(index, this.quantity(index) * ratio)
  }

  #set(index: number, after: number): void {
    const before = this.quantity(index)
    this.quantities[index] = after
    if ((before === 0) === (after === 0)) return
    if (before === 0) this.#held.push(index)
    else this.#held.splice(this.#held.indexOf(index), 1)
  }

  /** Cash and holdings in the account's currency; `NaN` while a price or rate is missing. */
  equity(world: SimulationWorld): number {
    let equity = 0
    for (const [currency, nano] of this.cash) {
      if (nano !== 0n) equity += currency === this.currency ? fromNano(nano) : fromNano(nano) * world.rateOf(currency)
    }
    for (const index of this.#held) {
      const { multiplier, currency } = world.instrument(index)
      const value = this.quantities[index] * world.lastPrice(index) * multiplier
      equity += currency === this.currency ? value : value * world.rateOf(currency)
    }
    return equity
  }

  /** Margin that the holdings tie up, with one of them taken to be `quantity`. */
  required(world: SimulationWorld, kind: 'initial' | 'maintenance', index: number, quantity: number, price: number): number {
    let required = index < 0 ? 0 : this.#requirement(world, kind, index, quantity, price)
    for (const other of this.#held) {
      if (other !== index) required += this.#requirement(world, kind, other, this.quantities[other], world.lastPrice(other))
    }
    return required
  }

  #requirement(world: SimulationWorld, kind: 'initial' | 'maintenance', index: number, quantity: number, price: number): number {
    if (quantity === 0 || this.margin === undefined) return 0
    const instrument: Instrument = world.instrument(index)
    const amount = this.margin[kind](instrument, Math.abs(quantity), price)
    return instrument.currency === this.currency ? amount : amount * world.rateOf(instrument.currency)
  }
}
