export type { Batch, ColumnName, ColumnOf, ColumnsOf, MarketDataReference, PriceArray, SizeArray } from './batch.js'
export type {
  Broker,
  BrokerAbilities,
  BrokerBalance,
  BrokerEvent,
  BrokerOrder,
  BrokerOrderEvent,
  BrokerPosition,
  BrokerSession,
  BrokerSnapshot,
  BrokerStatus,
  CashMovement,
  FillCanceled,
  Finding,
  ForeignOrder,
} from './broker.js'
export type { Calendar, CalendarWarning, Session, SessionPhase, SessionWindow } from './calendar.js'
export type { Feed, FeedStatus, Subscription } from './feed.js'
export type {
  Admission,
  Admitted,
  Approval,
  Artifact,
  CallOptions,
  CandidateFiles,
  Closable,
  Computable,
  Environment,
  Evaluation,
  Evidence,
  FeatureSpec,
  Gate,
  GatePolicy,
  GateReport,
  ManifestPin,
  Notice,
  Progress,
  Promotion,
  Refusal,
  Registry,
} from './gate.js'
export type { AssetClass, Instrument, SymbolAlias, SymbolMap } from './instrument.js'
export type { Journal, JournalEntry, ModelInUse } from './journal.js'
export type { Manifest, ManifestFile, ManifestTransaction, ManifestVerification, ScanQuery, Snapshot } from './manifest.js'
export type { Candidate, Dataset, EvaluateOptions, InputSpec, Model, ModelFamily, Predictor, TrainOptions, Trigger } from './model.js'
export type { Money } from './money.js'
export type { Health, Notifier } from './notifier.js'
export type {
  Fill,
  Order,
  OrderChange,
  OrderLink,
  OrderRequest,
  OrderState,
  OrderStatus,
  OrderType,
  OrderUpdate,
  Side,
  TimeInForce,
} from './order.js'
export type { Portfolio, Position } from './portfolio.js'
export type { Prediction } from './prediction.js'
export type { RiskLimit, RiskView } from './risk.js'
export {
  barNs,
  type BarSchema,
  type ColumnKind,
  type ColumnSpec,
  isBarSchema,
  type QuoteSchema,
  type Schema,
  schemaColumns,
  schemas,
} from './schema.js'
export type { BracketRequest, Context, OrderOptions, OrderResult, Orders, Strategy, Timer, WeightOptions } from './strategy.js'
export type { Clock, TimeMode, TimeNs, TimeRange } from './time.js'
export type { RunDefinition, TrackedRun, Tracker } from './tracker.js'
export type {
  AggressorSide,
  BarView,
  BookAction,
  BookView,
  ColumnOnlySchema,
  CorporateActionKind,
  CorporateActionView,
  Cursor,
  FundamentalsView,
  MarketView,
  NewsView,
  OrderEventView,
  QuoteView,
  TradeView,
  TradingStatusView,
  ViewOf,
} from './view.js'
