/** The whole job on one machine, on a synthetic market or your own files: `npm start`, `npm start -- --help`. */
import { fork, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createNotice, sha256Hex, type NoticeOptions, type NoticeType, type PromoteResult } from '@gatehouse/contracts'
import { consoleNotifier, inspectJournal, replay, type Progress } from '@gatehouse/core'
import { explainOrder } from './explain.js'
import { choices } from './families.js'
import { claimFolder } from './folder.js'
import { askGate, failing } from './govern.js'
import type { FamilyName, Market } from './lane.js'
import { openBarFiles } from './market/bar-files.js'
import { openDataFolder } from './market/data-folder.js'
import { openSynthetic } from './market/synthetic.js'
import { readOptions } from './options.js'
import { writePlan, type Plan, type RecordedLane } from './plan.js'
import { recordLane, stampedAt } from './record.js'
import { readTrained, type Peak, type Trained } from './research.js'
import { count, inParallel, percent, short, some, stage } from './story.js'
import { runOptions, type Traded } from './trade.js'

const started = performance.now()
const { bars, data, out, seed } = readOptions(process.argv.slice(2))
const here = fileURLToPath(new URL('.', import.meta.url))
const market: Market = bars.length > 0 ? await openBarFiles(bars) : data !== undefined ? await openDataFolder(data) : openSynthetic(seed)
claimFolder(out)
console.log(`\nGatehouse: the whole job on ${market.description}\n`)

const lanes = await stage('record', async (onProgress) => {
  const recorded: RecordedLane[] = []
  for (const lane of market.lanes) recorded.push(await recordLane(lane, join(out, 'data', lane.family), onProgress))
  return [
    recorded,
    recorded.flatMap(({ tables, instruments }) =>
      tables.map(
        ({ schema, pin }) =>
          `${schema.padEnd(12)} ${some(pin.holds.rows, 'row').padStart(14)} of ${some(instruments.length, 'name')}, pin ${short(pin.tableId)} version ${pin.version}, chain ${short(pin.chain)}…`,
      ),
    ),
  ]
})

const families = lanes.map(({ family }) => family)
/** The most memory of each research program, and of this and a trading program together, kilobytes. */
const researching: number[] = []
let trading = 0
const own = (): number => process.resourceUsage().maxRSS
let plan: Plan = { out, seed, codeHash: codeHash(), lanes, sessions: market.sessions, models: {} }
writePlan(plan)

const trained = await stage('train', async (onProgress) => {
  // Two at once: one research program a core.
  const studies = [...families.map((family) => ({ family, more: [] as string[] })), { family: families[0], more: ['--shuffle-labels'] }]
  await inParallel(2, studies, ({ family, more }) => runProgram('research.ts', [out, family, ...more], onProgress))
  const results = new Map(families.map((family) => [family, readTrained(out, family)]))
  return [results, families.flatMap((family) => judgement(family, results.get(family)!))]
})

const ownAtTraining = own()
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
  const journal = join(out, 'journal', name)
  await stage(`trade ${plan.sessions.length > 1 ? name : ''}`.trim(), async () => {
    const killed = trade(name, '--die-in-the-middle')
    const left = await inspectJournal(journal)
    const resumed = traded(killed.signal === 'SIGKILL' ? trade(name) : killed)
    const page = join(out, `tear-sheet${plan.sessions.length > 1 ? `-${name}` : ''}.html`)
    const whole = traded(trade(name, '--journal', join(out, 'journal', `${name}-uninterrupted`), '--report', page))
    if (resumed.journalHash !== whole.journalHash) throw new Error('the resumed run is not the run that was never interrupted')
    journals.set(name, whole)
    return [
      undefined,
      [
        `${count(whole.rows)} rows, those that warm up included; nothing had seen what was traded; ${some(whole.fills, 'fill')}, ${some(whole.admitted, 'admitted model')}${whole.admitted < traders.length ? `, ${traders.length - whole.admitted} UNGATED, in simulation only` : ''}`,
        killed.signal === 'SIGKILL'
          ? `killed (SIGKILL) with ${count(left.entries)} entries in its journal, started again: the journal is that of a run never interrupted, ${short(whole.journalHash)}…`
          : `too few fills to be killed in the middle of; run twice, the same journal, ${short(whole.journalHash)}…`,
      ],
    ]
  })
  await stage('replay', async (onProgress) => {
    const again = await replay({ ...(await runOptions(plan, name)), directory: journal, onProgress })
    if (!again.identical) throw new Error(`the replay differs: ${JSON.stringify(again.firstDifference)}`)
    return [undefined, [`${count(again.entries)} journal entries came out again, byte for byte`]]
  })
  await stage('explain', async () => [undefined, await explainOrder(plan, name)])
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
console.log(`${((performance.now() - started) / 1000).toFixed(0)} s; at most ${megabytesAtOnce()} MB at once`)
const digests = {
  pins: lanes.flatMap(({ tables }) => tables.map(({ pin }) => pin.chain)),
  candidates: families.map((family) => trained.get(family)!.candidate.digest),
  twin: twin.candidate.digest,
  journals: [...journals.values()].map(({ journalHash }) => journalHash),
  reports: [...journals.values()].map(({ reportDigest }) => reportDigest),
}
const passed = families.filter((family) => promoted.get(family)!.promoted)
writeFileSync(join(out, 'summary.json'), JSON.stringify({ seed, promoted: passed, digests }, null, 2))

/** Starts one of the example's programs beside this one and hears its progress. */
function runProgram(program: string, args: readonly string[], onProgress: (progress: Progress) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = fork(join(here, program), args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
    let errors = ''
    child.stderr!.on('data', (chunk: Buffer) => (errors += chunk.toString()))
    child.on('message', (message: Progress | Peak) => {
      if ('peakKilobytes' in message) researching.push(message.peakKilobytes)
      else onProgress({ ...message, stage: `${args.slice(1).join(' ')}: ${message.stage}` })
    })
    child.on('error', reject)
    child.on('exit', (status) => (status === 0 ? resolve() : reject(new Error(`${program} ${args.slice(1).join(' ')} failed:\n${errors}`))))
  })
}

function trade(session: string, ...more: string[]) {
  return spawnSync(process.execPath, [...process.execArgv, join(here, 'trade.ts'), out, session, ...more], {
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  })
}

function traded({ status, stdout, stderr }: ReturnType<typeof trade>): Traded {
  if (status !== 0) throw new Error(`the trading program failed:\n${stderr}`)
  const told = JSON.parse(stdout) as Traded
  trading = Math.max(trading, own() + told.peakKilobytes)
  return told
}

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

/** This program with the two largest that ran beside it while it trained, or with a trading program. */
function megabytesAtOnce(): string {
  const [first = 0, second = 0] = researching.sort((a, b) => b - a)
  return (Math.max(ownAtTraining + first + second, trading, own()) / 1024).toFixed(0)
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
      file.endsWith('.ts') ? [`${folder}/${file}`] : [],
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
