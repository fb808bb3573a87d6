import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openDbn } from '@gatehouse/data-databento'

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
