export { errorRecord, mappingRecord, systemRecord } from './testing/control-records.js'
export { GatewaySession, type GatewayFault } from './testing/gateway-session.js'
export { gatewaySimulator, type GatewaySimulator, type GatewaySimulatorOptions } from './testing/gateway-simulator.js'
export {
  historicalSimulator,
  type HistoricalFault,
  type HistoricalSimulator,
  type HistoricalSimulatorOptions,
  type SeenRequest,
} from './testing/historical-simulator.js'
export { liveTrial, seeded, trialKey, type LiveTrial, type LiveTrialOutcome } from './testing/live-trial.js'
export type { MarketRecord, SimulatedSubscription } from './testing/market.js'
