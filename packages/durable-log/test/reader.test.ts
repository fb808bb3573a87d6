import { appendFileSync, readFileSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openLog, readLog, readSnapshot } from '@gatehouse/durable-log'
import { collect, failure, opened, temporaryFolder, text, words } from './support/folder.js'

test('reading begins where it is asked to', async () => {
  const directory = temporaryFolder()
  const log = await opened({ directory, segmentBytes: 1024 })
  for (let at = 0; at < 50; at++) log.appendSync(Buffer.from(`${at}`.padStart(100)))
  for (const from of [0, 1, 17, 49]) expect((await collect(readLog(directory, { from })))[0]).toMatchObject({ index: from })
  expect(await collect(readLog(directory, { from: 50 }))).toEqual([])
  expect(await collect(readLog(directory, { from: 1_000 }))).toEqual([])
})

test('a record read back says the same of itself as the append did', async () => {
  const log = await opened({ directory: temporaryFolder(), segmentBytes: 1024 })
  const positions = Array.from({ length: 30 }, (_, at) => log.appendSync(Buffer.alloc(100, at)))
  expect((await collect(log.read())).map(({ payload: _, ...position }) => position)).toEqual(positions)
})

test('reading what has been appended is a view of that moment', async () => {
  const log = await opened({ directory: temporaryFolder() })
  void log.append(text('a'))
  const reading = log.read()[Symbol.asyncIterator]()
  expect(await reading.next()).toMatchObject({ value: { index: 0 } })
  log.appendSync(text('b'))
  expect(await reading.next()).toMatchObject({ done: true })
})

test.each([-1, 0.5, Number.NaN])('reading from %d is refused', async (from) => {
  expect(await failure(() => collect(readLog(temporaryFolder(), { from })))).toMatchObject({ code: 'LOG_INVALID_OPTION' })
})

test('reading where no log is says so', async () => {
  expect(await failure(() => collect(readLog(temporaryFolder())))).toMatchObject({ code: 'LOG_NOT_FOUND' })
})

test('reading before what compaction left says where to start', async () => {
  const directory = temporaryFolder()
  const log = await opened({ directory, segmentBytes: 1024 })
  for (let at = 0; at < 30; at++) log.appendSync(new Uint8Array(200))
  await log.snapshot(text('state'))
  await log.compact()
  expect(await failure(() => collect(readLog(directory, { from: 0 })))).toMatchObject({ code: 'LOG_COMPACTED' })
  const { index } = (await readSnapshot(directory))!
  log.appendSync(text('next'))
  expect(await words(readLog(directory, { from: index }))).toEqual(['next'])
})

test('an interrupted write at the end is not shown', async () => {
  const directory = temporaryFolder()
  const log = await openLog({ directory })
  log.appendSync(text('a'))
  await log.close()
  const path = join(directory, '0000000000000000.log')
  appendFileSync(path, readFileSync(path).subarray(64, 64 + 40))
  expect(await words(readLog(directory))).toEqual(['a'])
})

describe('a follower', () => {
  test('is woken by new records, through rolls, and sees each once', async () => {
    const directory = temporaryFolder()
    const log = await opened({ directory, segmentBytes: 1024 })
    const controller = new AbortController()
    const seen: number[] = []
    const following = (async () => {
      for await (const { index } of readLog(directory, { follow: true, signal: controller.signal })) {
        seen.push(index)
        if (seen.length === 40) return
      }
    })()
    for (let at = 0; at < 40; at++) {
      if (at % 2 === 0) log.appendSync(new Uint8Array(100))
      else await log.append(new Uint8Array(100))
      if (at % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    }
    await following
    expect(seen).toEqual(Array.from({ length: 40 }, (_, at) => at))
  })

  test('never shows half a record, however slowly its bytes arrive', async () => {
    const source = temporaryFolder()
    const log = await openLog({ directory: source })
    log.appendAllSync([text('first'), text('second')])
    await log.close()
    const whole = readFileSync(join(source, '0000000000000000.log'))
    const directory = temporaryFolder()
    await (await openLog({ directory })).close()
    const path = join(directory, '0000000000000000.log')
    const controller = new AbortController()
    const seen: string[] = []
    const following = (async () => {
      for await (const { payload } of readLog(directory, { follow: true, signal: controller.signal }))
        seen.push(Buffer.from(payload).toString())
    })()
    for (let at = 64; at < whole.length; at++) {
      appendFileSync(path, whole.subarray(at, at + 1))
      if (at % 8 === 0) await new Promise((resolve) => setImmediate(resolve))
      expect(['', 'first']).toContain(seen.join())
    }
    await expect.poll(() => seen).toEqual(['first', 'second'])
    controller.abort(new Error('enough'))
    expect(await failure(() => following)).toMatchObject({ message: 'enough' })
  })

  test('waits for a log that is still empty, and stops with the signal’s reason', async () => {
    const directory = temporaryFolder()
    await (await openLog({ directory })).close()
    const controller = new AbortController()
    const following = collect(readLog(directory, { follow: true, signal: controller.signal }))
    setTimeout(() => controller.abort(new Error('stop')), 20)
    expect(await failure(() => following)).toMatchObject({ message: 'stop' })
  })

  test('says so when the writer took back what it had shown', async () => {
    const directory = temporaryFolder()
    const log = await openLog({ directory })
    log.appendAllSync([text('a'), text('b')])
    await log.close()
    const following = readLog(directory, { follow: true })[Symbol.asyncIterator]()
    await following.next()
    await following.next()
    truncateSync(join(directory, '0000000000000000.log'), 64 + 57)
    expect(await failure(() => following.next())).toMatchObject({ code: 'LOG_DIVERGED', details: { index: 2 } })
  })
})
