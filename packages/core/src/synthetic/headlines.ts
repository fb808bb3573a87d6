import type { RandomStream } from './random.js'

const good = [
  '{name} beats estimates and raises its outlook',
  '{name} wins approval for its lead product',
  '{name} upgraded to buy on strong growth',
  '{name} reports record profit',
  '{name} awarded a major contract',
]
const bad = [
  '{name} misses estimates and cuts its outlook',
  '{name} faces a lawsuit over its filings',
  '{name} downgraded to sell on weak demand',
  '{name} announces a dilutive offering',
  '{name} recalls its main product after failures',
]
const plain = [
  '{name} to present at an industry conference',
  '{name} names a new member of its board',
  '{name} schedules its annual meeting',
  '{name} completes a planned change of offices',
]

/** A headline whose words agree with a score from -1 to 1; scores near zero read plainly. */
export function headlineOf(symbol: string, score: number, random: RandomStream): string {
  const choices = score > 0.15 ? good : score < -0.15 ? bad : plain
  return choices[random.below(choices.length)].replace('{name}', symbol)
}
