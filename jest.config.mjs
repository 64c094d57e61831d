import { availableParallelism } from 'node:os';

const common = {
  transform: {
    '\\.svg$': '@jupyterlab/testing/lib/jest-raw-loader.js',
    '\\.[cm]?[jt]sx?$': '<rootDir>/scripts/jest-esbuild.mjs'
  },
  // Many packages are published as modules only, so all are compiled (and cached).
  transformIgnorePatterns: [],
  moduleNameMapper: {
    '\\.css$': 'identity-obj-proxy',
    // Import paths end in .js, as they do when compiled; the sources are TypeScript.
    '^(\\.{1,2}/.*)\\.js$': ['$1.ts', '$1.tsx', '$1.js'],
    '^@labkeeper/([^/]+)$': '<rootDir>/packages/$1/src'
  },
  roots: ['<rootDir>/packages', '<rootDir>/companion'],
  testPathIgnorePatterns: ['/node_modules/', '/lib/']
};

export default {
  // Much of their time tests wait for disks, databases and processes, so even two cores run two files at once.
  maxWorkers: Math.max(2, availableParallelism()),
  // What a test waits for takes longer beside another one; what must not take long says so itself.
  testTimeout: 20_000,
  projects: [
    {
      ...common,
      displayName: 'browser',
      testMatch: [
        '<rootDir>/packages/{labkit,resource-meter,save-guard,package-installer,labextension}/{src,test}/**/*.test.ts?(x)'
      ],
      testEnvironment: '@jupyterlab/testing/lib/jest-env.js',
      setupFiles: ['@jupyterlab/testing/lib/jest-shim.js']
    },
    {
      ...common,
      displayName: 'node',
      testMatch: [
        '<rootDir>/packages/{protocol,core}/src/**/*.test.ts?(x)',
        '<rootDir>/packages/hub-service/{src,test}/**/*.test.ts?(x)',
        '<rootDir>/packages/package-index/{src,test}/**/*.test.ts',
        '<rootDir>/companion/{src,test}/**/*.test.ts'
      ],
      testEnvironment: 'node',
      globalSetup: '<rootDir>/packages/hub-service/test/support/begin-run.ts',
      globalTeardown: '<rootDir>/packages/hub-service/test/support/end-run.ts'
    }
  ]
};
