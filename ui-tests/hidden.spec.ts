// A tab that nobody sees: it is really hidden, which takes a browser that Playwright did not start (facts: it makes every
// page of its own believe that it is seen).
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, expect, test } from '@playwright/test';
import { BROWSER } from '../bench/lib/browser.mts';
import { command, runCode } from '../bench/lib/lab.mts';
import { type IServer, startServer } from '../bench/lib/server.mts';
import { openNotebook } from './lib/page-parts.ts';

/** From so many seconds on a hidden page's own timers come once a minute; by default it is 300. */
const GRACE_S = 10;
const BOUND_S = 30;

let program: ChildProcess;
let browser: Browser;
let server: IServer;
const profile = mkdtempSync(join(tmpdir(), 'labkeeper-hidden-'));

function freePort(): Promise<number> {
  return new Promise(resolve => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(address && typeof address === 'object' ? address.port : 0));
    });
  });
}

test.beforeAll(async () => {
  server = await startServer({ memory: '700M' });
  const port = await freePort();
  program = spawn(
    BROWSER.executablePath ?? 'chromium',
    [
      '--headless=new',
      ...(BROWSER.args ?? []),
      `--remote-debugging-port=${port}`,
      `--user-data-dir=${profile}`,
      `--enable-features=IntensiveWakeUpThrottling:grace_period_seconds/${GRACE_S}`,
      'about:blank'
    ],
    { stdio: 'ignore' }
  );
  for (let attempt = 0; ; attempt += 1) {
    try {
      browser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`, { noDefaults: true });
      return;
    } catch (error) {
      if (attempt === 50) throw error;
      await new Promise(resolve => setTimeout(resolve, 200));
    }
  }
});

test.afterAll(async () => {
  await browser.close();
  program.kill();
  await server.stop();
  rmSync(profile, { recursive: true, force: true });
});

/** The highest number that was printed and is on the disk, in the file or in the journal. */
function newestOnDisk(): { file: number; any: number } {
  const newest = (text: string): number =>
    Math.max(0, ...[...text.matchAll(/tick (\d+)/g)].map(([, number]) => Number(number)));
  const read = (path: string): string => readFileSync(server.inside(path), 'latin1');
  const file = newest(read(join(server.home, 'work', 'a.ipynb')));
  const folder = join(server.home, '.local/share/labkeeper/journal/default');
  const journal = readdirSync(server.inside(folder))
    .filter(name => name.endsWith('.journal'))
    .map(name => newest(read(join(folder, name))));
  return { file, any: Math.max(file, ...journal) };
}

test('output that streams into a hidden tab is never older than 30 s on the disk', async () => {
  test.setTimeout(240_000);
  const context = browser.contexts()[0];
  if (!context) throw new Error('the browser has no context');
  const page = await context.newPage();
  await openNotebook(page, server, '/lab/tree/', 'a.ipynb');
  await runCode(
    page,
    'import time\nfor i in range(100000): print("tick", int(time.time()), flush=True); time.sleep(1)'
  );
  const front = await context.newPage();
  await front.goto('about:blank');
  await expect.poll(() => page.evaluate(() => document.visibilityState)).toBe('hidden');
  const ages: { file: number; any: number }[] = [];
  const until = Date.now() + 105_000;
  // The first change may be as old as the bound before anything must be there.
  await new Promise(resolve => setTimeout(resolve, 35_000));
  while (Date.now() < until) {
    const { file, any } = newestOnDisk();
    ages.push({ file: Date.now() / 1000 - file, any: Date.now() / 1000 - any });
    await new Promise(resolve => setTimeout(resolve, 1000));
  }
  expect(await page.evaluate(() => document.visibilityState)).toBe('hidden');
  expect(ages.length).toBeGreaterThan(60);
  expect(Math.max(...ages.map(age => age.any))).toBeLessThan(BOUND_S);
  expect(Math.max(...ages.map(age => age.file))).toBeLessThan(60);
  await page.bringToFront();
  await command(page, 'notebook:interrupt-kernel');
});
