import { Buffer } from 'node:buffer'
import { type FileHandle, open } from 'node:fs/promises'
import { TradingError } from '@gatehouse/durable-log'

/** Bytes that can be read by range: a local file here, an object store elsewhere. */
export interface ByteSource {
  /** For messages: a path or address without credentials. */
  readonly name: string
  readonly size: number
  /** Exactly `length` bytes from `start`. */
  read(start: number, length: number): Promise<Uint8Array>
  close(): Promise<void>
}

/**
 * Opens a local file for positioned reads.
 * @throws {TradingError} `PARQUET_UNREADABLE` when it cannot be opened
 */
export async function fileSource(path: string): Promise<ByteSource> {
  let handle: FileHandle
  try {
    handle = await open(path, 'r')
  } catch (error) {
    throw new TradingError('PARQUET_UNREADABLE', `cannot open ${path}`, { path }, { cause: error })
  }
  const { size } = await handle.stat()
  let closed: Promise<void> | undefined
  return {
    name: path,
    size,
    async read(start, length) {
      // Not zeroed first: it is filled whole, or not handed out.
      const bytes = Buffer.allocUnsafeSlow(length)
      for (let done = 0; done < length;) {
        const { bytesRead } = await handle.read(bytes, done, length - done, start + done)
        if (bytesRead === 0) {
          throw new TradingError('PARQUET_CORRUPT', `${path} ends at byte ${start + done}; ${length - done} more were expected`, {
            path,
            start,
          })
        }
        done += bytesRead
      }
      return bytes
    },
    close: () => (closed ??= handle.close()),
  }
}

/** The same over bytes in memory. */
export function memorySource(bytes: Uint8Array, name = 'bytes in memory'): ByteSource {
  return {
    name,
    size: bytes.length,
    async read(start, length) {
      if (start < 0 || start + length > bytes.length) {
        throw new TradingError('PARQUET_CORRUPT', `${name} ends at byte ${bytes.length}; ${start + length} were expected`, {
          start,
          length,
        })
      }
      return bytes.subarray(start, start + length)
    },
    async close() {},
  }
}
