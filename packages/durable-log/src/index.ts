export { TradingError, isTradingError, type ErrorCode } from './trading-error.js'
