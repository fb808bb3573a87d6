import { expect, test } from 'vitest'
import { fixtureBytes, hasFixtures } from '../support/fixtures.js'
import { fuzz } from '../support/fuzz.js'

test('3,000 mutated inputs: never a hang, crash, or invented record', () => {
  const compressed = hasFixtures
    ? ['databento-dbn/test_data.mbp-1.v3.dbn.zst', 'malformed/z-two-frames.dbn.zst', 'malformed/z-no-content-size.dbn.zst'].map(
        fixtureBytes,
      )
    : []
  const seed = Date.now() % 1_000_000
  console.log(`fuzz seed ${seed}`)
  const { findings, whole, refused } = fuzz({ inputs: 3000, seed, compressed })
  expect(findings).toEqual([])
  expect(whole).toBeGreaterThan(0)
  expect(refused.size).toBeGreaterThan(5)
})
