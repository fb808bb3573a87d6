import { pbkdf2 } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { createMetadata, encodeMetadata, openDbn } from '@gatehouse/data-databento'

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
