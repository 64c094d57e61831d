import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from '@playwright/test';
import { BROWSER } from './browser.mts';

/** From so many seconds on a hidden page's own timers come once a minute; by default it is 300. */
const GRACE_S = 10;

/** A browser whose pages are hidden when another one is in front, as in a browser that a person started. */
export interface IHiddenBrowser {
  readonly context: BrowserContext;
  /** Puts an empty page in front. @throws when the page is not hidden by it. */
  hide(page: Page): Promise<void>;
  close(): Promise<void>;
}

/** Playwright makes every page of a browser that it starts itself believe that it is seen, so this is started apart. */
export async function startHiddenBrowser(): Promise<IHiddenBrowser> {
  const profile = mkdtempSync(join(tmpdir(), 'labkeeper-hidden-'));
  const port = await freePort();
  const program = spawn(
    BROWSER.executablePath,
    [
      '--headless=new',
      ...BROWSER.args,
      `--remote-debugging-port=${port}`,
      `--user-data-dir=${profile}`,
      `--enable-features=IntensiveWakeUpThrottling:grace_period_seconds/${GRACE_S}`,
      'about:blank'
    ],
    { stdio: 'ignore' }
  );
  process.once('exit', () => program.kill());
  const browser = await whenItListens(port);
  const context = browser.contexts()[0];
  if (!context) throw new Error('the browser has no context');
  return {
    context,
    hide: async page => {
      const front = await context.newPage();
      await front.goto('about:blank');
      await front.bringToFront();
      for (let i = 0; (await page.evaluate(() => document.visibilityState)) !== 'hidden'; i++) {
        if (i === 50) throw new Error('the page is still seen');
        await new Promise(resolve => setTimeout(resolve, 100));
      }
    },
    close: async () => {
      await browser.close();
      const ended = new Promise(resolve => program.once('exit', resolve));
      if (program.exitCode === null && program.signalCode === null) {
        program.kill();
        await ended;
      }
      rmSync(profile, { recursive: true, force: true });
    }
  };
}

async function whenItListens(port: number): Promise<Browser> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await chromium.connectOverCDP(`http://127.0.0.1:${port}`, { noDefaults: true });
    } catch (error) {
      if (attempt === 50) throw error;
      await new Promise(resolve => setTimeout(resolve, 200));
    }
  }
}

function freePort(): Promise<number> {
  return new Promise(resolve => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(address && typeof address === 'object' ? address.port : 0));
    });
  });
}
