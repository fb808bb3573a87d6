import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { claimFolder } from '../folder.js'

let parent: string
let out: string
const refused = (says: RegExp): unknown =>
  expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringMatching(says) as string })
/** A run takes the folder, leaves a file, comes to its end or not, and is gone. */
function runOnce({ leaves, finishes }: { readonly leaves: string; readonly finishes: boolean }): void {
  const folder = claimFolder(out)
  writeFileSync(join(out, leaves), '')
  if (finishes) folder.finish('{}')
  rmSync(`${out}.lock`)
}

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'four-models-'))
  out = join(parent, 'deep', 'out')
})
afterEach(() => rmSync(parent, { recursive: true }))

test('a folder that somebody else filled is refused, and nothing of it is touched', () => {
  mkdirSync(out, { recursive: true })
  writeFileSync(join(out, 'thesis.txt'), 'years of work')
  expect(() => claimFolder(out)).toThrow(refused(/not empty and was not made by npm start/))
  expect(readFileSync(join(out, 'thesis.txt'), 'utf8')).toBe('years of work')
})

test('a file in the place of the folder is refused with the advice to name another', () => {
  mkdirSync(join(parent, 'deep'))
  writeFileSync(out, '')
  expect(() => claimFolder(out)).toThrow(refused(/--out/))
})

test('a second run keeps what the first one finished until it has finished itself', () => {
  runOnce({ leaves: 'first', finishes: true })
  const folder = claimFolder(out)
  expect([existsSync(join(out, 'first')), existsSync(join(`${out}.earlier`, 'first'))]).toEqual([false, true])
  folder.finish('{}')
  expect(existsSync(`${out}.earlier`)).toBe(false)
})

test('what a run left that was stopped is emptied, and the last finished one survives that, too', () => {
  runOnce({ leaves: 'first', finishes: true })
  runOnce({ leaves: 'stopped', finishes: false })
  claimFolder(out)
  expect([existsSync(join(out, 'stopped')), existsSync(join(`${out}.earlier`, 'first'))]).toEqual([false, true])
})

test('a folder that a living process works in is refused by its number; the lock of a dead one counts for nothing', () => {
  mkdirSync(join(parent, 'deep'))
  writeFileSync(`${out}.lock`, String(process.ppid))
  expect(() => claimFolder(out)).toThrow(refused(new RegExp(`process ${process.ppid} is at work`)))
  // Above any process number that a kernel gives.
  writeFileSync(`${out}.lock`, '4194305')
  expect(() => claimFolder(out)).not.toThrow()
  expect(readFileSync(`${out}.lock`, 'utf8')).toBe(String(process.pid))
})
