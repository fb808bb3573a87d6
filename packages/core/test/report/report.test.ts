import { describe, expect, test } from 'vitest'
import { createReport } from '../../src/report/index.js'
import { randomBars, smaCross } from '../statistics/published/sma-cross.js'

describe('a report', () => {
  const report = createReport(smaCross(randomBars(1500), { symbol: 'WALK', feeRate: 0.001 }))

  test('has figures that agree with the record', () => {
    const { record, statistics } = report
    const equity = record.equity.values
    expect(statistics.finalEquity).toBe(equity[equity.length - 1])
    expect(statistics.totalReturn).toBeCloseTo(equity[equity.length - 1] / 10_000 - 1, 12)
    expect(statistics.trades.netProfit).toBeCloseTo(statistics.netProfit, 6)
    expect(statistics.fees).toBeCloseTo(
      record.fills.fees.reduce((total, fee) => total + fee, 0),
      9,
    )
  })

  test('prints a table no wider than 92 columns', () => {
    for (const line of report.toString().split('\n')) expect(line.length).toBeLessThanOrEqual(92)
    expect(report.toString()).toContain('Sharpe ratio')
  })

  test('says beside its name what no figure may be read without, in text and on the page', () => {
    const flags = [
      { type: 'ungated', message: 'm passed no gate' },
      { type: 'synthetic-market', message: 'made by a generator' },
      { type: 'note', message: 'no fees' },
    ] as const
    const marked = createReport({ ...report.record, flags })
    expect(marked.toString().split('\n')[0]).toMatch(/^SMA 10\/30 cross +simulated · UNGATED · SYNTHETIC MARKET$/)
    expect(marked.toHtml()).toMatch(/<h1>SMA 10\/30 cross<\/h1>.*ungated<\/span>.*synthetic market<\/span>/)
    const long = createReport({ ...report.record, name: 'n'.repeat(90), flags })
      .toString()
      .split('\n')
    expect(long.slice(0, 2)).toEqual(['n'.repeat(90), 'simulated · UNGATED · SYNTHETIC MARKET'])
  })

  test('is the same bytes for the same record', () => {
    expect(createReport(smaCross(randomBars(1500), { symbol: 'WALK', feeRate: 0.001 })).toHtml()).toBe(report.toHtml())
  })
})
