import type { ManifestPin } from '@gatehouse/contracts'
import type { Progress, TimeNs } from '@gatehouse/core'
import { openManifest, type ParquetManifest } from '@gatehouse/manifest-parquet'
import type { Market } from './market.js'

export interface Recorded {
  readonly manifest: ParquetManifest
  readonly pin: ManifestPin
  /** When the first and the last bar could be known. */
  readonly first: TimeNs
  readonly last: TimeNs
}

/** Virtual time: commits are stamped with the data's own, so the same bars give the same manifest. */
export const stampedAt = (time: TimeNs) => ({ now: () => time })

/** Bars → manifest, exactly once per batch, and the pin that names the bytes for ever. */
export async function recordBars(market: Market, directory: string, onProgress: (progress: Progress) => void): Promise<Recorded> {
  const manifest = await openManifest({ directory, clock: stampedAt(0n), lineage: { source: market.description } })
  let rows = 0
  let [first, last] = [2n ** 62n, 0n]
  for (const [index, feed] of market.feeds.entries()) {
    let sequence = 0
    for await (const item of feed.batches({ from: 0n, to: 2n ** 62n })) {
      if (item.type !== 'batch' || item.schema !== 'ohlcv-1h') continue
      await manifest.append(item, { appId: `feed-${index}`, sequence: ++sequence })
      if (item.availableAt[0] < first) first = item.availableAt[0]
      if (item.availableAt[item.length - 1] > last) last = item.availableAt[item.length - 1]
      rows += item.length
      onProgress({ stage: `recording ${feed.name}`, done: rows, unit: 'bars' })
    }
  }
  return { manifest, pin: await manifest.commit(), first, last }
}
