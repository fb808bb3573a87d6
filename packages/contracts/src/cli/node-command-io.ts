import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TradingError } from '@gatehouse/durable-log'
import { systemClock } from '../time/time.js'
import type { CommandIo } from './command-io.js'

/** Commands on the real file system and clock. */
export function nodeCommandIo(defaults: CommandIo['defaults'] = {}): CommandIo {
  const failed = (what: string, path: string, cause: unknown): TradingError =>
    new TradingError('CLI_USAGE', `${path} cannot be ${what}: ${(cause as NodeJS.ErrnoException).code ?? 'unknown'}`, { path }, { cause })
  return {
    clock: systemClock,
    defaults,
    async readFile(path) {
      return readFile(path, 'utf8').catch((cause: unknown) => {
        throw failed('read', path, cause)
      })
    },
    async readDirectory(path) {
      try {
        const entries = await readdir(path, { withFileTypes: true })
        const files = entries.filter((entry) => entry.isFile())
        return new Map(await Promise.all(files.map(async ({ name }) => [name, new Uint8Array(await readFile(join(path, name)))] as const)))
      } catch (cause) {
        throw failed('read', path, cause)
      }
    },
    async writeNewFile(path, content, { isSecret = false } = {}) {
      await writeFile(path, content, { flag: 'wx', mode: isSecret ? 0o600 : 0o644 }).catch((cause: unknown) => {
        throw failed('written', path, cause)
      })
    },
  }
}
