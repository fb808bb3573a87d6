import { pbkdf2 } from 'node:crypto'
import { appendFile, mkdtemp, open, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { createMetadata, DbnDecoder, encodeMetadata, openDbn } from '@gatehouse/data-databento'
import { PlainFileSource } from '../../src/file/plain-file-source.js'

test('a path that is a directory, or nothing, is refused by name', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'dbn-'))
  try {
    await expect(openDbn(directory)).rejects.toMatchObject({
      code: 'DBN_FILE',
      message: expect.stringContaining('is a directory') as string,
    })
    await expect(openDbn(join(directory, 'nosuch.dbn'))).rejects.toMatchObject({ code: 'DBN_FILE' })
  } finally {
    await rm(directory, { recursive: true })
  }
})

test('every record comes once and in order, also where the thread pool is too busy to read ahead', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'dbn-'))
  try {
    const path = join(directory, 'large.dbn')
    const records = 600_000
    const words = new Uint32Array(records * 14)
    for (let row = 0, at = 0; row < records; row++, at += 14) {
      words[at] = 14 | (0xa0 << 8) | (1 << 16)
      words[at + 12] = row
    }
    const metadata = encodeMetadata(createMetadata({ dataset: 'GLBX.MDP3', schema: 'mbo', start: 1n, symbols: ['A', 'B', 'C'] }))
    await writeFile(path, [metadata, new Uint8Array(words.buffer)])
    const busy = Array.from({ length: 8 }, () => promisify(pbkdf2)('password', 'salt', 200_000, 64, 'sha512'))
    let next = 0
    let isInOrder = true
    const count = await (
      await openDbn(path)
    ).forEachRun(({ uint32, wordOffset, stride, length }) => {
      for (let row = 0; row < length; row++) isInOrder &&= uint32[wordOffset + row * stride + 12] === next++
    })
    await Promise.all(busy)
    expect({ count, isInOrder }).toEqual({ count: records, isInOrder: true })
  } finally {
    await rm(directory, { recursive: true })
  }
})

/** A file of `mbo` of so many records, each of 56 bytes, and where its records begin. */
async function mboFile(path: string, records: number): Promise<number> {
  const words = new Uint32Array(records * 14)
  for (let at = 0; at < words.length; at += 14) words[at] = 14 | (0xa0 << 8)
  const metadata = encodeMetadata(createMetadata({ dataset: 'GLBX.MDP3', schema: 'mbo', start: 1n }))
  await writeFile(path, [metadata, new Uint8Array(words.buffer)])
  return metadata.length
}

test.each([1000, 100_000, 600_000])('a file of %d records that is cut to half while it is read is an error by name', async (records) => {
  const directory = await mkdtemp(join(tmpdir(), 'dbn-'))
  try {
    const path = join(directory, 'cut.dbn')
    const start = await mboFile(path, records)
    const { size } = await stat(path)
    // Cut before the first byte is read ahead: the source knows the length that was.
    await truncate(path, start + (records / 2) * 56)
    const decoder = new DbnDecoder({ fragment: 3 })
    const source = new PlainFileSource(await open(path), size, start, undefined)
    let read = 0
    const drain = async (): Promise<void> => {
      while (await source.fill(decoder)) for (let run = decoder.next(); run !== undefined; run = decoder.next()) read += run.length
    }
    await expect(drain()).rejects.toMatchObject({ code: 'DBN_FILE', message: expect.stringContaining('cut it meanwhile') as string })
    await source.close()
    expect(read).toBe(records / 2)
  } finally {
    await rm(directory, { recursive: true })
  }
})

test('a file that grows while it is read gives what it had when it was opened', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'dbn-'))
  try {
    const path = join(directory, 'grows.dbn')
    await mboFile(path, 100_000)
    const dbn = await openDbn(path)
    await appendFile(path, new Uint8Array(1001))
    expect(await dbn.forEachRun(() => undefined)).toBe(100_000)
  } finally {
    await rm(directory, { recursive: true })
  }
})
