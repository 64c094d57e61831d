import jupyter from '@jupyter/eslint-plugin';
import prettier from 'eslint-config-prettier';
import ts from 'typescript-eslint';

/** The files of `folder` may import, of this repository's packages, only `allowed` (DESIGN: imports go one way). */
const mayImport = (folder, ...allowed) => ({
  files: [`${folder}/**`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            regex: allowed.length ? `^@labkeeper/(?!(${allowed.join('|')})(/|$))` : '^@labkeeper/',
            message: `${folder} may import only: ${allowed.join(', ') || 'no package of this repository'}.`
          },
          {
            regex:
              '^(\\.\\./)+(packages|companion|protocol|core|labkit|resource-meter|save-guard|package-installer|package-index|labextension|hub-service)/',
            message: 'Import the package by its name.'
          },
          ...(folder === 'packages/protocol' || folder === 'packages/core'
            ? [
                {
                  regex: '^(node:|@jupyterlab/|@lumino/|react)',
                  message: `${folder} is pure: no I/O, no Node, no DOM.`
                }
              ]
            : [])
        ]
      }
    ]
  }
});

export default ts.config(
  {
    ignores: [
      'packages/*/lib/',
      'companion/lib/',
      'labkeeper/',
      'packaging/',
      'dist/',
      '.venv/',
      '.venv-oldest/',
      '.venv-rooms/',
      '.state/',
      'packages/labextension/schema/',
      'test-results/',
      '**/.ipynb_checkpoints/',
      '**/tsconfig*.json'
    ]
  },
  ...ts.configs.recommended,
  {
    files: ['**/*.{ts,tsx}'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'no-empty': ['error', { allowEmptyCatch: false }],
      eqeqeq: ['error', 'always', { null: 'ignore' }]
    }
  },
  { plugins: { jupyter } },
  ...jupyter.configs.recommended,
  mayImport('packages/protocol'),
  mayImport('packages/core', 'protocol'),
  mayImport('packages/labkit', 'protocol', 'core'),
  mayImport('packages/resource-meter', 'protocol', 'core', 'labkit'),
  mayImport('packages/save-guard', 'protocol', 'core', 'labkit'),
  mayImport('packages/package-installer', 'protocol', 'core', 'labkit'),
  mayImport('packages/labextension', 'labkit', 'resource-meter', 'save-guard', 'package-installer'),
  mayImport('packages/package-index', 'protocol', 'core'),
  mayImport('packages/hub-service', 'protocol', 'core', 'package-index'),
  mayImport('companion', 'protocol', 'core', 'package-index'),
  // Tests of the pure packages read fixtures.
  { files: ['packages/{protocol,core}/**/*.test.*'], rules: { 'no-restricted-imports': 'off' } },
  {
    files: [
      'packages/protocol/**',
      'packages/core/**',
      'companion/**',
      'packages/hub-service/**',
      'packages/package-index/**',
      'bench/**',
      'ui-tests/**',
      'scripts/**',
      'packages/*/test/**',
      '**/*.test.*'
    ],
    rules: { 'jupyter/no-untranslated-string': 'off' }
  },
  prettier
);
