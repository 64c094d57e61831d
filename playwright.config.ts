import { defineConfig } from '@playwright/test';
import { BROWSER } from './bench/lib/browser.mts';

/** The hub of the browser tests: its own ports and state, so that it runs beside `npm start`. */
const port = Number(process.env['LABKEEPER_TEST_PORT'] ?? 21200);
export const TEST_PASSWORD = 'tests-only';

/** Those that take longest begin first: one alone at the end would keep the other workers waiting. */
const LONG = /\/(save-trouble|save-trouble-pages|closing|trouble|compare|outputs|hidden|plain)\.spec\.ts$/;

export default defineConfig({
  testDir: 'ui-tests',
  timeout: 120_000,
  // Most of them wait for real time to pass.
  workers: 3,
  retries: 1,
  // At the end, one by one: what failed because others kept the processors busy has them for itself.
  retryStrategy: 'isolated',
  // What is to be there soon is there later on a machine that is busy besides; promised times are tested with times of their own.
  expect: { timeout: 10_000 },
  projects: [
    { name: 'long', testMatch: LONG },
    { name: 'short', testIgnore: LONG }
  ],
  reporter: [['list'], ['json', { outputFile: 'test-results/playwright.json' }]],
  outputDir: 'test-results/playwright',
  use: {
    baseURL: `http://127.0.0.1:${port}`,
    viewport: { width: 1280, height: 800 },
    // Traces of all tests cost much of two processors; the first try leaves a picture.
    trace: 'on-first-retry',
    launchOptions: BROWSER
  },
  webServer: {
    // A fresh state: what an earlier run left (open documents, past deaths) is not what is tested.
    command: `rm -rf .state/test-hub && exec .venv/bin/python -m dev.start --port ${port} --state .state/test-hub --memory 700M --cpu 1`,
    url: `http://127.0.0.1:${port}/hub/health`,
    timeout: 60_000,
    reuseExistingServer: false,
    stdout: 'ignore',
    env: { LABKEEPER_TEST: '1', LABKEEPER_PASSWORD: TEST_PASSWORD },
    gracefulShutdown: { signal: 'SIGTERM', timeout: 25_000 }
  }
});
