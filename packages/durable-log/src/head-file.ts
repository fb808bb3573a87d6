import { join } from 'node:path'
import { crc32Table } from './crc32.js'
import { type LogFileSystem, readFully, syncDirectory, writeFully } from './file-system.js'
import { HEAD_FILE } from './layout.js'

/**
 * HEAD holds the durable mark: up to here the log was fdatasynced. It is written after each sync (and itself synced on roll, snapshot, compaction and
 * close), so it never claims too much, and a log that ends before it was shortened. Two slots in two sectors: a torn write leaves the other.
 * A log that is never synced has a mark of what was written, which holds as long as the machine stays up.
 */
export interface Mark {
  /** Records before this index are durable; where `isSynced` is false, they were written during `bootId`. */
  readonly index: number
  /** Chain hash at `index`, hex. */
  readonly hash: string
  /** First index of the segment that `offset` is in. */
  readonly segment: number
  /** End of record `index - 1` in that segment. */
  readonly offset: number
  /** First index that compaction left in place. */
  readonly firstIndex: number
  /** Boot during which the log was last open; empty once it was closed and synced. A different one afterwards means the machine went down meanwhile. */
  readonly bootId: string
  readonly isSynced: boolean
  readonly isClosed: boolean
}

const SLOT_BYTES = 128
const SLOT_OFFSETS = [0, 512] as const
const MAGIC = 0x44484847
const FLAGS_AT = 4
const FLAGS = { unsynced: 1, closed: 2 } as const
const BOOT_ID_AT = 80
const BOOT_ID_BYTES = 40
const CRC_AT = 124

/** What reading HEAD found. */
export interface HeadReading {
  readonly mark: Mark | undefined
  /** Sequence number of that slot; 0 when there is none. */
  readonly sequence: number
  /** `damaged`: a slot that was written fails its checksum. */
  readonly state: 'sound' | 'absent' | 'damaged'
}

/** Reads the newer of the two slots. */
export function readHead(fileSystem: LogFileSystem, directory: string): HeadReading {
  const path = join(directory, HEAD_FILE)
  if (fileSystem.statSync(path) === undefined) return { mark: undefined, sequence: 0, state: 'absent' }
  const fd = fileSystem.openSync(path, 'r')
  let bytes: Buffer
  try {
    bytes = readFully(fileSystem, fd, 0, SLOT_OFFSETS[1] + SLOT_BYTES)
  } finally {
    fileSystem.closeSync(fd)
  }
  let mark: Mark | undefined
  let sequence = 0
  let damaged = bytes.length === 0
  for (const at of SLOT_OFFSETS) {
    const slot = bytes.subarray(at, at + SLOT_BYTES)
    if (slot.every((byte) => byte === 0)) continue
    if (slot.length < SLOT_BYTES || slot.readUInt32LE(0) !== MAGIC || slot.readUInt32LE(CRC_AT) !== crc32Table(slot, 0, CRC_AT)) {
      damaged = true
    } else if (Number(slot.readBigUInt64LE(8)) > sequence) {
      sequence = Number(slot.readBigUInt64LE(8))
      mark = decodeSlot(slot)
    }
  }
  return { mark, sequence, state: damaged || mark === undefined ? 'damaged' : 'sound' }
}

function decodeSlot(slot: Buffer): Mark {
  const number = (at: number): number => Number(slot.readBigUInt64LE(at))
  const flags = slot.readUInt32LE(FLAGS_AT)
  const bootId = slot.toString('latin1', BOOT_ID_AT, BOOT_ID_AT + BOOT_ID_BYTES).replace(/\0+$/, '')
  return {
    index: number(16),
    segment: number(24),
    offset: number(32),
    firstIndex: number(40),
    hash: slot.toString('hex', 48, 80),
    bootId,
    isSynced: (flags & FLAGS.unsynced) === 0,
    isClosed: bootId === '' || (flags & FLAGS.closed) !== 0,
  }
}

/** Writes marks into HEAD, alternating between the two slots. */
export class HeadFile {
  readonly #fileSystem: LogFileSystem
  readonly #fd: number
  readonly #slot = Buffer.alloc(SLOT_BYTES)
  #sequence: number

  private constructor(fileSystem: LogFileSystem, fd: number, sequence: number) {
    this.#fileSystem = fileSystem
    this.#fd = fd
    this.#sequence = sequence
  }

  /** Opens HEAD, making it durable as an entry of its folder when it is new. */
  static open(fileSystem: LogFileSystem, directory: string, reading: HeadReading): HeadFile {
    const path = join(directory, HEAD_FILE)
    const fd = fileSystem.openSync(path, reading.state === 'absent' ? 'w+' : 'r+')
    if (reading.state === 'absent') syncDirectory(fileSystem, directory)
    return new HeadFile(fileSystem, fd, reading.sequence)
  }

  /** Writes `mark`; survives the process, and power once {@link sync} returned. */
  write({ index, hash, segment, offset, firstIndex, bootId, isSynced, isClosed }: Mark): void {
    const slot = this.#slot
    this.#sequence += 1
    slot.fill(0)
    slot.writeUInt32LE(MAGIC, 0)
    slot.writeUInt32LE((isSynced ? 0 : FLAGS.unsynced) | (isClosed ? FLAGS.closed : 0), FLAGS_AT)
    slot.writeBigUInt64LE(BigInt(this.#sequence), 8)
    slot.writeBigUInt64LE(BigInt(index), 16)
    slot.writeBigUInt64LE(BigInt(segment), 24)
    slot.writeBigUInt64LE(BigInt(offset), 32)
    slot.writeBigUInt64LE(BigInt(firstIndex), 40)
    slot.write(hash, 48, 'hex')
    slot.write(bootId.slice(0, BOOT_ID_BYTES), BOOT_ID_AT, 'latin1')
    slot.writeUInt32LE(crc32Table(slot, 0, CRC_AT), CRC_AT)
    writeFully(this.#fileSystem, this.#fd, slot, SLOT_OFFSETS[this.#sequence % 2])
  }

  sync(): void {
    this.#fileSystem.fdatasyncSync(this.#fd)
  }

  close(): void {
    this.#fileSystem.closeSync(this.#fd)
  }
}
