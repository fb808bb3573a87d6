import { setTimeout as sleep } from 'node:timers/promises'
import type { RecordRun } from '../../codec/run.js'
import { isControl, receiveTime } from '../../live/recent-records.js'
import type { GatewayFault } from '../../testing/gateway-session.js'
import { gatewaySimulator } from '../../testing/gateway-simulator.js'
import { countOption, UsageError, type CommandContext } from './context.js'

const kinds: readonly GatewayFault['kind'][] = [
  'cut',
  'close',
  'reset',
  'stall',
  'garbage',
  'skip',
  'internal',
  'early-close',
  'auth-close',
]
/** What the simulator accepts when no key is given: not a key of anybody. */
const OPEN_KEY = 'db-0123456789abcdefghijklmnopqrs'
const PACE_EVERY_MS = 5

/** `serve FILE…`: a live gateway that plays the files once the first client has started its session. */
export async function serve(context: CommandContext): Promise<void> {
  const { files, options, out, env, signal } = context
  if (files.length === 0) throw new UsageError('expected at least one FILE')
  if (files.includes('-'))
    throw new UsageError('serve reads its files twice, for their names and for their records: it takes no standard input')
  const port = countOption(context, 'port') ?? 13_000
  if (port > 65_535) throw new UsageError(`--port takes 0 to 65535, got ${port}`)
  const speed = options['speed'] === undefined ? 1 : Number(options['speed'])
  if (!(speed >= 0)) throw new UsageError('--speed takes a factor of real time; 0 is as fast as it goes')
  const heartbeat = countOption(context, 'heartbeat-interval')
  if (heartbeat === 0) throw new UsageError('--heartbeat-interval takes seconds, from 1 on')
  let wake: () => void = () => undefined
  const firstClient = new Promise<void>((resolve) => {
    wake = resolve
  })
  const key = env['DATABENTO_API_KEY']
  await using gateway = await gatewaySimulator({
    apiKey: key ?? OPEN_KEY,
    port,
    host: typeof options['host'] === 'string' ? options['host'] : '127.0.0.1',
    heartbeatIntervalMs: heartbeat === undefined ? undefined : heartbeat * 1000,
    faults: typeof options['fault'] === 'string' ? options['fault'].split(',').map(parseFault) : [],
    onStarted: () => wake(),
  })
  await nameInstruments(context, (id, symbol) => gateway.name(id, symbol))
  await out.line(`listening on ${gateway.host}:${gateway.port}; key: ${key === undefined ? OPEN_KEY : 'as in DATABENTO_API_KEY'}`)
  await out.flush()
  const stopped = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve())
  })
  await Promise.race([firstClient, stopped])
  const pace = new Pace(speed)
  for (const file of files) {
    if (signal.aborted) break
    await using dbn = await context.open(file)
    for await (const run of dbn.runs()) {
      for (const part of pace.parts(run)) {
        if (signal.aborted) break
        const wait = pace.waitFor(part)
        if (wait > 0) await sleep(wait, undefined, { signal }).catch(() => undefined)
        gateway.publish(part)
      }
      // Sockets are written in the loop's turns.
      await sleep(0)
    }
  }
  if (!signal.aborted) {
    await out.line(`played ${gateway.history.length} records; waiting for more clients, which may ask for replay`)
    await out.flush()
    await stopped
  }
}

/** Ids and symbols of all files, so that subscriptions by symbol resolve before a record is played. */
async function nameInstruments({ files, open }: CommandContext, name: (id: number, symbol: string) => void): Promise<void> {
  for (const file of files) {
    await using dbn = await open(file)
    for (const { rawSymbol, intervals } of dbn.metadata?.mappings ?? []) {
      for (const { symbol } of intervals) if (/^\d+$/.test(symbol)) name(Number(symbol), rawSymbol)
    }
  }
}

/** Plays records at their own speed, times a factor. */
class Pace {
  #firstTime: bigint | undefined
  #firstAt = 0

  constructor(private readonly speed: number) {}

  /** A run in pieces of at most a few milliseconds, so that time passes within it. */
  *parts(run: RecordRun): Generator<RecordRun, void, undefined> {
    if (this.speed === 0 || isControl(run.rtype)) {
      yield run
      return
    }
    for (let row = 0; row < run.length;) {
      const until = this.#time(run, row) + BigInt(Math.round(PACE_EVERY_MS * 1e6 * this.speed))
      let end = row + 1
      while (end < run.length && this.#time(run, end) < until) end += 1
      yield { ...run, wordOffset: run.wordOffset + row * run.stride, length: end - row }
      row = end
    }
  }

  waitFor(run: RecordRun): number {
    if (this.speed === 0 || isControl(run.rtype)) return 0
    const time = this.#time(run, 0)
    const now = performance.now()
    if (this.#firstTime === undefined) {
      this.#firstTime = time
      this.#firstAt = now
      return 0
    }
    return Number(time - this.#firstTime) / 1e6 / this.speed - (now - this.#firstAt)
  }

  #time(run: RecordRun, row: number): bigint {
    return receiveTime(run.window.view, (run.wordOffset + row * run.stride) * 4, run.rtype)
  }
}

/** `KIND:SESSION[:AFTER[:RECORDS]]`, such as `cut:1:500`. */
function parseFault(text: string): GatewayFault {
  const [name, session, after, records] = text.split(':')
  const kind = kinds.find((known) => known === name)
  const number = (value: string | undefined): number | undefined => (value === undefined ? undefined : Number(value))
  if (kind === undefined || [session, after, records].some((value) => value !== undefined && !/^\d+$/.test(value))) {
    throw new UsageError(`--fault takes KIND:SESSION[:AFTER[:RECORDS]] with KIND one of ${kinds.join(', ')}, got "${text}"`)
  }
  return { kind, session: number(session) ?? 1, afterRecords: number(after), records: number(records) }
}
