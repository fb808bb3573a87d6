/**
 * A writer that is killed: `writer.ts <json>`. It appends numbered bars, prints `ack <sequence>` when one is durable, commits now and then,
 * and ends itself with SIGKILL at the operation it was given.
 */
import { equity, type Batch, type Feed } from '@gatehouse/core'
import { openManifest, record } from '@gatehouse/manifest-parquet'
import { FaultPlan, faultyLogFiles, faultyTableFiles, type Fault } from './faulty-files.js'
import { numberedBars, type WriterJob } from './numbered-bars.js'

const job = JSON.parse(process.argv[2]) as WriterJob
const plan = new FaultPlan(job.at, job.fault as Fault)
const manifest = await openManifest({
  directory: job.directory,
  checkpointEvery: 7,
  pendingBytes: job.pendingBytes,
  fileSystem: faultyTableFiles(plan),
  logFileSystem: faultyLogFiles(plan),
})
const instrument = equity(`W${job.writer}`)
const say = (line: string): void => void process.stdout.write(`${line}\n`)

if (job.mode === 'record') {
  const feed: Feed = {
    name: 'numbered',
    schemas: ['ohlcv-1m'],
    instruments: async () => [instrument],
    subscribe() {},
    async *batches({ from }) {
      for (let sequence = 1; sequence <= job.sequences; sequence++) {
        const batch: Batch = numberedBars(instrument, sequence)
        if (batch.availableAt[batch.length - 1] >= from) yield batch
        // A turn of the event loop, so that the recorder's timers run.
        await new Promise((resolve) => setImmediate(resolve))
      }
    },
    async close() {},
    async [Symbol.asyncDispose]() {},
  }
  let told = 0
  await record(feed, manifest, {
    range: { from: 0n, to: 2n ** 62n },
    appId: `writer-${job.writer}`,
    acknowledgeWithinMs: 0,
    commitEveryMs: 3,
    onReport: ({ acknowledged, skipped }) => {
      if (acknowledged > told) say(`rows ${skipped + acknowledged}`)
      told = acknowledged
    },
  })
} else {
  const appId = `writer-${job.writer}`
  let sequence = (await manifest.lastSequence(appId)) ?? 0
  while (sequence < job.sequences) {
    await manifest.append(numberedBars(instrument, sequence + 1), { appId, sequence: sequence + 1 })
    sequence++
    say(`ack ${sequence}`)
    if (sequence % 3 === 0) await manifest.commit()
    if (sequence % 20 === 0 && job.writer === 0) await manifest.compact()
  }
}
await manifest.close()
say('done')
