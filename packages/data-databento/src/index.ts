export { canonicalMetadata, canonicalRecord } from './codec/canonical.js'
export { DbnDecoder, HEADROOM_BYTES, type DecoderOptions } from './codec/decoder.js'
export { DbnEncoder, encodeRecord, type EncodableRecord } from './codec/encoder.js'
export {
  createMetadata,
  decodeMetadata,
  encodeMetadata,
  upgradeMetadata,
  type MappingInterval,
  type Metadata,
  type MetadataInit,
  type SymbolMappingEntry,
} from './codec/metadata.js'
export { copyRun, runBytes, type RecordRun } from './codec/run.js'
export { createWindow, windowOver, type Window } from './codec/window.js'
export { errorCodes } from './error-codes.js'
export { openDbn, type DbnReader, type OpenDbnOptions } from './file/open-dbn.js'
export { hasNodeZstd, type ZstdBackend } from '@gatehouse/zstd'
export * from './layout/enums.js'
export { layoutNamed, layoutOf, layouts, type DbnVersion, type Field, type FieldKind, type Layout } from './layout/layout.js'
export { publishers, publishersOf, type Publisher } from './layout/publishers.js'
export { ColumnReader, columnNames, type Column, type ColumnOptions, type Columns } from './records/columns.js'
export { RecordCursor, type RecordHeader, type UnknownRecord } from './records/cursor.js'
export * from './records/generated/index.js'
export { BboSampler } from './book/bbo.js'
export { OrderBooks } from './book/books.js'
export { LevelBook } from './book/level-book.js'
export { MbpBuilder, type MbpOptions } from './book/mbp.js'
export { OrderBook, type BookChange, type BookLevel, type QueuePosition } from './book/order-book.js'
export type { BookSide, PriceLevel, RestingOrder } from './book/order-index.js'
export { AvailableAt, DbnBatch, type DbnBatchOptions } from './feed/dbn-batch.js'
export { LiveClient, type LiveEvent, type LiveOptions, type LiveStatus, type LiveSubscription, type Recovery } from './live/live-client.js'
export { LiveSession, type SessionEnd, type SessionHandler, type SessionOptions } from './live/live-session.js'
export { ApiKey, gatewayHost, type GatewaySubscription } from './live/protocol.js'
export { SymbolIndex } from './symbols/symbol-index.js'
export { type DownloadedFile, type DownloadOptions } from './historical/batch-download.js'
export { type BudgetOptions } from './historical/budget.js'
export { HistoricalClient, type HistoricalOptions, type ReferenceRequest } from './historical/historical-client.js'
export { type ApiWarning, type HttpOptions } from './historical/http.js'
export { timeNs, type TimeInput } from './historical/times.js'
export type * from './historical/types.js'
export { BatchMaker, coreSchema, type BatchMakerOptions } from './feed/batch-maker.js'
export { dbnFiles, readDefinitions, type DbnFilesOptions } from './feed/dbn-files.js'
export { databentoHistorical, type HistoricalFeedOptions } from './feed/historical-feed.js'
export { defaultInstrument, type InstrumentName, type InstrumentResolver } from './feed/instruments.js'
export { databentoLive, type LiveFeedOptions } from './feed/live-feed.js'
export { directoryStore, manifestStore, type RangeKey, type RangeStore, type Span } from './historical/range-store.js'
