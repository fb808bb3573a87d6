import { randomUUID } from 'node:crypto'
import { dirname, join } from 'node:path'
import { TradingError } from '@gatehouse/durable-log'
import { systemCode, type TableFile, type TableFileSystem } from './file-system.js'

/** Marks files that a crash may leave behind: never part of a table. */
export const temporaryPrefix = '.tmp-'

/** A file being written under a temporary name beside its target. */
export interface DurableFile {
  readonly temporary: string
  append(bytes: Uint8Array): Promise<void>
  /** Syncs and closes; the bytes are on the disk. */
  finish(): Promise<void>
  /** Closes and removes it; for failures. */
  discard(): Promise<void>
}

/** Starts a file in `directory` (made when absent). */
export async function startFile(fileSystem: TableFileSystem, directory: string): Promise<DurableFile> {
  const temporary = join(directory, `${temporaryPrefix}${randomUUID()}`)
  const file = await attempt(temporary, async () => {
    await makeDirectory(fileSystem, directory)
    return fileSystem.create(temporary)
  })
  let open = true
  return {
    temporary,
    append: (bytes) => attempt(temporary, () => writeAll(file, bytes)),
    finish: () =>
      attempt(temporary, async () => {
        await file.sync()
        open = false
        await file.close()
      }),
    async discard() {
      // Best effort on the way out of a failure: what stays behind carries the temporary prefix and is swept later.
      await Promise.allSettled([...(open ? [file.close()] : []), fileSystem.unlink(temporary)])
      open = false
    },
  }
}

/** Folders made here survive loss of power, up to the first one that was there. */
async function makeDirectory(fileSystem: TableFileSystem, directory: string): Promise<void> {
  if ((await fileSystem.stat(directory)) !== undefined) return
  const parent = dirname(directory)
  if (parent !== directory) await makeDirectory(fileSystem, parent)
  await fileSystem.mkdir(directory)
  await fileSystem.syncDirectory(parent)
}

/**
 * Removes a file.
 * @returns false when another process was first
 */
export async function removeFile(fileSystem: TableFileSystem, path: string): Promise<boolean> {
  return attempt(path, async () => {
    try {
      await fileSystem.unlink(path)
      return true
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return false
      throw error
    }
  })
}

/** Publishes a content-named file: whoever renames last puts the same bytes there. */
export async function publish(fileSystem: TableFileSystem, file: DurableFile, path: string): Promise<void> {
  await attempt(path, async () => {
    await fileSystem.rename(file.temporary, path)
    await fileSystem.syncDirectory(dirname(path))
  })
}

/** Replaces a small file whole: a reader sees the old bytes or the new ones. */
export async function replaceFile(fileSystem: TableFileSystem, path: string, bytes: Uint8Array): Promise<void> {
  const file = await startFile(fileSystem, dirname(path))
  try {
    await file.append(bytes)
    await file.finish()
    await publish(fileSystem, file, path)
  } catch (error) {
    await file.discard()
    throw error
  }
}

/**
 * Creates `path` with all of `bytes`, or leaves what is there. link(2) is what decides between writers; rename would overwrite silently.
 * @returns false when another writer was first
 * @throws {TradingError} `MANIFEST_WRITE_FAILED`; `MANIFEST_NO_LINK` on a file system without hard links
 */
export async function putIfAbsent(fileSystem: TableFileSystem, path: string, bytes: Uint8Array): Promise<boolean> {
  const file = await startFile(fileSystem, dirname(path))
  try {
    await file.append(bytes)
    await file.finish()
    return await attempt(path, () => linkAbsent(fileSystem, file.temporary, path))
  } finally {
    await file.discard()
  }
}

async function linkAbsent(fileSystem: TableFileSystem, temporary: string, path: string): Promise<boolean> {
  try {
    await fileSystem.link(temporary, path)
  } catch (error) {
    const code = systemCode(error)
    if (code === 'EEXIST') return false
    if (code === 'EPERM' || code === 'ENOTSUP' || code === 'EOPNOTSUPP' || code === 'ENOSYS') {
      throw new TradingError(
        'MANIFEST_NO_LINK',
        `the file system under ${dirname(path)} has no hard links, which decide between writers: keep the manifest on a local file system`,
        { path },
        { cause: error },
      )
    }
    throw error
  }
  await fileSystem.syncDirectory(dirname(path))
  return true
}

async function writeAll(file: TableFile, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const written = await file.write(bytes, done, bytes.length - done)
    if (written === 0) throw Object.assign(new Error('write took no bytes'), { code: 'EIO' })
    done += written
  }
}

async function attempt<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    if (error instanceof TradingError) throw error
    const code = systemCode(error)
    const noSpace = code === 'ENOSPC' || code === 'EDQUOT'
    throw new TradingError(
      noSpace ? 'MANIFEST_NO_SPACE' : 'MANIFEST_WRITE_FAILED',
      noSpace
        ? `no space left for ${path}: free some and repeat the call`
        : `cannot write ${path} (${code ?? String(error)}): nothing was acknowledged`,
      { path, code },
      { cause: error },
    )
  }
}
