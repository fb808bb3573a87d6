import { hash } from 'node:crypto'
import { crc32, crc32Table } from './crc32.js'

/*
 * A segment is 64 bytes of header, then frames, then (once rolled) a seal.
 *
 *   header  magic 8 | firstIndex u64 | reserved 12 | crc32 u32 | chain hash before firstIndex 32
 *   frame   marker u32 | payload length u32 | index u64 | crc32(payload) u32 | crc32(these 20 bytes) u32 | payload | chain hash 32
 *   seal    a frame of length 0 with another marker, the next index, and the chain hash repeated
 *
 * All integers little-endian. chain hash = sha256(chain hash before | 24 header bytes | payload). The hash before lies just in front of
 * the frame, in the file and in the write buffer, so one hash call over one contiguous range does it. The length has a checksum of its own:
 * a header that checks out can be trusted to say where the frame ends, which is what tells a torn write from a flipped bit.
 */
export const SEGMENT_HEADER_BYTES = 64
export const FRAME_HEADER_BYTES = 24
export const HASH_BYTES = 32
export const FRAME_OVERHEAD_BYTES = FRAME_HEADER_BYTES + HASH_BYTES
export const SEAL_BYTES = FRAME_OVERHEAD_BYTES
export const MAX_PAYLOAD_BYTES = 64 * 1024 * 1024
export const RECORD_MARKER = 0x47524543
export const SEAL_MARKER = 0x47534541
/** Chain hash of the empty log. */
export const GENESIS_HASH = '0'.repeat(64)

const MAGIC = Buffer.from('GHLOG\0\0\x01', 'latin1')
const TWO_32 = 0x1_0000_0000

/** What a segment's header says. */
export interface SegmentHeader {
  readonly firstIndex: number
  readonly previousHash: string
}

/** The 64 bytes a segment begins with. */
export function encodeSegmentHeader({ firstIndex, previousHash }: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES)
  MAGIC.copy(bytes)
  bytes.writeBigUInt64LE(BigInt(firstIndex), 8)
  bytes.write(previousHash, 32, 'hex')
  bytes.writeUInt32LE(segmentHeaderCrc(bytes), 28)
  return bytes
}

/** Reads a segment's header; `'damaged'` when the checksum fails, `'newer'` when the magic is a later version's. */
export function decodeSegmentHeader(bytes: Buffer): SegmentHeader | 'damaged' | 'newer' {
  if (bytes.length < SEGMENT_HEADER_BYTES || bytes.readUInt32LE(28) !== segmentHeaderCrc(bytes)) return 'damaged'
  if (bytes.compare(MAGIC, 0, 7, 0, 7) !== 0) return 'damaged'
  if (bytes[7] !== MAGIC[7]) return 'newer'
  return { firstIndex: Number(bytes.readBigUInt64LE(8)), previousHash: bytes.toString('hex', 32, 64) }
}

function segmentHeaderCrc(bytes: Buffer): number {
  return crc32Table(bytes, 32, 64, crc32Table(bytes, 0, 28))
}

/**
 * Writes the frame of `payload` into `buffer` at `at`; the chain hash before it must lie in the 32 bytes before `at`.
 * @returns the chain hash after it, in hex, which is also written behind the payload
 */
export function encodeFrame(buffer: Buffer, at: number, index: number, payload: Uint8Array): string {
  const bodyAt = at + FRAME_HEADER_BYTES
  const hashAt = bodyAt + payload.length
  buffer.set(payload, bodyAt)
  writeFrameHeader(buffer, at, RECORD_MARKER, payload.length, index, crc32(buffer, bodyAt, hashAt))
  const chained = hash('sha256', buffer.subarray(at - HASH_BYTES, hashAt), 'hex')
  buffer.write(chained, hashAt, HASH_BYTES, 'hex')
  return chained
}

/** The seal that ends a segment: `index` is the next record's, `chainHash` the chain up to here. */
export function encodeSeal(index: number, chainHash: string): Buffer {
  const bytes = Buffer.alloc(SEAL_BYTES)
  bytes.write(chainHash, FRAME_HEADER_BYTES, 'hex')
  writeFrameHeader(bytes, 0, SEAL_MARKER, 0, index, crc32Table(bytes, FRAME_HEADER_BYTES, SEAL_BYTES))
  return bytes
}

function writeFrameHeader(buffer: Buffer, at: number, marker: number, length: number, index: number, bodyCrc: number): void {
  buffer.writeUInt32LE(marker, at)
  buffer.writeUInt32LE(length, at + 4)
  buffer.writeUInt32LE(index >>> 0, at + 8)
  buffer.writeUInt32LE(Math.floor(index / TWO_32), at + 12)
  buffer.writeUInt32LE(bodyCrc, at + 16)
  buffer.writeUInt32LE(crc32Table(buffer, at, at + 20), at + 20)
}

/** A frame's header that passed its checksum. */
export interface FrameHeader {
  readonly isSeal: boolean
  readonly length: number
  readonly index: number
}

/** Reads the 24 header bytes at `at`; undefined when they fail their checksum or make no sense. */
export function decodeFrameHeader(buffer: Buffer, at: number): FrameHeader | undefined {
  const marker = buffer.readUInt32LE(at)
  if (marker !== RECORD_MARKER && marker !== SEAL_MARKER) return undefined
  if (buffer.readUInt32LE(at + 20) !== crc32Table(buffer, at, at + 20)) return undefined
  const length = buffer.readUInt32LE(at + 4)
  const index = buffer.readUInt32LE(at + 8) + buffer.readUInt32LE(at + 12) * TWO_32
  const isSeal = marker === SEAL_MARKER
  if (length > MAX_PAYLOAD_BYTES || !Number.isSafeInteger(index) || (isSeal && length !== 0)) return undefined
  return { isSeal, length, index }
}

/** Does the body of the frame at `at` match its checksum and, for a record, the hash stored behind it continue the one stored before it? */
export function frameBodyHolds(buffer: Buffer, at: number, { isSeal, length }: FrameHeader): boolean {
  const bodyAt = at + FRAME_HEADER_BYTES
  const hashAt = bodyAt + length
  const bodyCrc = buffer.readUInt32LE(at + 16)
  if (isSeal) return bodyCrc === crc32Table(buffer, bodyAt, bodyAt + HASH_BYTES)
  if (bodyCrc !== crc32(buffer, bodyAt, hashAt)) return false
  return hash('sha256', buffer.subarray(at - HASH_BYTES, hashAt), 'hex') === buffer.toString('hex', hashAt, hashAt + HASH_BYTES)
}
