/** Databento's schema names; the index is the number in the metadata. */
export const schemaNames = [
  'mbo',
  'mbp-1',
  'mbp-10',
  'tbbo',
  'trades',
  'ohlcv-1s',
  'ohlcv-1m',
  'ohlcv-1h',
  'ohlcv-1d',
  'definition',
  'statistics',
  'status',
  'imbalance',
  'ohlcv-eod',
  'cmbp-1',
  'cbbo-1s',
  'cbbo-1m',
  'tcbbo',
  'bbo-1s',
  'bbo-1m',
] as const

/** A schema of Databento. */
export type DbnSchema = (typeof schemaNames)[number]

/** Symbology types; the index is the number in the metadata. */
export const stypeNames = [
  'instrument_id',
  'raw_symbol',
  'smart',
  'continuous',
  'parent',
  'nasdaq_symbol',
  'cms_symbol',
  'isin',
  'us_code',
  'bbg_comp_id',
  'bbg_comp_ticker',
  'figi',
  'figi_ticker',
  'listing_id',
  'issuer_id',
  'security_id',
] as const

/** How a symbol is written. */
export type SType = (typeof stypeNames)[number]

/** Number of a schema in DBN metadata. */
export function schemaCode(schema: DbnSchema): number {
  return schemaNames.indexOf(schema)
}

/** Number of a symbology type in DBN. */
export function stypeCode(stype: SType): number {
  return stypeNames.indexOf(stype)
}

/** Record types (`rtype`). */
export const RType = {
  mbp0: 0x00,
  mbp1: 0x01,
  mbp10: 0x0a,
  ohlcvDeprecated: 0x11,
  status: 0x12,
  definition: 0x13,
  imbalance: 0x14,
  error: 0x15,
  symbolMapping: 0x16,
  system: 0x17,
  statistics: 0x18,
  ohlcv1s: 0x20,
  ohlcv1m: 0x21,
  ohlcv1h: 0x22,
  ohlcv1d: 0x23,
  ohlcvEod: 0x24,
  mbo: 0xa0,
  cmbp1: 0xb1,
  cbbo1s: 0xc0,
  cbbo1m: 0xc1,
  tcbbo: 0xc2,
  bbo1s: 0xc3,
  bbo1m: 0xc4,
} as const

const rtypeOfSchema: Readonly<Record<DbnSchema, number>> = {
  mbo: RType.mbo,
  'mbp-1': RType.mbp1,
  'mbp-10': RType.mbp10,
  tbbo: RType.mbp1,
  trades: RType.mbp0,
  'ohlcv-1s': RType.ohlcv1s,
  'ohlcv-1m': RType.ohlcv1m,
  'ohlcv-1h': RType.ohlcv1h,
  'ohlcv-1d': RType.ohlcv1d,
  definition: RType.definition,
  statistics: RType.statistics,
  status: RType.status,
  imbalance: RType.imbalance,
  'ohlcv-eod': RType.ohlcvEod,
  'cmbp-1': RType.cmbp1,
  'cbbo-1s': RType.cbbo1s,
  'cbbo-1m': RType.cbbo1m,
  tcbbo: RType.tcbbo,
  'bbo-1s': RType.bbo1s,
  'bbo-1m': RType.bbo1m,
}

/** The record type that a schema delivers. `tbbo` shares 0x01 with `mbp-1`. */
export function rtypeOf(schema: DbnSchema): number {
  return rtypeOfSchema[schema]
}

/** The schema that a record type belongs to, or `undefined` for control records and types not known; 0x01 gives `mbp-1`. */
export function schemaOf(rtype: number): DbnSchema | undefined {
  return schemaNames.find((name) => rtypeOfSchema[name] === rtype)
}

/** Bits of `flags`. */
export const Flag = {
  /** Last record of an event of this instrument: the book is consistent after it. */
  last: 128,
  /** Top-of-book: the order stands for the whole side. */
  tob: 64,
  /** Sourced from a snapshot or a replay. */
  snapshot: 32,
  /** Aggregated price level, not an individual order. */
  mbp: 16,
  /** `ts_recv` is not trustworthy (clock or ordering at capture). */
  badTsRecv: 8,
  /** An unrecoverable gap came before: the book may be wrong. */
  maybeBadBook: 4,
  publisherSpecific: 2,
} as const

/** A price that is not there: int64 max. Accessors give `NaN`. */
export const UNDEF_PRICE = 9223372036854775807n
/** A timestamp that is not there: uint64 max. */
export const UNDEF_TIMESTAMP = 18446744073709551615n
/** A size that is not there: uint32 max. */
export const UNDEF_SIZE = 4294967295
/** A quantity of a statistic that is not there in DBN 3: int64 max (int32 max before). */
export const UNDEF_STAT_QUANTITY = 9223372036854775807n

/** Codes of `SystemRecord`; from text in DBN 1, where they are guessed. */
export const SystemCode = { heartbeat: 0, subscriptionAck: 1, slowReader: 2, replayCompleted: 3, endOfInterval: 4, unset: 255 } as const

/** Codes of `ErrorRecord`. 1, 2, 3, 5, 6 and 8 end the session. */
export const ErrorRecordCode = {
  authFailed: 1,
  keyDeactivated: 2,
  connectionLimit: 3,
  symbolResolution: 4,
  invalidSubscription: 5,
  internal: 6,
  skippedRecords: 7,
  replayAgedOut: 8,
  unset: 255,
} as const

/** Types of statistic (`statType`) by number. Unknown numbers occur and are passed on. */
export const statTypes: Readonly<Record<number, string>> = {
  1: 'opening-price',
  2: 'indicative-opening-price',
  3: 'settlement-price',
  4: 'trading-session-low-price',
  5: 'trading-session-high-price',
  6: 'cleared-volume',
  7: 'lowest-offer',
  8: 'highest-bid',
  9: 'open-interest',
  10: 'fixing-price',
  11: 'close-price',
  12: 'net-change',
  13: 'vwap',
  14: 'volatility',
  15: 'delta',
  16: 'uncrossing-price',
  17: 'upper-price-limit',
  18: 'lower-price-limit',
}

/** Trading states (`action` of a status record) by number. */
export const statusActions: readonly string[] = [
  'none',
  'pre-open',
  'pre-cross',
  'quoting',
  'cross',
  'rotation',
  'new-price-indication',
  'trading',
  'halt',
  'pause',
  'suspend',
  'pre-close',
  'close',
  'post-close',
  'ssr-change',
  'not-available-for-trading',
]
