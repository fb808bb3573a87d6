export { batchDigest } from './batch-digest.js'
export { inspectJournal, readJournal, type Difference, type JournalState } from './run-journal.js'
export { explain, type OrderExplanation } from './explain.js'
