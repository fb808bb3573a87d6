import type { ModelFamily, Prediction } from '@gatehouse/core'
import type { FamilyRows, KitFamily } from '@gatehouse/model-kit'
import type { FamilyName, FamilySettings } from './lane.js'

/** What a study may ask of any family. */
export interface FamilyChoice {
  /** Trains on labels in random order: a twin that no gate may let through. */
  readonly shuffleLabels?: boolean | undefined
  readonly codeHash?: string | undefined
  /** What the market asks for. */
  readonly settings?: FamilySettings | undefined
}

/** Any of the four: what they have in common is core's interface, and a report of what they are worth. */
export type AnyFamily = ModelFamily & Pick<KitFamily<FamilyRows, Prediction>, 'report' | 'load'>

/**
 * A family, with the settings of this example: less training than its defaults, so that all four are ready within a minute. Imported when it is asked for: a program
 * that works on one family holds no other.
 */
export async function familyOf(name: FamilyName, { settings, ...choice }: FamilyChoice = {}): Promise<AnyFamily> {
  return choices[name].maker({ ...choice, ...settings })
}

interface Choice {
  readonly maker: (choice: Omit<FamilyChoice, 'settings'>) => Promise<AnyFamily>
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
    maker: async (choice) => (await import('@gatehouse/model-macro-regime')).macroRegime({ horizon: 14, ...choice }),
    title: 'Macro regime on hourly bars',
    hypothesis: 'Momentum carries on in quiet and in hectic markets and reverts in ordinary ones; volatility persists.',
    intendedUse: 'A bound on size for liquid names, hourly, one unit a name.',
    limitations: 'Trained on few names of one source; no intraday news; not for auctions or halts.',
    metric: 'macroF1',
  },
  'gap-ranker': {
    // A minute before the open, so that orders still reach the auction. Other families train beside it, so it needs no threads.
    maker: async (choice) => (await import('@gatehouse/model-gap-ranker')).gapRanker({ session: '09:29', threads: 0, ...choice }),
    title: 'Names that gap up, ranked by the morning',
    hypothesis: 'News moves small and large floats one way and middling ones the other; unusual pre-market volume carries on.',
    intendedUse: 'Which names to buy in the opening auction and sell in the closing one.',
    limitations: 'Trained on one synthetic cross-section; knows nothing of halts or of shares that cannot be bought.',
    metric: 'ndcgAt5',
  },
  'seconds-bar': {
    maker: async (choice) => (await import('@gatehouse/model-seconds-bar')).secondsBar({ horizonSeconds: 120, ...choice }),
    title: 'Barriers on bars of a second',
    hypothesis: 'The sign of short momentum follows activity: it carries on where trading is hectic or quiet, and reverts in between.',
    intendedUse: 'Timing of entries in liquid names during regular hours, held for two minutes at most.',
    limitations: 'Trained on two names of one source and ten sessions; knows nothing of news or auctions.',
    metric: 'auc',
  },
  'order-book': {
    maker: async (choice) =>
      (await import('@gatehouse/model-order-book')).orderBook({ step: { ms: 250 }, horizon: 4, epochs: 6, ...choice }),
    title: 'Direction, spread and impact from ten levels',
    hypothesis: 'Imbalance between the sides of the book leads the price within a second; its sign follows depth.',
    intendedUse: 'Whether an order that has to be done crosses the spread or rests.',
    limitations: 'Trained on an hour a day of two names; knows nothing of hidden orders.',
    metric: 'macroF1',
  },
}
