export { simulatedBroker } from './simulated-broker.js'
export {
  contractMargin,
  leverageMargin,
  type BorrowOptions,
  type LatencyOptions,
  type MarginModel,
  type MatchSource,
  type SimulatedBrokerOptions,
} from './options.js'
export {
  ibkrFixed,
  ibkrTiered,
  makerTakerFees,
  noFees,
  percentFees,
  perContractFees,
  perOrderFees,
  type FeeExecution,
  type FeeModel,
  type FeeProgress,
  type IbkrFixedOptions,
  type IbkrTieredOptions,
} from './fees.js'
export { noSlippage, percentSlippage, tickSlippage, volumeShareSlippage, type SlippageInput, type SlippageModel } from './slippage.js'
export { standardFills, type StandardFillOptions } from './standard-fills.js'
export type { BookMatch, FillModel, MarketState, Match } from './fill-model.js'
export type { RestingOrder } from './resting-order.js'
export type { MarketSimulation, SimulationWorld } from './market-simulation.js'
