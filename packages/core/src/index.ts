export { TradingError, isTradingError, type ErrorCode } from '@gatehouse/contracts'
export { errorCodes } from './error-codes.js'
export * from './interfaces/index.js'
export * from './market-data/index.js'
export * from './engine/index.js'
export * from './journal/index.js'
export * from './order/index.js'
export * from './portfolio/index.js'
export * from './risk/index.js'
export * from './simulated/index.js'
export * from './feed/index.js'
// Both feeds and statistics aggregate: bars keep the short name.
export { type AggregateOptions } from './feed/index.js'
export {
  checkRunRecord,
  createReport,
  describeFindings,
  figureGroups,
  runStatistics,
  type BenchmarkStatistics,
  type Figure,
  type FigureGroup,
  type Finding as ReportFinding,
  type OpenPosition,
  type OrderCounts,
  type PriceSeries,
  type RefusalCount,
  type Report,
  type RunAnalysis,
  type RunFlag,
  type RunInstrument,
  type RunRecord,
  type RunSeries,
  type RunStatistics,
  type RunStatisticsOptions,
} from './report/index.js'
export * from './manifest/index.js'
export * from './notify/index.js'
export * from './progress/index.js'
export * from './statistics/index.js'
export * from './calendar/index.js'
export {
  exactExp,
  exactLog,
  RandomStream,
  syntheticBars,
  syntheticMarket,
  type BookTrace,
  type FuturesOptions,
  type GapTrace,
  type SignalTrace,
  type SyntheticBarsOptions,
  type SyntheticMarket,
  type SyntheticMarketOptions,
  type SyntheticOptimum,
} from './synthetic/index.js'
