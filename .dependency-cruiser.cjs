/** The direction of the arrows, from docs/architecture.md. */
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
    {
      name: 'durable-log-stands-alone',
      severity: 'error',
      from: { path: '^packages/durable-log/src' },
      to: { path: '^packages/(?!durable-log/)' },
    },
    {
      name: 'zstd-needs-only-durable-log',
      severity: 'error',
      from: { path: '^packages/zstd/src' },
      to: { path: '^packages/(?!zstd/|durable-log/)' },
    },
    {
      name: 'contracts-need-only-durable-log',
      severity: 'error',
      from: { path: '^packages/contracts/src' },
      to: { path: '^packages/(?!contracts/|durable-log/)' },
    },
    {
      name: 'core-imports-no-plugin',
      severity: 'error',
      from: { path: '^packages/core/src' },
      to: { path: '^packages/(?!core/|contracts/|durable-log/)' },
    },
    {
      name: 'a-plugin-never-imports-a-plugin',
      severity: 'error',
      from: { path: '^packages/(?!models/)([^/]+)/src', pathNot: '^packages/(core|contracts|durable-log|runtime)/' },
      to: { path: '^packages/(?!core/|contracts/|durable-log/|zstd/)', pathNot: '^packages/$1/' },
    },
    {
      name: 'a-family-imports-only-the-kit',
      severity: 'error',
      from: { path: '^packages/models/([^/]+)/src' },
      to: { path: '^packages/', pathNot: '^packages/(core|contracts|durable-log|models/kit|models/$1)/' },
    },
    { name: 'sources-import-no-test', severity: 'error', from: { path: '/src/' }, to: { path: '/(test|bench)/' } },
  ],
  options: {
    doNotFollow: { path: 'node_modules|dist' },
    exclude: { path: '(^|/)(dist|node_modules)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.test.json' },
    enhancedResolveOptions: { conditionNames: ['@gatehouse/source', 'import', 'node', 'default'], exportsFields: ['exports'] },
  },
}
