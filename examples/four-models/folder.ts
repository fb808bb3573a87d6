import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { TradingError } from '@gatehouse/core'

/** Says that a folder is ours to empty. */
const marker = '.gatehouse-example'

/**
 * Takes a folder for a new run: makes it, or empties one that an earlier run made.
 * @throws {TradingError} `OPTION_INVALID` for a folder that holds anything else: nobody's files are deleted
 */
export function claimFolder(directory: string): void {
  const holds = existsSync(directory) ? readdirSync(directory) : []
  if (holds.length > 0 && !holds.includes(marker)) {
    throw new TradingError('OPTION_INVALID', `${directory} is not empty and was not made by npm start; name a new folder with --out`, {
      directory,
    })
  }
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, marker), 'npm start empties this folder before it runs.\n')
}
