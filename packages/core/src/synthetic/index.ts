export { syntheticBars, syntheticMarket, type SyntheticBarsOptions, type SyntheticMarket } from './market.js'
export { type SyntheticMarketOptions } from './market-options.js'
