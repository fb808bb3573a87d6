import { expect, test } from 'vitest'
import { staleRecords } from '../support/generate-records.js'

test('the generated records are what the layout table gives', async () => {
  expect(await staleRecords()).toEqual([])
})
