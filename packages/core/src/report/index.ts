export { createReport, type Report } from './report.js'
export {
  type BenchmarkCurve,
  checkRunRecord,
  type InputSpan,
  type OpenPosition,
  type OrderCounts,
  type PriceSeries,
  type RefusalCount,
  type RunFlag,
  type RunInstrument,
  type RunRecord,
} from './run-record.js'
export {
  type BenchmarkStatistics,
  type RunAnalysis,
  type RunSeries,
  type RunStatistics,
  runStatistics,
  type RunStatisticsOptions,
} from './run-statistics.js'
export { describeFindings, type Finding } from './findings.js'
export { type Figure, type FigureGroup, figureGroups } from './figures.js'
export { reportErrorCodes } from './error-codes.js'
