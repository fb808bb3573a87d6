// Generated from src/layout/structs.ts by test/support/generate-records.ts; do not edit.

/** One level of a book, both sides. */
export interface ConsolidatedBidAskPair<N extends number | bigint = number> {
  readonly bidPx: N
  readonly askPx: N
  readonly bidSz: number
  readonly askSz: number
  readonly bidPb: number
  readonly askPb: number
}
