import { readLog, readSnapshot, verifyLog } from '@gatehouse/durable-log'
import { attemptOf } from './payload.js'

/** Figures of a series of runs. */
export interface Tally {
  runs: number
  acknowledged: number
  records: number
  tornTails: number
  takenOver: number
  lost: number
  invented: number
  failures: string[]
}

export const newTally = (): Tally => ({
  runs: 0,
  acknowledged: 0,
  records: 0,
  tornTails: 0,
  takenOver: 0,
  lost: 0,
  invented: 0,
  failures: [],
})

/** What writers of one log were told, held against what the log holds. */
export class Ledger {
  /** What the log held at each index when it was last looked at; it may never change again. */
  readonly #known = new Map<number, string>()
  readonly #seenAttempts = new Map<string, number>()
  #snapshotIndex = 0
  #next = 0
  #promised = 0

  /** @param options.mayForget the power fails: what was not acknowledged at `power` may be gone from the end of the log, and others written there */
  constructor(
    readonly directory: string,
    readonly tally: Tally,
    readonly options: { readonly mayForget?: boolean } = {},
  ) {}

  /** Checks the log after its writers died. @param lines everything they said since the last check */
  async check(lines: readonly string[], where: string): Promise<void> {
    const { tally } = this
    const acknowledged = new Map<number, string>()
    for (const line of lines) {
      const [kind, ...words] = line.split(' ')
      if (kind === 'A') {
        const [index, run, attempt] = words
        if (acknowledged.has(Number(index))) tally.failures.push(`${where}: index ${index} was acknowledged twice`)
        acknowledged.set(Number(index), `${run}.${attempt}`)
      } else if (kind === 'S') {
        this.#snapshotIndex = Math.max(this.#snapshotIndex, Number(words[0]))
      } else if (kind === 'R') {
        const { tornTail, staleLock } = JSON.parse(words.join(' ')) as { tornTail: boolean; staleLock: boolean }
        if (tornTail) tally.tornTails += 1
        if (staleLock) tally.takenOver += 1
      } else if (kind === 'E') {
        tally.failures.push(`${where}: the writer failed: ${words.join(' ')}`)
      }
    }
    tally.acknowledged += acknowledged.size
    await this.#checkRecords(acknowledged, where)
    await this.#checkSnapshot(where)
    const { ok, findings } = await verifyLog(this.directory)
    if (!ok)
      tally.failures.push(
        `${where}: ${findings.map(({ code, segment, offset, message }) => `${code} ${segment}@${offset} ${message}`).join('; ')}`,
      )
  }

  async #checkRecords(acknowledged: ReadonlyMap<number, string>, where: string): Promise<void> {
    const { tally } = this
    if (this.options.mayForget === true) this.#forgetUnpromised(acknowledged)
    let first: number | undefined
    let next = 0
    for await (const { index, payload } of readLog(this.directory)) {
      first ??= index
      next = index + 1
      const attempt = attemptOf(payload)
      const name = attempt && `${attempt.run}.${attempt.attempt}`
      const known = this.#known.get(index)
      const twice = name === undefined ? undefined : this.#seenAttempts.get(name)
      if (name === undefined || (known !== undefined && known !== name) || (twice !== undefined && twice !== index)) {
        tally.invented += 1
        tally.failures.push(`${where}: record ${index} is ${name ?? 'nobody’s'}${known === undefined ? '' : `, was ${known}`}`)
        continue
      }
      this.#known.set(index, name)
      this.#seenAttempts.set(name, index)
    }
    // Compaction may have dropped records, but only such as a snapshot covers.
    const from = first ?? next
    if (from > this.#snapshotIndex) await this.#requireSnapshot(from, where)
    for (const [index, name] of acknowledged) {
      if (index < from) continue
      if (this.#known.get(index) === name && index < next) continue
      tally.lost += 1
      tally.failures.push(`${where}: acknowledged record ${index} (${name}) is ${index < next ? `now ${this.#known.get(index)}` : 'gone'}`)
    }
    for (let index = next; index < this.#next; index++) {
      tally.lost += 1
      tally.failures.push(`${where}: record ${index}, seen before, is gone`)
    }
    tally.records += Math.max(0, next - this.#next)
    this.#next = next
  }

  /** Keeps of what is known only what a promise at `power`, now or earlier, covers: everything before the last record promised. */
  #forgetUnpromised(acknowledged: ReadonlyMap<number, string>): void {
    this.#promised = Math.max(this.#promised, this.#snapshotIndex, ...[...acknowledged.keys()].map((index) => index + 1))
    for (const [index, name] of this.#known) {
      if (index < this.#promised) continue
      this.#known.delete(index)
      this.#seenAttempts.delete(name)
    }
    this.#next = Math.min(this.#next, this.#promised)
  }

  async #requireSnapshot(from: number, where: string): Promise<void> {
    const snapshot = await readSnapshot(this.directory)
    if (snapshot === undefined || snapshot.index < from)
      this.tally.failures.push(`${where}: the log begins at ${from} and no snapshot covers what is gone`)
  }

  async #checkSnapshot(where: string): Promise<void> {
    const snapshot = await readSnapshot(this.directory)
    if ((snapshot?.index ?? 0) < this.#snapshotIndex)
      this.tally.failures.push(`${where}: snapshot ${this.#snapshotIndex} was acknowledged, newest is ${snapshot?.index}`)
    if (snapshot === undefined) return
    this.#snapshotIndex = snapshot.index
    if (Buffer.from(snapshot.state).toString() !== `state before ${snapshot.index}`)
      this.tally.failures.push(`${where}: snapshot ${snapshot.index} holds another state`)
  }
}
