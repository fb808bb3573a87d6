import type { CallOptions, Closable, Notice } from '@gatehouse/contracts'

/** Whether a part of the platform can do its work. */
export interface Health {
  readonly status: 'healthy' | 'degraded' | 'down'
  readonly message: string
  /** Notices handed over and not yet delivered. */
  readonly pending: number
}

/** Tells people. Spooled when `notify` returns; never blocks on the network. */
export interface Notifier extends Closable {
  notify(notice: Notice): void
  health(options?: CallOptions): Promise<Health>
}
