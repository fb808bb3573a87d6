export { TradingError, isTradingError, type ErrorCode } from '@gatehouse/contracts'
export * from './interfaces/index.js'
export * from './market-data/index.js'
