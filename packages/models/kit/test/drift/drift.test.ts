import { expect, test } from 'vitest'
import { driftMonitor, driftReference, random } from '@gatehouse/model-kit'

const draw = random(1)
const training = Float64Array.from({ length: 20_000 }, (_, i) => (i % 2 === 0 ? draw.normal() : draw.uniform()))
const reference = driftReference(training, ['normal', 'uniform'])

test('the training distribution is stable against itself, a shifted one is not', () => {
  const monitor = driftMonitor(reference)
  for (let i = 0; i < 4000; i++) monitor.observe([draw.normal() + 1, draw.uniform()])
  const [shifted, stable] = monitor.stabilityIndex()
  expect(stable).toBeLessThan(0.02)
  // One deviation of shift: the index of two unit normals is (mean difference)² = 1; ten bins see a little less.
  expect(shifted).toBeGreaterThan(0.7)
  expect(shifted).toBeLessThan(1.05)
})

test('bins hold equal shares', () => {
  for (const { fractions } of reference) for (const share of fractions) expect(share).toBeCloseTo(0.1, 2)
})

test('missing and constant features do no harm, an empty bin is not infinite', () => {
  const odd = driftReference(Float64Array.of(1, NaN, 1, NaN), ['constant', 'missing'])
  const monitor = driftMonitor(odd)
  expect(Array.from(monitor.stabilityIndex())).toEqual([NaN, NaN])
  monitor.observe([NaN, NaN])
  monitor.observe([5, NaN])
  expect(monitor.rows).toBe(2)
  expect(monitor.stabilityIndex()[0]).toBeCloseTo(0, 12)
  const far = driftMonitor(reference)
  for (let i = 0; i < 100; i++) far.observe([99, 99])
  for (const index of far.stabilityIndex()) expect(Number.isFinite(index)).toBe(true)
})

test('counts survive a restart', () => {
  const a = driftMonitor(reference)
  for (let i = 0; i < 50; i++) a.observe([draw.normal(), draw.uniform()])
  const b = driftMonitor(reference)
  b.restore(a.save())
  expect(b.stabilityIndex()).toEqual(a.stabilityIndex())
  expect(() => b.restore(new Uint8Array(3))).toThrow(expect.objectContaining({ code: 'MODEL_STATE_INVALID' }))
})
