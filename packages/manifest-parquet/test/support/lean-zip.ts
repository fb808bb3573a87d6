import { inflateRawSync } from 'node:zlib'

/** The one file of a LEAN zip, read by its central directory. */
export function unzipOne(archive: Buffer): string {
  const end = archive.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]))
  const entry = archive.readUInt32LE(end + 16)
  const method = archive.readUInt16LE(entry + 10)
  const size = archive.readUInt32LE(entry + 20)
  const local = archive.readUInt32LE(entry + 42)
  const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28)
  const body = archive.subarray(start, start + size)
  return (method === 0 ? body : inflateRawSync(body)).toString('utf8')
}
