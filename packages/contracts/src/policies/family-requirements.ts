/** An edge over a baseline that a family must show: how much better, on the same folds. */
export interface RequiredEdge {
  readonly metric: string
  readonly baseline: string
  /** What the metric and the baseline are, for people. */
  readonly title: string
}

/** What the shipped policies ask of one family. */
export interface FamilyRequirements {
  readonly family: string
  readonly title: string
  /**
   * What the metric `auc` tells from its opposite, for people: its interval must lie clear of one half for both stages. Edges over simple baselines can rest on how much
   * comes, such as volatility and spread, which last; this one cannot.
   */
  readonly aucOf: string
  /** Baselines without learning: the interval of the edge must lie above zero for both stages. */
  readonly simple: readonly RequiredEdge[]
  /** Learned baselines: reported for paper, required for production. */
  readonly learned: readonly RequiredEdge[]
  /** Largest expected calibration error, for paper and production. */
  readonly calibrationError: { readonly paper: number; readonly production: number }
  /** 99th percentile of one prediction, features included, microseconds. */
  readonly latencyP99Us: number
  /** Oldest end of the training data, days. */
  readonly trainingDataAgeDays: { readonly paper: number; readonly production: number }
  /** Fewest independent test rows. */
  readonly independentRows: number
  /** Whether it trades by itself, so that a deflated Sharpe ratio can be asked for; the order-book model serves execution. */
  readonly economics: { readonly measure: 'deflatedSharpe' } | { readonly measure: 'costSavingBps' }
  /** How long it must have run under paper, days. */
  readonly daysInPaper: number
}

const edge = (metric: string, baseline: string, title: string): RequiredEdge => ({ metric, baseline, title })

/** The four families. Limits are starting points that fit their time scale; a desk that knows better writes its own policy. */
export const familyRequirements: readonly FamilyRequirements[] = [
  {
    family: 'macro-regime',
    title: 'Macro regime',
    aucOf: 'A rise',
    simple: [
      edge('macroF1', 'majority', 'Macro F1 over always the most frequent class'),
      edge('macroF1', 'persistence', 'Macro F1 over the class of the period before'),
    ],
    learned: [edge('macroF1', 'logistic', 'Macro F1 over a logistic regression on the same features')],
    calibrationError: { paper: 0.12, production: 0.1 },
    latencyP99Us: 5_000,
    trainingDataAgeDays: { paper: 400, production: 190 },
    independentRows: 100,
    economics: { measure: 'deflatedSharpe' },
    daysInPaper: 10,
  },
  {
    family: 'seconds-bar',
    title: 'Seconds bar',
    aucOf: 'The upper barrier first',
    simple: [edge('auc', 'rule', 'AUC over a momentum rule'), edge('brier', 'majority', 'Brier score over the base rate')],
    learned: [edge('auc', 'logistic', 'AUC over a logistic regression on the same features')],
    calibrationError: { paper: 0.08, production: 0.05 },
    latencyP99Us: 1_000,
    trainingDataAgeDays: { paper: 180, production: 60 },
    independentRows: 500,
    economics: { measure: 'deflatedSharpe' },
    daysInPaper: 5,
  },
  {
    family: 'order-book',
    title: 'Order book',
    aucOf: 'A rise',
    simple: [
      edge('macroF1', 'majority', 'Macro F1 of direction over the most frequent class'),
      edge('spreadMacroF1', 'majority', 'Macro F1 of the spread over the most frequent class'),
    ],
    learned: [
      edge('auc', 'logistic', 'AUC of direction over a logistic regression'),
      edge('impactR2', 'squareRootLaw', 'R² of impact over the square-root law'),
    ],
    calibrationError: { paper: 0.08, production: 0.05 },
    latencyP99Us: 500,
    trainingDataAgeDays: { paper: 120, production: 45 },
    independentRows: 1_000,
    economics: { measure: 'costSavingBps' },
    daysInPaper: 5,
  },
  {
    family: 'gap-ranker',
    title: 'Gap ranker',
    aucOf: 'A move',
    simple: [
      edge('ndcgAt5', 'random', 'NDCG@5 over a random order'),
      edge('ndcgAt5', 'gapSize', 'NDCG@5 over ranking by the size of the gap'),
    ],
    learned: [edge('ndcgAt5', 'linear', 'NDCG@5 over a linear ranker on the same features')],
    calibrationError: { paper: 0.1, production: 0.08 },
    latencyP99Us: 20_000,
    trainingDataAgeDays: { paper: 400, production: 120 },
    independentRows: 100,
    economics: { measure: 'deflatedSharpe' },
    daysInPaper: 10,
  },
]
