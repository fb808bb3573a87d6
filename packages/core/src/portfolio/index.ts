export { fromNano, nanoPerUnit, notionalNano, toNano } from './money.js'
export { Ledger, type CashAccount, type Holding } from './ledger.js'
