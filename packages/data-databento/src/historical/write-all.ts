import type { FileHandle } from 'node:fs/promises'

/** Writes all of some bytes: a disk that fills up takes a part of them, and says why at the next write only. */
export async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number | null = null): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position === null ? null : position + done)
    done += bytesWritten
  }
}
