import { TradingError, type Notice } from '@gatehouse/contracts'
import { openLog, type DurableLog } from '@gatehouse/durable-log'
import type { Health, Notifier } from '../interfaces/notifier.js'

/** One try to hand a notice on. */
export interface Delivery {
  readonly notice: Notice
  /** A try before this one may have arrived: the process died, or the connection broke, before the answer. */
  readonly possibleDuplicate: boolean
  /** Aborted when the notifier closes. */
  readonly signal: AbortSignal
}

export interface SpooledNotifierOptions {
  /** Folder of the spool; one notifier a folder. */
  readonly directory: string
  /** Hands a notice on. A rejection is retried with back-off, in order; it must not be resolved before the notice has arrived. */
  readonly deliver: (delivery: Delivery) => Promise<void>
  /** First wait after a failed try; doubled up to a minute. Default 500. */
  readonly retryMs?: number | undefined
  /** Told of every failed try; the notice stays in the spool. */
  readonly onDeliveryError?: ((error: unknown, notice: Notice) => void) | undefined
}

type SpoolRecord = { readonly notice: Notice } | { readonly tried: string } | { readonly delivered: string }

const longestRetryMs = 60_000
/** Records after which an empty spool is compacted. */
const compactAfter = 10_000

const encode = (record: SpoolRecord): Uint8Array => Buffer.from(JSON.stringify(record))
const key = (notice: Notice): string => `${notice.source} ${notice.id}`

/**
 * A notifier that writes to a durable spool and delivers from it: `notify` returns once the notice survives the death of the process, and
 * never waits for the network. Delivery is in order and at least once; a try that may be a second one says so.
 * @throws {TradingError} `LOG_LOCKED` when another notifier holds the folder
 */
export async function spooledNotifier(options: SpooledNotifierOptions): Promise<Notifier> {
  const { directory, deliver, retryMs = 500, onDeliveryError } = options
  const log = await openLog({ directory })
  const { pending, tried, records } = await unfinished(log)
  const closing = new AbortController()
  let sinceCompaction = records
  let lastError: unknown
  let wake: (() => void) | undefined
  let closed = false

  const write = (record: SpoolRecord): void => {
    log.appendSync(encode(record))
    sinceCompaction++
  }

  /** Resolves when there is something to do, the time is over, or the notifier closes. */
  const pause = (ms?: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(resolve, ms)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })

  const pump = async (): Promise<void> => {
    let wait = retryMs
    while (!closing.signal.aborted) {
      const [next] = pending
      if (next === undefined) {
        if (sinceCompaction >= compactAfter) {
          await log.snapshot(new Uint8Array())
          await log.compact()
          sinceCompaction = 0
        }
        if (pending.size === 0 && !closing.signal.aborted) await pause()
        continue
      }
      const [id, notice] = next
      const possibleDuplicate = tried.has(id)
      if (!possibleDuplicate) {
        write({ tried: id })
        tried.add(id)
      }
      try {
        await deliver({ notice, possibleDuplicate, signal: closing.signal })
        write({ delivered: id })
        pending.delete(id)
        tried.delete(id)
        lastError = undefined
        wait = retryMs
      } catch (error) {
        if (closing.signal.aborted) break
        lastError = error
        onDeliveryError?.(error, notice)
        await pause(wait)
        wait = Math.min(wait * 2, longestRetryMs)
      }
    }
  }
  // A fault of the spool itself (full disk) ends the pump; `health` and `close` tell it.
  let spoolFault: unknown
  const pumping = pump().catch((error: unknown) => void (spoolFault = error))

  const notifier: Notifier = {
    notify(notice) {
      if (closed)
        throw new TradingError('NOTIFIER_CLOSED', `notice ${notice.id} came after close; notify before closing`, { id: notice.id })
      const id = key(notice)
      if (pending.has(id)) return
      write({ notice })
      pending.set(id, notice)
      if (pending.size === 1) wake?.()
    },
    async health(): Promise<Health> {
      if (spoolFault !== undefined)
        return { status: 'down', message: `the spool in ${directory} failed: ${describe(spoolFault)}`, pending: pending.size }
      if (closed) return { status: 'down', message: 'closed', pending: pending.size }
      if (lastError !== undefined)
        return {
          status: 'degraded',
          message: `delivery fails: ${describe(lastError)}; ${pending.size} wait in the spool`,
          pending: pending.size,
        }
      return { status: 'healthy', message: pending.size === 0 ? 'all delivered' : `${pending.size} on their way`, pending: pending.size }
    },
    async close() {
      if (closed) return
      closed = true
      closing.abort(new TradingError('NOTIFIER_CLOSED', 'the notifier closed; what was not delivered stays in the spool'))
      wake?.()
      await pumping
      await log.close()
    },
    [Symbol.asyncDispose]() {
      return this.close()
    },
  }
  return notifier
}

/** What a spool still owes: notices not delivered, in order, and those of them that were tried. */
async function unfinished(log: DurableLog): Promise<{ pending: Map<string, Notice>; tried: Set<string>; records: number }> {
  const pending = new Map<string, Notice>()
  const tried = new Set<string>()
  let records = 0
  for await (const { payload } of log.read()) {
    const record = JSON.parse(Buffer.from(payload).toString()) as SpoolRecord
    records++
    if ('notice' in record) pending.set(key(record.notice), record.notice)
    else if ('tried' in record) tried.add(record.tried)
    else {
      pending.delete(record.delivered)
      tried.delete(record.delivered)
    }
  }
  return { pending, tried, records }
}

const describe = (error: unknown): string => (error instanceof Error ? error.message : String(error))
