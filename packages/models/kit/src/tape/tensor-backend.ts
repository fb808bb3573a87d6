import * as tf from '@tensorflow/tfjs-core'
import { TradingError } from '@gatehouse/contracts'
import { registerGradients } from './gradients.js'

export type TensorBackendName = 'native' | 'wasm' | 'cpu'

/** Which tensor backend runs the tape, and why. */
export interface TensorBackend {
  readonly name: TensorBackendName
  /** One line for the log: what was tried and what came of it. */
  readonly reason: string
  readonly tf: typeof tf
}

/**
 * Picks a tensor backend: native (`@tensorflow/tfjs-node`, an optional peer) where a probe operation and its gradient give the right numbers, then wasm,
 * then cpu. Importing is not proof: on Node 23 and newer tfjs-node imports and then fails in its first operation (tfjs #8609).
 * @param force this one or an error
 * @param importNative how the optional peer is loaded; a test passes its own
 * @throws {TradingError} `MODEL_BACKEND_UNAVAILABLE` when the forced one does not work
 */
export async function selectTensorBackend({
  force,
  importNative = importTfjsNode,
}: {
  readonly force?: TensorBackendName | undefined
  readonly importNative?: (() => Promise<unknown>) | undefined
} = {}): Promise<TensorBackend> {
  tf.enableProdMode()
  registerGradients(tf)
  const failures: string[] = []
  for (const name of force === undefined ? (['native', 'wasm', 'cpu'] as const) : [force]) {
    const failure = await tryBackend(name, importNative)
    if (failure === undefined) return { name, reason: [...failures, `${name} passed its probe`].join('; '), tf }
    failures.push(`${name}: ${failure}`)
  }
  const reason = failures.join('; ')
  throw new TradingError('MODEL_BACKEND_UNAVAILABLE', `no tensor backend works here: ${reason}`, { force, reason })
}

async function tryBackend(name: TensorBackendName, importNative: () => Promise<unknown>): Promise<string | undefined> {
  try {
    if (name === 'native') await importNative()
    else if (name === 'wasm') await import('@tensorflow/tfjs-backend-wasm')
    else await import('@tensorflow/tfjs-backend-cpu')
    const registered = name === 'native' ? 'tensorflow' : name
    if (tf.findBackendFactory(registered) === null) return 'it registered with another copy of tfjs-core; install the same version once'
    if (!(await tf.setBackend(registered))) return 'it could not be initialised'
    return probe() ? undefined : 'its probe operation gave wrong numbers'
  } catch (error) {
    return error instanceof Error ? error.message.split('\n')[0] : String(error)
  }
}

/** d sum((x w)²) / dx for small integers: exact in float32. */
function probe(): boolean {
  return tf.tidy(() => {
    const w = tf.tensor2d([1, 2, 3, 4], [2, 2])
    const gradient = tf.grad((x) => tf.sum(tf.square(tf.matMul(x as tf.Tensor2D, w))))(tf.tensor2d([1, 1], [1, 2]))
    return Array.from(gradient.dataSync()).join() === '32,72'
  })
}

/** The specifier is a variable so that neither compiler nor bundler asks for a package that may be absent. */
async function importTfjsNode(): Promise<unknown> {
  const specifier = '@tensorflow/tfjs-node'
  return import(specifier)
}
