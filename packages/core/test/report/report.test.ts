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

  test('is the same bytes for the same record', () => {
    expect(createReport(smaCross(randomBars(1500), { symbol: 'WALK', feeRate: 0.001 })).toHtml()).toBe(report.toHtml())
  })
})
