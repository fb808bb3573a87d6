import { describe, expect, test } from 'vitest'
import { featureSpecHash, manifestShapeProblems, type ModelDescription } from '@gatehouse/contracts'
import { smallCandidate } from '@gatehouse/contracts/testing'
import { descriptionProblems } from '../../src/registry/description-check.js'

const description = JSON.parse(new TextDecoder().decode(smallCandidate().get('model.json'))) as ModelDescription
const withGolden = (input: readonly number[], output: readonly number[]): ModelDescription => ({
  ...description,
  golden: { vectors: [{ input: [...input], output: [...output] }] },
})

describe('golden vectors of a description', () => {
  const [{ input, output }, second] = description.golden.vectors

  test('may hold the rows of a group, as a ranker reads them', () => {
    expect(descriptionProblems(withGolden([...input, ...second.input], [...output, ...second.output]))).toEqual([])
  })

  test('need outputs for every row', () => {
    expect(descriptionProblems(withGolden([...input, ...second.input], output))).toEqual([
      'golden vector 0 has 12 inputs and 3 outputs; the network has 6 and 3 a row',
    ])
  })

  test('hold whole rows', () => {
    expect(descriptionProblems(withGolden(input.slice(1), output))).toHaveLength(1)
  })
})

describe('an optional source', () => {
  const [bars] = description.needs.sources
  const news = { ...bars, schema: 'news' }
  const [first] = description.features.items
  const pin = description.provenance.data[0]
  type Missing = (typeof first)['missing']

  /** The description with a feature of news, a source stated as `optional`, and pins that hold it or not. */
  const reading = (
    missing: readonly Missing[],
    { optional, isHeld = false }: { readonly optional?: 'present' | 'absent' | undefined; readonly isHeld?: boolean | undefined },
  ): ModelDescription => {
    const items = [...description.features.items, ...missing.map((one, i) => ({ ...first, name: `news${i}`, source: news, missing: one }))]
    const { rows } = description.features
    return {
      ...description,
      features: { items, rows, hash: featureSpecHash({ items, rows }) },
      scaler: { ...description.scaler, center: [], scale: [] },
      needs: { ...description.needs, sources: [bars, { ...news, ...(optional === undefined ? {} : { optional }) }] },
      provenance: {
        ...description.provenance,
        data: [{ ...pin, holds: { ...pin.holds, sources: isHeld ? [...pin.holds.sources, news] : pin.holds.sources } }],
      },
    }
  }

  test.each([
    ['absent', false],
    ['present', true],
  ] as const)('that was %s in training passes when the pins say so and a feature flags it', (optional, isHeld) => {
    expect(descriptionProblems(reading(['flag', 'zero'], { optional, isHeld }))).toEqual([])
  })

  test.each(['refuse', 'carry-forward'] as const)('is none that a feature needs: %s', (missing) => {
    expect(descriptionProblems(reading(['flag', missing], { optional: 'absent' }))).toEqual([
      expect.stringContaining('without which "news1" has no value'),
    ])
  })

  test('is none whose absence nobody would notice', () => {
    expect(descriptionProblems(reading(['zero'], { optional: 'absent' }))).toEqual([expect.stringContaining('no feature flags')])
  })

  test.each([
    ['absent', true],
    ['present', false],
  ] as const)('called %s is refused when the pins say otherwise', (optional, isHeld) => {
    expect(descriptionProblems(reading(['flag'], { optional, isHeld }))).toEqual([expect.stringContaining('the pins say otherwise')])
  })

  test('is never all that a model reads', () => {
    const { needs, ...rest } = reading(['flag'], { optional: 'absent' })
    const all = { ...rest, needs: { ...needs, sources: needs.sources.map((one) => ({ ...one, optional: 'present' as const })) } }
    expect(descriptionProblems(all)).toContainEqual('needs.sources calls every source optional')
  })

  test('is not also required', () => {
    const { needs, ...rest } = reading(['flag'], { optional: 'absent' })
    expect(descriptionProblems({ ...rest, needs: { ...needs, sources: [...needs.sources, news] } })).toEqual([
      expect.stringContaining('two needed sources'),
    ])
  })

  test('that was absent in training may not be in the data; a required one must be', () => {
    const without = reading(['flag'], { optional: 'absent' })
    const held = reading(['flag'], { optional: 'absent', isHeld: true }).provenance.data
    expect(manifestShapeProblems(without.needs, without.provenance.data)).toEqual([])
    expect(manifestShapeProblems(without.needs, held)).toEqual([expect.stringContaining('was trained without')])
    const required = reading(['flag'], {})
    expect(manifestShapeProblems(required.needs, required.provenance.data)).toEqual([expect.stringContaining('no pin holds')])
    const present = reading(['flag'], { optional: 'present', isHeld: true })
    expect(manifestShapeProblems(present.needs, without.provenance.data)).toEqual([])
  })
})
