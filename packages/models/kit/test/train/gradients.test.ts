import { describe, expect, test } from 'vitest'
import { kernels, type KernelBackend } from '../../src/kernels/index.js'
import { initialWeights, readWeights } from '../../src/network/parameters.js'
import { resolveNetwork } from '../../src/network/resolve.js'
import { type Executor, noTapeExecutor } from '../../src/train/executor.js'
import { batchesOf } from '../../src/train/batches.js'
import { smallNetworks } from '../networks.js'
import { randomSet } from '../random-set.js'

const pass = { seed: 3, step: 5, sampleWeights: () => 0.7 }

/** The training loss, as the gradient is of it. */
function objective(executor: Executor, set: ReturnType<typeof randomSet>): number {
  const [batch] = batchesOf(set, 100)
  const losses = executor.gradient(set, batch, pass)
  const weights = executor.store()
  return executor.network.heads.reduce((sum, { name, definition: { weight = 1 } }, h) => {
    if (weight !== 'learned') return sum + weight * losses[h]
    const s = weights.get(`${name}/log-variance`)![0]
    return sum + Math.exp(-s) * losses[h] + 0.5 * s
  }, 0)
}

describe('gradients agree with central differences of the loss', () => {
  for (const [name, definition] of Object.entries(smallNetworks))
    for (const backend of ['wasm-simd', 'js'] satisfies KernelBackend[])
      test(`${name} on ${backend}`, () => {
        const network = resolveNetwork(definition)
        const set = randomSet(definition, 9)
        const executor = noTapeExecutor(network, kernels(backend), { rows: 9 })
        const start = initialWeights(network, 11)
        // Every tensor away from its start, so that gains of one and cutpoints at zero hide nothing.
        for (const values of start.values()) values.forEach((x, i) => (values[i] = x + 0.2 * Math.sin(1 + 3 * i)))
        executor.load(start)
        objective(executor, set)
        const gradient = readWeights(executor.layout, executor.readGradient())
        for (const [tensor, values] of start) {
          const norm = Math.hypot(...gradient.get(tensor)!)
          for (let i = 0; i < values.length; i += Math.max(1, Math.floor(values.length / 6))) {
            const h = 4e-3
            const at = (x: number): number => {
              const moved = new Map([...start].map(([key, v]) => [key, v.slice()]))
              moved.get(tensor)![i] = x
              executor.load(moved)
              return objective(executor, set)
            }
            const numeric = (at(values[i] + h) - at(values[i] - h)) / (Math.fround(values[i] + h) - Math.fround(values[i] - h))
            // Attention fixes its diagonal, so those entries have no gradient and no effect.
            expect(Math.abs(numeric - gradient.get(tensor)![i]), `${tensor}[${i}] ${gradient.get(tensor)![i]} v ${numeric}`).toBeLessThan(
              2e-3 * Math.max(1, norm),
            )
          }
        }
      })
})

describe('WASM and plain JavaScript give the same losses and gradients', () => {
  for (const [name, definition] of Object.entries(smallNetworks))
    test(name, () => {
      const network = resolveNetwork(definition)
      const set = randomSet(definition, 9)
      const [batch] = batchesOf(set, 100)
      const [wasm, js] = (['wasm-simd', 'js'] as const).map((backend) => {
        const executor = noTapeExecutor(network, kernels(backend), { rows: 9 })
        executor.load(initialWeights(network, 5))
        return { losses: executor.gradient(set, batch, pass), gradient: executor.readGradient() }
      })
      js.losses.forEach((loss, h) => expect(Math.abs(wasm.losses[h] - loss)).toBeLessThan(1e-5))
      js.gradient.forEach((g, i) => expect(Math.abs(wasm.gradient[i] - g)).toBeLessThan(1e-5))
    })
})
