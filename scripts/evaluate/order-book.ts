import { bookColumns, bookFeatures, orderBook, type BookRows, type OrderBookOptions } from '@gatehouse/model-order-book'
import {
  bootstrapInterval,
  fitRows,
  fittedDigest,
  heldOutByLedger,
  labelledRows,
  predictRows,
  stretchOf,
  treesBaseline,
  walkForwardSplits,
  type FamilyRows,
  type HeldOutByLedger,
  type Judging,
  type LookLedger,
} from '@gatehouse/model-kit'
import { joinRows } from './order-book-data/join-rows.js'
import { openStreams, type Stream } from './order-book-data/streams.js'
import { type Figure, type RealDataCase, type RealDataTable, type Reproduction } from './real-data-case.js'

const horizons = [10, 50] as const
const embargoNs = 6_000_000_000n
const trainShare = 0.6
/** Share of training moves that counts as flat. */
const flatShare = 1 / 3

/** One way to train: the family's options, and whether the coins' books are learnt together, as instruments of one data set, or each alone. */
interface Setting {
  readonly name: string
  readonly options: OrderBookOptions
  readonly together: boolean
}

/** What purged folds of the training part choose between, once for all streams of a horizon. */
const settings: readonly Setting[] = [
  { name: 'linear', options: { hidden: [], weightDecay: 10 } },
  { name: 'one layer', options: { hidden: [32], dropout: 0.3, weightDecay: 10 } },
  { name: 'two layers', options: { dropout: 0.3, weightDecay: 0.3, rate: 0.001 } },
  { name: 'two layers, held', options: { dropout: 0.5, weightDecay: 10, rate: 0.001 } },
].flatMap((one) => [
  { ...one, together: false },
  { ...one, name: `${one.name}, coins together`, together: true },
])

/** Figures of research/baselines.md by stream: [usdm BTC, usdm ETH, cm BTC, spot BTC, ES]. */
const published = {
  1: { logistic: [0.742, 0.732, 0.772, 0.83, 0.855], trees: [0.747, 0.667, 0.75, 0.805, 0.817], rule: [0.473, 0.498, 0.501, 0.476, 0.342], majority: [0.179, 0.153, 0.248, 0.232, 0.32] }, // prettier-ignore
  5: { logistic: [0.564, 0.511, 0.636, 0.741, 0.797], trees: [0.653, 0.493, 0.534, 0.663, 0.782], rule: [0.369, 0.414, 0.507, 0.428, 0.462], majority: [0.186, 0.167, 0.2, 0.194, 0.277] }, // prettier-ignore
  spreadRule: [0.664, 0.665, 0.666, 0.665, 0.552],
  squareRootLaw: [0.033, 0.09, 0.095, 0.095, 0.181],
  spreadTrees: [0.329, 0.329, 0.332, 0.374, 0.435],
} as const

/** The columns that the notes describe, of ours. */
const described = /^(spread|imbalance\d+|microprice|move(0.1|0.5|2.5)|flow(0.1|0.5|2.5)|taken(0.5|2.5)|roughness2.5|reach9)$/
const columnsOfNotes = bookColumns.flatMap(({ name }, column) => (described.test(name) ? [column] : []))
const narrowed = (rows: BookRows): FamilyRows => {
  const width = columnsOfNotes.length
  const table = new Float32Array(rows.count * width)
  for (let i = 0; i < table.length; i++) table[i] = rows.table[Math.floor(i / width) * rows.width + columnsOfNotes[i % width]]
  return { ...rows, table, width }
}
/** Common settings, and such as a few minutes bear. */
const held = { rounds: 60, rate: 0.05, depth: 3, l2: 5 }
const trees = [
  treesBaseline<BookRows>("trees, the notes' columns", { edges: [], rows: narrowed }),
  treesBaseline<BookRows>('the same, held', { edges: [], rows: narrowed, trees: held }),
  treesBaseline<BookRows>('held, our features', { edges: [], trees: held }),
]

interface Task {
  readonly stream: Stream
  readonly horizon: number
  readonly flatBp: number
  readonly rows: BookRows
  readonly train: Int32Array
  readonly test: HeldOutByLedger<Int32Array>
}

const optionsOf = ({ horizon, flatBp }: Pick<Task, 'horizon' | 'flatBp'>, options: OrderBookOptions = {}): OrderBookOptions => ({
  ...options,
  horizon,
  flatBp,
  // The published samples carry a quiet book forward.
  staleMs: 60_000,
  leastRows: 200,
})

async function taskOf(stream: Stream, horizon: number, looks: LookLedger): Promise<Task> {
  const read = async (flatBp: number): Promise<BookRows> =>
    orderBook(optionsOf({ horizon, flatBp })).definition.readRows(stream.dataset, { features: bookFeatures(stream.dataset.source) })
  const split = (rows: BookRows): [Int32Array, Int32Array] => {
    const all = labelledRows(rows)
    const cut = rows.t0[all[Math.floor(trainShare * all.length)]]
    return [all.filter((row) => rows.t1[row] < cut), all.filter((row) => rows.t0[row] >= cut + embargoNs)]
  }
  const first = await read(0)
  const moves = Array.from(split(first)[0], (row) => Math.abs(first.meanMove[row])).filter((move) => !Number.isNaN(move)).sort((a, b) => a - b) // prettier-ignore
  const flatBp = 1e4 * moves[Math.floor(flatShare * moves.length)]
  const rows = flatBp > 0 ? await read(flatBp) : first
  const [train, test] = split(rows)
  return { stream, horizon, flatBp, rows, train, test: heldOutByLedger(looks, stretchOf(rows, test), test) }
}

/** A split of one stream. */
interface Part {
  readonly task: Task
  readonly train: Int32Array
  /** Asked with each trained candidate, before it sees the rows. */
  readonly test: (artifactDigest: string) => Int32Array
}

/** One stream's figures, ours and those of the baselines, by name. */
interface Result {
  readonly task: Task
  readonly rows: number
  readonly ours: Figures
  readonly theirs: ReadonlyMap<string, Figures>
}
type Figures = ReadonlyMap<string, (weights: Float64Array) => number>

const isCoin = ({ stream }: Task): boolean => stream.name !== 'ES'

/** What a setting, trained on the training rows of some splits, says of their test rows, in their order. */
async function judged(parts: readonly Part[], { options, together }: Setting, seed: number): Promise<readonly Judging<BookRows>[]> {
  const groups = together ? [parts.filter(({ task }) => isCoin(task)), ...parts.filter(({ task }) => !isCoin(task)).map((part) => [part])] : parts.map((part) => [part]) // prettier-ignore
  const said = new Map<Part, Judging<BookRows>>()
  for (const group of groups) {
    const { definition } = orderBook(optionsOf(group[0].task, options))
    const rows = joinRows(group.map(({ task, train }) => ({ rows: task.rows, indices: train })))
    const fit = await fitRows(definition, rows, { indices: Int32Array.from({ length: rows.count }, (_, i) => i), seed })
    const digest = fittedDigest(fit)
    for (const part of group) {
      const test = part.test(digest)
      const values = predictRows(fit, part.task.rows, test)
      // How common the classes are is the stream's own.
      const extra = definition.extra!(part.task.rows, part.train)
      said.set(part, { rows: part.task.rows, test, values, width: fit.network.outputWidth, outputs: fit.outputs, extra })
    }
  }
  return parts.map((part) => said.get(part)!)
}

const measuresOf = (task: Task, judging: Judging<BookRows>): Figures =>
  new Map(
    orderBook(optionsOf(task))
      .definition.measure(judging)
      .map(({ name, statistic }) => [name, statistic] as const),
  )

function figure(statistic: (weights: Float64Array) => number, rows: number, horizon: number): Figure {
  const weights = new Float64Array(rows)
  const { lower, upper } = bootstrapInterval(
    rows,
    (drawn) => {
      weights.fill(0)
      for (const row of drawn) weights[row]++
      return statistic(weights)
    },
    { block: 2 * horizon, draws: 300, level: 0.9, seed: 1 },
  )
  return { value: statistic(new Float64Array(rows).fill(1)), lower, upper }
}

/** Area under the curve of direction over purged walk-forward folds of the training parts, mean over folds and streams. */
async function crossValidated(tasks: readonly Task[], setting: Setting, seed: number): Promise<number> {
  const folds = 3
  const splits = tasks.map(({ rows, train }) => {
    const intervals = { t0: BigInt64Array.from(train, (row) => rows.t0[row]), t1: BigInt64Array.from(train, (row) => rows.t1[row]) }
    return walkForwardSplits(intervals, { folds, minimumTrain: 0.4, embargoNs }).map((split) =>
      [split.train, split.test].map((part) => Int32Array.from(part, (i) => train[i])),
    )
  })
  let sum = 0
  for (let fold = 0; fold < folds; fold++) {
    const parts = tasks.map((task, i): Part => ({ task, train: splits[i][fold][0], test: () => splits[i][fold][1] }))
    for (const [i, judging] of (await judged(parts, setting, seed)).entries())
      sum += measuresOf(tasks[i], judging).get('auc')!(new Float64Array(judging.test.length).fill(1))
  }
  return sum / (folds * tasks.length)
}

/** What a baseline of the family says of the test rows. */
async function baselineOf(
  task: Task,
  name: string,
  { test, seed }: { readonly test: Int32Array; readonly seed: number },
): Promise<Judging<BookRows>> {
  // prettier-ignore
  const { definition } = orderBook(optionsOf(task))
  const baseline = [...definition.baselines, ...trees].find((one) => one.name === name)!
  const values = await baseline.predict({ family: definition, rows: task.rows, train: task.train, test, width: 7, seed }, {})
  return { rows: task.rows, test, values, width: 7, outputs: [], extra: definition.extra!(task.rows, task.train) }
}

export const evaluateOnRealData: RealDataCase = {
  family: 'order-book',
  async run({ data, seed, looks, onProgress, signal }) {
    const streams = await openStreams(data)
    const before = looks.entries.length
    const tables: RealDataTable[] = []
    const reproductions: Reproduction[] = []
    const findings: string[] = []
    let done = 0
    for (const horizon of horizons) {
      const tasks: Task[] = []
      for (const stream of streams) tasks.push(await taskOf(stream, horizon, looks))
      const scores: { setting: Setting; score: number }[] = []
      for (const setting of settings) {
        signal?.throwIfAborted()
        scores.push({ setting, score: await crossValidated(tasks, setting, seed) })
        onProgress?.({ stage: 'order-book: choosing on the training part', done: ++done, total: horizons.length * settings.length, unit: 'settings' }) // prettier-ignore
      }
      const chosen = scores.reduce((best, one) => (one.score > best.score ? one : best))
      findings.push(
        `${horizon / 10} s: purged folds of the training part chose "${chosen.setting.name}" (mean AUC: ${scores.map(({ setting, score }) => `${setting.name} ${score.toFixed(3)}`).join('; ')})`,
      )
      const parts = tasks.map((task): Part => ({
        task,
        train: task.train,
        test: (artifactDigest) => task.test.look({ artifactDigest, reason: `order-book: ${task.stream.name}, ${horizon / 10} s, the chosen setting, seed ${seed}` }), // prettier-ignore
      }))
      const said = await judged(parts, chosen.setting, seed)
      const results: Result[] = []
      for (const [i, task] of tasks.entries()) {
        const { test } = said[i]
        const theirs = new Map<string, Figures>()
        for (const name of ['majority', 'rule', 'logistic', 'squareRootLaw', ...trees.map(({ name }) => name)])
          theirs.set(name, measuresOf(task, await baselineOf(task, name, { test, seed })))
        results.push({ task, rows: test.length, ours: measuresOf(task, said[i]), theirs })
      }
      const columns = streams.map(({ name }) => name)
      const row = (name: string, kind: 'ours' | 'baseline', pick: (result: Result) => ((weights: Float64Array) => number) | undefined) => ({ name, kind, figures: results.map((result) => { const statistic = pick(result); return statistic && figure(statistic, result.rows, horizon) }) }) // prettier-ignore
      const known = (name: string, figures: readonly number[]) => ({ name, kind: 'published' as const, figures: figures.map((value) => ({ value })) }) // prettier-ignore
      const seconds = (horizon / 10) as 1 | 5
      const note = `Train on the first 60 % of samples, 6 s embargo, test on the rest (${results.map(({ rows }) => rows).join(', ')} rows, ${horizon} of which overlap). 90 % intervals by block bootstrap.` // prettier-ignore
      tables.push({
        title: `Direction in ${seconds} s: AUC of up against down`,
        note,
        columns,
        rows: [
          row('order-book', 'ours', ({ ours }) => ours.get('auc')),
          row('logistic on our features', 'baseline', ({ theirs }) => theirs.get('logistic')!.get('auc')),
          ...trees.map(({ name }) => row(name, 'baseline', ({ theirs }) => theirs.get(name)!.get('auc'))),
          row('imbalance rule', 'baseline', ({ theirs }) => theirs.get('rule')!.get('auc')),
          known('logistic', published[seconds].logistic),
          known('trees', published[seconds].trees),
        ],
      })
      tables.push({
        title: `Direction in ${seconds} s: macro F1`,
        note,
        columns,
        rows: [
          row('order-book', 'ours', ({ ours }) => ours.get('macroF1')),
          row('imbalance rule', 'baseline', ({ theirs }) => theirs.get('rule')!.get('macroF1')),
          row('majority', 'baseline', ({ theirs }) => theirs.get('majority')!.get('macroF1')),
          known('imbalance rule', published[seconds].rule),
        ],
      })
      const value = (result: Result, baseline: string, metric: string): number =>
        result.theirs.get(baseline)!.get(metric)!(new Float64Array(result.rows).fill(1))
      results.forEach((result, i) => {
        const where = `${result.task.stream.name}, ${seconds} s`
        reproductions.push({ what: `${where}: macro F1 of the majority`, published: published[seconds].majority[i], found: value(result, 'majority', 'macroF1'), tolerance: 0.03, because: 'the samples begin a few hundred events later, on another grid of 100 ms' }) // prettier-ignore
        reproductions.push({ what: `${where}: macro F1 of the imbalance rule`, published: published[seconds].rule[i], found: value(result, 'rule', 'macroF1'), tolerance: 0.05, because: 'the same, and the rule turns with each sample of the best level' }) // prettier-ignore
        reproductions.push({ what: `${where}: AUC of small trees`, published: published[seconds].trees[i], found: value(result, trees[1].name, 'auc'), tolerance: seconds === 1 ? 0.09 : 0.15, because: seconds === 1 ? 'columns and settings are not listed; its own interval of a hundred-odd independent seconds is as wide' : 'columns and settings are not listed; a few dozen independent rows a coin' }) // prettier-ignore
        if (seconds !== 1) return
        reproductions.push({ what: `${where}: macro F1 of "wider than a tick narrows"`, published: published.spreadRule[i], found: value(result, 'rule', 'spreadMacroF1'), tolerance: 0.03, because: 'one or two percent of samples change their spread' }) // prettier-ignore
        reproductions.push({ what: `${where}: R² of the square-root law`, published: published.squareRootLaw[i], found: value(result, 'squareRootLaw', 'impactR2'), tolerance: 0.25, because: 'a few hundred samples with a trade, heavy tails; which trades share a bucket depends on the grid' }) // prettier-ignore
      })
      if (seconds !== 1) continue
      tables.push({
        title: 'Spread in 1 s: macro F1 of narrower, same, wider',
        note,
        columns,
        rows: [
          row('order-book', 'ours', ({ ours }) => ours.get('spreadMacroF1')),
          row('logistic on our features', 'baseline', ({ theirs }) => theirs.get('logistic')!.get('spreadMacroF1')),
          ...trees.map(({ name }) => row(name, 'baseline', ({ theirs }) => theirs.get(name)!.get('spreadMacroF1'))),
          row('wider than a tick narrows', 'baseline', ({ theirs }) => theirs.get('rule')!.get('spreadMacroF1')),
          known('trees', published.spreadTrees),
          known('wider than a tick narrows', published.spreadRule),
        ],
      })
      tables.push({
        title: 'Impact over 1 s: R² out of sample',
        note: `${note} The label begins before the step, so the move within the step is known when it is predicted: ours sees it, the law does not.`,
        columns,
        rows: [
          row('order-book', 'ours', ({ ours }) => ours.get('impactR2')),
          row('square-root law', 'baseline', ({ theirs }) => theirs.get('squareRootLaw')!.get('impactR2')),
          known('square-root law', published.squareRootLaw),
        ],
      })
      const saving = row('order-book', 'ours', ({ ours }) => ours.get('costSavingBps'))
      tables.push({
        title: 'Execution: basis points saved an order by waiting a second where advised, against taking at once',
        note: `${note} No fill of a resting order is counted.`,
        columns,
        rows: [saving],
      })
    }
    for (const { title, columns, rows } of tables) {
      const [ours] = rows
      for (const other of rows.filter(({ kind }) => kind !== 'ours')) {
        const below = columns.filter((_, i) => (ours.figures[i]?.value ?? NaN) < (other.figures[i]?.value ?? NaN))
        if (below.length > 0) findings.push(`${title}: below "${other.name}" (${other.kind}) on ${below.join(', ')}`)
      }
    }
    // Counted by hand: an earlier version, whose middles still differed in their last bits, was judged on all ten parts once, and mended because of what was seen.
    findings.push('ten looks were spent before this version: its predecessor called some standing middles moves')
    findings.push(
      `looks at test parts for these figures: ${looks.entries.length - before}; before them the ledger knows of ${before} (--looks)`,
    )
    return { tables, reproductions, findings }
  },
}
