import { TradingError } from '@gatehouse/contracts'
import type { NetworkDefinition } from '@gatehouse/model-kit'
import { featureCount } from './feature/items.js'
import { regularOpen, type CandidateRule } from './feature/universe-features.js'
import { financeLexicon } from './sentiment/lexicon.js'
import type { SentimentScorer } from './sentiment/scorer.js'

/** What a morning is ranked by: the return from open to close, or from open to the day's high. */
export type GapTarget = 'close' | 'high'

export interface GapRankerOptions {
  /** Default `close`. A model for `high` says where a move up is likely, not that it can be kept. */
  readonly target?: GapTarget | undefined
  /** The move whose probability is stated: a return above this, a fraction. Default 0 for `close`, 0.05 for `high`. */
  readonly move?: number | undefined
  /** New York time of the prediction, `09:30` at the latest. Default `09:30`, with all that is known at that instant. */
  readonly session?: `${number}:${number}` | undefined
  /**
   * Which names are ranked. Default: gaps of 5 % to 300 %, previous close from 1, mean daily value over 20 days from 500,000, mornings of 8 to 256
   * names. A loaded model keeps the rule it was trained by.
   */
  readonly rule?: Partial<CandidateRule> | undefined
  /** Scores news that has no score of its own. Default {@link financeLexicon}. */
  readonly scorer?: SentimentScorer | undefined
  /** Small networks whose scores are averaged, in one network: each adds its time and a little skill. Default 1; 8 is the long training. */
  readonly members?: number | undefined
  /** Widths of each member's hidden layers. Default [24, 12]. */
  readonly hidden?: readonly number[] | undefined
  /** Share of hidden units left out at each training step. Default 0.1. */
  readonly dropout?: number | undefined
  /** Most epochs; training stops earlier when validation no longer improves. Default 60. */
  readonly epochs?: number | undefined
  /** Epochs without a better validation loss before it stops. Default 12. */
  readonly patience?: number | undefined
  /** Seeds that are trained; the one with the least validation loss is kept. Default 3. */
  readonly restarts?: number | undefined
  /** Train in a worker thread, so that this one stays free for another family. Same bits. Default false. */
  readonly inThread?: boolean | undefined
  /** Worker threads that the seeds are trained in; 0 for none, one seed after the other. Same bits. Default one a core. */
  readonly threads?: number | undefined
  /** Name under which candidates are registered. Default `gap-ranker`. */
  readonly name?: string | undefined
  /** SHA-256 (hex) of the code that trains, so that a gate knows what made the weights. */
  readonly codeHash?: string | undefined
  /** Trains on labels in random order: the candidate that no gate may let through. For tests and demonstrations. */
  readonly shuffleLabels?: boolean | undefined
}

export type ResolvedOptions = {
  readonly [K in Exclude<keyof GapRankerOptions, 'codeHash' | 'rule' | 'threads'>]-?: NonNullable<GapRankerOptions[K]>
} & Pick<GapRankerOptions, 'threads'> & { readonly codeHash: string | undefined; readonly rule: CandidateRule; readonly cutoff: number }

/** The names that are ranked unless options say otherwise. */
export const defaultRule: CandidateRule = {
  minGap: 0.05,
  maxGap: 3,
  minPrice: 1,
  minDollarVolume: 500_000,
  minNames: 8,
  maxNames: 256,
}

/** @throws {TradingError} `GAP_OPTIONS_INVALID` */
export function resolveOptions(options: GapRankerOptions = {}): ResolvedOptions {
  const {
    target = 'close',
    move = target === 'high' ? 0.05 : 0,
    session = '09:30',
    scorer = financeLexicon,
    members = 1,
    hidden = [24, 12],
    dropout = 0.1,
    epochs = 60,
    patience = 12,
    restarts = 3,
    inThread = false,
    threads,
    name = 'gap-ranker',
    shuffleLabels = false,
    codeHash,
  } = options
  const given = Object.fromEntries(Object.entries(options.rule ?? {}).filter(([, value]) => value !== undefined))
  const rule: CandidateRule = { ...defaultRule, ...given }
  const cutoff = secondsOf(session)
  if (!(cutoff <= regularOpen))
    throw invalid(`session is ${session}; it is a New York time HH:MM, 09:30 at the latest: what comes after is no longer known before the open`, { session }) // prettier-ignore
  if (!(rule.minGap > 0 && rule.maxGap > rule.minGap)) throw invalid(`gaps from ${rule.minGap} to ${rule.maxGap}; this family ranks gaps up`, { ...rule }) // prettier-ignore
  if (!(Number.isInteger(rule.minNames) && Number.isInteger(rule.maxNames) && rule.minNames >= 2 && rule.maxNames >= rule.minNames && rule.maxNames <= 2048))
    throw invalid(`mornings of ${rule.minNames} to ${rule.maxNames} names; whole numbers, 2 to 2048`, { ...rule }) // prettier-ignore
  if (!(Number.isInteger(members) && members >= 1 && members <= 32)) throw invalid(`members is ${members}; 1 to 32`, { members })
  if (!Number.isFinite(move)) throw invalid(`move is ${move}; a fraction`, { move })
  return {
    target,
    move,
    session,
    scorer,
    members,
    hidden,
    dropout,
    epochs,
    patience,
    restarts,
    inThread,
    threads,
    name,
    shuffleLabels,
    codeHash,
    rule,
    cutoff,
  }
}

function secondsOf(session: string): number {
  const match = /^([01][0-9]|2[0-3]):([0-5][0-9])$/.exec(session)
  return match === null ? NaN : Number(match[1]) * 3600 + Number(match[2]) * 60
}

/** Heads of one member: its score, and the logit of the move. */
export const headNames = (member: number): readonly [rank: string, move: string] =>
  member === 0 ? ['rank', 'move'] : [`rank${member + 1}`, `move${member + 1}`]

/**
 * Several small networks side by side, each with a listwise and a binary head: a committee in one artifact. Averaging members that start from other weights
 * and drop other units makes up for what a small number of mornings leaves to chance.
 * @param inputs numbers a row; default the family's features
 */
export function gapNetwork(
  { members, hidden, dropout }: Pick<ResolvedOptions, 'members' | 'hidden' | 'dropout'>,
  inputs = featureCount,
): NetworkDefinition {
  const layers: NetworkDefinition['layers'][number][] = []
  const heads: NetworkDefinition['heads'][number][] = []
  for (let member = 0; member < members; member++) {
    let from = 'input'
    hidden.forEach((units, depth) => {
      const name = `member-${member + 1}-${depth + 1}`
      layers.push({ kind: 'dense', units, activation: 'relu', name, from })
      from = name
      if (dropout === 0) return
      from = `${name}-dropout`
      layers.push({ kind: 'dropout', rate: dropout, name: from, from: name })
    })
    const [rank, move] = headNames(member)
    heads.push({ kind: 'relevance', name: rank, from }, { kind: 'binary', name: move, from })
  }
  return { input: [inputs], layers, heads }
}

function invalid(message: string, details: Readonly<Record<string, unknown>>): TradingError {
  return new TradingError('GAP_OPTIONS_INVALID', `gap-ranker: ${message}`, details)
}
