export { TradingError, isTradingError, type ErrorCode } from '@gatehouse/durable-log'
export type { CallOptions, Closable, Progress } from './call-options.js'
