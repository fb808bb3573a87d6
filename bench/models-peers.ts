/** Other engines that `bench/models.ts` measures against, where they are installed: a part of it. */
import { spawn, spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type ResolvedNetwork, type Weights } from '@gatehouse/model-kit'
import { onnxModel } from './models-onnx.js'

/** PyTorch in a process of its own, so that its rounds can alternate with ours. */
export interface Torch {
  readonly version: string
  readonly threads: number
  /** Of a matrix product: tells a tuned BLAS from the reference one. */
  readonly gigaflops: number
  /** Least milliseconds of a training step over some rounds; `NaN` for a network it does not have. */
  step(name: string, rounds: number, times: number): Promise<number>
  close(): void
}

/** The first python3 that imports torch; `undefined` where none does. */
export async function openTorch(): Promise<Torch | undefined> {
  const python = ['python3', '/usr/bin/python3'].find((name) => spawnSync(name, ['-c', 'import torch']).status === 0)
  if (python === undefined) return undefined
  const child = spawn(python, [fileURLToPath(new URL('models-torch.py', import.meta.url))], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const line = async (): Promise<string> => {
    const next = await lines.next()
    if (next.done === true) throw new Error('PyTorch ended: see above')
    return next.value
  }
  const [version, threads, gigaflops] = (await line()).split(' ')
  return {
    version,
    threads: Number(threads),
    gigaflops: Number(gigaflops),
    async step(name, rounds, times) {
      child.stdin.write(`${name} ${rounds} ${times}\n`)
      return Number(await line())
    },
    close: () => void child.stdin.end(),
  }
}

interface OnnxTensor {
  readonly data: Float32Array
}
interface OnnxSession {
  run(feeds: Readonly<Record<string, OnnxTensor>>): Promise<Readonly<Record<string, OnnxTensor>>>
}
interface OnnxRuntime {
  readonly InferenceSession: { create(model: Uint8Array, options: Readonly<Record<string, unknown>>): Promise<OnnxSession> }
  readonly Tensor: new (type: 'float32', data: Float32Array, shape: readonly number[]) => OnnxTensor
}

let runtime: OnnxRuntime | undefined
try {
  runtime = createRequire(new URL('../peers/package.json', import.meta.url))('onnxruntime-node') as OnnxRuntime
} catch {
  // Absent is a column of dashes; the caller says so.
  runtime = undefined
}
export const hasOnnx = runtime !== undefined

/** Runs the same weights in onnxruntime, one thread: outputs of all heads, row by row. `undefined` where it is not installed or the network is not exported. */
export async function openOnnx(
  network: ResolvedNetwork,
  weights: Weights,
  rows: number,
): Promise<((input: Float32Array) => Promise<Float32Array>) | undefined> {
  const model = onnxModel(network, weights, rows)
  if (runtime === undefined || model === undefined) return undefined
  const { Tensor } = runtime
  const session = await runtime.InferenceSession.create(model, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
  })
  const { heads, outputWidth } = network
  const result = new Float32Array(rows * outputWidth)
  return async (input) => {
    const outputs = await session.run({ input: new Tensor('float32', input, [rows, ...network.input]) })
    let offset = 0
    for (const { name, width } of heads) {
      result.set(outputs[name].data, offset * rows)
      offset += width
    }
    return result
  }
}
