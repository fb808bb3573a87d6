import type { Instrument } from '../interfaces/instrument.js'
import type { Side } from '../interfaces/order.js'

/** A price that a taker is about to get. */
export interface SlippageInput {
  readonly instrument: Instrument
  readonly side: Side
  readonly quantity: number
  readonly price: number
  /** Volume of the bar it fills in; `NaN` where there is none. */
  readonly volume: number
}

/** How much worse than the quoted price a taker fills. Not applied to limit prices, nor where a book is walked. */
export interface SlippageModel {
  readonly name: string
  /** Price units, not negative. Pure. */
  slippage(input: SlippageInput): number
}

/** Fills at the price of the data. */
export function noSlippage(): SlippageModel {
  return { name: 'no slippage', slippage: () => 0 }
}

/** A number of ticks. */
export function tickSlippage(ticks: number): SlippageModel {
  return { name: `${ticks} ticks`, slippage: ({ instrument }) => instrument.tickSize * ticks }
}

/** A fraction of the price: 0.0001 is one basis point. */
export function percentSlippage(rate: number): SlippageModel {
  return { name: `${rate * 1e4} bp`, slippage: ({ price }) => price * rate }
}

/**
 * Price impact that grows with the square of the share of the bar's volume: `factor × (quantity / volume)² × price`, the share capped.
 * @param options.factor default 0.1
 * @param options.maximumShare default 0.025
 * @see zipline, `VolumeShareSlippage`
 */
export function volumeShareSlippage({ factor = 0.1, maximumShare = 0.025 } = {}): SlippageModel {
  return {
    name: `volume share, factor ${factor}`,
    slippage: ({ quantity, volume, price }) => {
      const share = volume > 0 ? Math.min(quantity / volume, maximumShare) : maximumShare
      return factor * share * share * price
    },
  }
}
