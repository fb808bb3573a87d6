import { bootstrapInterval, type Interval } from '../evaluate/bootstrap.js'
import { type Statistic } from '../evaluate/statistics.js'
import { mixSeeds } from '../random.js'
import { type FamilyRows } from './rows.js'

/**
 * Test rows in blocks of time, each as long as the label it begins with, all instruments together: labels that overlap are one observation, not many. Blocks
 * are positions `[from, to)` in the order of the test rows.
 */
export function timeBlocks({ t0, t1 }: FamilyRows, test: Int32Array): Int32Array {
  const starts: number[] = []
  let end = -(2n ** 62n)
  for (let i = 0; i < test.length; i++) {
    if (t0[test[i]] < end) continue
    starts.push(i)
    // A label that ends where it begins still fills its own moment.
    end = t1[test[i]] > t0[test[i]] ? t1[test[i]] : t0[test[i]] + 1n
  }
  return Int32Array.from([...starts, test.length])
}

/** What one pass over the rows may cost all draws together. */
const rowBudget = 5e6

/**
 * Interval of a statistic by the stationary bootstrap over blocks of time, on average two at once. Seeded by the number of blocks: the same rows, the same
 * interval. `undefined` when there are too few blocks to draw from.
 */
export function blockInterval(blocks: Int32Array, statistic: Statistic, level: number): Interval | undefined {
  const count = blocks.length - 1
  if (count < 2) return undefined
  const rows = blocks[count]
  const weights = new Float64Array(rows)
  const draws = Math.round(Math.max(200, Math.min(1000, rowBudget / rows)))
  return bootstrapInterval(
    count,
    (drawn) => {
      weights.fill(0)
      for (const block of drawn) for (let i = blocks[block]; i < blocks[block + 1]; i++) weights[i]++
      return statistic(weights)
    },
    { block: Math.min(2, count), draws, level, seed: mixSeeds(count, 0xb007) },
  )
}
