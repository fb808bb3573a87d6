/** The whole job on one machine, on a synthetic market or your own files: `npm start`, `npm start -- --help`. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createNotice, sha256Hex, type NoticeOptions, type NoticeType, type PromoteResult } from '@gatehouse/contracts'
import { consoleNotifier, inspectJournal } from '@gatehouse/core'
import { choices } from './families.js'
import { claimFolder } from './folder.js'
import { askGate, failing } from './govern.js'
import type { FamilyName } from './lane.js'
import { openMarket } from './market/open-market.js'
import { readOptions } from './options.js'
import { writePlan, type Plan, type RecordedLane } from './plan.js'
import { Programs } from './programs.js'
import { stampedAt } from './record.js'
import { readTrained, type Trained } from './research.js'
import { count, inParallel, percent, short, some, stage } from './story.js'
import { journalOf, type Traded } from './trade.js'

const started = performance.now()
const { out, ...choice } = readOptions(process.argv.slice(2))
const { seed } = choice
const market = await openMarket(choice)
const folder = claimFolder(out)
const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    process.exitCode = signal === 'SIGINT' ? 130 : 143
    stopping.abort(new Error(`stopped by ${signal}; ${out} holds what was done until then, and is emptied by the next run`))
  })
}
/** One program a core. Each is on its own, so that what a step held in memory is gone when the step is over. */
const programs = new Programs(stopping.signal)
console.log(`\nGatehouse: the whole job on ${market.description}\n`)

const lanes = await stage('record', async (onProgress) => {
  const recorded = new Map<FamilyName, RecordedLane>()
  await inParallel(2, market.lanes, async ({ family }) => {
    recorded.set(family, await programs.run<RecordedLane>('record.ts', [out, family, JSON.stringify(choice)], { onProgress }))
  })
  const inOrder = market.lanes.map(({ family }) => recorded.get(family)!)
  return [
    inOrder,
    inOrder.flatMap(({ tables, instruments }) =>
      tables.map(
        ({ schema, pin }) =>
          `${schema.padEnd(12)} ${some(pin.holds.rows, 'row').padStart(14)} of ${some(instruments.length, 'name')}, pin ${short(pin.tableId)} version ${pin.version}, chain ${short(pin.chain)}…`,
      ),
    ),
  ]
})

const families = lanes.map(({ family }) => family)
let plan: Plan = { out, seed, codeHash: codeHash(), lanes, sessions: market.sessions, models: {} }
writePlan(plan)

const trained = await stage('train', async (onProgress) => {
  // Two at once: one research program a core.
  const studies = [...families.map((family) => ({ family, more: [] as string[] })), { family: families[0], more: ['--shuffle-labels'] }]
  await inParallel(2, studies, ({ family, more }) =>
    programs.run('research.ts', [out, family, ...more], {
      onProgress: (progress) => onProgress({ ...progress, stage: `${[family, ...more].join(' ')}: ${progress.stage}` }),
    }),
  )
  const results = new Map(families.map((family) => [family, readTrained(out, family)]))
  return [results, families.flatMap((family) => judgement(family, results.get(family)!))]
})

const promoted = await stage('gate', async () => {
  const results = new Map<FamilyName, PromoteResult>()
  for (const family of families) results.set(family, await askGate(plan, family, trained.get(family)!))
  return [results, families.flatMap((family) => verdict(family, results.get(family)!))]
})

const twin = await stage('refuse', async () => {
  const candidate = readTrained(out, families[0], { shuffleLabels: true })
  const result = await askGate(plan, families[0], candidate)
  if (result.promoted) throw new Error('The gate let a model through that was trained on shuffled labels: do not trust it.')
  return [candidate, [`${families[0]}'s twin, trained on shuffled labels, is refused`, ...failing(result.report)]]
})

plan = {
  ...plan,
  models: Object.fromEntries(
    families.map((family) => [family, promoted.get(family)!.promoted ? `${family}@paper` : trained.get(family)!.candidate.digest]),
  ),
}
writePlan(plan)

const journals = new Map<string, Traded>()
for (const { name, lanes: traders } of plan.sessions) {
  const journal = journalOf(plan, name)
  const isOne = plan.sessions.length === 1
  await stage(isOne ? 'trade' : `trade ${name}`, async (onProgress) => {
    const trade = (...more: string[]) => programs.run<Traded>('trade.ts', [out, name, ...more], { onProgress })
    const page = join(out, `tear-sheet${isOne ? '' : `-${name}`}.html`)
    const [whole, { left, resumed }] = await Promise.all([
      trade('--journal', `${journal}-uninterrupted`, '--report', page),
      (async () => {
        const first = await programs.run<Traded>('trade.ts', [out, name, '--die-in-the-middle'], { onProgress, mayBeKilled: true })
        const left = first === undefined ? await inspectJournal(journal) : undefined
        return { left, resumed: first ?? (await trade()) }
      })(),
    ])
    if (resumed.journalHash !== whole.journalHash) throw new Error('the resumed run is not the run that was never interrupted')
    journals.set(name, whole)
    return [
      undefined,
      [
        `${count(whole.rows)} rows, those that warm up included; nothing had seen what was traded; ${some(whole.fills, 'fill')}, ${some(whole.admitted, 'admitted model')}${whole.admitted < traders.length ? `, ${traders.length - whole.admitted} UNGATED, in simulation only` : ''}`,
        left !== undefined
          ? `killed (SIGKILL) with ${count(left.entries)} entries in its journal, started again: the journal is that of a run never interrupted, ${short(whole.journalHash)}…`
          : `too few fills to be killed in the middle of; run twice, the same journal, ${short(whole.journalHash)}…`,
      ],
    ]
  })
  await stage('replay', async (onProgress) => {
    const entries = await programs.run<number>('trade.ts', [out, name, '--replay'], { onProgress })
    return [undefined, [`${count(entries)} journal entries came out again, byte for byte`]]
  })
  await stage('explain', async () => [undefined, await programs.run<readonly string[]>('explain.ts', [out, name])])
}

await stage('tell', async () => {
  const lines: string[] = []
  await using notifier = await consoleNotifier({ directory: join(out, 'notices'), write: (line) => void lines.push(line) })
  let id = 0
  const tell = <T extends NoticeType>(options: NoticeOptions<T>) =>
    notifier.notify(
      createNotice(
        { source: '/examples/four-models', clock: stampedAt(lanes[0].tradeFrom), nextId: () => `${seed}-${++id}` },
        options,
      ) as never,
    )
  for (const [name, result] of promoted) {
    const subject = { name, artifactDigest: result.report.artifactDigest!, stage: 'paper' as const, policy: result.report.policyId }
    if (result.promoted) {
      const { expiresAt, promoter, previous } = result.promotion
      tell({ type: 'gatehouse.promotion.granted.v1', data: { ...subject, expiresAt, promoter, previous } })
    } else tell({ type: 'gatehouse.promotion.denied.v1', data: { ...subject, ...denial(result.report.clauses) } })
  }
  while ((await notifier.health()).pending > 0) await new Promise((resolve) => setTimeout(resolve, 5))
  return [undefined, lines]
})

for (const [name, { report }] of journals) console.log(`\n${plan.sessions.length > 1 ? `${name}\n` : ''}${report}`)
console.log(`\nLook at ${pages()}`)
console.log(`${((performance.now() - started) / 1000).toFixed(0)} s; at most ${programs.peakMegabytes.toFixed(0)} MB at once`)
const digests = {
  pins: lanes.flatMap(({ tables }) => tables.map(({ pin }) => pin.chain)),
  candidates: families.map((family) => trained.get(family)!.candidate.digest),
  twin: twin.candidate.digest,
  journals: [...journals.values()].map(({ journalHash }) => journalHash),
  reports: [...journals.values()].map(({ reportDigest }) => reportDigest),
}
const passed = families.filter((family) => promoted.get(family)!.promoted)
folder.finish(JSON.stringify({ seed, promoted: passed, digests }, null, 2))

function judgement(family: FamilyName, { candidate, evaluation }: Trained): readonly string[] {
  const { metric } = choices[family]
  const { value, interval } = evaluation.metrics[metric]
  const within = interval === undefined ? '' : ` [${interval.lower.toFixed(3)}, ${interval.upper.toFixed(3)}]`
  return [
    `${family.padEnd(12)} ${short(candidate.digest)}…: ${metric} ${value.toFixed(3)}${within} on ${some(evaluation.rows, 'later row')}`,
    ...evaluation.baselines.map(({ name, metrics, edges }) => {
      const edge = edges[metric]
      const beside = `  beside ${name} ${metrics[metric]?.toFixed(3)}`
      return edge === undefined
        ? beside
        : `${beside}: better by ${edge.value.toFixed(3)}, at least ${edge.interval.lower.toFixed(3)} with ${percent(edge.interval.level)}`
    }),
  ]
}

function verdict(family: FamilyName, result: PromoteResult): readonly string[] {
  return result.promoted
    ? [`${family.padEnd(12)} ${result.report.counts.pass} clauses pass: promoted to ${family}@paper, signed`]
    : [
        `${family.padEnd(12)} REFUSED: on this data the model has not earned an alias`,
        ...failing(result.report).map((reason) => `  ${reason}`),
      ]
}

function denial(clauses: readonly { readonly id: string; readonly severity: string; readonly result: string; readonly reason: string }[]) {
  const refused = clauses.filter(({ severity, result }) => severity === 'block' && result !== 'pass')
  return { reason: `${some(refused.length, 'clause')} did not pass`, failing: refused.map(({ id, reason }) => ({ id, reason })) }
}

/** What there is to look at. */
function pages(): string {
  const html = readdirSync(out).filter((file) => file.endsWith('.html'))
  return html.map((file) => relative(process.cwd(), join(out, file))).join(', ')
}

/** Digest of the code that trains: the families, the kit and this example. */
function codeHash(): string {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const folders = ['packages/models/kit/src', ...families.map((family) => `packages/models/${family}/src`), 'examples/four-models']
  const files = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).flatMap((file) =>
      file.endsWith('.ts') && !file.endsWith('.test.ts') ? [`${folder}/${file}`] : [],
    ),
  )
  return sha256Hex(
    Buffer.from(
      files
        .sort()
        .map((file) => `${file} ${sha256Hex(readFileSync(join(root, file)))}`)
        .join('\n'),
    ),
  )
}
