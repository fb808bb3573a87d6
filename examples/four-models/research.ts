/**
 * The research program, on its own: `node research.ts OUT FAMILY [--shuffle-labels]`. It trains one family's candidate on the pinned data, judges it on
 * what came later, and writes candidate and evidence into the folder. Several may run at once.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { fileURLToPath } from 'node:url'
import { evidenceFromEvaluation, type Evaluation, type Evidence } from '@gatehouse/contracts'
import type { Candidate, Dataset, ManifestVerification, Model, Progress } from '@gatehouse/core'
import { openManifest } from '@gatehouse/manifest-parquet'
import { measureLatency, renderEvaluationHtml } from '@gatehouse/model-kit'
import { choices, familyOf } from './families.js'
import type { FamilyName } from './lane.js'
import { laneOf, readPlan, type Plan, type RecordedLane } from './plan.js'
import { answer } from './programs.js'
import { datasetOf } from './record.js'

export interface Trained {
  readonly candidate: Candidate
  readonly evaluation: Evaluation
  readonly evidence: Evidence
}

/** What was learnt, and the page that shows what it is worth. */
interface Study extends Trained {
  readonly page: string
}

/** Trains a candidate, judges it on the rows after its training window, and freezes what was measured. */
export async function research(
  { seed, codeHash, ...plan }: Plan,
  family: FamilyName,
  { shuffleLabels, onProgress }: { readonly shuffleLabels: boolean; readonly onProgress: (progress: Progress) => void },
): Promise<Study> {
  const lane = laneOf({ seed, codeHash, ...plan }, family)
  const maker = await familyOf(family, { shuffleLabels, codeHash, settings: lane.settings })
  const dataset = await datasetOf(lane)
  const trained = await maker.train(dataset, { seed, until: lane.until, onProgress })
  // One configuration is tried: the shuffled twin is no candidate to choose from.
  const report = await maker.report(trained, dataset, { trials: 1, onProgress })
  const { evaluation } = report
  const candidate = withMetadata(trained, { family, at: evaluation.measuredAt, run: `four-models-${seed}`, shuffleLabels })
  const measured = (value: number | boolean, unit: string, source = trained.digest) => ({
    value,
    unit,
    source,
    measuredAt: evaluation.measuredAt,
  })
  const evidence = evidenceFromEvaluation(evaluation, {
    dataVerified: measured(
      (await verifyTables(lane)).every(({ ok }) => ok),
      'boolean',
      dataset.pins[0].chain,
    ),
    predictionLatencyP99: measured(await latencyBound(await maker.load(candidate), dataset), 'microseconds'),
  })
  return { candidate, evaluation, evidence, page: renderEvaluationHtml(report) }
}

async function verifyTables({ tables }: RecordedLane): Promise<readonly ManifestVerification[]> {
  return Promise.all(tables.map(async ({ directory, pin }) => (await openManifest({ directory })).at(pin).verify()))
}

/** A round figure that the 99th percentile of one prediction keeps to: the exact one differs from run to run, and evidence should not. */
async function latencyBound(model: Model, dataset: Dataset): Promise<number> {
  const every = 'every' in model.trigger ? model.trigger.every : model.inputs[0].schema
  return (await measureLatency(model, dataset, { every })).p99Bound
}

/** Who answers for the model and what it is for: written by a person, kept beside the weights. */
function withMetadata(
  { files, digest }: Candidate,
  { family, at, run, shuffleLabels }: { family: FamilyName; at: string; run: string; shuffleLabels: boolean },
): Candidate {
  const { title, hypothesis, intendedUse, limitations } = choices[family]
  const metadata = {
    type: 'model-metadata',
    contractVersion: '1.0',
    artifactDigest: digest,
    title: shuffleLabels ? `${title}, trained on shuffled labels` : title,
    author: 'examples/four-models',
    createdAt: at,
    hypothesis,
    intendedUse,
    limitations,
    run: `${run}-${family}${shuffleLabels ? '-shuffled' : ''}`,
  }
  return { digest, files: new Map([...files, ['metadata.json', new TextEncoder().encode(JSON.stringify(metadata, null, 2))]]) }
}

const folderOf = (out: string, family: FamilyName, shuffleLabels: boolean): string =>
  join(out, 'candidates', shuffleLabels ? `${family}-shuffled` : family)

function writeTrained(directory: string, { candidate, evaluation, evidence }: Trained): void {
  mkdirSync(join(directory, 'files'), { recursive: true })
  for (const [name, bytes] of candidate.files) writeFileSync(join(directory, 'files', name), bytes)
  writeFileSync(join(directory, 'judged.json'), JSON.stringify({ digest: candidate.digest, evaluation, evidence }, null, 2))
}

/** What the research program left for one family. */
export function readTrained(out: string, family: FamilyName, { shuffleLabels = false } = {}): Trained {
  const directory = folderOf(out, family, shuffleLabels)
  const judged = JSON.parse(readFileSync(join(directory, 'judged.json'), 'utf8')) as Omit<Trained, 'candidate'> & { digest: string }
  const names = readdirSync(join(directory, 'files')).sort()
  const files = new Map(names.map((name) => [name, new Uint8Array(readFileSync(join(directory, 'files', name)))]))
  return { ...judged, candidate: { digest: judged.digest, files } }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { 'shuffle-labels': { type: 'boolean', default: false } } })
  const [out, family] = positionals as [string, FamilyName]
  const shuffleLabels = values['shuffle-labels']
  await answer(async (onProgress) => {
    const { page, ...trained } = await research(readPlan(out), family, { shuffleLabels, onProgress })
    writeTrained(folderOf(out, family, shuffleLabels), trained)
    if (!shuffleLabels) writeFileSync(join(out, `evaluation-${family}.html`), page)
  })
}
