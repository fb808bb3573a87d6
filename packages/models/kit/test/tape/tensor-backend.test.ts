import { expect, test } from 'vitest'
import { selectTensorBackend } from '@gatehouse/model-kit'

test('without tfjs-node the choice is wasm, and the reason says what was tried', async () => {
  const { name, reason } = await selectTensorBackend({
    importNative: () => Promise.reject(new Error("Cannot find package '@tensorflow/tfjs-node'")),
  })
  expect(name).toBe('wasm')
  expect(reason).toMatch(/^native: Cannot find package .*; wasm passed its probe$/)
})

test('an import that registers nothing is not taken for a backend', async () => {
  const { name, reason } = await selectTensorBackend({ importNative: () => Promise.resolve({}) })
  expect(name).toBe('wasm')
  expect(reason).toContain('another copy of tfjs-core')
})

test('forcing a backend that does not work is an error', async () => {
  await expect(selectTensorBackend({ force: 'native', importNative: () => Promise.reject(new Error('no addon')) })).rejects.toMatchObject({
    code: 'MODEL_BACKEND_UNAVAILABLE',
  })
})
