import * as fs from 'node:fs/promises'

/** An open file. `write` may take fewer bytes than asked, as the system may. */
export interface TableFile {
  write(bytes: Uint8Array, offset: number, length: number): Promise<number>
  sync(): Promise<void>
  close(): Promise<void>
}

/**
 * The file operations a table is built on: the seam where faults are injected. Errors carry node's `code`.
 * Everything that decides an acknowledgement goes through here.
 */
export interface TableFileSystem {
  /** Creates a file that must not exist. */
  create(path: string): Promise<TableFile>
  /** Makes the entries of a folder survive loss of power. */
  syncDirectory(path: string): Promise<void>
  readFile(path: string): Promise<Uint8Array>
  /** Names in a folder, in no particular order; empty when there is no folder. */
  readdir(path: string): Promise<string[]>
  /** Size and modification time of what is there, behind a symbolic link too; `undefined` when nothing is. */
  stat(path: string): Promise<{ readonly size: number; readonly mtimeMs: number; readonly isLink?: boolean | undefined } | undefined>
  /** With its parents; no error when it is there. */
  mkdir(path: string): Promise<void>
  link(existing: string, path: string): Promise<void>
  rename(from: string, to: string): Promise<void>
  unlink(path: string): Promise<void>
}

/** node:fs as a {@link TableFileSystem}. */
export const nodeTableFileSystem: TableFileSystem = {
  async create(path) {
    const handle = await fs.open(path, 'wx', 0o644)
    return {
      write: async (bytes, offset, length) => (await handle.write(bytes, offset, length)).bytesWritten,
      sync: () => handle.sync(),
      close: () => handle.close(),
    }
  },
  async syncDirectory(path) {
    const handle = await fs.open(path, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  },
  readFile: (path) => fs.readFile(path),
  async readdir(path) {
    try {
      return await fs.readdir(path)
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return []
      throw error
    }
  },
  async stat(path) {
    try {
      const own = await fs.lstat(path)
      if (!own.isSymbolicLink()) return own
      const { size, mtimeMs } = await fs.stat(path)
      return { size, mtimeMs, isLink: true }
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined
      throw error
    }
  },
  mkdir: async (path) => void (await fs.mkdir(path, { recursive: true })),
  link: (existing, path) => fs.link(existing, path),
  rename: (from, to) => fs.rename(from, to),
  unlink: (path) => fs.unlink(path),
}

/** The `code` of a system error (`ENOENT`, `ENOSPC`, …), or undefined. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
