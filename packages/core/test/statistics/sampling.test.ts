import { describe, expect, test } from 'vitest'
import { aggregateReturns, alignSeries, inferPeriodsPerYear, monthlyReturns, sampleEquity } from '../../src/statistics/index.js'

const at = (text: string): bigint => BigInt(Date.parse(text)) * 1_000_000n
const curve = (...rows: [string, number][]) => ({
  times: BigInt64Array.from(rows, ([text]) => at(text)),
  values: Float64Array.from(rows, ([, value]) => value),
})

describe('sampling an equity curve', () => {
  const minutes = curve(
    ['2024-03-01T14:30:00Z', 100],
    ['2024-03-01T21:00:00Z', 101],
    ['2024-03-02T02:00:00Z', 102],
    ['2024-03-04T15:00:00Z', 103],
    ['2024-04-01T15:00:00Z', 104],
  )

  test('takes the last value of each local day', () => {
    expect([...sampleEquity(minutes, { timeZone: 'America/New_York' }).values]).toEqual([102, 103, 104])
    expect([...sampleEquity(minutes).values]).toEqual([101, 102, 103, 104])
  })

  test('takes weeks from Monday to Sunday, months, quarters and years', () => {
    expect([...sampleEquity(minutes, { sampling: 'week' }).values]).toEqual([102, 103, 104])
    expect([...sampleEquity(minutes, { sampling: 'month' }).values]).toEqual([103, 104])
    expect([...sampleEquity(minutes, { sampling: 'quarter' }).values]).toEqual([103, 104])
    expect([...sampleEquity(minutes, { sampling: 'year' }).values]).toEqual([104])
    expect(sampleEquity(minutes, { sampling: 'as-recorded' })).toBe(minutes)
  })

  test('carries values over every midnight for calendar days', () => {
    const sampled = sampleEquity(curve(['2024-03-08T05:00:00Z', 100], ['2024-03-08T21:00:00Z', 110], ['2024-03-11T20:00:00Z', 120]), {
      sampling: 'calendar-day',
      timeZone: 'America/New_York',
    })
    expect([...sampled.values]).toEqual([100, 110, 110, 110, 120])
    // Clocks went forward on the 10th: that day has 23 hours.
    expect(sampled.times[3] - sampled.times[2]).toBe(23n * 3_600_000_000_000n)
  })

  test('does not close a period with a gap', () => {
    expect([...sampleEquity(curve(['2024-03-01T10:00:00Z', 100], ['2024-03-01T11:00:00Z', NaN])).values]).toEqual([100])
  })

  test('refuses times that descend', () => {
    expect(() => sampleEquity(curve(['2024-03-02T00:00:00Z', 1], ['2024-03-01T00:00:00Z', 1]))).toThrow(
      expect.objectContaining({ code: 'STATISTICS_INPUT' }) as Error,
    )
  })

  test.each([
    ['business days', 1, false, 252],
    ['all days', 1, true, 365],
    ['weeks', 7, true, 52],
    ['months', 30, true, 12],
    ['quarters', 91, true, 4],
    ['years', 365, true, 1],
  ])('infers the periods of a year from %s', (_, step, hasWeekends, expected) => {
    const days: bigint[] = []
    for (let day = 0; days.length < 60; day += step)
      if (hasWeekends || ((day + 4) % 7) % 6 !== 0) days.push(BigInt(day) * 86_400_000_000_000n)
    expect(inferPeriodsPerYear(BigInt64Array.from(days))).toBe(expected)
  })
})

describe('returns by calendar period', () => {
  const times = BigInt64Array.from(['2024-12-30', '2024-12-31', '2025-01-01', '2025-01-06'], at)
  const returns = Float64Array.of(0.1, 0.1, NaN, -0.5)

  test('belong to the ISO week of their Thursday', () => {
    expect(aggregateReturns(returns, times, { to: 'weekly' }).labels).toEqual(['2025-W01', '2025-W02'])
    expect(aggregateReturns(returns, times, { to: 'monthly' }).labels).toEqual(['2024-12', '2025-01'])
    expect(aggregateReturns(returns, times, { to: 'quarterly' }).labels).toEqual(['2024-Q4', '2025-Q1'])
    expect([...aggregateReturns(returns, times, { to: 'yearly' }).values]).toEqual([expect.closeTo(0.21, 12), -0.5])
    expect([...aggregateReturns(returns, times, { to: 'yearly', isCompounded: false }).values]).toEqual([expect.closeTo(0.2, 12), -0.5])
  })

  test('fill a table of months with gaps where there was none', () => {
    const [first, second] = monthlyReturns(returns, times)
    expect(first.months[11]).toBeCloseTo(0.21, 12)
    expect(first.months[0]).toBeNaN()
    expect(second).toMatchObject({ year: 2025, total: -0.5 })
  })
})

describe('aligning two series', () => {
  test('keeps the times they share', () => {
    const joined = alignSeries(
      curve(['2024-01-01', 1], ['2024-01-02', 2], ['2024-01-04', 4]),
      curve(['2024-01-02', 20], ['2024-01-03', 30], ['2024-01-04', 40]),
    )
    expect([...joined.left]).toEqual([2, 4])
    expect([...joined.right]).toEqual([20, 40])
  })

  test('refuses repeated times', () => {
    const twice = curve(['2024-01-01', 1], ['2024-01-01', 2])
    expect(() => alignSeries(twice, twice)).toThrow(expect.objectContaining({ code: 'STATISTICS_INPUT' }) as Error)
  })
})
