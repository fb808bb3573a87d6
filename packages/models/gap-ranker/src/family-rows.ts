import { TradingError } from '@gatehouse/contracts'
import { gradesWithin, type FamilyRows, type Labels } from '@gatehouse/model-kit'
import { featureCount } from './feature/items.js'
import { headNames, type ResolvedOptions } from './options.js'
import type { GapRows } from './rows.js'

/** Rows as the kit trains and judges them. */
export interface GapFamilyRows extends FamilyRows {
  /** Trading day, local, days since 1970: the group. */
  readonly groups: Int32Array
  /** What is ranked, and open to close, as simple returns. */
  readonly outcome: Float64Array
  readonly closeReturn: Float64Array
}

/**
 * Grades a morning's outcomes 0 to 4 by fifths, with gains `2^grade - 1`, and marks those that moved.
 * @throws {TradingError} `MODEL_ONE_CLASS` when all moved, or none
 */
export function familyRows(rows: GapRows, { target, move, members }: Pick<ResolvedOptions, 'target' | 'move' | 'members'>): GapFamilyRows {
  const outcome = target === 'high' ? rows.highReturn : rows.closeReturn
  const gains = gradesWithin(outcome, rows.groups).map((grade) => 2 ** grade - 1)
  const moved = Float32Array.from(outcome, (x) => (x > move ? 1 : 0))
  if (!moved.includes(0) || !moved.includes(1))
    throw new TradingError(
      'MODEL_ONE_CLASS',
      `gap-ranker: ${moved.includes(1) ? 'every' : 'no'} name of ${rows.count} moved by more than ${move} to its ${target}; choose another \`move\` or a longer range`,
      { rows: rows.count, move, target },
    )
  const labels = new Map<string, Labels>()
  for (let member = 0; member < members; member++) {
    const [rank, moves] = headNames(member)
    labels.set(rank, gains).set(moves, moved)
  }
  return {
    count: rows.count,
    table: rows.features,
    width: featureCount,
    labels,
    t0: rows.t0,
    t1: rows.t1,
    groups: rows.day,
    instrument: rows.name,
    outcome,
    closeReturn: rows.closeReturn,
  }
}
