// Generated from src/layout/structs.ts by test/support/generate-records.ts; do not edit.
import type { RecordRun } from '../../codec/run.js'
import { UnknownCursor, type UnknownRecord } from '../cursor.js'
import { TradeCursor, type TradeRecord } from './trade.js'
import { Mbp1Cursor, type Mbp1Record } from './mbp-1.js'
import { Mbp10Cursor, type Mbp10Record } from './mbp-10.js'
import { OhlcvCursor, type OhlcvRecord } from './ohlcv.js'
import { StatusCursor, type StatusRecord } from './status.js'
import { DefinitionV1Cursor, type DefinitionV1Record } from './definition-v1.js'
import { DefinitionV2Cursor, type DefinitionV2Record } from './definition-v2.js'
import { DefinitionCursor, type DefinitionRecord } from './definition.js'
import { ImbalanceCursor, type ImbalanceRecord } from './imbalance.js'
import { ErrorV1Cursor, type ErrorV1Record } from './error-v1.js'
import { ErrorCursor, type ErrorRecord } from './error.js'
import { SymbolMappingV1Cursor, type SymbolMappingV1Record } from './symbol-mapping-v1.js'
import { SymbolMappingCursor, type SymbolMappingRecord } from './symbol-mapping.js'
import { SystemV1Cursor, type SystemV1Record } from './system-v1.js'
import { SystemCursor, type SystemRecord } from './system.js'
import { StatisticsV1Cursor, type StatisticsV1Record } from './statistics-v1.js'
import { StatisticsCursor, type StatisticsRecord } from './statistics.js'
import { MboCursor, type MboRecord } from './mbo.js'
import { Cmbp1Cursor, type Cmbp1Record } from './cmbp-1.js'
import { CbboCursor, type CbboRecord } from './cbbo.js'
import { BboCursor, type BboRecord } from './bbo.js'

/** Any record; switch on `type`. `N` is `bigint` in exact objects. */
export type DbnRecord<N extends number | bigint = number> =
  | TradeRecord<N>
  | Mbp1Record<N>
  | Mbp10Record<N>
  | OhlcvRecord<N>
  | StatusRecord<N>
  | DefinitionV1Record<N>
  | DefinitionV2Record<N>
  | DefinitionRecord<N>
  | ImbalanceRecord<N>
  | ErrorV1Record<N>
  | ErrorRecord<N>
  | SymbolMappingV1Record<N>
  | SymbolMappingRecord<N>
  | SystemV1Record<N>
  | SystemRecord<N>
  | StatisticsV1Record<N>
  | StatisticsRecord<N>
  | MboRecord<N>
  | Cmbp1Record<N>
  | CbboRecord<N>
  | BboRecord<N>
  | UnknownRecord

/** A cursor over any record; switch on `type`. */
export type DbnCursor =
  | TradeCursor
  | Mbp1Cursor
  | Mbp10Cursor
  | OhlcvCursor
  | StatusCursor
  | DefinitionV1Cursor
  | DefinitionV2Cursor
  | DefinitionCursor
  | ImbalanceCursor
  | ErrorV1Cursor
  | ErrorCursor
  | SymbolMappingV1Cursor
  | SymbolMappingCursor
  | SystemV1Cursor
  | SystemCursor
  | StatisticsV1Cursor
  | StatisticsCursor
  | MboCursor
  | Cmbp1Cursor
  | CbboCursor
  | BboCursor
  | UnknownCursor

/** A new cursor for the layout of a run, standing on its first record. */
export function createCursor(run: RecordRun): DbnCursor {
  switch (run.layout?.name) {
    case 'Trade':
      return new TradeCursor(run)
    case 'Mbp1':
      return new Mbp1Cursor(run)
    case 'Mbp10':
      return new Mbp10Cursor(run)
    case 'Ohlcv':
      return new OhlcvCursor(run)
    case 'Status':
      return new StatusCursor(run)
    case 'DefinitionV1':
      return new DefinitionV1Cursor(run)
    case 'DefinitionV2':
      return new DefinitionV2Cursor(run)
    case 'Definition':
      return new DefinitionCursor(run)
    case 'Imbalance':
      return new ImbalanceCursor(run)
    case 'ErrorV1':
      return new ErrorV1Cursor(run)
    case 'Error':
      return new ErrorCursor(run)
    case 'SymbolMappingV1':
      return new SymbolMappingV1Cursor(run)
    case 'SymbolMapping':
      return new SymbolMappingCursor(run)
    case 'SystemV1':
      return new SystemV1Cursor(run)
    case 'System':
      return new SystemCursor(run)
    case 'StatisticsV1':
      return new StatisticsV1Cursor(run)
    case 'Statistics':
      return new StatisticsCursor(run)
    case 'Mbo':
      return new MboCursor(run)
    case 'Cmbp1':
      return new Cmbp1Cursor(run)
    case 'Cbbo':
      return new CbboCursor(run)
    case 'Bbo':
      return new BboCursor(run)
    default:
      return new UnknownCursor(run)
  }
}

export {
  TradeCursor,
  type TradeRecord,
  Mbp1Cursor,
  type Mbp1Record,
  Mbp10Cursor,
  type Mbp10Record,
  OhlcvCursor,
  type OhlcvRecord,
  StatusCursor,
  type StatusRecord,
  DefinitionV1Cursor,
  type DefinitionV1Record,
  DefinitionV2Cursor,
  type DefinitionV2Record,
  DefinitionCursor,
  type DefinitionRecord,
  ImbalanceCursor,
  type ImbalanceRecord,
  ErrorV1Cursor,
  type ErrorV1Record,
  ErrorCursor,
  type ErrorRecord,
  SymbolMappingV1Cursor,
  type SymbolMappingV1Record,
  SymbolMappingCursor,
  type SymbolMappingRecord,
  SystemV1Cursor,
  type SystemV1Record,
  SystemCursor,
  type SystemRecord,
  StatisticsV1Cursor,
  type StatisticsV1Record,
  StatisticsCursor,
  type StatisticsRecord,
  MboCursor,
  type MboRecord,
  Cmbp1Cursor,
  type Cmbp1Record,
  CbboCursor,
  type CbboRecord,
  BboCursor,
  type BboRecord,
}
export type { BidAskPair } from './bid-ask-pair.js'
export type { ConsolidatedBidAskPair } from './consolidated-bid-ask-pair.js'
