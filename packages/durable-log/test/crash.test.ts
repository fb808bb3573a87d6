import { expect, test } from 'vitest'
import { openLog } from '@gatehouse/durable-log'
import { faultyFileSystem } from '@gatehouse/durable-log/testing'
import { everyOperationRuns, powerLossRuns } from './support/crash-runs.js'
import { damageRuns } from './support/damage-runs.js'
import { pretendedFullDiskRuns } from './support/full-disk-runs.js'
import { contentionRuns, killRuns } from './support/kill-runs.js'
import { temporaryFolder, text, words } from './support/folder.js'

// A seeded sample of faults/durable-log.ts, which does a thousand runs. The seed moves with the day, so that samples add up; a failure prints it.
const seed = Math.floor(Date.now() / 86_400_000)
const clean = { lost: 0, invented: 0, failures: [] }

test(`SIGKILL at random moments loses and invents nothing (seed ${seed})`, async () => {
  expect(await killRuns({ runs: 8, seed })).toMatchObject(clean)
})

test(`of two competing writer processes each is succeeded by the other (seed ${seed})`, async () => {
  expect(await contentionRuns({ runs: 1, seed })).toMatchObject(clean)
})

test(`death at any of the first file operations loses nothing (seed ${seed})`, async () => {
  expect(await everyOperationRuns({ runs: 100, seed })).toMatchObject(clean)
})

test(`power loss loses nothing acknowledged at power (seed ${seed})`, async () => {
  expect(await powerLossRuns({ runs: 40, seed })).toMatchObject(clean)
})

test(`a full disk loses and invents nothing (seed ${seed})`, async () => {
  expect(await pretendedFullDiskRuns({ runs: 3, seed })).toMatchObject(clean)
})

test(`damage at random places is named by segment and offset (seed ${seed})`, async () => {
  expect((await damageRuns({ runs: 40, seed })).failures).toEqual([])
})

test('the simulated power loss really takes what was not synced', async () => {
  const directory = temporaryFolder()
  const fileSystem = faultyFileSystem()
  const log = await openLog({ directory, fileSystem, syncWithinMs: 0 })
  log.appendSync(text('kept'), { durability: 'power' })
  log.appendSync(text('lost'))
  fileSystem.powerLoss('nothing')
  const again = await openLog({ directory, fileSystem })
  expect(await words(again.read())).toEqual(['kept'])
  await again.close()
})

test('the runs notice a disk that lies about syncing', async () => {
  const { failures } = await powerLossRuns({ runs: 10, seed: 1, syncLies: true })
  expect(failures.length).toBeGreaterThan(0)
})
