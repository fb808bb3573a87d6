import Type, { type Static, type TObject, type TProperties, type TSchema } from 'typebox'
import { contractOver, schemaId, type Contract } from './contract.js'
import { closed, count, digest, environment, finite, slug, stage, text, time, whole, words, type Immutable } from './primitives.js'

const model = { name: slug('Model'), artifactDigest: digest('Artifact') }
const alias = { ...model, stage }
const run = { run: text('Run'), strategy: text('Strategy'), environment }
const failing = Type.Array(closed({ id: slug('Clause'), reason: text('Why it did not pass') }), {
  description: 'Clauses that did not pass',
})
const refusal = { rule: text('What refused'), observed: text('What was seen'), limit: text('What is allowed') }

/** Payload of each type of notice. A change that a reader of v1 would misread gets a new suffix. */
export const noticePayloads = {
  'gatehouse.promotion.granted.v1': closed({
    ...alias,
    previous: Type.Union([digest('Artifact before'), Type.Null()]),
    policy: slug('Policy'),
    expiresAt: time('Admits until'),
    promoter: text('Who'),
  }),
  'gatehouse.promotion.denied.v1': closed({ ...alias, policy: slug('Policy'), reason: text('In one line'), failing }),
  'gatehouse.promotion.expiring.v1': closed({ ...alias, expiresAt: time('Admits until'), hoursLeft: finite('Hours') }),
  'gatehouse.promotion.rolled-back.v1': closed({ ...alias, from: digest('Artifact before'), reason: text('Why'), operator: text('Who') }),
  'gatehouse.execution.started.v1': closed({ ...run, models: Type.Array(closed(model)), broker: text('Broker') }),
  'gatehouse.execution.stopped.v1': closed({
    ...run,
    reason: text('Why'),
    orderly: Type.Boolean({ description: 'False after a crash or a kill' }),
  }),
  'gatehouse.execution.degraded.v1': closed({
    ...run,
    component: text('What is degraded'),
    reason: text('Why'),
    consequence: text('What no longer works'),
  }),
  'gatehouse.execution.exit-only.v1': closed({ ...run, reason: text('Why entries refuse'), openPositions: count('Positions still open') }),
  'gatehouse.order.rejected.v1': closed({
    ...run,
    clientOrderId: text('Order'),
    instrument: text('Symbol'),
    by: Type.Union([Type.Literal('risk'), Type.Literal('broker')]),
    ...refusal,
  }),
  'gatehouse.risk.limit-breached.v1': closed({ ...run, ...refusal, action: text('What was done') }),
  'gatehouse.kill-switch.engaged.v1': closed({ ...run, operator: text('Who or what'), reason: text('Why') }),
  'gatehouse.kill-switch.released.v1': closed({ ...run, operator: text('Who'), reason: text('Why') }),
  'gatehouse.environment.changed.v1': closed({
    component: text('Runtime, library, machine or configuration'),
    before: text('Was'),
    after: text('Is'),
  }),
  'gatehouse.gateway.state.v1': closed({
    gateway: text('Gateway or connection'),
    state: words(['connected', 'disconnected', 'reconnecting', 'login-required', 'delayed']),
    reason: text('Why'),
  }),
  'gatehouse.data.stale.v1': closed({
    feed: text('Feed'),
    schema: text('Schema'),
    instrument: Type.Optional(text('Symbol')),
    ageSeconds: finite('Since the last record'),
    limitSeconds: finite('Allowed'),
  }),
  'gatehouse.anomaly.raised.v1': closed({
    anomaly: slug('Kind'),
    subject: text('What it is about'),
    observed: finite('Value'),
    limit: finite('Bound'),
    unit: text('Unit'),
    message: text('In words'),
  }),
  'gatehouse.anomaly.resolved.v1': closed({ anomaly: slug('Kind'), subject: text('What it was about'), lastedSeconds: finite('How long') }),
  'gatehouse.heartbeat.v1': closed({
    component: text('Who lives'),
    sequence: count('Counts up'),
    everySeconds: finite('Next one is due within'),
    status: Type.Union([Type.Literal('ok'), Type.Literal('degraded')]),
  }),
} as const satisfies Record<string, TSchema>

export type NoticeType = keyof typeof noticePayloads
export type NoticePayload<T extends NoticeType = NoticeType> = Immutable<Static<(typeof noticePayloads)[T]>>

const severity = words(['info', 'notice', 'warning', 'critical'], { description: 'CloudEvents extension: how urgently people must know' })
export type Severity = Static<typeof severity>

/** How urgent each type is unless the sender says otherwise. */
export const noticeSeverity: Readonly<Record<NoticeType, Severity>> = {
  'gatehouse.promotion.granted.v1': 'notice',
  'gatehouse.promotion.denied.v1': 'warning',
  'gatehouse.promotion.expiring.v1': 'warning',
  'gatehouse.promotion.rolled-back.v1': 'warning',
  'gatehouse.execution.started.v1': 'notice',
  'gatehouse.execution.stopped.v1': 'notice',
  'gatehouse.execution.degraded.v1': 'warning',
  'gatehouse.execution.exit-only.v1': 'critical',
  'gatehouse.order.rejected.v1': 'warning',
  'gatehouse.risk.limit-breached.v1': 'critical',
  'gatehouse.kill-switch.engaged.v1': 'critical',
  'gatehouse.kill-switch.released.v1': 'critical',
  'gatehouse.environment.changed.v1': 'warning',
  'gatehouse.gateway.state.v1': 'warning',
  'gatehouse.data.stale.v1': 'warning',
  'gatehouse.anomaly.raised.v1': 'warning',
  'gatehouse.anomaly.resolved.v1': 'info',
  'gatehouse.heartbeat.v1': 'info',
}

const attributes = {
  specversion: Type.Literal('1.0'),
  id: Type.String({ minLength: 1, maxLength: 200, description: 'Unique with source; a repeated one is the same notice' }),
  source: Type.String({
    pattern: whole('/?[A-Za-z0-9._~:@-]+(?:/[A-Za-z0-9._~:@-]+)*'),
    description: 'URI reference of the sender, such as /execution/order-book',
  }),
  time: time('When it happened'),
  subject: Type.Optional(text('What it is about')),
  datacontenttype: Type.Literal('application/json'),
  dataschema: Type.Optional(text('URN of this schema')),
  severity,
} satisfies TProperties

// CloudEvents lets senders add extension attributes (traceparent, sequence …): the envelope is open, the payload is closed.
const envelopes = (Object.keys(noticePayloads) as NoticeType[]).map((type) =>
  Type.Object({ ...attributes, type: Type.Literal(type), data: noticePayloads[type] }),
)

/** A notice of one type: the attributes {@link https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md CloudEvents 1.0} asks for, and its payload. */
export type NoticeEnvelope<T extends NoticeType = NoticeType> = Immutable<Static<TObject<typeof attributes>>> & {
  readonly type: T
  readonly data: NoticePayload<T>
}

/** Something to tell people: a CloudEvents 1.0 event with a typed payload; `switch (notice.type)` narrows `notice.data`. */
export type Notice = { [T in NoticeType]: NoticeEnvelope<T> }[NoticeType]

const version = '1.0'
const published = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: schemaId('notice', version),
  title: 'Notice',
  description: 'Something to tell people: a CloudEvents 1.0 event in JSON format with a typed payload',
  anyOf: envelopes,
}
export const noticeContract: Contract<Notice> = contractOver<Notice>('notice', version, published, Type.Union(envelopes), (value) => {
  const type = typeof value === 'object' && value !== null && 'type' in value ? value.type : undefined
  return envelopes.find((envelope) => envelope.properties.type.const === type)
})
