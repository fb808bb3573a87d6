export { OrderLog, type FillEffect, type OrderLogOptions } from './order-log.js'
export { sizeByWeight, type WeightInput } from './size-by-weight.js'
export { isTerminal, OrderRecord } from './order-record.js'
export { comparePositions, reconcile, type PositionDifference, type Reconciliation } from './reconciler.js'
