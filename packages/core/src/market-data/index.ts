export { ColumnarBatch, createBatch, type BatchOptions } from './columnar-batch.js'
export { priceAt } from './cursors.js'
