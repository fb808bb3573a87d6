/**
 * The recording program: `record.ts OUT FAMILY MARKET`, the market as JSON. It reads the feeds of one family into manifests and tells what it recorded: pins, names,
 * windows. Several may run at once.
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  joinDatasets,
  snapshotDataset,
  type Batch,
  type Dataset,
  type Progress,
  type Schema,
  type TimeNs,
  type TimeRange,
} from '@gatehouse/core'
import { openManifest, type ParquetManifest } from '@gatehouse/manifest-parquet'
import type { FamilyName, Lane, Source } from './lane.js'
import { openMarket, type MarketChoice } from './market/open-market.js'
import type { RecordedLane, RecordedTable } from './plan.js'
import { answer } from './programs.js'

/** Virtual time: commits are stamped with the data's own, so the same rows give the same manifest. */
export const stampedAt = (time: TimeNs) => ({ now: () => time })

const everything: readonly TimeRange[] = [{ from: 0n, to: 2n ** 62n }]

/** Feeds → a manifest for each schema, exactly once per batch, and the pins that name the bytes for ever. */
export async function recordLane(lane: Lane, directory: string, onProgress: (progress: Progress) => void): Promise<RecordedLane> {
  const sources = await lane.sources()
  const manifests = new Map<Schema, ParquetManifest>()
  for (const schema of lane.schemas) {
    const lineage = { source: sources.map(({ feed }) => feed.name).join(', ') }
    manifests.set(schema, await openManifest({ directory: join(directory, schema), clock: stampedAt(0n), lineage }))
  }
  let rows = 0
  let [first, last] = [2n ** 62n, 0n]
  for (const [index, source] of sources.entries()) {
    let sequence = 0
    for await (const batch of batchesOf(source)) {
      const manifest = manifests.get(batch.schema)
      if (manifest === undefined) continue
      await manifest.append(batch, { appId: `feed-${index}`, sequence: ++sequence })
      if (batch.availableAt[0] < first) first = batch.availableAt[0]
      if (batch.availableAt[batch.length - 1] > last) last = batch.availableAt[batch.length - 1]
      rows += batch.length
      onProgress({ stage: `recording ${source.feed.name}`, done: rows, unit: 'rows' })
    }
  }
  const tables: RecordedTable[] = []
  for (const [schema, manifest] of manifests) {
    tables.push({ schema, directory: join(directory, schema), pin: await manifest.commit() })
    await manifest.close()
  }
  const instruments = (await Promise.all(sources.map(({ feed }) => feed.instruments()))).flat()
  return {
    family: lane.family,
    settings: lane.settings,
    tables,
    instruments: [...new Map(instruments.map((instrument) => [instrument.id, instrument])).values()],
    last,
    warmUpNs: lane.warmUpNs,
    ...lane.windows(first, last),
  }
}

async function* batchesOf({ feed, ranges = everything, keep = (batch) => batch }: Source): AsyncGenerator<Batch> {
  for (const range of ranges) {
    for await (const item of feed.batches(range)) {
      const kept = item.type === 'batch' ? keep(item) : undefined
      if (kept !== undefined && kept.length > 0) yield kept
    }
  }
}

/** What a lane may learn from and be judged on: its pins, up to where trading begins. */
export async function datasetOf(lane: RecordedLane): Promise<Dataset> {
  const datasets = new Map<Schema, Dataset>()
  for (const { schema, directory, pin } of lane.tables) {
    const manifest = await openManifest({ directory })
    datasets.set(schema, snapshotDataset(manifest.at(pin), { instruments: lane.instruments, range: { from: 0n, to: lane.tradeFrom } }))
  }
  return datasets.size === 1 ? [...datasets.values()][0] : joinDatasets(Object.fromEntries(datasets))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [out, family, market] = process.argv.slice(2) as [string, FamilyName, string]
  await answer(async (onProgress) => {
    const { lanes } = await openMarket(JSON.parse(market) as MarketChoice)
    return recordLane(
      lanes.find((lane) => lane.family === family)!,
      join(out, 'data', family),
      onProgress,
    )
  })
}
