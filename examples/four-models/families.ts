import type { ModelFamily } from '@gatehouse/core'
import { macroRegime } from '@gatehouse/model-macro-regime'
import type { FamilyName } from './lane.js'

/** What a study may ask of any family. */
export interface FamilyChoice {
  /** Trains on labels in random order: a twin that no gate may let through. */
  readonly shuffleLabels?: boolean | undefined
  readonly codeHash?: string | undefined
}

/** A family, with the settings of this example: less training than its defaults, so that all four are ready within a minute. */
export function familyOf(name: FamilyName, choice: FamilyChoice = {}): ModelFamily {
  const { maker } = choices[name]
  return maker(choice)
}

interface Choice {
  readonly maker: (choice: FamilyChoice) => ModelFamily
  /** For the metadata that a person answers for. */
  readonly title: string
  readonly hypothesis: string
  readonly intendedUse: string
  readonly limitations: string
  /** The metric that the story tells. */
  readonly metric: string
}

export const choices: Readonly<Record<FamilyName, Choice>> = {
  'macro-regime': {
    // Two sessions ahead.
    maker: (choice) => macroRegime({ horizon: 14, ...choice }),
    title: 'Macro regime on hourly bars',
    hypothesis: 'Momentum carries on in quiet and in hectic markets and reverts in ordinary ones; volatility persists.',
    intendedUse: 'A bound on size for liquid names, hourly, one unit a name.',
    limitations: 'Trained on few names of one source; no intraday news; not for auctions or halts.',
    metric: 'macroF1',
  },
}
