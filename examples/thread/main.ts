/** The whole path in small, on synthetic bars or your own: `npm start`, `npm start -- --bars FILE...`, `npm start -- --help`. */
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createNotice, sha256Hex, type NoticeOptions, type NoticeType } from '@gatehouse/contracts'
import { consoleNotifier, inspectJournal, replay, run, snapshotDataset } from '@gatehouse/core'
import { explainOrder } from './explain.js'
import { claimFolder } from './folder.js'
import { askGate, failing, threadRegistry } from './govern.js'
import { openMarket } from './market.js'
import { readOptions } from './options.js'
import { writePlan, type TradingPlan } from './plan.js'
import { recordBars, stampedAt } from './record.js'
import { research, windows, type Trained } from './research.js'
import { count, percent, short, some, stage } from './story.js'
import { runOptions } from './trade.js'

const { bars, out, seed } = readOptions(process.argv.slice(2))
const here = fileURLToPath(new URL('.', import.meta.url))
const market = await openMarket(bars, seed)
claimFolder(out)
console.log(`\nGatehouse: the thread on ${market.description}\n`)

const { manifest, pin, first, last } = await stage('record', async (onProgress) => {
  const recorded = await recordBars(market, join(out, 'bars'), onProgress)
  const files = await recorded.manifest.at(recorded.pin).files()
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  return [
    recorded,
    [
      `${some(recorded.pin.holds.rows, 'hourly bar')} of ${some(market.instruments.length, 'name')} in ${some(files.length, 'Parquet file')}, ${(bytes / 1e6).toFixed(1)} MB`,
      `pin ${short(recorded.pin.tableId)} version ${recorded.pin.version}, chain ${short(recorded.pin.chain)}…`,
    ],
  ]
})

const { until, tradeFrom } = windows(first, last)
const snapshot = manifest.at(pin)
const verification = await snapshot.verify()
const { instruments } = market
const seen = { from: 0n, to: tradeFrom }
const study = { until, seed, verification, codeHash: codeHash() }
const training = snapshotDataset(snapshot, { instruments, range: seen })
const judging = training

const honest = await stage('train', async (onProgress) => {
  const trained = await research(training, judging, { ...study, shuffleLabels: false, onProgress })
  return [trained, [`macro-regime ${short(trained.candidate.digest)}…: ${judgement(trained)}`, ...beside(trained)]]
})

const registry = await threadRegistry(join(out, 'registry'), { seed, now: tradeFrom, canSign: true })
const promoted = await stage('gate', async () => {
  const result = await askGate(registry, honest, out)
  const { counts } = result.report
  return [
    result,
    result.promoted
      ? [
          `${counts.pass} clauses pass: promoted to macro-regime@paper, signed by ${short((await registry.head()).hash)}… of the registry's log`,
        ]
      : ['REFUSED: on these bars the model has not earned an alias', ...failing(result.report)],
  ]
})

const twin = await stage('refuse', async (onProgress) => {
  const trained = await research(training, judging, { ...study, shuffleLabels: true, onProgress })
  const result = await askGate(registry, trained, out)
  if (result.promoted) throw new Error('The gate let a model through that was trained on shuffled labels: do not trust it.')
  return [trained, [`its twin, trained on shuffled labels, is refused: ${judgement(trained)}`, ...failing(result.report)]]
})

const plan: TradingPlan = {
  out,
  seed,
  pin,
  instruments,
  tradeFrom,
  last,
  model: promoted.promoted ? 'macro-regime@paper' : honest.candidate.digest,
}
writePlan(plan)

const journalHash = await stage('trade', async () => {
  const killed = trade('--die-in-the-middle')
  if (killed.signal !== 'SIGKILL')
    throw new Error(`the trading program should have been killed in the middle: ${killed.stderr || killed.stdout}`)
  const left = await inspectJournal(join(out, 'journal'))
  if (left.entries === 0 || left.end !== undefined) throw new Error('the killed run left no part of a journal: nothing would be resumed')
  const resumed = JSON.parse(trade().stdout) as { fills: number; rows: number; journalHash: string; gated: boolean }
  const whole = JSON.parse(trade('--journal', join(out, 'journal-uninterrupted')).stdout) as { journalHash: string }
  if (resumed.journalHash !== whole.journalHash) throw new Error('the resumed run is not the run that was never interrupted')
  return [
    resumed.journalHash,
    [
      `a year that nothing had seen, ${resumed.gated ? 'with the admitted model' : 'UNGATED, in simulation only'}: ${count(resumed.rows)} bars`,
      `killed (SIGKILL) with ${count(left.entries)} entries in its journal, started again, finished: the journal is that of a run never interrupted, ${short(resumed.journalHash)}…`,
    ],
  ]
})

const options = await runOptions(plan)
await stage('replay', async (onProgress) => {
  const again = await replay({ ...options, directory: join(out, 'journal'), onProgress })
  if (!again.identical) throw new Error(`the replay differs: ${JSON.stringify(again.firstDifference)}`)
  return [again, [`${count(again.entries)} journal entries came out again, byte for byte`]]
})

await stage('explain', async () => [undefined, await explainOrder(plan, registry)])

const report = await stage('report', async () => {
  const { report: made } = await run({ ...(await runOptions(plan)), benchmark: instruments[0].symbol })
  await made.writeHtml(join(out, 'tear-sheet.html'))
  return [made, [`${relative(process.cwd(), join(out, 'tear-sheet.html'))}, and the gate's reports beside it`]]
})

await stage('tell', async () => {
  const lines: string[] = []
  await using notifier = await consoleNotifier({ directory: join(out, 'notices'), write: (line) => void lines.push(line) })
  let id = 0
  const tell = <T extends NoticeType>(options: NoticeOptions<T>) =>
    notifier.notify(
      createNotice({ source: '/examples/thread', clock: stampedAt(tradeFrom), nextId: () => `${seed}-${++id}` }, options) as never,
    )
  const { artifactDigest } = promoted.report
  const subject = { name: 'macro-regime', artifactDigest: artifactDigest!, stage: 'paper' as const, policy: promoted.report.policyId }
  if (promoted.promoted) {
    const { expiresAt, promoter, previous } = promoted.promotion
    tell({ type: 'gatehouse.promotion.granted.v1', data: { ...subject, expiresAt, promoter, previous } })
  } else tell({ type: 'gatehouse.promotion.denied.v1', data: { ...subject, ...denial(promoted.report.clauses) } })
  while ((await notifier.health()).pending > 0) await new Promise((resolve) => setTimeout(resolve, 5))
  return [undefined, lines]
})

console.log(`\n${report.toString()}`)
const digests = {
  pin: pin.chain,
  candidate: honest.candidate.digest,
  twin: twin.candidate.digest,
  journal: journalHash,
  report: sha256Hex(Buffer.from(report.toHtml())),
}
writeFileSync(join(out, 'summary.json'), JSON.stringify({ seed, promoted: promoted.promoted, digests }, null, 2))

function trade(...more: string[]) {
  const { signal, stdout, stderr, status } = spawnSync(process.execPath, [...process.execArgv, join(here, 'trade.ts'), out, ...more], {
    encoding: 'utf8',
  })
  if (signal === null && status !== 0) throw new Error(`the trading program failed:\n${stderr}`)
  return { signal, stdout, stderr }
}

function judgement({ evaluation: { metrics, rows } }: Trained): string {
  const { macroF1, sharpePerBar } = metrics
  return `macro F1 ${macroF1.value.toFixed(3)} [${macroF1.interval!.lower.toFixed(3)}, ${macroF1.interval!.upper.toFixed(3)}], Sharpe per bar ${sharpePerBar.value.toFixed(3)}, on ${count(rows)} later rows`
}

function beside({ evaluation }: Trained): readonly string[] {
  return evaluation.baselines.map(
    ({ name, metrics, edges: { macroF1 } }) =>
      `beside ${name} ${metrics['macroF1'].toFixed(3)}: better by ${macroF1.value.toFixed(3)}, at least ${macroF1.interval.lower.toFixed(3)} with ${percent(macroF1.interval.level)}`,
  )
}

function denial(clauses: readonly { readonly id: string; readonly severity: string; readonly result: string; readonly reason: string }[]) {
  const refused = clauses.filter(({ severity, result }) => severity === 'block' && result !== 'pass')
  return { reason: `${some(refused.length, 'clause')} did not pass`, failing: refused.map(({ id, reason }) => ({ id, reason })) }
}

/** Digest of the code that trains: the family, the kit and this example. */
function codeHash(): string {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const folders = ['packages/models/kit/src', 'packages/models/macro-regime/src', 'examples/thread']
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
