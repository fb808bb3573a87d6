// Training and inference of the model kit beside tfjs, PyTorch and onnxruntime where they are installed: ratios in one run, alternating.
// npm run bench -- models [--quick] [--only tcn,book] [--part training|inference|families] [--strict] [--write]
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-backend-cpu'
import '@tensorflow/tfjs-backend-wasm'
import {
  compilePlan,
  compileStreamingPlan,
  type Executor,
  fusedOps,
  initialWeights,
  kernels,
  noTapeExecutor,
  type Normaliser,
  random,
  registerGradients,
  resolveNetwork,
  type ResolvedNetwork,
  tapeExecutor,
  tapeForward,
  type TapeOps,
  type Weights,
} from '@gatehouse/model-kit'
import { plainOps } from '../packages/models/kit/test/tape/plain-ops.js'
import { type Case, cases, streams, trainingSet } from './models-cases.js'
import { bookCost, families, predictionBytes } from './models-families.js'
import { hasOnnx, openOnnx, openTorch } from './models-peers.js'

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    part: { type: 'string' },
    strict: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
})
const chosen = Object.entries(cases).filter(([name]) => options.only === undefined || options.only.split(',').includes(name))
const alternations = options.quick ? 2 : 5
const lines: string[] = []
const failures: string[] = []

function say(line: string): void {
  console.log(line)
  lines.push(line)
}
const row = (...cells: readonly string[]): void => say(`| ${cells.join(' | ')} |`)
function header(...names: readonly string[]): void {
  row(...names)
  row(...names.map(() => '---'))
}
function target(what: string, found: number, most: number): string {
  if (!(found <= most)) failures.push(`${what}: ${found.toPrecision(3)}, at most ${most}`)
  return found <= most ? 'met' : 'MISSED'
}

/** Milliseconds a call, the least of some rounds: the machine is shared, and the least is what the code needs. */
function leastMs(act: () => void, rounds: number, times: number): number {
  let best = Infinity
  for (let round = 0; round < rounds; round++) {
    const from = performance.now()
    for (let i = 0; i < times; i++) act()
    best = Math.min(best, (performance.now() - from) / times)
  }
  return best
}

function stepper(executor: Executor, one: Case): () => void {
  const set = trainingSet(one)
  const batch = { rows: Int32Array.from({ length: one.batch }, (_, i) => i), groups: set.groups }
  executor.load(initialWeights(executor.network, 1))
  let step = 0
  const sampleWeights = (): number => 1
  const optimiser = { rate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, clipNorm: Infinity }
  const act = (): void => {
    executor.gradient(set, batch, { seed: 1, step: step++, sampleWeights })
    executor.update(optimiser)
  }
  act()
  return act
}

async function training(): Promise<void> {
  const torch = await openTorch()
  say('\n## Training step, ms\n')
  // A BLAS without blocking is several times slower than what anyone trains with: beating it would say nothing.
  const isFair = torch !== undefined && torch.gigaflops >= 8
  if (torch === undefined)
    say('PyTorch is not installed for python3: its columns are left out, and the measure is tfjs with plain operations.\n')
  else {
    const { version, threads, gigaflops } = torch
    say(
      `Beside PyTorch ${version} on ${threads} thread(s), whose matrix product runs at ${gigaflops} GFLOP/s; ${alternations} alternations, the least of each.\n`,
    )
    if (!isFair) say('That is a reference BLAS: the measure is tfjs with plain operations. Install libopenblas0 to compare.\n')
  }
  header(
    'network',
    'batch',
    'no tape',
    'PyTorch',
    'no tape / PyTorch',
    'at most',
    '',
    'fused on tape, cpu',
    'tfjs plain, wasm',
    'plain / no tape',
  )
  for (const [name, one] of chosen) {
    const network = resolveNetwork(one.network)
    const act = stepper(noTapeExecutor(network, kernels(), { rows: one.batch }), one)
    const times = name === 'regime' || name === 'rank' ? 40 : 5
    let [own, peer] = [Infinity, Infinity]
    for (let k = 0; k < alternations; k++) {
      own = Math.min(own, leastMs(act, 4, times))
      peer = Math.min(peer, (await torch?.step(name, 4, times)) ?? NaN)
    }
    await tf.setBackend('cpu')
    const fused = leastMs(stepper(tapeExecutor(tf, network, { rows: one.batch, ops: fusedOps(tf) }), one), 2, 1)
    await tf.setBackend('wasm')
    const plain = leastMs(stepper(tapeExecutor(tf, network, { rows: one.batch, ops: plainOps }), one), 2, 1)
    const hasPeer = Number.isFinite(peer)
    const limit = isFair ? one.torchLimit : undefined
    const verdict = hasPeer && limit !== undefined ? target(`training ${name} / PyTorch`, own / peer, limit) : target(`training ${name} / plain tfjs`, own / plain, 0.2) // prettier-ignore
    const [torchMs, ratio] = hasPeer ? [peer.toFixed(2), `${(own / peer).toFixed(2)}x`] : ['-', '-']
    row(name, String(one.batch), own.toFixed(2), torchMs, ratio, limit === undefined ? '-' : `${limit}x`, verdict, fused.toFixed(2), plain.toFixed(1), `${(plain / own).toFixed(1)}x`) // prettier-ignore
  }
  torch?.close()
}

interface Latency {
  readonly p50: number
  readonly p99: number
}
const none: Latency = { p50: Infinity, p99: Infinity }
const better = (a: Latency, b: Latency): Latency => ({ p50: Math.min(a.p50, b.p50), p99: Math.min(a.p99, b.p99) })
const quantiles = (times: Float64Array): Latency => ({ p50: times[times.length >> 1], p99: times[Math.floor(times.length * 0.99)] })

/** Microseconds of single calls over one round. */
function latency(act: (i: number) => void, calls: number): Latency {
  const times = new Float64Array(calls)
  for (let i = 0; i < calls; i++) {
    const from = performance.now()
    act(i)
    times[i] = (performance.now() - from) * 1000
  }
  return quantiles(times.sort())
}
async function latencyOf(act: (i: number) => Promise<unknown>, calls: number): Promise<Latency> {
  const times = new Float64Array(calls)
  for (let i = 0; i < calls; i++) {
    const from = performance.now()
    await act(i)
    times[i] = (performance.now() - from) * 1000
  }
  return quantiles(times.sort())
}

/** Bytes that a call leaves on the heap, least of some rounds: zero but for noise when nothing is allocated. */
function bytesPerCall(act: (i: number) => void, calls: number): number {
  for (let i = 0; i < calls; i++) act(i)
  let least = Infinity
  for (let round = 0; round < 5; round++) {
    const before = process.memoryUsage().heapUsed
    for (let i = 0; i < calls; i++) act(i)
    const after = process.memoryUsage().heapUsed
    if (after >= before) least = Math.min(least, (after - before) / calls)
  }
  return least
}

const us = (x: number): string => (x < 10 ? x.toFixed(2) : x.toFixed(0))
const pair = ({ p50, p99 }: Latency): string => (Number.isFinite(p50) ? `${us(p50)} / ${us(p99)}` : '-')
const difference = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let most = a.length === b.length ? 0 : Infinity
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i] - b[i]) / Math.max(1, Math.abs(b[i])))
  return most
}

function tfjsPredict(network: ResolvedNetwork, weights: Weights, rows: number) {
  const parameters = new Map(network.tensors.map(({ name, shape }) => [name, tf.tensor(weights.get(name)!, [...shape])]))
  const pass = { isTraining: false, seed: 0, step: 0 }
  const act = (ops: TapeOps, input: Float32Array): Float32Array => {
    const result = new Float32Array(rows * network.outputWidth)
    tf.tidy(() => {
      const outputs = tapeForward(tf, ops, network, tf.tensor(input, [rows, ...network.input]), parameters, pass)
      let offset = 0
      for (const { name, width } of network.heads) {
        const values = outputs.get(name)!.dataSync()
        // In the plan's layout: one output after the other, each of all rows.
        result.set(values, offset * rows)
        offset += width
      }
    })
    return result
  }
  return { act, dispose: () => parameters.forEach((one) => one.dispose()) }
}

/** What the training executor computes for the same inputs, dropout off. */
function trainingForward(network: ResolvedNetwork, weights: Weights, one: Case, input: Float32Array): Float32Array {
  const { rows } = one
  const set = trainingSet({ ...one, batch: rows })
  const size = input.length / rows
  const samples = { ...set.samples, fill: (sample: number, target: Float32Array, at: number) => target.set(input.subarray(sample * size, (sample + 1) * size), at) } // prettier-ignore
  const executor = noTapeExecutor(network, kernels(), { rows })
  executor.load(weights)
  const outputs = new Map(network.heads.map(({ name, width }) => [name, new Float32Array(rows * width)]))
  executor.evaluate({ ...set, samples }, { rows: Int32Array.from({ length: rows }, (_, i) => i), groups: set.groups }, () => 1, outputs)
  executor.dispose()
  const result = new Float32Array(rows * network.outputWidth)
  let offset = 0
  for (const { name, width } of network.heads) {
    const values = outputs.get(name)!
    result.set(values, offset * rows)
    offset += width
  }
  return result
}

/** Changes nothing, and costs what any normaliser does: a plan that is served has one. */
function unit({ input }: ResolvedNetwork): Normaliser {
  const features = input[input.length - 1]
  return { kind: 'standard', center: new Float64Array(features), scale: new Float64Array(features).fill(1), lower: -6, upper: 6 }
}

/** What the kernels' matrix product reaches here: 128-bit SIMD without fused multiply-add is what a plan can be at best. */
function kernelGigaflops(): number {
  const set = kernels('wasm-simd')
  const [x, w, y] = [set.allocate(100 * 64), set.allocate(64 * 64), set.allocate(100 * 64)]
  return (2 * 100 * 64 * 64) / (leastMs(() => set.functions.dense(100, 64, 64, x, w, 0, y, 0), 20, 200) * 1e6)
}

async function inference(): Promise<void> {
  await tf.setBackend('wasm')
  say('\n## One prediction, µs p50 / p99\n')
  say('Plans normalise their inputs, as served ones do; the other engines are given them ready.\n')
  say(`The kernels' matrix product runs at ${kernelGigaflops().toFixed(0)} GFLOP/s here; it was 53 where the targets were set.\n`)
  if (!hasOnnx) say('onnxruntime-node is not installed (`npm run peers`): its column is left out.\n')
  header(
    'network',
    'WASM plan',
    'at most',
    '',
    'bytes a call',
    'onnxruntime',
    'ort / plan',
    'JS plan',
    'tfjs wasm fused',
    'tfjs wasm plain',
    'plain / plan',
  )
  const agreement: (readonly [string, number, number, number])[] = []
  for (const [name, one] of chosen) {
    const { network: definition, rows } = one
    const network = resolveNetwork(definition)
    const weights = initialWeights(network, 1)
    const size = definition.input.reduce((a, b) => a * b, 1)
    const draw = random(42)
    const inputs = Array.from({ length: 8 }, () => Float32Array.from({ length: rows * size }, () => draw.normal()))
    const plan = compilePlan({ network: definition, weights, rows, normaliser: unit(network), backend: 'wasm-simd' })
    const js = compilePlan({ network: definition, weights, rows, normaliser: unit(network), backend: 'js' })
    const onnx = await openOnnx(network, weights, rows)
    const tfjs = tfjsPredict(network, weights, rows)
    const calls = options.quick ? 500 : name === 'tcn' ? 1000 : 3000
    const compute = (i: number): void => void plan.compute(inputs[i & 7])
    const bytes = bytesPerCall(compute, name === 'tcn' ? 2000 : 20_000)
    let [own, peer, plainJs, fused, plain] = [none, none, none, none, none]
    for (let k = 0; k < alternations; k++) {
      own = better(own, latency(compute, calls))
      if (onnx) peer = better(peer, await latencyOf((i) => onnx(inputs[i & 7]), calls))
      plainJs = better(
        plainJs,
        latency((i) => js.compute(inputs[i & 7]), 100),
      )
      fused = better(
        fused,
        latency((i) => tfjs.act(fusedOps(tf), inputs[i & 7]), 50),
      )
      plain = better(
        plain,
        latency((i) => tfjs.act(plainOps, inputs[i & 7]), 50),
      )
    }
    const [p50, p99] = one.target ?? [Infinity, Infinity]
    const verdicts = [
      target(`${name} p50 µs`, own.p50, p50),
      target(`${name} p99 µs`, own.p99, p99),
      target(`${name} bytes a call`, bytes, 1),
    ]
    const verdict = verdicts.includes('MISSED') ? 'MISSED' : one.target ? 'met' : '-'
    const ratio = Number.isFinite(peer.p50) ? `${(peer.p50 / own.p50).toFixed(2)}x` : '-'
    row(name, pair(own), one.target?.join(' / ') ?? '-', verdict, bytes.toFixed(1), pair(peer), ratio, pair(plainJs), pair(fused), pair(plain), `${(plain.p50 / own.p50).toFixed(0)}x`) // prettier-ignore
    const said = plan.compute(inputs[0]).slice()
    agreement.push([
      name,
      difference(said, trainingForward(network, weights, one, inputs[0])),
      // On the tape an ordered head ends in its score; its probabilities are the loss's.
      network.heads.some(({ definition: { kind } }) => kind === 'ordered-classes') ? NaN : difference(said, tfjs.act(plainOps, inputs[0])),
      onnx ? difference(said, await onnx(inputs[0])) : NaN,
    ])
    tfjs.dispose()
  }
  for (const [name] of chosen) if (name in streams) streaming(name)
  say('\n## Largest difference of the compiled network\n')
  header('network', 'to the training forward', '', 'to plain tfjs', 'to onnxruntime')
  for (const [name, trained, tfjs, onnx] of agreement) {
    const verdict = target(
      `${name} compiled against training`,
      Math.max(trained, ...[tfjs, onnx].filter((peer) => !Number.isNaN(peer))),
      1e-5,
    )
    row(name, trained.toExponential(1), verdict, ...[tfjs, onnx].map((peer) => (Number.isNaN(peer) ? '-' : peer.toExponential(1))))
  }
}

function streaming(name: string): void {
  const {
    network,
    target: [p50, p99],
  } = streams[name]
  const stream = compileStreamingPlan({ network, weights: initialWeights(resolveNetwork(network), 1) })
  const draw = random(42)
  const inputs = Array.from({ length: 8 }, () => Float32Array.from({ length: stream.rowSize }, () => draw.normal()))
  const push = (i: number): void => void stream.push(inputs[i & 7])
  const bytes = bytesPerCall(push, 20_000)
  let own = none
  for (let k = 0; k < alternations; k++) own = better(own, latency(push, options.quick ? 2000 : 20_000))
  const what = `${name}, streaming`
  const verdicts = [
    target(`${what} p50 µs`, own.p50, p50),
    target(`${what} p99 µs`, own.p99, p99),
    target(`${what} bytes a call`, bytes, 1),
  ]
  row(what, pair(own), `${p50} / ${p99}`, verdicts.includes('MISSED') ? 'MISSED' : 'met', bytes.toFixed(1), ...Array.from({ length: 6 }, () => '-')) // prettier-ignore
}

/** The families as they are served: features, network, calibration. */
async function served(): Promise<void> {
  say('\n## From events to predictions\n')
  const { events, predictions, features, both, p50, p99 } = bookCost()
  say(`${events} events of a synthetic book of ten levels, a prediction every 100 ms (${predictions}); µs an event.\n`)
  header('order-book', 'µs', 'at most', '')
  row('features followed', features.toFixed(2), '-', '-')
  row('features and predictions, amortised', both.toFixed(2), '15', target('order-book features and network, µs an event', both, 15))
  row('one prediction, p50 / p99', `${p50.toFixed(1)} / ${p99.toFixed(1)}`, '100 / 200', target('order-book prediction p99 µs', p99, 200))
  say('\nBytes that a prediction leaves on the heap, the least of at most four processes; below four is less than one number.\n')
  header('family', 'bytes a prediction', 'processes', 'at most', '')
  for (const family of families) {
    const { bytes, processes } = await predictionBytes(family)
    row(family, Math.max(0, bytes).toFixed(1), String(processes), '4', target(`${family} bytes a prediction`, bytes, 4))
  }
}

tf.enableProdMode()
registerGradients(tf)
say('# The model kit beside other engines')
say('')
say(
  `${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}, ${cpus().length} cores, seed 42. The machine is shared: read ratios, not absolutes.`,
)
const parts = { training, inference, families: served }
for (const [part, measure] of Object.entries(parts)) if (options.part === undefined || options.part === part) await measure()
say(failures.length === 0 ? '\n**All targets met.**' : `\n**Missed:** ${failures.join('; ')}.`)
if (options.write)
  writeFileSync('proof/models-bench.md', `${lines[0]}\n\n\`npm run bench -- models --write\`\n${lines.slice(1).join('\n')}\n`)
if (failures.length > 0 && options.strict) process.exitCode = 1
