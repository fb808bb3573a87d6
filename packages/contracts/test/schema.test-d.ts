import { describe, expectTypeOf, test } from 'vitest'
import type {
  Admitted,
  Artifact,
  Computable,
  Evidence,
  GateReport,
  ModelDescription,
  Notice,
  NoticeEnvelope,
  Registry,
  Severity,
} from '@gatehouse/contracts'

describe('types come from the schemas', () => {
  test('words are literals, not strings', () => {
    expectTypeOf<ModelDescription['features']['items'][number]['missing']>().toEqualTypeOf<'refuse' | 'flag' | 'zero' | 'carry-forward'>()
    expectTypeOf<GateReport['clauses'][number]['result']>().toEqualTypeOf<'pass' | 'fail' | 'error'>()
    expectTypeOf<Severity>().toEqualTypeOf<'info' | 'notice' | 'warning' | 'critical'>()
  })
  test('documents are read-only at every level', () => {
    expectTypeOf<Evidence['values'][string]['value']>().toEqualTypeOf<number | boolean | string | readonly number[]>()
    expectTypeOf<ModelDescription['golden']['vectors']>().toExtend<readonly { readonly input: readonly number[] }[]>()
  })
  test('the type of a notice narrows its payload', () => {
    const read = (notice: Notice) => (notice.type === 'gatehouse.data.stale.v1' ? notice.data.ageSeconds : 0)
    expectTypeOf(read).returns.toEqualTypeOf<number>()
    expectTypeOf<NoticeEnvelope<'gatehouse.heartbeat.v1'>>().toExtend<Notice>()
  })
  test('what load gives is what an admission holds', () => {
    interface Own extends Computable {
      readonly own: true
    }
    const admit = (registry: Registry) => registry.admit('a@paper', 'paper', async (_artifact: Artifact) => ({}) as Own)
    expectTypeOf(admit).returns.resolves.toEqualTypeOf<Admitted<Own>>()
  })
})
