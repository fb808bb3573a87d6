import { describe, expect, test } from 'vitest'
import { fitNormaliser, random } from '@gatehouse/model-kit'
import { normalisedSamples } from '../../src/family/inputs.js'
import { type FamilyRows } from '../../src/family/rows.js'
import { fitNormaliserOver, normalise } from '../../src/serve/normaliser.js'
import { joinSamples, rowSamples, samplesFrom } from '../../src/train/samples.js'

const width = 3
const draw = random(5)
const table = Float32Array.from({ length: 40 * width }, (_, i) => (i % 17 === 0 ? NaN : 50 + 10 * draw.normal()))
const known = { labels: new Map(), t0: new BigInt64Array(0), t1: new BigInt64Array(0), instrument: new Int32Array(0) }
const read = (samples: ReturnType<typeof rowSamples>, index: number): number[] => {
  const size = samples.shape.reduce((a, b) => a * b, 1)
  const target = new Float32Array(size + 2)
  samples.fill(index, target, 1)
  expect([target[0], target[size + 1]]).toEqual([0, 0])
  return [...target.subarray(1, size + 1)]
}

describe.each(['standard', 'robust', 'min-max'] as const)('a normaliser of kind %s', (kind) => {
  test('fitted over parts of tables is that of the rows one after the other', () => {
    const rows = Int32Array.of(30, 2, 3, 17)
    const copied = Float32Array.from([...rows].flatMap((row) => [...table.subarray(row * width, (row + 1) * width)]))
    const whole = Float32Array.from([...copied, ...table])
    expect(fitNormaliserOver([{ table, rows }, { table }], width, { kind })).toEqual(fitNormaliser(whole, width, { kind }))
  })

  test.each([
    ['rows', undefined],
    ['windows', { ends: Int32Array.of(4, 9, 39), steps: 5 }],
  ])('gives %s, each when it is asked for, the bits of the whole table normalised at once', (_, windows) => {
    const normaliser = fitNormaliser(table, width, { kind })
    const rows: FamilyRows = { ...known, table, width, windows, count: windows?.ends.length ?? 40 }
    const samples = normalisedSamples(rows, normaliser)
    const all = new Float32Array(table.length)
    normalise(normaliser, table, table.length, all, 0)
    for (let i = 0; i < samples.count; i++) {
      const end = ((windows?.ends[i] ?? i) + 1) * width
      expect(read(samples, i)).toEqual([...all.subarray(end - (windows?.steps ?? 1) * width, end)])
    }
    expect(read(samplesFrom(samples.source!), samples.count - 1)).toEqual(read(samples, samples.count - 1))
  })
})

test('joined samples are the first ones and then the others, here and in a thread', () => {
  const [a, b] = [rowSamples(Float32Array.of(1, 2, 3, 4), 2), rowSamples(Float32Array.of(5, 6), 2)]
  for (const joined of [joinSamples(a, b), samplesFrom(joinSamples(a, b).source!)])
    expect([joined.count, ...[0, 1, 2].map((i) => read(joined, i))]).toEqual([3, [1, 2], [3, 4], [5, 6]])
})
