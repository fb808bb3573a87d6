import { formatTime, type Clock } from '../time/time.js'
import { schemaId } from '../schema/contract.js'
import {
  noticeContract,
  noticeSeverity,
  type NoticeEnvelope,
  type NoticePayload,
  type NoticeType,
  type Severity,
} from '../schema/notice.js'

/** Who speaks, and where its time and ids come from. */
export interface NoticeSource {
  /** URI reference of the sender, such as `/execution/order-book`. */
  readonly source: string
  readonly clock: Clock
  /** Unique for the source: `randomUUID`, or a counter that survives a restart. */
  readonly nextId: () => string
}

export interface NoticeOptions<T extends NoticeType> {
  readonly type: T
  readonly data: NoticePayload<T>
  /** What it is about: an order id, a model, a feed. */
  readonly subject?: string | undefined
  /** Overrides the type's own severity. */
  readonly severity?: Severity | undefined
}

/**
 * A notice, checked against its schema.
 * @throws {TradingError} `CONTRACT_INVALID` when the payload does not fit its type
 */
export function createNotice<T extends NoticeType>(from: NoticeSource, options: NoticeOptions<T>): NoticeEnvelope<T> {
  const { type, data, subject, severity = noticeSeverity[type] } = options
  return noticeContract.parse({
    specversion: '1.0',
    id: from.nextId(),
    source: from.source,
    type,
    time: formatTime(from.clock.now()),
    ...(subject === undefined ? {} : { subject }),
    datacontenttype: 'application/json',
    dataschema: schemaId('notice', noticeContract.version),
    severity,
    data,
  }) as NoticeEnvelope<T>
}
