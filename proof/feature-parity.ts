/**
 * What was trained is what runs: features of recorded data (`featureMatrix` over a manifest) against the live stream and `openPredictor`, bit for bit, on a
 * million events of the synthetic market; also when the live side is saved and restored at random places, and when it is started anew from a manifest's
 * snapshot and goes on live.
 *
 *   node --conditions=@gatehouse/source --import tsx proof/feature-parity.ts [--events N] [--seed N] [--write]
 */
import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { formatTime, manifestShapeContract } from '@gatehouse/contracts'
import { joinDatasets, snapshotDataset, syntheticMarket, type Batch, type Cursor, type Dataset, type Feed, type FeedStatus, type Instrument, type Prediction, type Schema, type TimeNs } from '@gatehouse/core' // prettier-ignore
import { openManifest } from '@gatehouse/manifest-parquet'
import { featureMatrix, mergeViews, noNormaliser, openPredictor, random, readArtifact, resolveNetwork, writeArtifact, type FeatureMatrix, type FeatureSet, type LoadedArtifact, type Random } from '@gatehouse/model-kit' // prettier-ignore
import { bookFeatures } from '@gatehouse/model-order-book'
import { barSet, bookSet } from './feature-parity/feature-sets.js'

const { values: options } = parseArgs({
  options: {
    events: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    write: { type: 'boolean', default: false },
  },
})
const [events, seed] = [Number(options.events), Number(options.seed)]
const source = 'synthetic'
/** Names that the events are spread over, so that one matrix fits into memory. */
const names = 4
const directory = await mkdtemp(join(tmpdir(), 'feature-parity-'))
const never: TimeNs = 2n ** 62n

/** Recorded data, and where the same rows come from live. */
interface Recorded {
  readonly dataset: Dataset
  readonly instrument: Instrument
  /** Feeds in the order of their rank: what comes at one moment is handled in it. */
  readonly feeds: readonly Feed[]
  readonly until: TimeNs
  readonly rows: number
}

/** Records feeds up to a number of rows of the first into manifests, and pins them. */
async function record(
  name: string,
  feeds: readonly Feed[],
  { instrument, rows: wanted }: { instrument: Instrument; rows: number },
): Promise<Recorded> {
  const parts: Partial<Record<Schema, Dataset>> = {}
  let [until, total] = [never, 0]
  for (const feed of feeds) {
    const manifest = await openManifest({ directory: join(directory, name, feed.schemas[0]) })
    let [sequence, rows] = [0, 0]
    for await (const item of feed.batches({ from: 0n, to: until })) {
      if (item.type !== 'batch') continue
      await manifest.append(item, { appId: 'record', sequence: ++sequence })
      rows += item.length
      if (until === never && rows >= wanted) {
        until = item.availableAt[item.length - 1] + 1n
        break
      }
    }
    const pin = await manifest.commit()
    parts[feed.schemas[0]] = snapshotDataset(manifest.at(pin), { instruments: [instrument] })
    total += rows
  }
  return { dataset: joinDatasets(parts), instrument, feeds, until, rows: total }
}

/** The feeds' own batches, merged by when they could be known; not the code that training merges with. */
async function* live({ feeds, until }: Recorded, from: TimeNs = 0n): AsyncGenerator<Cursor> {
  const lanes: { readonly batches: AsyncIterator<unknown>; batch?: Batch; row: number; view?: Cursor }[] = []
  const next = async (lane: (typeof lanes)[number]): Promise<void> => {
    for (;;) {
      const { done, value: batch } = (await lane.batches.next()) as IteratorResult<Batch | FeedStatus, undefined>
      if (done === true) return void delete lane.batch
      if (batch.type !== 'batch' || batch.length === 0) continue
      Object.assign(lane, { batch, row: 0, view: batch.view() })
      return
    }
  }
  for (const feed of feeds) {
    const lane = { batches: feed.batches({ from: 0n, to: until })[Symbol.asyncIterator](), row: 0 }
    lanes.push(lane)
    await next(lane)
  }
  for (;;) {
    let first: (typeof lanes)[number] | undefined
    for (const lane of lanes) {
      if (lane.batch !== undefined && (first?.batch === undefined || lane.batch.availableAt[lane.row] < first.batch.availableAt[first.row]))
        first = lane
    }
    if (first?.batch === undefined || first.view === undefined || first.batch.availableAt[first.row] >= until) return
    first.view.row = first.row
    if (first.batch.availableAt[first.row] >= from) yield first.view
    if (++first.row === first.batch.length) await next(first)
  }
}

/** A network that says its inputs: one value head a feature, so that a predictor shows what its network was given. */
function mirror(features: FeatureSet, { pins }: Dataset): LoadedArtifact {
  const width = features.spec.items.length
  const heads = Array.from({ length: width }, (_, j) => ({ kind: 'regression' as const, name: `feature-${j}` }))
  const network = resolveNetwork({ input: [width], layers: [], heads })
  const weights = new Map(
    heads.flatMap(({ name }, j) => [
      [`${name}/kernel`, Float32Array.from({ length: width }, (_, k) => Number(k === j))] as const,
      [`${name}/bias`, new Float32Array(1)] as const,
    ]),
  )
  const { files } = writeArtifact({
    network,
    weights,
    normaliser: noNormaliser,
    golden: [Float32Array.from({ length: width }, (_, j) => j - 1.5)],
    description: {
      name: 'mirror',
      family: 'mirror',
      features: features.spec,
      labels: { heads: heads.map(({ name }) => ({ output: name, kind: 'regression', horizon: 'now', definition: 'the feature itself' })) },
      calibration: [],
      provenance: {
        backend: { name: 'none', version: '1', precision: 'float32' },
        seeds: {},
        versions: {},
        data: [...pins],
        train: { from: pins[0].holds.from, to: pins[0].holds.to },
        hyperparameters: {},
      },
      needs: { type: manifestShapeContract.name, contractVersion: manifestShapeContract.version, columns: pins[0].holds.columns, sources: pins[0].holds.sources }, // prettier-ignore
      trigger: { every: features.spec.items[0].source.schema },
    },
  })
  return readArtifact(files)
}

interface Said extends Prediction {
  at: TimeNs
}

/** The live side at work: features by themselves, and a predictor over them. */
function follow(features: FeatureSet, artifact: LoadedArtifact, instrument: Instrument, every: Schema) {
  const stream = features.open(instrument)
  const predictor = openPredictor<Said>({
    artifact,
    features,
    instrument,
    every,
    prediction: (values): Said => ({ type: 'mirror', model: 'mirror', digest: artifact.digest, instrument, at: 0n, values, copy() { return this } }), // prettier-ignore
    fill: (said, at) => void (said.at = at),
  })
  return { stream, predictor }
}

interface Outcome {
  readonly compared: number
  /** First difference, in words. */
  readonly difference?: string | undefined
}

/** Compares a live side, fed with views, with the rows of a matrix from a time on. */
class Comparison {
  compared = 0
  difference: string | undefined
  #row: number
  readonly #bits: BigUint64Array
  readonly #width: number

  constructor(
    readonly matrix: FeatureMatrix,
    from: TimeNs = 0n,
  ) {
    this.#width = matrix.features.spec.items.length
    this.#bits = new BigUint64Array(matrix.values.buffer, matrix.values.byteOffset, matrix.values.length)
    this.#row = matrix.times.findIndex((time) => time >= from)
  }

  take(view: Cursor, { stream, predictor }: ReturnType<typeof follow>, every: Schema): void {
    stream.update(view)
    predictor.update(view)
    if (view.schema !== every || view.instrument !== this.matrix.instrument || this.difference !== undefined) return
    let said: Float32Array | undefined
    predictor.predict(view.availableAt, ({ values }) => (said = values))
    const isRow = stream.isWarm && stream.isComplete
    if (isRow !== (said !== undefined))
      return this.#differs(view, `the stream ${isRow ? 'has' : 'has no'} row, the predictor the other way`)
    if (!isRow || said === undefined) return
    const { times, values } = this.matrix
    const row = this.#row++
    this.compared++
    if (times[row] !== view.availableAt)
      return this.#differs(view, `training has a row of ${row < times.length ? formatTime(times[row]) : 'nothing'}`)
    const bits = new BigUint64Array(stream.values.buffer, stream.values.byteOffset, this.#width)
    for (let j = 0; j < this.#width; j++) {
      const at = row * this.#width + j
      if (bits[j] !== this.#bits[at]) return this.#differs(view, `${this.#name(j)} is ${stream.values[j]}, in training ${values[at]}`)
      // What is missing by permission enters the network as the mean, which is zero here.
      const expected = Number.isNaN(values[at]) ? 0 : Math.fround(values[at])
      if (!Object.is(said[j] + 0, expected + 0))
        return this.#differs(view, `the network was given ${said[j]} for ${this.#name(j)}, not ${expected}`)
    }
  }

  get outcome(): Outcome {
    const left = this.matrix.times.length - this.#row
    if (this.difference === undefined && left > 0)
      return { compared: this.compared, difference: `${left} rows of training did not come live` }
    return { compared: this.compared, difference: this.difference }
  }
  #name(j: number): string {
    return this.matrix.features.spec.items[j].name
  }
  #differs({ availableAt }: Cursor, what: string): void {
    this.difference = `${formatTime(availableAt)}: ${what}`
  }
}

async function uninterrupted(recorded: Recorded, matrix: FeatureMatrix, artifact: LoadedArtifact, every: Schema): Promise<Outcome> {
  const comparison = new Comparison(matrix)
  const side = follow(matrix.features, artifact, recorded.instrument, every)
  for await (const view of live(recorded)) comparison.take(view, side, every)
  return comparison.outcome
}

/** Saved and thrown away now and then: between rows, before the first is warm, twice in a row. */
async function restored(
  recorded: Recorded,
  matrix: FeatureMatrix,
  artifact: LoadedArtifact,
  { every, draw }: { every: Schema; draw: Random },
): Promise<Outcome & { readonly restarts: number }> {
  const comparison = new Comparison(matrix)
  let side = follow(matrix.features, artifact, recorded.instrument, every)
  let [restarts, wait] = [0, draw.integer(50)]
  for await (const view of live(recorded)) {
    comparison.take(view, side, every)
    if (wait-- > 0) continue
    const saved = { stream: side.stream.save(), predictor: side.predictor.save() }
    side = follow(matrix.features, artifact, recorded.instrument, every)
    side.stream.restore(saved.stream)
    side.predictor.restore(saved.predictor)
    restarts++
    wait = draw.integer(4) === 0 ? draw.integer(3) : draw.integer(Math.ceil(recorded.rows / 50))
  }
  return { ...comparison.outcome, restarts }
}

/** Started anew at random moments: the snapshot up to then, then live. */
async function warmedUp(
  recorded: Recorded,
  matrix: FeatureMatrix,
  artifact: LoadedArtifact,
  { every, draw }: { every: Schema; draw: Random },
): Promise<Outcome & { readonly starts: number }> {
  let compared = 0
  const starts = 2
  for (let k = 0; k < starts; k++) {
    const from = matrix.times[Math.floor(((k + draw.uniform()) / starts) * (matrix.rows - 1))]
    const side = follow(matrix.features, artifact, recorded.instrument, every)
    const schemas = recorded.feeds.map((feed) => feed.schemas[0])
    for await (const view of mergeViews(recorded.dataset, schemas, { range: { from: 0n, to: from } })) {
      side.stream.update(view)
      side.predictor.update(view)
    }
    const comparison = new Comparison(matrix, from)
    for await (const view of live(recorded, from)) comparison.take(view, side, every)
    compared += comparison.compared
    if (comparison.outcome.difference !== undefined) return { compared, difference: comparison.outcome.difference, starts: k + 1 }
  }
  return { compared, starts }
}

const lines: string[] = []
let [passed, failed] = [0, 0]
function report(what: string, { compared, difference }: Outcome, detail = ''): void {
  const holds = difference === undefined && compared > 0
  if (holds) passed++
  else failed++
  const line = `| ${what} | ${compared} | ${holds ? 'equal' : `DIFFERS: ${difference ?? 'nothing was compared'}`} | ${detail} |`
  console.log(line)
  lines.push(line)
}

const market = syntheticMarket({ seed, symbols: ['ALFA', 'BRAV', 'CHAR', 'DELT'], from: '2022-01-01', to: '2024-01-01' })
const share = Math.ceil(events / 2 / names)
let total = 0
const kinds: readonly {
  readonly name: string
  readonly every: Schema
  readonly feeds: (symbol: string) => readonly Feed[]
  readonly sets: readonly FeatureSet[]
}[] = [
  {
    name: 'bars of 1 s and 1 min',
    every: 'ohlcv-1s',
    // A market of the one name: rows of others would only be passed over.
    feeds: (symbol) => {
      const own = syntheticMarket({ seed, symbols: [symbol], from: '2022-01-01', to: '2024-01-01' })
      return [own.bars('ohlcv-1s'), own.bars('ohlcv-1m')]
    },
    sets: [barSet(source)],
  },
  { name: 'mbp-10', every: 'mbp-10', feeds: (symbol) => [market.book(symbol)], sets: [bookSet(source), bookFeatures(source)] },
]
for (const { name: kind, every, feeds, sets } of kinds) {
  const outcomes = sets.map(() => ({ plain: [] as Outcome[], restored: [] as Outcome[], warmed: [] as Outcome[], restarts: 0, starts: 0 }))
  for (const instrument of market.instruments) {
    const symbolFeeds = feeds(instrument.symbol)
    const [own] = await symbolFeeds[0].instruments()
    const recorded = await record(`${every}-${instrument.symbol}`, symbolFeeds, { instrument: own, rows: share })
    total += recorded.rows
    const draw = random(seed * 1000 + market.instruments.indexOf(instrument))
    for (const [s, features] of sets.entries()) {
      const artifact = mirror(features, recorded.dataset)
      const matrix = await featureMatrix(features, recorded.dataset, { instrument: own, every, range: { from: 0n, to: recorded.until } })
      const outcome = outcomes[s]
      outcome.plain.push(await uninterrupted(recorded, matrix, artifact, every))
      const interrupted = await restored(recorded, matrix, artifact, { every, draw })
      outcome.restored.push(interrupted)
      outcome.restarts += interrupted.restarts
      const warmed = await warmedUp(recorded, matrix, artifact, { every, draw })
      outcome.warmed.push(warmed)
      outcome.starts += warmed.starts
    }
  }
  const all = (parts: readonly Outcome[]): Outcome => ({
    compared: parts.reduce((sum, { compared }) => sum + compared, 0),
    difference: parts.find(({ difference }) => difference !== undefined)?.difference,
  })
  for (const [s, outcome] of outcomes.entries()) {
    const what = `${kind}, ${sets[s].spec.items.length} features${sets[s].spec.items.length === bookFeatures(source).spec.items.length && every === 'mbp-10' && s === 1 ? ' of the order-book family' : ''}`
    report(`${what}: live`, all(outcome.plain), 'stream in float64, network input in float32')
    report(`${what}: saved and restored`, all(outcome.restored), `${outcome.restarts} restarts`)
    report(`${what}: warmed up from the snapshot, then live`, all(outcome.warmed), `${outcome.starts} starts`)
  }
}
await rm(directory, { recursive: true, force: true })
console.log(`${total} events of ${names} names, seed ${seed}`)
if (options.write)
  writeFileSync(
    'proof/feature-parity.md',
    `# Training features and live features

\`node --conditions=@gatehouse/source --import tsx proof/feature-parity.ts --write\`

${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}, ${cpus().length} cores, seed ${seed}: ${total} events of ${names} names of the synthetic market.

Training: \`featureMatrix\` over Parquet, pinned. Live: the feed's own batches, merged by other code, through \`FeatureStream\` and \`openPredictor\` with a
network that says what it was given. Every float64 is compared bit for bit, and so is every float32 that entered the network.

| what | rows compared | | |
| --- | --: | --- | --- |
${lines.join('\n')}

${passed} passed, ${failed} failed
`,
  )
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
