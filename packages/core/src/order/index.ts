export { OrderLog, type FillEffect, type OrderLogOptions } from './order-log.js'
export { isTerminal, OrderRecord } from './order-record.js'
