import type { Progress } from '@gatehouse/core'
import { mergeViews, rocAuc } from '@gatehouse/model-kit'
import { secondsBar, type SecondsBarOptions } from '@gatehouse/model-seconds-bar'
import type { RealDataTable } from '../real-data-case.js'
import { mean, places, truthOf } from './outcome.js'
import { sessionDataset, sessionSeconds, type DaySeconds, type SessionSeconds } from './session-seconds.js'

/** Settings that the training days choose between. All read quotes; as few as this because each is one more chance to be lucky. */
export const settings: Readonly<Record<string, SecondsBarOptions>> = {
  default: {},
  'every fifth second, four rounds': { strideSeconds: 5, epochs: 4 },
  'every fifth second, one round': { strideSeconds: 5, epochs: 1 },
  'every fifth second, four rounds, held hard': { strideSeconds: 5, epochs: 4, weightDecay: 8 },
}
/** Each training day is learned from once and judged once. */
export const folds = [
  { learnt: 0, judged: 1 },
  { learnt: 1, judged: 0 },
] as const

interface ScoreOptions {
  /** Days that are learned from, the last not included. */
  readonly from: number
  readonly until: number
  /** Asked with the trained candidate, before it sees the day. */
  readonly day: (artifactDigest: string) => number
  readonly seed: number
  readonly signal?: AbortSignal | undefined
}

/**
 * Trains on some days, and tells what the model says each second of another, by running live from the first day on; the last word stands until the next. `NaN`
 * until the first.
 */
export async function scores(
  options: SecondsBarOptions,
  sessions: readonly SessionSeconds[],
  { from, until, day: dayFor, seed, signal }: ScoreOptions,
): Promise<Float64Array[]> {
  const said = sessions.map(() => new Float64Array(sessionSeconds).fill(NaN))
  const family = secondsBar({ ...options, quotes: 'mbp-1' })
  const candidate = await family.train(sessionDataset(sessions, from, until), { seed, signal })
  const day = dayFor(candidate.digest)
  const model = await family.load(candidate)
  const predictors = new Map(sessions.map(({ instrument }) => [instrument, model.open([instrument])]))
  for await (const view of mergeViews(sessionDataset(sessions, 0, day + 1), ['mbp-1', 'ohlcv-1s'], { signal })) {
    const predictor = predictors.get(view.instrument)!
    predictor.update(view)
    if (view.schema !== 'ohlcv-1s') continue
    const name = sessions.findIndex(({ instrument }) => instrument === view.instrument)
    const second = Number(view.tsEvent / 1_000_000_000n) - sessions[name].days[day].opens
    if (second >= 0) predictor.predict(view.availableAt, ({ values }) => said[name].fill(values[1], second))
  }
  return said
}

interface ChoiceOptions {
  readonly seed: number
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: Progress) => void) | undefined
}

/**
 * Judges each setting on both training days, each time learned from the other. The first day has none before it, so a model is silent there for about its first hour: that
 * is left out, for all alike.
 */
export async function compareSettings(
  sessions: readonly SessionSeconds[],
  { seed, signal, onProgress }: ChoiceOptions,
): Promise<RealDataTable['rows']> {
  const total = Object.keys(settings).length * folds.length
  const rows: RealDataTable['rows'][number][] = []
  for (const [name, options] of Object.entries(settings)) {
    const figures: number[][] = []
    for (const { learnt, judged } of folds) {
      const said = await scores(options, sessions, { from: learnt, until: learnt + 1, day: () => judged, seed, signal })
      figures.push(sessions.map(({ days: all }, s) => spokenAuc(all[judged], said[s])))
      onProgress?.({ stage: 'choosing settings', done: rows.length * folds.length + figures.length, total, unit: 'trainings' })
    }
    const perName = sessions.map((_, s) => mean(figures.map((fold) => fold[s])))
    rows.push({ name, kind: 'ours', figures: [...perName, ...figures.map(mean), mean(perName)].map((value) => ({ value })) })
  }
  return rows
}

/** AUC over the moments at which the model had spoken. */
function spokenAuc(day: DaySeconds, said: Float64Array): number {
  const spoken = places.filter((i) => said[i] === said[i])
  return rocAuc(Float64Array.from(spoken, (i) => truthOf(day, i)), Float64Array.from(spoken, (i) => said[i])) // prettier-ignore
}
