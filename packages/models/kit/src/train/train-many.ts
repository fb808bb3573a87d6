import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { TradingError, type CallOptions, type ErrorCode } from '@gatehouse/contracts'
import { type Split } from '../split/purged-splits.js'
import { type Outputs } from './executor.js'
import { predictOutputs } from './predict.js'
import { progressReporter } from './progress.js'
import { type SampleSource, type Samples, type TrainingSet } from './samples.js'
import { trainNetwork, type TrainedNetwork, type TrainNetworkOptions } from './train-network.js'

/** What a worker thread can be sent: everything but functions. */
export type TrainJob = Omit<TrainNetworkOptions, 'signal' | 'onProgress' | 'onCheckpoint' | 'executor'> & {
  readonly executor?: 'wasm-simd' | 'js' | undefined
}

/** Message to a worker: the job with its samples as data. */
export interface WorkerJob {
  readonly index: number
  readonly job: Omit<TrainJob, 'training' | 'validation'>
  readonly training: WorkerSet
  readonly validation: WorkerSet | undefined
}
export interface WorkerSet extends Omit<TrainingSet, 'samples'> {
  readonly source: SampleSource
}
/** Message from a worker. */
export type WorkerAnswer =
  | { readonly index: number; readonly result: TrainedNetwork }
  | {
      readonly index: number
      readonly error: {
        readonly code: ErrorCode | undefined
        readonly message: string
        readonly details: Readonly<Record<string, unknown>>
      }
    }

export interface TrainManyOptions extends CallOptions {
  /** Worker threads; 0 trains in this one. Default: one a core, no more than jobs, and none for a single job. */
  readonly workers?: number | undefined
}

/**
 * Trains several networks in worker threads: folds, seeds of an ensemble, settings of a search. Results are those of training one after the other, bit for bit,
 * and in the jobs' order. Samples go to the threads once, as shared memory; sets whose samples are not data train in this thread.
 * @throws the first failure; an aborted call rejects with the signal's reason, and its threads are stopped
 */
export async function trainMany(jobs: readonly TrainJob[], options: TrainManyOptions = {}): Promise<readonly TrainedNetwork[]> {
  const { workers = jobs.length < 2 ? 0 : Math.min(jobs.length, availableParallelism()), signal } = options
  if (!(workers >= 0)) throw new TradingError('MODEL_INPUT_INVALID', `workers must be a number of threads, found ${workers}`, { workers })
  signal?.throwIfAborted()
  const report = progressReporter(options, 'training', 'networks', jobs.length)
  const results = new Array<TrainedNetwork>(jobs.length)
  let done = 0
  const finish = (index: number, result: TrainedNetwork): void => {
    results[index] = result
    report.advance(++done)
  }
  const share = sharer()
  const messages = jobs.map((job, index) => workerJob(job, index, share))
  if (workers < 1 || messages.includes(undefined)) {
    for (const [index, job] of jobs.entries()) finish(index, await trainNetwork({ ...job, signal }))
    return results
  }
  await runWorkers(messages as WorkerJob[], Math.min(workers, jobs.length), signal, finish)
  return results
}

/** Trains one network from several seeds; average their outputs with `meanOutputs`. */
export function trainEnsemble(job: TrainJob, seeds: readonly number[], options?: TrainManyOptions): Promise<readonly TrainedNetwork[]> {
  return trainMany(
    seeds.map((seed) => ({ ...job, seed })),
    options,
  )
}

export interface FoldResult {
  readonly split: Split
  readonly trained: TrainedNetwork
  /** Raw outputs of the fold's test samples, in the split's order. */
  readonly outputs: Outputs
}

/**
 * Trains one network a fold and predicts the fold's test part. `fold` makes the job from training samples alone: the normaliser, the class weights and the
 * validation part must come from them.
 */
export async function crossValidate(
  splits: readonly Split[],
  fold: (split: Split, index: number) => { readonly job: TrainJob; readonly test: Samples },
  options?: TrainManyOptions,
): Promise<readonly FoldResult[]> {
  const folds = splits.map(fold)
  const trained = await trainMany(folds.map(({ job }) => job), options) // prettier-ignore
  return trained.map((network, i) => ({ split: splits[i], trained: network, outputs: predictOutputs(network, folds[i].test) }))
}

async function runWorkers(
  queue: WorkerJob[],
  count: number,
  signal: AbortSignal | undefined,
  finish: (index: number, result: TrainedNetwork) => void,
): Promise<void> {
  const pending = queue.slice()
  const threads: Worker[] = []
  const abort = (): void => void threads.map((thread) => thread.terminate())
  signal?.addEventListener('abort', abort, { once: true })
  try {
    await Promise.all(
      Array.from({ length: count }, () => {
        const thread = startWorker()
        threads.push(thread)
        return serve(thread, pending, finish)
      }),
    )
  } catch (error) {
    // Stopping a thread makes its promise fail; what the caller did is the reason then.
    signal?.throwIfAborted()
    throw error
  } finally {
    signal?.removeEventListener('abort', abort)
    await Promise.all(threads.map((thread) => thread.terminate()))
  }
}

/** Gives one thread job after job until none is left. */
function serve(thread: Worker, pending: WorkerJob[], finish: (index: number, result: TrainedNetwork) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const next = (): void => {
      const job = pending.shift()
      if (job === undefined) resolve()
      else thread.postMessage(job)
    }
    thread.on('message', (answer: WorkerAnswer) => {
      if ('error' in answer) {
        const { code, message, details } = answer.error
        reject(code === undefined ? new Error(message) : new TradingError(code, message, details))
        return
      }
      finish(answer.index, answer.result)
      next()
    })
    thread.on('error', reject)
    thread.on('exit', (code) => reject(new Error(`a training thread ended with code ${code}`)))
    next()
  })
}

function startWorker(): Worker {
  // From source the file beside this one runs through tsx; built, every chunk lies in dist/ and the worker in dist/train/.
  if (import.meta.url.endsWith('.ts')) {
    const bootstrap = `import('tsx/esm/api').then(({ register }) => { register(); return import(${JSON.stringify(new URL('train-worker.ts', import.meta.url).href)}) })`
    return new Worker(bootstrap, { eval: true, execArgv: ['--conditions=@gatehouse/source'] })
  }
  return new Worker(new URL('./train/train-worker.js', import.meta.url))
}

function workerJob(
  { training, validation, ...job }: TrainJob,
  index: number,
  share: <A extends Float32Array | Int32Array>(values: A) => A,
): WorkerJob | undefined {
  const set = ({ samples, labels, weights, groups }: TrainingSet): WorkerSet | undefined =>
    samples.source && {
      source: shareSource(samples.source, share),
      labels: new Map([...labels].map(([name, values]) => [name, share(values)])),
      weights: weights && share(weights),
      groups,
    }
  const [trained, validated] = [set(training), validation && set(validation)]
  return trained === undefined || (validation && validated === undefined)
    ? undefined
    : { index, job, training: trained, validation: validated }
}

function shareSource(source: SampleSource, share: <A extends Float32Array | Int32Array>(values: A) => A): SampleSource {
  if (source.kind === 'rows') return { ...source, values: share(source.values) }
  if (source.kind === 'windows') return { ...source, series: share(source.series), ends: share(source.ends) }
  if (source.kind === 'joined') return { ...source, first: shareSource(source.first, share), second: shareSource(source.second, share) }
  return { ...source, from: shareSource(source.from, share), indices: share(source.indices) }
}

/** Copies each array into shared memory once, however many jobs hold it. */
function sharer(): <A extends Float32Array | Int32Array>(values: A) => A {
  const copies = new Map<Float32Array | Int32Array, Float32Array | Int32Array>()
  return <A extends Float32Array | Int32Array>(values: A): A => {
    const known = copies.get(values)
    if (known) return known as A
    const copy = new (values.constructor as new (buffer: SharedArrayBuffer) => A)(new SharedArrayBuffer(values.byteLength))
    copy.set(values)
    copies.set(values, copy)
    return copy
  }
}
