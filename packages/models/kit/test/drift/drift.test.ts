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

test('missing and constant features do no harm, an empty bin is not infinite, and a constant that changes is seen', () => {
  const odd = driftReference(Float64Array.of(1, NaN, 1, NaN), ['constant', 'missing'])
  const monitor = driftMonitor(odd)
  expect(Array.from(monitor.stabilityIndex())).toEqual([NaN, NaN])
  monitor.observe([NaN, NaN])
  monitor.observe([1, NaN])
  expect(monitor.rows).toBe(2)
  expect(monitor.stabilityIndex()[0]).toBeCloseTo(0, 12)
  for (let i = 0; i < 20; i++) monitor.observe([1.000001, NaN])
  expect(monitor.stabilityIndex()[0]).toBeGreaterThan(0.25)
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
  const damaged = a.save()
  damaged[7] = 0xff
  for (const state of [new Uint8Array(3), damaged])
    expect(() => b.restore(state)).toThrow(expect.objectContaining({ code: 'MODEL_STATE_INVALID' }))
  expect(b.stabilityIndex()).toEqual(a.stabilityIndex())
})

test('a rare flag that becomes frequent has drifted, one that stays rare has not', () => {
  const flags = (share: number): Float64Array => Float64Array.from({ length: 4000 }, () => (draw.uniform() < share ? 1 : 0))
  for (const [share, of] of [
    [0.05, flags(0.05)],
    [0.95, flags(0.95)],
  ] as const) {
    // prettier-ignore
    const trained = driftReference(of, ['flag'])
    const indexOf = (now: number): number => {
      const monitor = driftMonitor(trained)
      for (const x of flags(now)) monitor.observe([x])
      return monitor.stabilityIndex()[0]
    }
    expect(indexOf(share)).toBeLessThan(0.02)
    expect(indexOf(0.5)).toBeGreaterThan(0.25)
  }
})

test('the index is that of its definition: shares of both sides over bins, by hand', () => {
  const trained = driftReference(Float64Array.from({ length: 100 }, (_, i) => i), ['x'], 4) // prettier-ignore
  const monitor = driftMonitor(trained)
  for (let i = 0; i < 100; i++) monitor.observe([i < 40 ? 0 : 99])
  const shares: readonly [number, number][] = [[0.4, 0.25], [0.005, 0.25], [0.005, 0.25], [0.6, 0.25]] // prettier-ignore
  expect(monitor.stabilityIndex()[0]).toBeCloseTo(shares.reduce((sum, [p, q]) => sum + (p - q) * Math.log(p / q), 0), 12) // prettier-ignore
})
