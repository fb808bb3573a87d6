import { evidenceFromEvaluation, formatTime, type Evaluation, type Evidence } from '@gatehouse/contracts'
import {
  TradingError,
  type Candidate,
  type Dataset,
  type ManifestVerification,
  type Model,
  type Progress,
  type TimeNs,
} from '@gatehouse/core'
import { macroRegime, type MacroRegimePrediction } from '@gatehouse/model-macro-regime'

/** Bars ahead that labels look: two sessions. */
export const horizon = 14
export const family = macroRegime({ horizon })

export interface Trained {
  readonly candidate: Candidate
  readonly evaluation: Evaluation
  readonly evidence: Evidence
}

export interface ResearchOptions {
  /** Training labels end here; judging begins. */
  readonly until: TimeNs
  readonly seed: number
  readonly verification: ManifestVerification
  readonly codeHash: string
  readonly onProgress: (progress: Progress) => void
}

/** Trains a candidate, judges it on the bars after its training window, and freezes what was measured. */
export async function research(
  training: Dataset,
  judging: Dataset,
  { shuffleLabels, until, seed, verification, codeHash, onProgress }: ResearchOptions & { readonly shuffleLabels: boolean },
): Promise<Trained> {
  const maker = macroRegime({ horizon, shuffleLabels, codeHash })
  const trained = await maker.train(training, { seed, until, onProgress })
  // One configuration is tried: the shuffled twin is no candidate to choose from.
  const evaluation = await maker.evaluate(trained, judging, { trials: 1, onProgress })
  const candidate = withMetadata(trained, { at: evaluation.measuredAt, seed, shuffleLabels })
  const measured = (value: number | boolean, unit: string) => ({ value, unit, source: trained.digest, measuredAt: evaluation.measuredAt })
  const evidence = evidenceFromEvaluation(evaluation, {
    dataVerified: { ...measured(verification.ok, 'boolean'), source: training.pins[0].chain },
    predictionLatencyP99: measured(await latencyBound(candidate, judging), 'microseconds'),
  })
  return { candidate, evaluation, evidence }
}

/** Who answers for the model and what it is for: written by a person, kept beside the weights. */
function withMetadata(
  { files, digest }: Candidate,
  { at, seed, shuffleLabels }: { at: string; seed: number; shuffleLabels: boolean },
): Candidate {
  const metadata = {
    type: 'model-metadata',
    contractVersion: '1.0',
    artifactDigest: digest,
    title: shuffleLabels ? 'Macro regime, trained on shuffled labels' : 'Macro regime on hourly bars',
    author: 'examples/thread',
    createdAt: at,
    hypothesis: 'Momentum carries on in quiet and in hectic markets and reverts in ordinary ones; volatility persists.',
    intendedUse: 'A bound on size for liquid names, hourly, one unit a name.',
    limitations: 'Trained on few names of one source; no intraday news; not for auctions or halts.',
    run: `thread-${seed}${shuffleLabels ? '-shuffled' : ''}`,
  }
  const text = JSON.stringify(metadata, null, 2)
  return { digest, files: new Map([...files, ['metadata.json', new TextEncoder().encode(text)]]) }
}

/** Upper bounds that latency is stated at: the exact figure differs from run to run, and evidence should not. */
const latencyBounds = [1_000, 5_000, 20_000, 100_000, 1_000_000]

/** The smallest bound above the 99th percentile of one update and prediction, measured on the judging bars. */
async function latencyBound({ files, digest }: Candidate, judging: Dataset): Promise<number> {
  const model: Model<MacroRegimePrediction> = await family.load({ files, digest } as Parameters<typeof family.load>[0])
  const predictor = model.open([judging.instruments[0]])
  const taken: number[] = []
  for await (const batch of judging.batches('ohlcv-1h')) {
    const view = batch.view()
    for (view.row = 0; view.row < batch.length && taken.length < 4_000; view.row++) {
      if (view.instrument.id !== judging.instruments[0].id) continue
      const started = performance.now()
      predictor.update(view)
      if (!predictor.isWarm) continue
      predictor.predict(view.availableAt, () => undefined)
      taken.push((performance.now() - started) * 1000)
    }
  }
  taken.sort((a, b) => a - b)
  const p99 = taken[Math.floor(0.99 * taken.length)]
  return latencyBounds.find((bound) => p99 <= bound) ?? Infinity
}

/** Windows of the thread: train, then judge for a year and a month, then trade the last year, which nothing has seen. */
export function windows(first: TimeNs, last: TimeNs): { readonly until: TimeNs; readonly tradeFrom: TimeNs } {
  const day = 86_400n * 1_000_000_000n
  const tradeFrom = last - 365n * day
  const until = tradeFrom - 395n * day
  if (until - first < 700n * day) {
    throw new TradingError(
      'MODEL_TOO_LITTLE_DATA',
      `The bars go from ${formatTime(first)} to ${formatTime(last)}; the thread needs about four years: two to train, one to judge, one to trade.`,
      { first, last },
    )
  }
  return { until, tradeFrom }
}
