// bundle.start.gzip: what a browser loads when Lab starts. Chunks that are fetched later (charts) are left out.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { chromium } from '@playwright/test';
import { record } from './lib/result.mts';
import { startServer } from './lib/server.mts';
import { BROWSER } from './lib/browser.mts';

const server = await startServer();
const browser = await chromium.launch(BROWSER);
const loaded: string[] = [];
try {
  const page = await browser.newPage();
  page.on('response', response => {
    const match = /\/lab\/extensions\/@labkeeper\/labextension\/static\/([^?]+)/.exec(response.url());
    if (match?.[1] && response.ok()) loaded.push(match[1]);
  });
  await page.goto(`${server.url}/lab?token=${server.token}`);
  await page.waitForFunction(() => 'jupyterapp' in window);
  await page.waitForSelector('.lk-Meter', { timeout: 20_000 });
} finally {
  await browser.close();
  await server.stop();
}
const folder = 'labkeeper/labextension/static';
const all = readdirSync(folder).filter(name => name.endsWith('.js'));
const sizes = Object.fromEntries(
  [...new Set(loaded)].map(name => [name, gzipSync(readFileSync(join(folder, name))).length])
);
const later = all.filter(name => !loaded.includes(name));
record(
  {
    id: 'bundle.start.gzip',
    what: `Scripts loaded at Lab's start, gzip; ${later.length} more only when needed`,
    unit: 'kB',
    value: Object.values(sizes).reduce((sum, size) => sum + size, 0) / 1000,
    n: 1,
    samples: sizes
  },
  'bundle'
);
