import { expect, test } from 'vitest'
import { progressLine } from '../../src/progress/progress-line.js'

function shown(isTerminal: boolean, updates: readonly (readonly [ms: number, done: number])[]): readonly string[] {
  const written: string[] = []
  let time = 0
  const line = progressLine({ write: (text) => void written.push(text), isTerminal, now: () => time })
  for (const [ms, done] of updates) {
    time = ms
    line.update({ stage: 'reading', done, total: 1_000, unit: 'bars' })
  }
  line.clear()
  return written
}

test('a terminal gets a bar with the time left at the present rate, redrawn at most ten times a second', () => {
  const written = shown(true, [
    [0, 0],
    [50, 20],
    [1_000, 250],
  ])
  expect(written).toHaveLength(3)
  expect(written[1]).toBe(`\r\u001b[2Kreading  [${'█'.repeat(6)}${'·'.repeat(18)}]  25 %  250 of 1,000 bars  3 s left`)
  expect(written[2]).toBe('\r\u001b[2K')
})

test('a log gets a line only for what lasts longer than ten seconds', () => {
  expect(
    shown(false, [
      [0, 0],
      [9_000, 500],
      [10_000, 600],
    ]),
  ).toEqual([expect.stringMatching(/^reading .* 60 % .*\n$/)])
})
