import { randomUUID } from 'node:crypto'
import { link, mkdir, open, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { TradingError } from '@gatehouse/durable-log'
import { readIfThere } from '../registry/store.js'
import type { ObjectStore } from './object-store.js'

const keyPattern = /^(?:[a-z0-9][a-z0-9._-]*\/)*[a-z0-9][a-z0-9._-]*$/

/** An {@link ObjectStore} in a plain directory: a mounted share, a USB disk. */
export function directoryStore(directory: string): ObjectStore {
  const pathOf = (key: string): string => {
    if (!keyPattern.test(key))
      throw new TradingError('SYNC_FAILED', `"${key.slice(0, 120)}" is not a key of a registry`, { key: key.slice(0, 120) })
    return join(directory, key)
  }
  return {
    name: directory,
    get: (key) => readIfThere(pathOf(key)),
    async has(key) {
      return stat(pathOf(key)).then(
        () => true,
        () => false,
      )
    },
    async putIfAbsent(key, bytes) {
      const path = pathOf(key)
      await mkdir(dirname(path), { recursive: true })
      const staged = `${path}.${randomUUID()}.tmp`
      try {
        const file = await open(staged, 'wx')
        await file.writeFile(bytes)
        await file.sync()
        await file.close()
        // link() refuses where rename() would overwrite.
        await link(staged, path)
        return 'written'
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') return 'exists'
        throw error
      } finally {
        await rm(staged, { force: true })
      }
    },
  }
}
