import { join } from 'node:path'
import { manifestPinContract, type ManifestPin } from '@gatehouse/contracts'
import { TradingError } from '@gatehouse/durable-log'
import { replaceFile } from '../delta/durable-file.js'
import { systemCode, type TableFileSystem } from '../delta/file-system.js'

/** Folder of the saved pins, beside the log. */
export const pinFolder = '_pins'

/**
 * Keeps a pin with the table under a name, so that retention knows of it.
 * @throws {TradingError} `MANIFEST_INVALID_OPTION` for a name that is no plain file name
 */
export async function savePin(fileSystem: TableFileSystem, directory: string, name: string, pin: ManifestPin): Promise<void> {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(name)) {
    throw new TradingError('MANIFEST_INVALID_OPTION', `"${name}" cannot name a pin: use letters, digits, dot, underscore and hyphen`, {
      name,
    })
  }
  await replaceFile(fileSystem, join(directory, pinFolder, `${name}.json`), new TextEncoder().encode(`${JSON.stringify(pin, null, 2)}\n`))
}

/** Forgets a saved pin; its files become free for retention. */
export async function dropPin(fileSystem: TableFileSystem, directory: string, name: string): Promise<void> {
  try {
    await fileSystem.unlink(join(directory, pinFolder, `${name}.json`))
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error
    throw new TradingError('MANIFEST_NO_PIN', `${directory} has no saved pin ${name}`, { name }, { cause: error })
  }
}

/**
 * Saved pins by name.
 * @throws {TradingError} `MANIFEST_PIN_UNREADABLE`: a pin that cannot be read must not count as absent
 */
export async function savedPins(fileSystem: TableFileSystem, directory: string): Promise<ReadonlyMap<string, ManifestPin>> {
  const pins = new Map<string, ManifestPin>()
  const names = (await fileSystem.readdir(join(directory, pinFolder))).filter((name) => name.endsWith('.json')).sort()
  for (const name of names) {
    try {
      const text = new TextDecoder().decode(await fileSystem.readFile(join(directory, pinFolder, name)))
      pins.set(name.slice(0, -'.json'.length), manifestPinContract.parse(JSON.parse(text)))
    } catch (error) {
      throw new TradingError(
        'MANIFEST_PIN_UNREADABLE',
        `the saved pin ${name} of ${directory} does not read: mend or remove it`,
        { name },
        { cause: error },
      )
    }
  }
  return pins
}
