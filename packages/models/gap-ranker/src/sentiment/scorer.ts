/**
 * Gives a headline a number. Pluggable: a large language model's scores enter the same way, as long as they are computed from the text alone and no later
 * than the news is known. The name is part of the feature's definition, so a model that was trained with one scorer refuses another.
 */
export interface SentimentScorer {
  /** Stable name with its version: `lexicon-1`. */
  readonly name: string
  /**
   * @param body may be empty
   * @returns -1 (bad for the price) to 1 (good); 0 says nothing
   */
  score(headline: string, body: string): number
}
