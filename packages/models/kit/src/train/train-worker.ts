import { parentPort } from 'node:worker_threads'
import { isTradingError } from '@gatehouse/contracts'
import { samplesFrom, type TrainingSet } from './samples.js'
import { type WorkerAnswer, type WorkerJob, type WorkerSet } from './train-many.js'
import { trainNetwork } from './train-network.js'

const set = ({ source, ...rest }: WorkerSet): TrainingSet => ({ ...rest, samples: samplesFrom(source) })

async function answer({ index, job, training, validation }: WorkerJob): Promise<WorkerAnswer> {
  try {
    return { index, result: await trainNetwork({ ...job, training: set(training), validation: validation && set(validation) }) }
  } catch (error) {
    const { message } = error instanceof Error ? error : new Error(String(error))
    return {
      index,
      error: isTradingError(error) ? { code: error.code, message, details: error.details } : { code: undefined, message, details: {} },
    }
  }
}

parentPort?.on('message', (job: WorkerJob) => {
  void answer(job).then((message) => parentPort?.postMessage(message))
})
