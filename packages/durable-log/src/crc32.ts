import * as zlib from 'node:zlib'

const table = Int32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1
  return value
})

/**
 * CRC-32 (IEEE 802.3, as in zlib) of `bytes[start, end)`, table driven. Faster than the call into zlib below about 100 bytes.
 * @param previous checksum of the bytes before, to go on from
 */
export function crc32Table(bytes: Uint8Array, start: number, end: number, previous = 0): number {
  let crc = ~previous
  for (let at = start; at < end; at++) crc = table[(crc ^ bytes[at]) & 0xff] ^ (crc >>> 8)
  return ~crc >>> 0
}

// Node 20.15 and 22.2 brought zlib.crc32; other runtimes may lack it.
const native = (zlib as Partial<Pick<typeof zlib, 'crc32'>>).crc32

/** CRC-32 (IEEE 802.3, as in zlib) of `bytes[start, end)`. */
export function crc32(bytes: Uint8Array, start: number, end: number): number {
  if (native === undefined || end - start < 100) return crc32Table(bytes, start, end)
  return native(bytes.subarray(start, end))
}
