import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DurableLog, type LogRecord, type LogOptions, openLog } from '@gatehouse/durable-log'
import { onTestFinished } from 'vitest'

/** A folder for one test, removed after it. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'durable-log-log-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'log')
}

/** Opens a log for one test, closed after it. */
export async function opened(options: LogOptions): Promise<DurableLog> {
  const log = await openLog(options)
  onTestFinished(() => log.close())
  return log
}

export const text = (words: string): Uint8Array => Buffer.from(words)

export async function collect(records: AsyncIterable<LogRecord>): Promise<LogRecord[]> {
  const all: LogRecord[] = []
  for await (const record of records) all.push(record)
  return all
}

export async function words(records: AsyncIterable<LogRecord>): Promise<string[]> {
  return (await collect(records)).map(({ payload }) => Buffer.from(payload).toString())
}

/** The error that `promise` rejects with, or that `run` throws. */
export async function failure(run: () => unknown): Promise<unknown> {
  try {
    await run()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}
