import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { canonicalJson, defaultPolicy, formatTime, parseTime } from '@gatehouse/contracts'
import { nodeCommandIo, registryCommands, runRegistryCommand } from '@gatehouse/contracts/cli'
import { passingEvidence, smallCandidate } from '@gatehouse/contracts/testing'

const root = mkdtempSync(join(tmpdir(), 'gatehouse-cli-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
const path = (...parts: string[]): string => join(root, ...parts)
let now = parseTime('2026-06-15T10:00:00Z')
const io = { ...nodeCommandIo({ directory: path('registry'), keys: path('keys.json'), keyFile: path('ada') }), clock: { now: () => now } }
const run = (...argv: string[]) => runRegistryCommand(argv, io)

describe('gatehouse registry', () => {
  test('goes from a key to an alias and back again', async () => {
    expect(await run('keygen', '--out', path('ada'))).toMatchObject({ exitCode: 0 })
    expect(statSync(path('ada')).mode & 0o777).toBe(0o600)
    expect(await run('keygen', '--out', path('ada'))).toMatchObject({ exitCode: 1 })
    writeFileSync(
      path('keys.json'),
      JSON.stringify([{ publicKey: readFileSync(path('ada.pub'), 'utf8'), owner: 'ada', roles: ['promote', 'approve'] }]),
    )
    mkdirSync(path('candidate'))
    for (const [name, bytes] of smallCandidate()) writeFileSync(path('candidate', name), bytes)

    const registered = await run('register', path('candidate'), '--by', 'ada')
    const digest = registered.stdout.trim()
    expect(digest).toMatch(/^[0-9a-f]{64}$/)
    const evidence = (stage: 'paper' | 'production'): string => {
      const policy = defaultPolicy('order-book', stage)
      if (policy === undefined) throw new Error('no policy')
      const file = path(`evidence-${stage}.json`)
      writeFileSync(file, canonicalJson(passingEvidence(policy, { artifactDigest: digest, measuredAt: formatTime(now) })))
      return file
    }
    const paper = ['--artifact', digest, '--policy', 'order-book-paper', '--evidence', evidence('paper')]
    const dry = await run('gate', ...paper, '--html', path('report.html'))
    expect(dry).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('# Approved for paper') as string })
    expect(readFileSync(path('report.html'), 'utf8')).toContain('<!doctype html>')
    expect(await run('list')).toMatchObject({ stdout: 'nothing was promoted yet\n' })
    expect(await run('promote', ...paper, '--by', 'ada')).toMatchObject({ exitCode: 0 })
    expect((await run('list')).stdout).toContain(`order-book@paper  ${digest.slice(0, 12)}`)

    const tooSoon = await run(
      'promote',
      '--artifact',
      digest,
      '--policy',
      'order-book-production',
      '--evidence',
      evidence('production'),
      '--by',
      'ada',
      '--json',
    )
    expect(tooSoon.exitCode).toBe(2)
    expect(JSON.parse(tooSoon.stdout)).toMatchObject({ promoted: false, refusal: { rule: 'gate', observed: ['days-in-paper'] } })

    now += 20n * 86_400_000_000_000n
    const production = ['--artifact', digest, '--policy', 'order-book-production', '--evidence', evidence('production')]
    expect(await run('promote', ...production, '--by', 'ada')).toMatchObject({
      exitCode: 2,
      stdout: expect.stringContaining('refused (approvals)') as string,
    })
    expect(await run('approve', ...production, '--by', 'ada', '--out', path('approval.json'))).toMatchObject({ exitCode: 0 })
    expect(await run('promote', ...production, '--by', 'ada', '--approval', path('approval.json'))).toMatchObject({ exitCode: 0 })
    expect((await run('show', 'order-book@production')).stdout).toContain('Imbalance leads')
    expect((await run('history')).stdout.split('\n').length).toBe(5)
    expect(await run('at', 'order-book@production', '2026-06-16T00:00:00Z')).toMatchObject({ exitCode: 2 })
    expect(await run('sync', path('registry'), path('copy'), '--json')).toMatchObject({ exitCode: 0 })
    expect(await run('verify')).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^whole: 3 entries/) as string })
    expect(await run('revoke', 'artifact', digest, '--by', 'ada', '--reason', 'fault')).toMatchObject({ exitCode: 0 })
    expect(await run('rollback', 'order-book@paper', '--by', 'ada', '--reason', 'x')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('ROLLBACK_REFUSED') as string,
    })
  }, 60_000)

  test.each([
    [['promote'], /CLI_USAGE: --policy is missing/],
    [['gate', '--polixy', 'x'], /CLI_USAGE: Unknown option/],
    [['show', 'order-book@latest', '--directory', path('empty')], /not name@paper/],
    [['revoke', 'everything', 'x'], /CLI_USAGE/],
    [['gate', '--policy', path('absent.json')], /cannot be read/],
  ])('%j is exit code 1 and says what is wrong', async (argv, message) => {
    const { exitCode, stderr } = await run(...argv)
    expect(exitCode).toBe(1)
    expect(stderr).toMatch(message)
  })

  test('lists every command, and every command its options', async () => {
    const { stdout } = await run('help')
    for (const name of Object.keys(registryCommands)) {
      expect(stdout).toContain(`  ${name}`)
      expect((await run(name, '--help')).stdout).toMatch(new RegExp(`^gatehouse registry ${name}`))
    }
    expect((await run('nonsense')).exitCode).toBe(1)
  })
})
