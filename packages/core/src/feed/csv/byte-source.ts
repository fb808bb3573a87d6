import { TradingError } from '@gatehouse/contracts'
import { Unzip, UnzipInflate } from 'fflate'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { createGunzip } from 'node:zlib'

/** Bytes of a file in order; each chunk is valid until the next is asked for. */
export type ByteSource = AsyncIterable<Uint8Array>

const chunkBytes = 1 << 20

/**
 * Opens a plain, `.gz` or `.zip` file as the bytes of its text, in bounded memory. Of an archive the first file is read whose name ends in
 * `.csv` or `.txt`, or the one named by `entry`.
 * @throws {TradingError} `CSV_FILE_UNREADABLE` and `CSV_ARCHIVE_INVALID` (broken, cut short, or without such an entry), while reading
 */
export function openBytes(path: string, entry?: string): ByteSource {
  if (path.endsWith('.gz')) return gzip(path)
  return path.endsWith('.zip') ? zip(path, entry) : plain(path)
}

async function* plain(path: string): AsyncGenerator<Uint8Array> {
  const file = await open(path).catch((cause: unknown) => {
    throw unreadable(path, cause)
  })
  try {
    const buffer = new Uint8Array(chunkBytes)
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, chunkBytes, null).catch((cause: unknown) => {
        throw unreadable(path, cause)
      })
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await file.close()
  }
}

async function* gzip(path: string): AsyncGenerator<Uint8Array> {
  const compressed = createReadStream(path, { highWaterMark: chunkBytes })
  const text = createGunzip({ chunkSize: chunkBytes })
  compressed.on('error', (error) => text.destroy(unreadable(path, error)))
  compressed.pipe(text)
  try {
    yield* text as AsyncIterable<Uint8Array>
  } catch (error) {
    if (error instanceof TradingError) throw error
    throw broken(path, error instanceof Error ? error.message : String(error), error)
  } finally {
    compressed.destroy()
    text.destroy()
  }
}

async function* zip(path: string, entry: string | undefined): AsyncGenerator<Uint8Array> {
  const reading: ZipReading = { out: [], seen: [], isComplete: false }
  const archive = new Unzip((file) => {
    reading.seen.push(file.name)
    if (reading.chosen !== undefined || !(entry === undefined ? /\.(csv|txt)$/i.test(file.name) : file.name === entry)) return
    reading.chosen = file.name
    file.ondata = (error, bytes, final) => {
      if (error !== null) reading.failure ??= error
      else reading.out.push(bytes)
      reading.isComplete ||= final
    }
    file.start()
  })
  archive.register(UnzipInflate)
  for await (const chunk of plain(path)) {
    try {
      // The archive keeps what it cannot use yet, and the buffer of a plain file is reused: it gets its own copy.
      archive.push(chunk.slice())
    } catch (error) {
      reading.failure ??= error
    }
    const { failure } = reading
    if (failure !== undefined) throw broken(path, failure instanceof Error ? failure.message : JSON.stringify(failure), failure)
    yield* reading.out.splice(0)
    if (reading.isComplete) return
  }
  if (reading.chosen !== undefined) throw broken(path, `${reading.chosen} is cut short`)
  const held = reading.seen.length === 0 ? 'no file' : reading.seen.join(', ')
  throw broken(path, `it holds ${held}, not ${entry ?? 'a .csv or .txt file'}`)
}

interface ZipReading {
  readonly out: Uint8Array[]
  readonly seen: string[]
  chosen?: string
  failure?: unknown
  isComplete: boolean
}

function unreadable(path: string, cause: unknown): TradingError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new TradingError('CSV_FILE_UNREADABLE', `${path} cannot be read: ${reason}`, { file: path }, { cause })
}

function broken(path: string, reason: string, cause?: unknown): TradingError {
  return new TradingError('CSV_ARCHIVE_INVALID', `${path} is not a whole archive: ${reason}`, { file: path }, { cause })
}
