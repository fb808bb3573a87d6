import { TradingError } from '@gatehouse/durable-log'
import { documentDigest } from '../canonical/digest.js'
import { renderReportHtml } from '../gate/render-report-html.js'
import { renderReportMarkdown } from '../gate/render-report.js'
import { testPolicy } from '../policies/test-policy.js'
import { signApproval } from '../registry/approvals.js'
import type { HistoryEntry, Registry, RevocationTarget } from '../registry/interfaces.js'
import { generateSigningKey } from '../registry/keys.js'
import { policyCasesContract } from '../schema/gate-policy.js'
import type { DsseEnvelope } from '../schema/promotion.js'
import { sync } from '../sync/sync.js'
import { formatTime, parseTime } from '../time/time.js'
import type { CommandIo, CommandResult } from './command-io.js'
import { aliasReference, positional, readEvidence, readJson, readPolicy, registryFor, required, type CommandLine } from './options.js'
import { json, plain, short, table } from './table.js'

/** A command: a command line in, text or JSON and an exit code out. */
export interface RegistryCommand {
  /** One line for the list of commands. */
  readonly summary: string
  readonly usage: string
  run(line: CommandLine, io: CommandIo): Promise<CommandResult>
}

/** What a command found, both ways. */
function result(line: CommandLine, value: unknown, text: string, exitCode: CommandResult['exitCode'] = 0): CommandResult {
  return { exitCode, stdout: `${line.json ? json(value) : text}\n`, stderr: '' }
}

async function using<T>(registry: Registry, work: (registry: Registry) => Promise<T>): Promise<T> {
  try {
    return await work(registry)
  } finally {
    await registry.close()
  }
}

const list: RegistryCommand = {
  summary: 'what every alias names',
  usage: 'list --directory DIR [--json]',
  run: async (line, io) =>
    using(await registryFor(line, io), async (registry) => {
      const aliases = await registry.aliases()
      const now = io.clock.now()
      const rows = aliases.map(({ name, stage, artifactDigest, previous, expiresAt }) => [
        `${name}@${stage}`,
        short(artifactDigest),
        short(previous),
        `${formatTime(expiresAt)}${now >= expiresAt ? ' (expired)' : ''}`,
      ])
      return result(
        line,
        aliases,
        rows.length === 0 ? 'nothing was promoted yet' : table(['alias', 'artifact', 'before', 'admits until'], rows),
      )
    }),
}

const show: RegistryCommand = {
  summary: 'an artifact, by digest or by alias',
  usage: 'show <digest|name@stage> --directory DIR [--json]',
  run: async (line, io) => {
    const reference = positional(line, 0, 'digest|name@stage')
    return using(await registryFor(line, io), async (registry) => {
      const digest = /^[0-9a-f]{64}$/.test(reference) ? reference : await aliasDigest(registry, reference)
      const { description, metadata, files } = await registry.artifact(digest)
      const { network, features, provenance } = description
      const rows: [string, string][] = [
        ['artifact', digest],
        ['name', `${description.name} (${description.family})`],
        ['title', metadata.title],
        ['author', `${metadata.author}, ${metadata.createdAt}`],
        ['hypothesis', metadata.hypothesis],
        ['limitations', metadata.limitations],
        ['network', `${network.layers.map(({ kind }) => kind).join(' → ')}, ${network.parameterCount} parameters`],
        ['features', `${features.items.length} × ${features.rows}: ${features.items.map(({ name }) => name).join(', ')}`],
        [
          'trained on',
          `${provenance.train.from} to ${provenance.train.to}, ${provenance.data.map(({ tableId, version }) => `${tableId} ${version}`).join(', ')}`,
        ],
        ['backend', `${provenance.backend.name} ${provenance.backend.version}`],
        ['files', [...files].map(([name, bytes]) => `${name} (${bytes.length} bytes)`).join(', ')],
      ]
      return result(line, { digest, description, metadata }, table(['', ''], rows).trimStart())
    })
  },
}

async function aliasDigest(registry: Registry, reference: string): Promise<string> {
  const { name, stage } = aliasReference(reference)
  const alias = (await registry.aliases()).find((state) => state.name === name && state.stage === stage)
  if (alias === undefined) throw new TradingError('REGISTRY_REFERENCE_INVALID', `Nothing was promoted as ${reference}`, { reference })
  return alias.artifactDigest
}

const register: RegistryCommand = {
  summary: "store a candidate's files as an artifact",
  usage: 'register <directory of files> --directory DIR --by NAME [--json]',
  run: async (line, io) => {
    const files = await io.readDirectory(positional(line, 0, 'directory of files'))
    return using(await registryFor(line, io), async (registry) => {
      const { digest, description } = await registry.register(files, { by: required(line, 'by') })
      return result(line, { digest, name: description.name }, digest)
    })
  },
}

const gate: RegistryCommand = {
  summary: 'a dry run: what the gate says, without moving anything',
  usage: 'gate --artifact DIGEST --policy FILE|ID --evidence FILE [--cases FILE] [--html FILE] --directory DIR [--json]',
  run: async (line, io) => {
    const policy = await readPolicy(required(line, 'policy'), io)
    const { cases: casesFile, html } = line.text
    const broken = casesFile === undefined ? [] : testPolicy(policy, policyCasesContract.parse(await readJson(casesFile, io)))
    if (broken.length > 0)
      return result(
        line,
        { cases: broken },
        `golden cases of the policy came out differently: ${broken.map(({ name }) => name).join('; ')}`,
        2,
      )
    const evidence = await readEvidence(required(line, 'evidence'), io)
    return using(await registryFor(line, io), async (registry) => {
      const artifactDigest = required(line, 'artifact')
      const { description } = await registry.artifact(artifactDigest)
      const report = await registry.dryRun({ name: description.name, stage: policy.stage, artifactDigest, policy, evidence })
      if (html !== undefined) await io.writeNewFile(html, renderReportHtml(report))
      return result(line, report, renderReportMarkdown(report).trimEnd(), report.decision === 'approved' ? 0 : 2)
    })
  },
}

const approve: RegistryCommand = {
  summary: 'sign an approval for a promotion that somebody else makes',
  usage: 'approve --artifact DIGEST --policy FILE|ID --evidence FILE --by NAME --key-file FILE --out FILE [--hours N] --directory DIR',
  run: async (line, io) => {
    const policy = await readPolicy(required(line, 'policy'), io)
    const evidence = await readEvidence(required(line, 'evidence'), io)
    const artifactDigest = required(line, 'artifact')
    const hours = Number(line.text.hours ?? 24)
    if (!(hours > 0 && hours <= 24 * 90))
      throw new TradingError('CLI_USAGE', '--hours is not a number between 0 and 2160', { hours: line.text.hours })
    const keyFile = line.text['key-file'] ?? io.defaults.keyFile
    if (keyFile === undefined) throw new TradingError('CLI_USAGE', '--key-file is missing: the file that holds the signing key', {})
    const privateKey = await io.readFile(keyFile)
    const { name } = await using(await registryFor(line, io), async (registry) => (await registry.artifact(artifactDigest)).description)
    const now = io.clock.now()
    const approval = {
      name,
      stage: policy.stage,
      artifactDigest,
      policyDigest: documentDigest(policy),
      evidenceDigest: documentDigest(evidence),
      approver: required(line, 'by'),
      approvedAt: formatTime(now),
      expiresAt: formatTime(now + BigInt(Math.round(hours * 3600)) * 1_000_000_000n),
    }
    const envelope = signApproval(approval, { privateKey })
    const out = required(line, 'out')
    await io.writeNewFile(out, `${json(envelope)}\n`)
    return result(line, { approval, envelope }, `approved until ${approval.expiresAt}: ${out}`)
  },
}

const promote: RegistryCommand = {
  summary: 'gate, sign, log, move the alias',
  usage:
    'promote --artifact DIGEST --policy FILE|ID --evidence FILE [--approval FILE …] [--expected DIGEST|none] --by NAME [--reason TEXT] --keys FILE --key-file FILE --directory DIR [--json]',
  run: async (line, io) => {
    const policy = await readPolicy(required(line, 'policy'), io)
    const evidence = await readEvidence(required(line, 'evidence'), io)
    const approvals = (await Promise.all(line.lists.approval.map((path) => readJson(path, io)))) as DsseEnvelope[]
    const artifactDigest = required(line, 'artifact')
    const { expected, reason } = line.text
    return using(await registryFor(line, io, { isSigning: true }), async (registry) => {
      const { description } = await registry.artifact(artifactDigest)
      const outcome = await registry.promote({
        name: description.name,
        stage: policy.stage,
        artifactDigest,
        policy,
        evidence,
        approvals,
        promoter: required(line, 'by'),
        reason,
        ...(expected === undefined ? {} : { expected: expected === 'none' ? null : expected }),
      })
      if (outcome.promoted) {
        const { name, stage, expiresAt } = outcome.promotion
        return result(line, outcome, `${name}@${stage} names ${artifactDigest} until ${expiresAt} (log entry ${outcome.logIndex})`)
      }
      return result(
        line,
        outcome,
        `refused (${outcome.refusal.rule}): ${plain(outcome.refusal.message)}\n\n${renderReportMarkdown(outcome.report).trimEnd()}`,
        2,
      )
    })
  },
}

const rollback: RegistryCommand = {
  summary: 'move an alias back to a promotion that still holds',
  usage: 'rollback <name@stage> [--to DIGEST] --by NAME --reason TEXT --keys FILE --key-file FILE --directory DIR [--json]',
  run: async (line, io) => {
    const { name, stage } = aliasReference(positional(line, 0, 'name@stage'))
    return using(await registryFor(line, io, { isSigning: true }), async (registry) => {
      const alias = await registry.rollback({ name, stage, to: line.text.to, by: required(line, 'by'), reason: required(line, 'reason') })
      return result(line, alias, `${name}@${stage} names ${alias.artifactDigest} again, until ${formatTime(alias.expiresAt)}`)
    })
  },
}

const revoke: RegistryCommand = {
  summary: 'take back trust in an artifact, a policy, a key or one promotion',
  usage:
    'revoke <artifact|policy|key|promotion> <digest|log entry> --by NAME --reason TEXT [--keys FILE --key-file FILE] --directory DIR [--json]',
  run: async (line, io) => {
    const target = revocationTarget(positional(line, 0, 'artifact|policy|key|promotion'), positional(line, 1, 'digest|log entry'))
    // Taking trust back must not fail for want of a key.
    const isSigning = (line.text['key-file'] ?? io.defaults.keyFile) !== undefined && (line.text.keys ?? io.defaults.keys) !== undefined
    return using(await registryFor(line, io, { isSigning }), async (registry) => {
      const head = await registry.revoke({ target, by: required(line, 'by'), reason: required(line, 'reason') })
      return result(line, { target, head }, `revoked; head ${head.index}:${head.hash}`)
    })
  },
}

function revocationTarget(kind: string, reference: string): RevocationTarget {
  if (kind === 'promotion' && /^[0-9]{1,15}$/.test(reference)) return { kind, logIndex: Number(reference) }
  if ((kind === 'artifact' || kind === 'policy' || kind === 'key') && /^[0-9a-f]{64}$/.test(reference)) return { kind, digest: reference }
  throw new TradingError('CLI_USAGE', `"${kind} ${reference.slice(0, 80)}" is not artifact|policy|key <sha256> or promotion <log entry>`, {
    kind,
  })
}

const history: RegistryCommand = {
  summary: 'everything that happened, oldest first',
  usage: 'history [name] --directory DIR [--json]',
  run: async (line, io) =>
    using(await registryFor(line, io), async (registry) => {
      const entries = await registry.history({ name: line.positionals[0] })
      return result(line, entries, table(['entry', 'when', 'what', 'model', 'artifact', 'by', 'reason'], entries.map(historyRow)))
    }),
}

function historyRow(entry: HistoryEntry): string[] {
  const { index, at, kind, name, stage, artifactDigest, by, reason = '', target } = entry
  const about =
    target === undefined ? short(artifactDigest) : `${target.kind} ${target.kind === 'promotion' ? target.logIndex : short(target.digest)}`
  return [String(index), formatTime(at), kind, name === undefined ? '' : stage === undefined ? name : `${name}@${stage}`, about, by, reason]
}

const at: RegistryCommand = {
  summary: 'what an alias named at a time',
  usage: 'at <name@stage> <time> --directory DIR [--json]',
  run: async (line, io) => {
    const { name, stage } = aliasReference(positional(line, 0, 'name@stage'))
    const time = parseTime(positional(line, 1, 'time'))
    return using(await registryFor(line, io), async (registry) => {
      const alias = await registry.at(name, stage, time)
      return result(
        line,
        alias ?? null,
        alias === undefined
          ? `${name}@${stage} named nothing then`
          : `${alias.artifactDigest} (log entry ${alias.logIndex}), admits until ${formatTime(alias.expiresAt)}`,
        alias === undefined ? 2 : 0,
      )
    })
  },
}

const verify: RegistryCommand = {
  summary: 'read everything: chain, signatures, decisions, files',
  usage: 'verify --keys FILE [--anchor ENTRIES:HASH] --directory DIR [--json]',
  run: async (line, io) =>
    using(await registryFor(line, io, { isTrusting: true }), async (registry) => {
      const verification = await registry.verify()
      const { ok, entries, artifacts, head, problems } = verification
      const text = [
        `${ok ? 'whole' : 'NOT WHOLE'}: ${entries} entries, ${artifacts} artifacts, head ${head.index}:${head.hash}`,
        ...problems.map((problem) => `- ${plain(problem)}`),
      ]
      return result(line, verification, text.join('\n'), ok ? 0 : 2)
    }),
}

const syncCommand: RegistryCommand = {
  summary: 'carry artifacts, documents, pins and log to another directory',
  usage: 'sync <from> <to> [--json]',
  run: async (line) => {
    const outcome = await sync(positional(line, 0, 'from'), positional(line, 1, 'to'))
    const { entries, artifacts, documents, pins, bytes, head } = outcome
    return result(
      line,
      outcome,
      `${entries} entries, ${artifacts} artifacts, ${documents} documents, ${pins} pins, ${bytes} bytes; head ${head.index}:${head.hash}`,
    )
  },
}

const keygen: RegistryCommand = {
  summary: 'make an ed25519 key pair',
  usage: 'keygen --out FILE [--json]   (writes FILE for its owner alone, and FILE.pub)',
  run: async (line, io) => {
    const out = required(line, 'out')
    const { privateKey, publicKey, keyId } = generateSigningKey()
    await io.writeNewFile(out, privateKey, { isSecret: true })
    await io.writeNewFile(`${out}.pub`, publicKey)
    return result(line, { keyId, publicKey, file: out }, `key ${keyId}\nprivate half in ${out}, public half in ${out}.pub`)
  },
}

/** The commands of `gatehouse registry`, by name. */
export const registryCommands: Readonly<Record<string, RegistryCommand>> = {
  list,
  show,
  register,
  gate,
  approve,
  promote,
  rollback,
  revoke,
  history,
  at,
  verify,
  sync: syncCommand,
  keygen,
}
