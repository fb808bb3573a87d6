import { describe, expect, test } from 'vitest'
import type { ModelDescription } from '@gatehouse/contracts'
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
