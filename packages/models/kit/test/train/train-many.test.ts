import { describe, expect, test } from 'vitest'
import {
  crossValidate,
  meanOutputs,
  pickRows,
  pickSamples,
  predictOutputs,
  rowSamples,
  trainEnsemble,
  trainMany,
  trainNetwork,
  type TrainJob,
  walkForwardSplits,
} from '@gatehouse/model-kit'
import { plantedNetwork, plantedSet } from '../planted.js'

const training = plantedSet(600, 1)
const job: TrainJob = { network: plantedNetwork, training, epochs: 4, batch: 50, optimiser: { rate: 0.01 } }

describe('several networks in worker threads', () => {
  test('have the bits that training one after the other gives, in the order of the jobs', async () => {
    const parallel = await trainEnsemble(job, [1, 2, 3], { workers: 2 })
    for (const [i, seed] of [1, 2, 3].entries()) expect(parallel[i].weights).toEqual((await trainNetwork({ ...job, seed })).weights)
  })

  test('hand on the typed error of the one that fails', async () => {
    const bad = { ...job, training: { ...training, labels: new Map([['direction', new Int32Array(600)]]) } }
    await expect(trainMany([job, bad], { workers: 2 })).rejects.toMatchObject({ code: 'MODEL_ONE_CLASS' })
  })

  test('stop when the call is aborted', async () => {
    const controller = new AbortController()
    const reason = new Error('enough')
    const run = trainMany(
      [
        { ...job, epochs: 5000, patience: 5000 },
        { ...job, epochs: 5000, patience: 5000 },
      ],
      { workers: 2, signal: controller.signal },
    )
    setTimeout(() => controller.abort(reason), 100)
    await expect(run).rejects.toBe(reason)
  })
})

test('cross-validation predicts every test sample of every fold once, from training samples alone', async () => {
  const times = BigInt64Array.from({ length: 600 }, (_, i) => BigInt(i))
  const splits = walkForwardSplits({ t0: times, t1: times }, { folds: 2 })
  const folds = await crossValidate(
    splits,
    ({ train, test: tested }) => ({ job: { ...job, training: pickRows(training, train) }, test: pickSamples(training.samples, tested) }),
    { workers: 0 },
  )
  expect(folds.map(({ outputs }) => outputs.get('direction')!.length)).toEqual(splits.map(({ test: tested }) => 3 * tested.length))
})

test('an ensemble is the mean of its members', async () => {
  const members = await trainEnsemble({ ...job, epochs: 1 }, [1, 2], { workers: 0 })
  const outputs = members.map((member) => predictOutputs(member, training.samples))
  const mean = meanOutputs(outputs).get('direction')!
  mean.forEach((x, i) => expect(x).toBeCloseTo((outputs[0].get('direction')![i] + outputs[1].get('direction')![i]) / 2, 5))
})

test('no number of threads is refused, and not taken for none', async () => {
  const set = plantedSet(60, 1)
  const job = { network: plantedNetwork, training: set, epochs: 1 }
  await expect(trainMany([job, job], { workers: NaN })).rejects.toMatchObject({ code: 'MODEL_INPUT_INVALID' })
})

test('samples of another shape, or with a number that is not finite, are not predicted', async () => {
  const trained = await trainNetwork({ ...job, epochs: 1 })
  const missing = rowSamples(Float32Array.of(1, 2, NaN, 4), 4)
  for (const samples of [missing, rowSamples(new Float32Array(12), 3)])
    expect(() => predictOutputs(trained, samples)).toThrow(expect.objectContaining({ code: 'MODEL_INPUT_INVALID' }))
  expect(() => meanOutputs([])).toThrow(expect.objectContaining({ code: 'MODEL_INPUT_INVALID' }))
})
