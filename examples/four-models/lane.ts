import type { Batch, Feed, Schema, TimeNs, TimeRange } from '@gatehouse/core'

/** The four families, in the order in which they speak of a day: how much, which names, when, how. */
export const familyNames = ['macro-regime', 'gap-ranker', 'seconds-bar', 'order-book'] as const
export type FamilyName = (typeof familyNames)[number]

/** What is recorded of a feed. */
export interface Source {
  readonly feed: Feed
  /** Stretches to record, in order; default: all that the feed has. */
  readonly ranges?: readonly TimeRange[] | undefined
  /** The rows of a batch that are kept; default all. */
  readonly keep?: ((batch: Batch) => Batch | undefined) | undefined
}

/** Settings of a family that its market asks for. */
export type FamilySettings = Readonly<Record<string, string | number>>

/** One family at work: what it reads, until when it may learn, and from when on it trades what nothing has seen. */
export interface Lane {
  readonly family: FamilyName
  readonly settings?: FamilySettings | undefined
  /** Each is recorded into a manifest of its own. */
  readonly schemas: readonly Schema[]
  /** Opened where they are recorded: the other programs hold none of it. */
  readonly sources: () => Promise<readonly Source[]>
  /** Windows, from when the first and the last row could be known. */
  readonly windows: (first: TimeNs, last: TimeNs) => Windows
  /** History that warms predictors and strategy before trading. */
  readonly warmUpNs: bigint
}

/** Training labels end at `until`; judging ends and trading begins at `tradeFrom`. */
export interface Windows {
  readonly until: TimeNs
  readonly tradeFrom: TimeNs
}

/** What there is to learn from, and which lanes trade together: in one account and one run. */
export interface Market {
  readonly description: string
  readonly lanes: readonly Lane[]
  readonly sessions: readonly { readonly name: string; readonly lanes: readonly FamilyName[] }[]
}

export const second = 1_000_000_000n
export const hour = 3600n * second
export const day = 24n * hour
