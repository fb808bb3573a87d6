export { feedErrorCodes } from './error-codes.js'
export { inMemory, type InMemoryOptions } from './in-memory.js'
export { recordedFeed, type RecordedSource } from './recorded-feed.js'
export { SubscriptionBook, type SubscriptionBookOptions } from './subscription-book.js'
