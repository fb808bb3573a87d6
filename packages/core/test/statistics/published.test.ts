import { describe, expect, test } from 'vitest'
import { backtestingPyCases } from './published/backtesting-py.js'
import { empyricalCases } from './published/empyrical.js'
import { googCases } from './published/goog.js'
import { leanCases } from './published/lean.js'
import { agrees, type PublishedCase } from './published/published-case.js'

const groups: Readonly<Record<string, readonly PublishedCase[]>> = {
  'empyrical, its own cases at their tolerance': empyricalCases().cases,
  'empyrical and quantstats on the daily returns of GOOG': googCases(),
  'backtesting.py on its SMA cross at 1e-8': backtestingPyCases(),
  'LEAN as printed': leanCases(),
}

describe.each(Object.entries(groups))('%s', (_, cases) => {
  test.skipIf(cases.length > 0)('is not here: the published figures are absent', () => expect(cases).toEqual([]))

  for (const published of cases) {
    test(published.name, () => {
      // The plain comparison first, for a message with both values when it fails.
      if (!agrees(published)) expect(published.ours()).toEqual(published.published)
      expect(agrees(published)).toBe(true)
    })
  }
})
