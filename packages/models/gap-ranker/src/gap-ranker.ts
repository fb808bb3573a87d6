import { TradingError, type ModelDescription } from '@gatehouse/contracts'
import { defineFamily, linearBaseline, mixSeeds, random, ruleBaseline, type FeatureSet, type KitFamily } from '@gatehouse/model-kit'
import { gapFeatureSpec, items } from './feature/items.js'
import { warmUpDays } from './feature/name-state.js'
import type { CandidateRule } from './feature/universe-features.js'
import { familyRows, type GapFamilyRows } from './family-rows.js'
import { gapDeciles, gapEconomics, measureGaps } from './measure.js'
import { gapNetwork, headNames, resolveOptions, type GapRankerOptions, type ResolvedOptions } from './options.js'
import type { GapPrediction } from './prediction.js'
import { GapPredictor } from './predictor.js'
import { readGapRows } from './rows.js'

/**
 * The gap ranker: each morning it orders the names that gap up and states the probability of the move.
 * @throws {TradingError} `GAP_OPTIONS_INVALID`
 */
export function gapRanker(options: GapRankerOptions = {}): KitFamily<GapFamilyRows, GapPrediction> {
  const resolved = resolveOptions(options)
  const { target, move, session, rule, scorer, members, cutoff, epochs, patience, restarts, inThread, threads, shuffleLabels } = resolved
  const edges = ['ndcgAt5']
  return defineFamily<GapFamilyRows, GapPrediction>({
    name: 'gap-ranker',
    modelName: resolved.name,
    codeHash: resolved.codeHash,
    features: (source) => gapFeatures(source, resolved),
    readRows: async (dataset, reading) => familyRows(await readGapRows(dataset, { rule, scorer, cutoff }, reading), resolved),
    network: gapNetwork(resolved),
    heads: Array.from({ length: members }, (_, member) => headsOf(member, resolved)).flat(),
    training: {
      epochs,
      patience,
      batch: 16,
      optimiser: { rate: 0.004, weightDecay: 0.0001, clipNorm: 5 * Math.sqrt(members) },
      restarts,
      inThread,
      threads,
      shuffleLabels,
    },
    // Of the bars alone: news and figures may be missing, and are flagged then.
    columns: ['availableAt', 'open', 'high', 'low', 'close', 'volume'],
    settings: { members, hidden: [...resolved.hidden], dropout: resolved.dropout },
    extra: () => ({ target, move, session, ...rule }),
    measure: measureGaps,
    baselines: [
      ruleBaseline<GapFamilyRows>('random', {
        description: 'a random order of the morning, and the share of training rows that moved',
        edges,
        rule: ruleOf((_, row) => random(mixSeeds(0x6a9, row)).uniform()),
      }),
      ruleBaseline<GapFamilyRows>('gapSize', {
        description: 'the larger gap first, and the share of training rows that moved',
        edges,
        rule: ruleOf(({ table, width }, row) => table[row * width]),
      }),
      linearBaseline('linear', { edges: [...edges, 'auc'] }),
    ],
    economics: gapEconomics,
    deciles: gapDeciles,
    serving: {
      trigger: { session, calendar: 'XNYS' },
      scope: 'universe',
      rows: rule.maxNames,
      inputs: ({ source }) => [
        { schema: 'ohlcv-1d', source, warmUp: warmUpDays },
        { schema: 'ohlcv-1m', source, warmUp: 0 },
        { schema: 'news', source, warmUp: 0 },
        { schema: 'fundamentals', source, warmUp: 0 },
        // Splits, in-band: a price that doubles overnight may be a reverse split, and no gap.
        { schema: 'corporate-action', source, warmUp: 0 },
      ],
      open: ({ artifact }, instruments) => {
        const trained = trainedRule(artifact.description)
        return new GapPredictor(artifact, instruments, { rule: { ...trained, maxNames: Math.min(trained.maxNames, rule.maxNames) }, scorer, cutoff }) // prettier-ignore
      },
    },
  })
}

/** The spec with the kit's face. Rows of a morning belong together, so they come from `UniverseFeatures`, not from a stream a name. */
function gapFeatures(source: string, { rule, scorer, session }: ResolvedOptions): FeatureSet {
  return {
    features: [],
    spec: gapFeatureSpec(source, { rows: rule.maxNames, scorer: scorer.name, session }),
    source,
    open({ symbol }) {
      throw new TradingError('MODEL_FEATURE_INVALID', `gap-ranker: ${symbol} alone has no row; open UniverseFeatures on all names`, {
        symbol,
      })
    },
  }
}

function headsOf(member: number, { target, move }: ResolvedOptions): ModelDescription['labels']['heads'] {
  const [rank, moves] = headNames(member)
  const of = `${target} / open - 1`
  return [
    { output: rank, kind: 'relevance', horizon: 'the session', definition: `2^grade - 1, grade 0 to 4 by fifths of ${of} within the day` },
    { output: moves, kind: 'binary', horizon: 'the session', definition: `${of} > ${move}` },
  ]
}

/** A rule for the order; the probability is how often a training row moved. */
function ruleOf(score: (rows: GapFamilyRows, row: number) => number) {
  let share: { readonly of: Int32Array; readonly value: number } | undefined
  return (rows: GapFamilyRows, row: number, target: Float32Array, train: Int32Array): void => {
    if (share?.of !== train) share = { of: train, value: shareMoved(rows, train) }
    const value = score(rows, row)
    for (let at = 0; at < target.length; at += 2) {
      target[at] = value
      target[at + 1] = share.value
    }
  }
}

function shareMoved({ labels }: GapFamilyRows, rows: Int32Array): number {
  const moved = labels.get('move')!
  return rows.reduce((sum, row) => sum + moved[row], 0) / rows.length
}

/** The rule that an artifact was trained by. @throws {TradingError} `MODEL_ARTIFACT_INVALID` when it does not say */
function trainedRule({ extra = {} }: ModelDescription): CandidateRule {
  const number = (name: keyof CandidateRule): number => {
    const value = extra[name]
    if (typeof value === 'number') return value
    throw new TradingError('MODEL_ARTIFACT_INVALID', `gap-ranker: extra.${name} of the artifact is no number; train the model again`, {
      name,
    })
  }
  return {
    minGap: number('minGap'),
    maxGap: number('maxGap'),
    minPrice: number('minPrice'),
    minDollarVolume: number('minDollarVolume'),
    minNames: number('minNames'),
    maxNames: number('maxNames'),
  }
}

/** Place of the gap in a row, which the rule by its size reads. */
if (items[0].name !== 'gap') throw new RangeError('the first item is the gap')
