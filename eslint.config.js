import tseslint from 'typescript-eslint'

/** Type-aware: a lost promise can be a lost order. Style is prettier's. */
export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', 'out/**', '**/*.as.ts', '**/schemas/**', '.cache/**'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { project: ['./tsconfig.test.json'], tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/require-await': 'off',
      'no-restricted-globals': [
        'error',
        { name: 'process', message: 'Libraries take values; only bins, examples, benches and tests read the process.' },
      ],
      'no-console': 'error',
    },
  },
  {
    files: ['examples/**', 'bench/**', 'faults/**', 'proof/**', 'scripts/**', '**/test/**', '**/bench/**', '**/src/bin/**', '*.config.ts'],
    rules: { 'no-restricted-globals': 'off', 'no-console': 'off' },
  },
)
