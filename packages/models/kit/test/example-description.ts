import { featureSpecHash, type ModelDescription } from '@gatehouse/contracts'
import { type ArtifactParts } from '../src/artifact/artifact.js'
import { type ResolvedNetwork } from '../src/network/resolve.js'

const kinds = {
  classes: 'classes',
  'ordered-classes': 'ordered-classes',
  binary: 'binary',
  regression: 'regression',
  relevance: 'relevance',
} as const
const window = { from: '2024-01-01T00:00:00Z', to: '2025-01-01T00:00:00Z' }
const source = { dataset: 'synthetic', schema: 'ohlcv-1h' }

/** A description that fits a network, for tests of artifacts. */
export function exampleDescription({ input, heads }: ResolvedNetwork): ArtifactParts['description'] {
  const shape = { columns: [{ name: 'close', type: 'float64' as const }], sources: [source] }
  const features: ModelDescription['features']['items'] = Array.from({ length: input[input.length - 1] }, (_, i) => ({
    name: `feature-${i}`,
    unit: 'dimensionless',
    source,
    warmUp: { amount: 1, of: 'rows' },
    missing: 'refuse',
    definition: `column ${i}`,
  }))
  const rows = input.length === 2 ? input[0] : 1
  return {
    name: 'example',
    family: 'example',
    features: { items: features, rows, hash: featureSpecHash({ items: features, rows }) },
    labels: {
      heads: heads.map(({ name, definition }) => ({ output: name, kind: kinds[definition.kind], horizon: '1 bar', definition: 'test' })),
    },
    calibration: [],
    provenance: {
      backend: { name: 'wasm-simd', version: '0', precision: 'float32' },
      seeds: { training: 1 },
      versions: {},
      data: [
        {
          type: 'manifest-pin',
          contractVersion: '1.0',
          tableId: 'test',
          version: 0,
          chain: '0'.repeat(64),
          holds: { ...shape, rows: 1, from: window.from, to: window.to },
        },
      ],
      train: window,
      hyperparameters: {},
    },
    needs: { type: 'manifest-shape', contractVersion: '1.0', ...shape },
    trigger: { every: 'ohlcv-1h' },
  }
}
