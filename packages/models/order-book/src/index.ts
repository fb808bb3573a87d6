export { orderBook } from './order-book.js'
export { type OrderBookOptions, type Step } from './options.js'
export {
  directions,
  OrderBookPrediction,
  spreadChanges,
  type BookNow,
  type Direction,
  type SpreadChange,
  type Tendencies,
} from './prediction.js'
export { executionAdvice, type ExecutionAdvice, type ExecutionOptions, type Expectation } from './execution.js'
export { bookColumns, bookFeatures, type BookFeatureSet, type BookStream } from './feature/book-features.js'
export { type Column, type Parity } from './feature/section.js'
export { readBookRows, type BookRows } from './rows.js'
