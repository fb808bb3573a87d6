import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { equity, isTradingError } from '@gatehouse/core'
import { openManifest } from '@gatehouse/manifest-parquet'
import { FaultPlan, faultyLogFiles, faultyTableFiles, type Fault } from './faulty-files.js'
import { audit, barsPerAppend, emptyTally, numberedBars, type Tally } from './numbered-bars.js'

const appends = 6
const instrument = equity('W0')

/**
 * One process, one fault, at every operation in turn: append and commit, let it fail, go on as a caller would (repeat, or open again).
 * @param mostOperations where to stop; the script has about this many
 */
export async function injectedRuns(fault: Fault, mostOperations: number): Promise<Tally> {
  const tally = emptyTally()
  for (let at = 0; at < mostOperations; at++) {
    const directory = await mkdtemp(join(tmpdir(), 'gatehouse-inject-'))
    const plan = new FaultPlan(at, fault)
    try {
      const acknowledged = await script(directory, plan)
      const { ok, findings, lost, duplicated } = await judge(directory, acknowledged)
      tally.acknowledged += acknowledged * barsPerAppend
      tally.lost += lost
      tally.duplicated += duplicated
      if (!ok || lost > 0 || duplicated > 0 || acknowledged !== appends) {
        tally.failed++
        tally.problems.push(
          `${fault} at ${at} (${plan.seen[at]}): ${acknowledged} acknowledged, ${lost} lost, ${duplicated} twice ${JSON.stringify(findings)}`,
        )
      }
    } catch (error) {
      tally.failed++
      tally.problems.push(`${fault} at ${at} (${plan.seen[at]}): ${error instanceof Error ? error.message : String(error)}`)
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
    tally.runs++
    if (plan.operations <= at) break
  }
  return tally
}

/** Appends and commits until all is acknowledged; every failure must carry a code, and is answered by repeating or opening again. */
async function script(directory: string, plan: FaultPlan): Promise<number> {
  const open = () =>
    openManifest({
      directory,
      checkpointEvery: 2,
      pendingBytes: 400,
      fileSystem: faultyTableFiles(plan),
      logFileSystem: faultyLogFiles(plan),
    })
  let manifest = await open()
  let done = 0
  for (let tries = 0; done < appends && tries < 20; tries++) {
    try {
      await manifest.append(numberedBars(instrument, done + 1), { appId: 'writer-0', sequence: done + 1 })
      done++
      if (done % 2 === 0) await manifest.commit()
    } catch (error) {
      if (!isTradingError(error)) throw error
      if (tries % 2 === 1) continue
      // Half of the callers give up on the manifest and open it again.
      await closeAfterFailure(manifest)
      manifest = await open()
      const last = (await manifest.lastSequence('writer-0')) ?? 0
      // What failed may have become durable all the same; the next sequence says so.
      done = Math.max(done, last)
    }
  }
  await closeAfterFailure(manifest)
  return done
}

async function closeAfterFailure(manifest: Awaited<ReturnType<typeof openManifest>>): Promise<void> {
  try {
    await manifest.close()
  } catch (error) {
    if (!isTradingError(error)) throw error
  }
}

/** A function of its own: esbuild's `await using` in a loop throws the error of an earlier turn again. */
async function judge(directory: string, acknowledged: number) {
  await using manifest = await openManifest({ directory })
  const pin = await manifest.commit()
  const { ok, findings } = await manifest.at(pin).verify()
  return { ok, findings, ...(await audit(manifest.at(pin).scan(), new Map([[0, acknowledged]]))) }
}
