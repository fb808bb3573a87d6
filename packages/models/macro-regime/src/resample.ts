import type { Evaluation } from '@gatehouse/contracts'
import { classMetrics, confusionMatrix, mixSeeds, random } from '@gatehouse/model-kit'
import { regimes } from './prediction.js'
import type { RegimeRows } from './rows.js'

export type Interval = NonNullable<Evaluation['metrics'][string]['interval']>

const draws = 1000
const level = 0.9

/** Test positions of each block of time, all instruments together: labels that overlap in time are not independent, so blocks are one horizon long. */
export type Blocks = readonly Int32Array[]

export function timeBlocks(rows: RegimeRows, test: Int32Array, horizon: number): Blocks {
  const times = [...new Set(Array.from(test, (row) => rows.t0[row]))]
  const blockOf = new Map(times.map((time, i) => [time, Math.floor(i / horizon)]))
  const positions: number[][] = []
  test.forEach((row, i) => (positions[blockOf.get(rows.t0[row])!] ??= []).push(i))
  return positions.map((block) => Int32Array.from(block))
}

/** Confusion counts of a classifier in each block: all that a resample needs to know of it. */
export type BlockCounts = readonly Float64Array[]

export function blockCounts(blocks: Blocks, truth: Int32Array, classes: Int32Array): BlockCounts {
  return blocks.map((block) =>
    confusionMatrix(
      Int32Array.from(block, (i) => truth[i]),
      Int32Array.from(block, (i) => classes[i]),
      regimes.length,
    ),
  )
}

/** Macro F1 over some blocks; one drawn twice counts twice. */
export function macroF1(counts: BlockCounts, blocks: Iterable<number> = counts.keys()): number {
  const sum = new Float64Array(regimes.length * regimes.length)
  for (const block of blocks) counts[block].forEach((count, cell) => (sum[cell] += count))
  return classMetrics(sum).macroF1
}

/** Interval of a statistic by drawing whole blocks with replacement (Künsch 1989). Seeded by the number of blocks: the same rows, the same interval. */
export function bootstrap(count: number, statistic: (blocks: Int32Array) => number): Interval {
  const source = random(mixSeeds(count, 0xb007))
  const drawn = new Int32Array(count)
  const values = Float64Array.from({ length: draws }, () => {
    for (let b = 0; b < count; b++) drawn[b] = source.integer(count)
    return statistic(drawn)
  }).sort()
  const at = (quantile: number): number => values[Math.min(draws - 1, Math.floor(quantile * draws))]
  return {
    lower: at((1 - level) / 2),
    upper: at((1 + level) / 2),
    level,
    method: `block bootstrap, ${draws} draws of ${count} blocks, each one horizon long`,
  }
}
