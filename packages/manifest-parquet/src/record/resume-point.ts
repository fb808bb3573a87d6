import { type Batch, firstRowAt, sliceBatch } from '@gatehouse/core'
import { isTradingError } from '@gatehouse/durable-log'
import { type ParquetManifest } from '../manifest.js'

/** Where a recording left off: rows up to here are in the manifest. */
export class ResumePoint {
  private constructor(
    /** time of the last recorded row; -1 when there is none */
    readonly at: bigint,
    /** rows of that very instant that are recorded */
    private known: number,
  ) {}

  /** Commits what a crash left behind, and finds the end of the recorded rows. */
  static async find(manifest: ParquetManifest): Promise<ResumePoint> {
    try {
      const pin = await manifest.commit()
      if (pin.holds.rows === 0) return new ResumePoint(-1n, 0)
    } catch (error) {
      if (isTradingError(error, 'MANIFEST_EMPTY')) return new ResumePoint(-1n, 0)
      throw error
    }
    const snapshot = manifest.at('latest')
    const { state } = await snapshot.resolve()
    let at = -1n
    for (const { tags } of state.files.values()) {
      const to = BigInt(tags?.to ?? -1)
      if (to > at) at = to
    }
    let known = 0
    for await (const batch of snapshot.scan({ from: at, columns: [] })) known += batch.length
    return new ResumePoint(at, known)
  }

  /** The rows of a batch that are not recorded yet; `undefined` when all are. A source repeats the rows of one instant in one order. */
  skipRecorded(batch: Batch): Batch | undefined {
    let from = firstRowAt(batch, this.at)
    while (from < batch.length && this.known > 0 && batch.availableAt[from] === this.at) {
      from++
      this.known--
    }
    if (from === batch.length) return undefined
    return sliceBatch(batch, from, batch.length)
  }
}
