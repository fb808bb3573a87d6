import type { CallOptions } from '@gatehouse/core'
import type { DbnSchema, SType } from '../layout/enums.js'
import type { TimeInput } from './times.js'

/** What data is meant, by most endpoints. */
export interface DataRequest extends CallOptions {
  readonly dataset: string
  readonly schema: DbnSchema
  /** Up to 2,000 symbols, or everything. */
  readonly symbols: readonly string[] | 'ALL_SYMBOLS'
  readonly stypeIn?: SType | undefined
  readonly stypeOut?: SType | undefined
  readonly start: TimeInput
  /** Exclusive; up to now, or the end of a day, when left out. */
  readonly end?: TimeInput | undefined
  /** Most records wanted. */
  readonly limit?: number | undefined
}

/** A billed request. */
export interface BilledRequest extends DataRequest {
  /** Most it may cost, USD: it is estimated first and refused above. */
  readonly maxCostUsd?: number | undefined
}

export interface PublisherDetail {
  readonly publisherId: number
  readonly dataset: string
  readonly venue: string
  readonly description: string
}
export interface FieldDetail {
  readonly name: string
  readonly type: string
}
export interface UnitPrices {
  readonly mode: string
  /** USD per gigabyte by schema. */
  readonly unitPrices: Readonly<Record<string, number>>
}
export interface DatasetCondition {
  /** `YYYY-MM-DD`. */
  readonly date: string
  readonly condition: 'available' | 'degraded' | 'pending' | 'missing' | (string & {})
  readonly lastModifiedDate: string | null
}
export interface DatasetRange {
  /** ISO 8601. */
  readonly start: string
  readonly end: string
}
/** What a symbol was between two days (`YYYY-MM-DD`, the second exclusive). */
export interface ResolvedInterval {
  readonly startDate: string
  readonly endDate: string
  readonly symbol: string
}
export interface Resolution {
  readonly result: Readonly<Record<string, readonly ResolvedInterval[]>>
  readonly partial: readonly string[]
  readonly notFound: readonly string[]
}

export type JobState = 'queued' | 'processing' | 'done' | 'expired' | (string & {})
/** A batch job; fields as the API names them, in camelCase. */
export interface BatchJob {
  readonly id: string
  readonly state: JobState
  readonly dataset: string
  readonly schema: string
  readonly costUsd: number | null
  readonly recordCount: number | null
  readonly [field: string]: unknown
}
export interface BatchFile {
  readonly filename: string
  readonly size: number
  /** `sha256:` and the digest in hex. */
  readonly hash: string
  readonly urls: Readonly<Record<string, string>>
}
/** A batch job to be made. */
export interface JobRequest extends BilledRequest {
  readonly encoding?: 'dbn' | 'csv' | 'json' | undefined
  readonly compression?: 'none' | 'zstd' | undefined
  readonly prettyPx?: boolean | undefined
  readonly prettyTs?: boolean | undefined
  readonly mapSymbols?: boolean | undefined
  readonly splitSymbols?: boolean | undefined
  readonly splitDuration?: 'day' | 'week' | 'month' | 'year' | 'none' | undefined
  /** Bytes a file, 1e9 to 1e10. */
  readonly splitSize?: number | undefined
}
