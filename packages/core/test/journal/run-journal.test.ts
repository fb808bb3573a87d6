import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { openLog } from '@gatehouse/durable-log'
import { faultyFileSystem } from '@gatehouse/durable-log/testing'
import { openJournal, RunJournal } from '../../src/journal/run-journal.js'

const folders: string[] = []
afterEach(async () => {
  for (const name of folders.splice(0)) await rm(name, { recursive: true, force: true })
})

describe('a journal on a full disk', () => {
  test('says so when it is closed, and lets go of its folder: with room again it is opened in the same process', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'gatehouse-journal-'))
    folders.push(directory)
    const fileSystem = faultyFileSystem()
    const log = await openLog({ directory, fileSystem, syncWithinMs: 0 })
    const journal = new RunJournal({ directory, log, written: undefined, durability: 'process' })
    journal.append({ type: 'log', at: 1n, message: 'kept', fields: '{}' })
    journal.flush()
    journal.append({ type: 'log', at: 2n, message: 'lost', fields: '{}' })
    fileSystem.freeBytes = 0
    await expect(journal.close()).rejects.toMatchObject({ code: 'LOG_NO_SPACE' })

    const { journal: again, state } = await openJournal({ directory, resume: 'fold' })
    expect(state.entries).toBe(1)
    expect(again.next).toBe(1)
    await again.close()
  })
})
