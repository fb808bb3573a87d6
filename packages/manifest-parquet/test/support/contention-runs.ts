import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createBatch, equity, isTradingError, type Batch } from '@gatehouse/core'
import { openManifest } from '@gatehouse/manifest-parquet'
import { random } from './kill-runs.js'
import { audit, barsPerAppend, emptyTally, numberedBars, type Tally } from './numbered-bars.js'

async function inFolder(tally: Tally, run: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-contend-'))
  tally.runs++
  try {
    await run(directory)
  } catch (error) {
    tally.failed++
    tally.problems.push(error instanceof Error ? (error.stack ?? error.message) : String(error))
  } finally {
    await chmod(directory, 0o755)
    await rm(directory, { recursive: true, force: true })
  }
}

function require(holds: boolean, what: string): void {
  if (!holds) throw new Error(what)
}

/** Several writers at once, some of them replaying the very same transactions, a reader beside them. */
export async function sameTransactions(runs: number): Promise<Tally> {
  const tally = emptyTally()
  for (let run = 0; run < runs; run++) {
    await inFolder(tally, async (directory) => {
      const writers = await Promise.all(Array.from({ length: 4 }, () => openManifest({ directory, checkpointEvery: 5 })))
      let reading = true
      const reader = (async () => {
        await using manifest = await openManifest({ directory })
        while (reading) {
          try {
            await manifest.refresh()
            const { duplicated } = await audit(manifest.at('latest').scan(), new Map())
            require(duplicated === 0, `a reader saw ${duplicated} rows twice`)
          } catch (error) {
            if (!isTradingError(error, 'MANIFEST_EMPTY')) throw error
          }
          await new Promise((resolve) => setTimeout(resolve, 5))
        }
      })()
      await Promise.all(
        writers.map(async (manifest, index) => {
          // Writers 0 and 1 tell the same; 2 and 3 speak for themselves.
          const writer = index < 2 ? 0 : index
          for (let sequence = 1; sequence <= 9; sequence++) {
            await manifest.append(numberedBars(equity(`W${writer}`), sequence), { appId: `writer-${writer}`, sequence })
            if ((sequence + index) % 3 === 0) await manifest.commit()
          }
          await manifest.commit()
        }),
      )
      reading = false
      await reader
      await Promise.all(writers.map((manifest) => manifest.close()))
      await using manifest = await openManifest({ directory })
      const promised = new Map([0, 2, 3].map((writer) => [writer, 9]))
      const { lost, duplicated, rows } = await audit(manifest.at('latest').scan(), promised)
      tally.acknowledged += 3 * 9 * barsPerAppend
      tally.lost += lost
      tally.duplicated += duplicated
      require(lost === 0 && duplicated === 0 && rows === 3 * 9 * barsPerAppend, `${lost} lost, ${duplicated} twice, ${rows} rows`)
      require((await manifest.at('latest').verify()).ok, 'verify')
    })
  }
  return tally
}

/** The clock goes back an hour, and forward ten years, between commits: order comes from versions. */
export async function jumpingClock(runs: number, seed: number): Promise<Tally> {
  const tally = emptyTally()
  const next = random(seed)
  for (let run = 0; run < runs; run++) {
    await inFolder(tally, async (directory) => {
      let now = 1_750_000_000_000_000_000n
      await using manifest = await openManifest({ directory, clock: { now: () => now } })
      for (let sequence = 1; sequence <= 8; sequence++) {
        now += next() < 0.4 ? -3_600_000_000_000n : next() < 0.3 ? 315_360_000_000_000_000n : 1_000_000_000n
        await manifest.append(numberedBars(equity('W0'), sequence), { appId: 'writer-0', sequence })
        await manifest.commit()
      }
      const times: number[] = []
      for await (const { timestamp } of manifest.lineage()) times.push(timestamp)
      require(times.every((time, index) => index === 0 || time > times[index - 1]), `commit times ${times.join(' ')}`)
      const { lost, duplicated } = await audit(manifest.at('latest').scan(), new Map([[0, 8]]))
      require(lost === 0 && duplicated === 0, `${lost} lost, ${duplicated} twice`)
      tally.acknowledged += 8 * barsPerAppend
    })
  }
  return tally
}

/** Instruments whose names no folder likes. */
export async function oddNames(): Promise<Tally> {
  const tally = emptyTally()
  const symbols = [
    'A/B',
    'A%2FB',
    'A B',
    'ÄÖÜ €',
    '..',
    '.',
    'con:1',
    'x=y',
    "quote'",
    'a\\b',
    '日本',
    '__HIVE_DEFAULT_PARTITION__',
    '#hash?',
    'new\nline',
  ]
  for (const symbol of symbols) {
    await inFolder(tally, async (directory) => {
      const instrument = equity(symbol)
      const rows = 50
      const batch: Batch = createBatch({
        schema: 'trades',
        source: 'odd',
        instruments: [instrument, equity('plain')],
        instrumentIndex: Uint32Array.from({ length: rows }, (_, row) => row % 2),
        columns: {
          tsEvent: BigInt64Array.from({ length: rows }, (_, row) => 1_704_205_800_000_000_000n + BigInt(row)),
          tsRecv: BigInt64Array.from({ length: rows }, (_, row) => 1_704_205_800_000_000_000n + BigInt(row)),
          action: new Uint8Array(rows).fill(84),
          side: new Uint8Array(rows).fill(78),
          price: new Float64Array(rows).fill(10),
          size: new Uint32Array(rows).fill(1),
          flags: new Uint8Array(rows),
          sequence: Uint32Array.from({ length: rows }, (_, row) => row),
        },
      })
      {
        await using manifest = await openManifest({ directory })
        await manifest.append(batch, { appId: 'odd', sequence: 1 })
        await manifest.commit()
      }
      await using manifest = await openManifest({ directory })
      let found = 0
      for await (const part of manifest.at('latest').scan({ symbols: [symbol] })) {
        for (let row = 0; row < part.length; row++) if (part.instruments[part.instrumentIndex[row]].symbol === symbol) found++
      }
      require(found === 25, `${found} of 25 rows of ${JSON.stringify(symbol)}`)
      const { ok } = await manifest.at('latest').verify()
      require(ok, 'verify')
    })
  }
  return tally
}

/** A folder that may not be written: refused by code, and readable all the same. Root may write anywhere, so it skips. */
export async function readOnlyFolder(): Promise<(Tally & { skipped?: undefined }) | { skipped: string }> {
  if (process.getuid?.() === 0) return { skipped: 'root writes to read-only folders' }
  const tally = emptyTally()
  await inFolder(tally, async (directory) => {
    {
      await using manifest = await openManifest({ directory })
      await manifest.append(numberedBars(equity('W0'), 1), { appId: 'writer-0', sequence: 1 })
      await manifest.commit()
    }
    await chmod(join(directory, '_delta_log'), 0o555)
    await chmod(directory, 0o555)
    await using manifest = await openManifest({ directory })
    const { rows } = await audit(manifest.at('latest').scan(), new Map([[0, 1]]))
    require(rows === barsPerAppend, `${rows} rows`)
    await chmod(join(directory, '_delta_log'), 0o755)
  })
  return tally
}
