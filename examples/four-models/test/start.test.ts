import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const program = fileURLToPath(new URL('../start.ts', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'four-models-'))
const bars = join(folder, 'spy.csv')
writeFileSync(bars, 'time,open,high,low,close,volume\n2024-01-02T14:00:00Z,1,1,1,1,1\n')

/** `npm start` with arguments that it does not get far with: everything it says, and how it leaves. */
function start(...args: string[]): Promise<{ readonly said: string; readonly status: number | null }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--conditions=@gatehouse/source', '--import', 'tsx', program, ...args])
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
    child.on('close', (status) => resolve({ said, status }))
  })
}

const cases = [
  { args: ['--help'], status: 0, says: /npm start -- \[--bars FILE/ },
  { args: ['--speed', '9'], status: 2, says: /--speed[^]*npm start --/ },
  { args: ['--seed', 'lucky'], status: 2, says: /--seed takes a whole number, not "lucky"[^]*npm start --/ },
  { args: ['--bars', bars, '--data', folder], status: 2, says: /--bars and --data exclude each other/ },
  { args: ['--bars', join(folder, 'absent.csv')], status: 1, says: /There is no file .*absent\.csv; name a file of hourly bars/ },
  { args: ['--bars', folder], status: 1, says: /is a folder; name a file of hourly bars/ },
  { args: ['--bars', bars, bars], status: 1, says: /SPY is named twice/ },
  { args: ['--data', folder], status: 1, says: /holds no equities-hour; docs\/data\.md says what --data expects/ },
] as const

describe('npm start says what it cannot do, and how it is asked, before it touches anything', () => {
  let answers: readonly Awaited<ReturnType<typeof start>>[]
  const out = join(folder, 'out')
  beforeAll(async () => {
    const all: (typeof answers)[number][] = []
    for (let i = 0; i < cases.length; i += 2) all.push(...(await Promise.all(cases.slice(i, i + 2).map(({ args }) => start(...args, '--out', out))))) // prettier-ignore
    answers = all
  }, 60_000)
  afterAll(() => rmSync(folder, { recursive: true }))

  test.each(cases.map((one, i) => ({ ...one, i, asked: one.args.map((arg) => arg.replace(folder, 'DIR')).join(' ') })))('$asked', ({ status, says, i }) => {
    expect(answers[i].said).toMatch(says)
    expect(answers[i].said, 'no stack trace').not.toMatch(/^ {4}at /m)
    expect(answers[i].status).toBe(status)
    expect(readdirSync(folder)).toEqual(['spy.csv'])
  }) // prettier-ignore
})
