import type { SentimentScorer } from './scorer.js'

/** Words of company news and what they tend to mean for the price, -3 to 3. Written for this package; stems match every ending of theirs. */
const stems: Readonly<Record<number, readonly string[]>> = {
  3: ['soar', 'skyrocket', 'surg', 'breakthrough', 'blockbuster', 'buyout'],
  2: [
    'approv',
    'acquir',
    'award',
    'beat',
    'breakout',
    'contract',
    'exceed',
    'jump',
    'outperform',
    'partnership',
    'patent',
    'profit',
    'rais',
    'record',
    'rally',
    'takeover',
    'upgrad',
    'upside',
    'win',
    'won',
  ],
  1: [
    'above',
    'accelerat',
    'advanc',
    'agreement',
    'boost',
    'buyback',
    'climb',
    'collaborat',
    'dividend',
    'expand',
    'gain',
    'grow',
    'growth',
    'higher',
    'improv',
    'increas',
    'innovat',
    'launch',
    'milestone',
    'order',
    'positive',
    'progress',
    'rebound',
    'recover',
    'repurchas',
    'rise',
    'strength',
    'strong',
    'success',
    'top',
  ],
  '-1': [
    'below',
    'caution',
    'challeng',
    'concern',
    'declin',
    'decreas',
    'delay',
    'fall',
    'fell',
    'halt',
    'headwind',
    'lower',
    'negative',
    'pressure',
    'resign',
    'shelf',
    'slow',
    'soft',
    'uncertain',
    'warrant',
    'weak',
    'worry',
  ],
  '-2': [
    'cut',
    'deficit',
    'dilut',
    'disappoint',
    'downgrad',
    'drop',
    'fail',
    'lawsuit',
    'layoff',
    'loss',
    'miss',
    'offering',
    'probe',
    'recall',
    'restat',
    'shortfall',
    'slump',
    'sue',
    'suspend',
    'terminat',
    'underperform',
    'violat',
    'warn',
  ],
  '-3': ['bankrupt', 'collaps', 'crash', 'default', 'delist', 'fraud', 'insolven', 'plung', 'subpoena', 'tumbl'],
}

/** Whole words that begin like a stem and mean something else. */
const neutral = new Set(['contraction', 'falling-out', 'orderly', 'recorder', 'topic', 'topics', 'window', 'windows', 'winter', 'wonder'])
const negations = new Set(['no', 'not', 'never', 'without', "isn't", "wasn't", "doesn't", "didn't", "won't", "can't", 'denies', 'denied'])
/** Words that a negation reaches. */
const reach = 3
const boosters = new Set(['very', 'sharply', 'significantly', 'strongly', 'massive', 'huge', 'major', 'record'])
const weightOf = makeWeights()
const longestStem = Math.max(...[...weightOf.keys()].map(({ length }) => length))
/** At this sum of weights a score is two thirds of the way to certain. */
const scale = 3

/**
 * The default scorer: sums the weights of words that company news uses, turns them round after a negation, and bounds the sum with `x / (scale + |x|)`.
 * Headlines count in full, bodies at a quarter, since a body names both sides of every story. Small on purpose: it knows the words above and nothing of
 * context, so treat what it says as a weak hint.
 */
export const financeLexicon: SentimentScorer = {
  name: 'finance-lexicon-1',
  score(headline, body) {
    const sum = weigh(headline) + weigh(body) / 4
    return sum / (scale + Math.abs(sum))
  },
}

function makeWeights(): ReadonlyMap<string, number> {
  return new Map(Object.entries(stems).flatMap(([weight, words]) => words.map((word) => [word, Number(weight)] as const)))
}

function weigh(text: string): number {
  let sum = 0
  let sinceNegation = reach + 1
  let factor = 1
  for (const word of text.toLowerCase().match(/[a-z][a-z'-]*/g) ?? []) {
    sinceNegation++
    if (negations.has(word)) sinceNegation = 0
    const weight = weightOfWord(word)
    if (weight !== 0) sum += weight * factor * (sinceNegation <= reach ? -1 : 1)
    factor = boosters.has(word) ? 1.5 : 1
  }
  return sum
}

/** Weight of the longest stem that a word begins with. */
function weightOfWord(word: string): number {
  if (neutral.has(word)) return 0
  for (let length = Math.min(word.length, longestStem); length >= 3; length--) {
    const weight = weightOf.get(word.slice(0, length))
    if (weight !== undefined) return weight
  }
  return 0
}
