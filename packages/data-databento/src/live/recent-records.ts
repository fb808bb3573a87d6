import type { RecordRun } from '../codec/run.js'
import { RType } from '../layout/enums.js'
import { layoutOf } from '../layout/layout.js'
import type { Block, RunQueue } from './run-queue.js'

/** Replay filters these by receive time, all others by event time. */
const byReceiveTime: ReadonlySet<number> = new Set([RType.bbo1s, RType.bbo1m, RType.cbbo1s, RType.cbbo1m])
const controls: ReadonlySet<number> = new Set([RType.error, RType.system, RType.symbolMapping])

/** True for mapping, system and error records, which belong to the session and not to the market. */
export function isControl(rtype: number): boolean {
  return controls.has(rtype)
}

/** The time by which the gateway filters a record on replay, ns. */
export function indexTime(view: DataView, byteOffset: number, rtype: number): bigint {
  return view.getBigUint64(byteOffset + (byReceiveTime.has(rtype) ? 32 : 8), true)
}

const receiveOffsets: readonly number[] = Array.from(
  { length: 256 },
  (_, rtype) => layoutOf(rtype, 3)?.fields.find(({ name }) => name === 'ts_recv')?.offset ?? 8,
)

/** When a record was received by Databento, or its event time where it does not say; ns. Records of a session come in this order. */
export function receiveTime(view: DataView, byteOffset: number, rtype: number): bigint {
  return view.getBigUint64(byteOffset + receiveOffsets[rtype], true)
}

/**
 * The last few megabytes of what was delivered, to tell on replay what is new. It costs nothing while records flow: the blocks of the queue
 * are kept a little longer, and read only when a connection broke.
 */
export class RecentRecords {
  readonly #blocks: Block[] = []
  readonly #forgotten = new Map<number, bigint>()
  readonly #limit: number
  #bytes = 0
  #queue: RunQueue<unknown> | undefined

  /** @param limitBytes how much is kept */
  constructor(limitBytes: number) {
    this.#limit = limitBytes
  }

  attach(queue: RunQueue<unknown>): void {
    this.#queue = queue
  }

  /** Keeps a full block. */
  keep(block: Block): void {
    block.holds += 1
    this.#blocks.push(block)
    this.#bytes += block.used
    while (this.#bytes > this.#limit && this.#blocks.length > 1) {
      const oldest = this.#blocks.shift()
      if (oldest === undefined) return
      this.#bytes -= oldest.used
      for (const { rtype, time } of recordsOf(oldest)) {
        if (time > (this.#forgotten.get(rtype) ?? -1n)) this.#forgotten.set(rtype, time)
      }
      this.#queue?.release(oldest)
    }
  }

  /** Latest index time of each record type delivered. */
  lastTimes(): Map<number, bigint> {
    const last = new Map(this.#forgotten)
    for (const { rtype, time } of this.#all()) if (time > (last.get(rtype) ?? -1n)) last.set(rtype, time)
    return last
  }

  /** Latest index time that is no longer kept; everything delivered after it can be recognised. */
  forgotten(rtype: number): bigint | undefined {
    return this.#forgotten.get(rtype)
  }

  /** What was delivered of a type from `start` on, as a multiset of identities. */
  identitiesFrom(rtype: number, start: bigint, tsOutBytes: number): Map<string, number> {
    const known = new Map<string, number>()
    for (const record of this.#all()) {
      if (record.rtype !== rtype || record.time < start) continue
      const key = identity(record.block.window.bytes, record.at, record.length - tsOutBytes, rtype)
      known.set(key, (known.get(key) ?? 0) + 1)
    }
    return known
  }

  *#all(): Generator<
    { readonly rtype: number; readonly time: bigint; readonly block: Block; readonly at: number; readonly length: number },
    void,
    undefined
  > {
    for (const block of this.#blocks) yield* recordsOf(block)
    const current = this.#queue?.current
    if (current !== undefined) yield* recordsOf(current)
  }
}

function* recordsOf(
  block: Block,
): Generator<
  { readonly rtype: number; readonly time: bigint; readonly block: Block; readonly at: number; readonly length: number },
  void,
  undefined
> {
  const { bytes, view } = block.window
  for (let at = 0; at < block.used; at += bytes[at] * 4) {
    const rtype = bytes[at + 1]
    if (!isControl(rtype)) yield { rtype, time: indexTime(view, at, rtype), block, at, length: bytes[at] * 4 }
  }
}

const flagOffsets: readonly (number | undefined)[] = Array.from(
  { length: 256 },
  (_, rtype) => layoutOf(rtype, 3)?.fields.find(({ name }) => name === 'flags')?.offset,
)

/** What makes a record itself: all its bytes but the send time and the flags, of which a replay may set some. */
function identity(bytes: Uint8Array, at: number, length: number, rtype: number): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + at, length).toString('latin1')
  const flags = flagOffsets[rtype]
  return flags === undefined ? text : text.slice(0, flags) + text.slice(flags + 1)
}

/** Tells new records from those that were delivered before the connection broke. */
export class ReplayFilter {
  readonly #known: Map<string, number>
  readonly #tsOutBytes: number
  #dropped = 0

  constructor(known: Map<string, number>, tsOutBytes: number) {
    this.#known = known
    this.#tsOutBytes = tsOutBytes
  }

  /** Records recognised so far. */
  get dropped(): number {
    return this.#dropped
  }
  /** True when everything that was delivered has been seen again. */
  get isSpent(): boolean {
    return this.#known.size === 0
  }

  /** Whether row `row` was delivered before; each delivery is matched once. */
  isKnown(run: RecordRun, row: number): boolean {
    const at = (run.wordOffset + row * run.stride) * 4
    const key = identity(run.bytes, at, run.stride * 4 - this.#tsOutBytes, run.rtype)
    const count = this.#known.get(key)
    if (count === undefined) return false
    if (count === 1) this.#known.delete(key)
    else this.#known.set(key, count - 1)
    this.#dropped += 1
    return true
  }
}
