import { createNotice, formatTime, type NoticePayload, type NoticeType, type TimeNs } from '@gatehouse/contracts'
import type { Engine } from './engine.js'

const warningNs = 72n * 3_600_000_000_000n

/** What a run tells people: its beginning and end, what it may no longer do, and why. Silent without a notifier. */
export class RunNotices {
  readonly #engine: Engine
  readonly #now: () => TimeNs
  readonly #warned = new Set<number>()
  #number = 0

  constructor(engine: Engine, now: () => TimeNs) {
    this.#engine = engine
    this.#now = now
  }

  #tell<T extends NoticeType>(type: T, data: NoticePayload<T>, subject?: string): void {
    if (this.#engine.options.notifier === undefined) return
    const { runId } = this.#engine
    const from = { source: `/execution/${runId}`, clock: { now: this.#now }, nextId: () => `${runId}-${this.#number++}-${this.#now()}` }
    // The engine's notice type is the union; a single type's envelope is one of its members.
    this.#engine.notify(createNotice(from, { type, data, subject }) as Parameters<Engine['notify']>[0])
  }

  get #run(): { run: string; strategy: string; environment: 'simulated' | 'paper' | 'live' } {
    const { runId, strategy, environment } = this.#engine
    return { run: runId, strategy: strategy.name, environment }
  }

  started(): void {
    const models = this.#engine.host.models.map(({ model }) => ({ name: model.name, artifactDigest: model.digest }))
    this.#tell('gatehouse.execution.started.v1', { ...this.#run, models, broker: this.#engine.options.broker.name })
  }

  stopped(reason: string, orderly: boolean): void {
    this.#tell('gatehouse.execution.stopped.v1', { ...this.#run, reason: reason === '' ? 'its range has ended' : reason, orderly })
  }

  degraded(component: string, reason: string, consequence: string): void {
    this.#tell('gatehouse.execution.degraded.v1', { ...this.#run, component, reason, consequence })
  }

  exitOnly(reason: string): void {
    this.#tell('gatehouse.execution.exit-only.v1', { ...this.#run, reason, openPositions: this.#engine.ledger.open.length })
  }

  killed(operator: string, reason: string): void {
    this.#tell('gatehouse.kill-switch.engaged.v1', { ...this.#run, operator, reason })
  }

  positionDiffers(symbol: string, ours: number, theirs: number): void {
    this.#tell('gatehouse.anomaly.raised.v1', {
      anomaly: 'position-differs',
      subject: symbol,
      observed: theirs,
      limit: ours,
      unit: 'quantity',
      message: `The broker holds ${theirs} ${symbol}, fills explain ${ours}; the broker's word was taken`,
    })
  }

  /** Admissions that end within three days, each said once. */
  expiring(now: TimeNs): void {
    for (const { number, admitted } of this.#engine.host.models) {
      if (admitted === undefined || this.#warned.has(number)) continue
      const { name, artifactDigest, stage, expiresAt } = admitted.admission
      const left = expiresAt - now
      if (left > warningNs || left <= 0n) continue
      this.#warned.add(number)
      this.#tell('gatehouse.promotion.expiring.v1', {
        name,
        artifactDigest,
        stage,
        expiresAt: formatTime(expiresAt),
        hoursLeft: Number(left) / 3.6e12,
      })
    }
  }
}
