import { writeFile } from 'node:fs/promises'
import { TradingError, type CallOptions } from '@gatehouse/contracts'
import { conventions, type StatisticsConventions } from '../statistics/conventions.js'
import { describeFindings, type Finding } from './findings.js'
import { renderHtml } from './html-report.js'
import { checkRunRecord, type RunRecord } from './run-record.js'
import { runStatistics, type RunSeries, type RunStatistics, type RunStatisticsOptions } from './run-statistics.js'
import { renderText } from './text-report.js'

/** What a run came to: figures, words and pictures. Immutable; the same record gives the same bytes. */
export interface Report {
  readonly record: RunRecord
  readonly statistics: RunStatistics
  readonly series: RunSeries
  /** What a reader must know first, in words. */
  readonly findings: readonly Finding[]
  /** Plain text, 92 columns. */
  toString(): string
  /** One self-contained HTML page; its size is bounded whatever the length of the run. */
  toHtml(): string
  /** Statistics and findings as plain JSON; undefined figures are `null`, times are ISO 8601. */
  toJSON(): Readonly<Record<string, unknown>>
  /** Writes {@link Report.toHtml}. @throws {TradingError} `REPORT_WRITE` naming the file */
  writeHtml(file: string, options?: Pick<CallOptions, 'signal'>): Promise<void>
}

/** Makes the report of a run. @throws {TradingError} `REPORT_INPUT` when columns of the record do not fit together */
export function createReport(record: RunRecord, options: RunStatisticsOptions = {}): Report {
  checkRunRecord(record)
  const chosen: StatisticsConventions = options.conventions ?? conventions.gatehouse
  const analysis = runStatistics(record, options)
  const findings = describeFindings(record, analysis.statistics)
  const toHtml = (): string => renderHtml(record, analysis, chosen)
  return {
    record,
    statistics: analysis.statistics,
    series: analysis.series,
    findings,
    toString: () => renderText(record, analysis),
    toHtml,
    toJSON: () => ({
      name: record.name,
      environment: record.environment,
      currency: record.currency,
      statistics: plain(analysis.statistics),
      findings,
    }),
    async writeHtml(file, { signal } = {}) {
      signal?.throwIfAborted()
      try {
        await writeFile(file, toHtml(), { signal })
      } catch (cause) {
        if (signal?.aborted) throw signal.reason
        throw new TradingError(
          'REPORT_WRITE',
          `could not write the report to ${file}; check that its folder exists and is writable`,
          { file },
          { cause },
        )
      }
    },
  }
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return new Date(Number(value / 1_000_000n)).toISOString()
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, plain(field)]))
}
