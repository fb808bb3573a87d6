/**
 * What the families cost as they are served, features included: a part of `bench/models.ts`. Each is measured in a process of its own, which compiles nothing
 * else, by the programs of the families' own tests and benches.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type Candidate } from '@gatehouse/core'
import { gapRanker } from '@gatehouse/model-gap-ranker'
import { macroRegime } from '@gatehouse/model-macro-regime'
import { orderBook } from '@gatehouse/model-order-book'
import { secondsBar } from '@gatehouse/model-seconds-bar'
import { day as morning, morningsOf, worldOf } from '../packages/models/gap-ranker/test/world.js'
import { heapBytes } from '../packages/models/kit/test/heap-bytes.js'
import { datasetUntil } from '../packages/models/macro-regime/test/world.js'
import { bookMarket, minutesOf } from '../packages/models/order-book/test/world.js'
import { datasetOf, oneName } from '../packages/models/seconds-bar/test/world.js'

/** Microseconds an event of half an hour of a synthetic book, best of forty rounds. */
export interface BookCost {
  readonly events: number
  readonly predictions: number
  /** The features are followed, nothing is predicted. */
  readonly features: number
  /** The same with a prediction every 100 ms. */
  readonly both: number
  /** One prediction: vector, network, calibration. */
  readonly p50: number
  readonly p99: number
}

export function bookCost(): BookCost {
  const program = fileURLToPath(new URL('../packages/models/order-book/bench/order-book.bench.ts', import.meta.url))
  const flags = ['--expose-gc', '--conditions=@gatehouse/source', '--import', 'tsx']
  const { stdout, stderr } = spawnSync(process.execPath, [...flags, program, '--json'], { encoding: 'utf8' })
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout) as BookCost
}

interface Served {
  readonly train: () => Promise<Candidate>
  /** What the measuring program reads beside the candidate's files. */
  readonly pack?: (candidate: Pick<Candidate, 'files' | 'digest'>) => unknown
  readonly argument?: string
}
const regime = { horizon: 14, epochs: 1, hidden: [16] }
const second = oneName('2021-02-01', '2021-02-03')
/** Trained for an epoch on little: what a prediction leaves on the heap does not depend on the weights. */
const served: Readonly<Record<string, Served>> = {
  'macro-regime': {
    train: () => macroRegime(regime).train(datasetUntil('2020-01-01'), { seed: 1 }),
    pack: (candidate) => ({ options: regime, candidate }),
  },
  'seconds-bar': {
    train: () => secondsBar({ strideSeconds: 60, epochs: 1 }).train(datasetOf(second), { seed: 1 }),
    argument: second.instruments[0].symbol,
  },
  'order-book': { train: () => orderBook({ epochs: 1 }).train(minutesOf(bookMarket(), 30), { seed: 1 }) },
  'gap-ranker': {
    train: async () =>
      gapRanker({ members: 1, hidden: [8], epochs: 1, restarts: 1 }).train((await morningsOf(worldOf({ to: '2018-09-01' })))(), {
        seed: 1,
        until: morning('2018-08-01'),
      }),
  },
}

export const families = Object.keys(served)

/**
 * Bytes that a prediction of a family leaves on the heap, features included. What the compiler settles on differs from process to process, and boxes the
 * numbers of a call in some: the least of at most four, and how many it took.
 */
export async function predictionBytes(family: string): Promise<{ readonly bytes: number; readonly processes: number }> {
  const { train, pack = (candidate) => candidate, argument } = served[family]
  const { files, digest } = await train()
  const program = new URL(`../packages/models/${family}/test/allocation.ts`, import.meta.url)
  let bytes = Infinity
  for (let processes = 1; ; processes++) {
    const value = pack({ files, digest })
    bytes = Math.min(bytes, heapBytes<{ prediction: number }>(program, value, ...(argument === undefined ? [] : [argument])).prediction)
    if (bytes < 4 || processes === 4) return { bytes, processes }
  }
}
