/**
 * Research in Python, execution in TypeScript: PyTorch trains on pinned data, writes the artifact, and it passes the same gate as any other.
 * `npm start`. Needs a python3 with numpy, torch and jsonschema; without one it says so and leaves.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { canonicalJson, defaultPolicy, evidenceFromEvaluation, formatTime, generateSigningKey, openRegistry } from '@gatehouse/contracts'
import { snapshotDataset, syntheticMarket } from '@gatehouse/core'
import { openManifest } from '@gatehouse/manifest-parquet'
import { labelledRows, measureLatency, mergeViews, readArtifact, readSafetensors } from '@gatehouse/model-kit'
import { family } from './family.js'
import { writeTask } from './task.js'

const python = ['python3', '/usr/bin/python3'].find((name) => spawnSync(name, ['-c', 'import numpy, torch, jsonschema']).status === 0)
if (python === undefined) {
  console.warn('SKIPPED: no python3 here imports numpy, torch and jsonschema (Debian: python3-torch, python3-jsonschema)')
  process.exit(0)
}
const folder = mkdtempSync(join(tmpdir(), 'python-research-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
const schemas = join(dirname(createRequire(import.meta.url).resolve('@gatehouse/contracts/package.json')), 'schemas')
const run = (script: string): void => {
  const { status } = spawnSync(python, [join(import.meta.dirname, script), folder, schemas], { stdio: 'inherit' })
  if (status !== 0) throw new Error(`${script} failed`)
}
const filesOf = (name: string) =>
  new Map(readdirSync(join(folder, name)).map((file) => [file, new Uint8Array(readFileSync(join(folder, name, file)))]))

// 1. Record, and pin what was recorded.
const seed = 7
const market = syntheticMarket({ seed, symbols: ['ALFA', 'BRAV', 'CHAR'], from: '2021-01-01', to: '2026-03-01', signal: 1.5 })
const directory = join(folder, 'bars')
mkdirSync(directory)
const now = market.range.to
const clock = { now: () => now }
await using manifest = await openManifest({ directory, clock, lineage: { source: 'synthetic market' } })
let sequence = 0
for await (const item of market.bars('ohlcv-1h').batches(market.range)) {
  if (item.type === 'batch') await manifest.append(item, { appId: 'research', sequence: ++sequence })
}
const pin = await manifest.commit()
const dataset = snapshotDataset(manifest.at(pin), { instruments: market.instruments })

// 2. The feature code that runs live makes the rows; Python gets those before `until` with labels, and those after it without.
const until = now - 300n * 86_400_000_000_000n
const rows = await family.definition.readRows(dataset, { features: family.definition.features(dataset.source) })
const unseen = labelledRows(rows, (row) => rows.t0[row] >= until)
writeTask(folder, { dataset, rows, until, unseen, seed })
console.log(`${rows.count} rows of ${market.instruments.length} names; training ends ${formatTime(until)}`)
run('train.py')

// 3. The bytes are those that TypeScript would have written, and golden vectors come out of the compiled networks: what PyTorch computed, and what a
// forward pass after Keras' documentation computed.
const files = filesOf('artifact')
const trained = readArtifact(files)
if (canonicalJson(trained.description) !== new TextDecoder().decode(files.get('model.json'))) throw new Error('model.json is not canonical')
run('layouts.py')
readArtifact(filesOf('keras'))

// 4. The same gate: registered, judged on rows whose labels Python has never seen, promoted by the shipped policy, admitted.
const key = generateSigningKey()
const trustedKeys = [{ publicKey: key.publicKey, owner: 'research', roles: ['promote' as const] }]
await using registry = await openRegistry({ directory: join(folder, 'registry'), signingKey: key, trustedKeys, clock })
const artifact = await registry.register(files, { by: 'research' })
const { digest } = artifact
const evaluation = await family.evaluate(artifact, dataset, { trials: 1 })
const { p99Bound } = await measureLatency(await family.load(artifact), dataset, { every: 'ohlcv-1h' })
const measured = { measuredAt: evaluation.measuredAt, source: digest }
const evidence = evidenceFromEvaluation(evaluation, {
  dataVerified: { ...measured, value: (await manifest.at(pin).verify()).ok, unit: 'boolean' },
  predictionLatencyP99: { ...measured, value: p99Bound, unit: 'microseconds' },
})
const request = { name: family.definition.modelName, stage: 'paper', artifactDigest: digest, evidence, promoter: 'research' } as const
const result = await registry.promote({ ...request, policy: defaultPolicy('macro-regime', 'paper')! })
if (!result.promoted) throw new Error(result.refusal.message)
const admitted = await registry.admit('macro-regime/python@paper', 'paper', (given) => family.load(given))

// 5. What is admitted says what PyTorch said: the bare network on every unseen window, and the predictor over the bars as they come.
const { values: logits } = readSafetensors(new Uint8Array(readFileSync(join(folder, 'said.safetensors')))).tensors.get('logits')!
const size = rows.width * rows.windows!.steps
let worst = 0
unseen.forEach((row, i) => {
  const end = (rows.windows!.ends[row] + 1) * rows.width
  admitted.model.compute(rows.table.subarray(end - size, end)).forEach((x, k) => (worst = Math.max(worst, Math.abs(x - logits[3 * i + k]))))
})
const instrument = market.instruments[0]
const at = new Map<bigint, number>()
unseen.forEach((row, i) => rows.instrument[row] === 0 && at.set(rows.t0[row], i))
const predictor = admitted.model.open([instrument])
const { temperature = 1 } = trained.description.calibration[0]
let predictions = 0
for await (const view of mergeViews(dataset, ['ohlcv-1h'])) {
  if (view.instrument !== instrument) continue
  predictor.update(view)
  predictor.predict(view.availableAt, ({ values }) => {
    const i = at.get(view.availableAt)
    if (i === undefined) return
    const odds = Array.from(logits.subarray(3 * i, 3 * i + 3), (x) => Math.exp(x / temperature))
    odds.forEach((odd, k) => (worst = Math.max(worst, Math.abs(values[k] - odd / (odds[0] + odds[1] + odds[2])))))
    predictions++
  })
}
if (!(worst <= 1e-5) || predictions === 0) throw new Error(`the admitted model differs from PyTorch by ${worst}`)
const { macroF1 } = evaluation.metrics
console.log(`admitted ${digest.slice(0, 12)}: macro F1 ${macroF1.value.toFixed(3)} on ${unseen.length} unseen rows`)
console.log(`${unseen.length} forward passes and ${predictions} streamed predictions within ${worst.toExponential(1)} of PyTorch`)
