import { randomUUID } from 'node:crypto'
import { mkdir, open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { TradingError } from '@gatehouse/durable-log'
import { canonicalJson } from '../canonical/canonical-json.js'
import { sha256Hex } from '../canonical/digest.js'

const fileName = /^[a-z0-9][a-z0-9._-]{0,63}$/
const sha256 = /^[0-9a-f]{64}$/

/** True for a name that an artifact's file may have: one path segment, lower case. */
export function isFileName(name: string): boolean {
  return fileName.test(name)
}

/** The files of a registry in a plain directory. What is in place is whole: everything is written aside, synced, and renamed. */
export class RegistryStore {
  readonly logDirectory: string
  readonly highWaterFile: string

  constructor(readonly directory: string) {
    this.logDirectory = join(directory, 'log')
    this.highWaterFile = join(directory, 'high-water.json')
  }

  /** Makes the directories that writing needs. */
  async prepare(): Promise<void> {
    for (const part of ['artifacts', 'documents', 'staging']) await mkdir(join(this.directory, part), { recursive: true })
    await syncDirectory(this.directory)
  }

  artifactDirectory(digest: string): string {
    return join(this.directory, 'artifacts', requireDigest(digest))
  }

  /** Puts files in place as one artifact. Called with the log's lock held: whatever is in the way was left by a crash. */
  async writeArtifact(digest: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
    const target = this.artifactDirectory(digest)
    const staged = join(this.directory, 'staging', randomUUID())
    await mkdir(staged, { recursive: true })
    for (const [name, bytes] of files) {
      if (!isFileName(name)) throw new TradingError('ARTIFACT_INVALID', `"${name}" is not a file name that an artifact may have`, { name })
      await writeSynced(join(staged, name), bytes)
    }
    await syncDirectory(staged)
    if (await exists(target)) await rename(target, join(this.directory, 'staging', randomUUID()))
    await rename(staged, target)
    await syncDirectory(dirname(target))
    await this.#sweep()
  }

  /** A file's bytes; `undefined` when it is not there. */
  async readArtifactFile(digest: string, name: string): Promise<Uint8Array | undefined> {
    return isFileName(name) ? readIfThere(join(this.artifactDirectory(digest), name)) : undefined
  }

  /** Stores a document under the digest of its canonical JSON. */
  async writeDocument(document: unknown): Promise<string> {
    const text = canonicalJson(document)
    const digest = sha256Hex(text)
    await this.writeDocumentBytes(digest, Buffer.from(text))
    return digest
  }

  async writeDocumentBytes(digest: string, bytes: Uint8Array): Promise<void> {
    const path = this.#documentPath(digest)
    const present = await readIfThere(path)
    if (present !== undefined && sha256Hex(present) === digest) return
    const staged = join(this.directory, 'staging', randomUUID())
    await writeSynced(staged, bytes)
    await rename(staged, path)
    await syncDirectory(dirname(path))
  }

  /** A document's bytes, whole and unaltered; `undefined` when it is not there or was altered. */
  async readDocumentBytes(digest: string): Promise<Uint8Array | undefined> {
    const bytes = await readIfThere(this.#documentPath(digest))
    return bytes !== undefined && sha256Hex(bytes) === digest ? bytes : undefined
  }

  async readDocument(digest: string): Promise<unknown> {
    const bytes = await this.readDocumentBytes(digest)
    return bytes === undefined ? undefined : JSON.parse(Buffer.from(bytes).toString('utf8'))
  }

  #documentPath(digest: string): string {
    return join(this.directory, 'documents', `${requireDigest(digest)}.json`)
  }

  /** Removes what crashed writers left. The lock is held, and others' files are seconds old: an hour is old enough. */
  async #sweep(): Promise<void> {
    const staging = join(this.directory, 'staging')
    const oldest = Date.now() - 3_600_000
    for (const name of await readdir(staging)) {
      const path = join(staging, name)
      const status = await stat(path).catch(() => undefined)
      if (status !== undefined && status.mtimeMs < oldest) await rm(path, { recursive: true, force: true })
    }
  }
}

function requireDigest(digest: string): string {
  if (sha256.test(digest)) return digest
  throw new TradingError('REGISTRY_REFERENCE_INVALID', `"${digest.slice(0, 80)}" is not a SHA-256 in lower-case hex`, {
    digest: digest.slice(0, 80),
  })
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx')
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Makes a rename durable. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

/** A file's bytes; `undefined` when nothing is there. */
export async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  let file: FileHandle
  try {
    file = await open(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    // In one read where readFile takes one for every half megabyte. Not as a Buffer, whose slice() shares memory: what leaves here behaves as its type says.
    const bytes = new Uint8Array(Buffer.allocUnsafeSlow((await file.stat()).size).buffer)
    let filled = 0
    while (filled < bytes.length) {
      const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    return filled === bytes.length ? bytes : bytes.slice(0, filled)
  } finally {
    await file.close()
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
