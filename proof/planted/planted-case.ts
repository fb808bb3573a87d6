import { type Progress } from '@gatehouse/core'

/** What one seed of a planted signal gave. Skills are above no skill: AUC less one half, R², NDCG less that of a random order. */
export interface PlantedResult {
  /** Skill of the best predictor that sees only the past: what the generator's author would know. */
  readonly optimum: number
  /** Skill of the trained model and of a linear one on the same features and rows, in the optimum's unit and on the same unseen rows. */
  readonly model: number
  readonly linear: number
  /** Area under the ROC curve of the model's direction: about one half where nothing is planted. */
  readonly auc: number
  /** Seconds that training took. */
  readonly trainingSeconds: number
  /** Whether the gate refused the candidate under the shipped `paper` policy; to be `true` where nothing is planted. */
  readonly refused?: boolean | undefined
  /** More figures for the table, such as those of other heads, by name. */
  readonly more?: Readonly<Record<string, number>> | undefined
}

export interface PlantedOptions {
  /** False: the same world without a signal. */
  readonly signal: boolean
  /** The long training (90 % of the optimum) instead of the default one (80 %, at most 60 s on two cores). */
  readonly long: boolean
  readonly onProgress?: ((progress: Progress) => void) | undefined
}

/** A family on the synthetic market's world of a seed. `npm run proof -- planted` drives all of them. */
export interface PlantedCase {
  /** `macro-regime`, … */
  readonly family: string
  /** What is predicted and how skill is measured, in one line. */
  readonly task: string
  run(seed: number, options: PlantedOptions): Promise<PlantedResult>
}
