// The install log of the demo hub as support staff see it, after a researcher has really installed something.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from '@playwright/test';

const PASSWORD = 'pictures-only';
/** What she does to the packages of her own, one after the other, until the log has it. */
const INSTALLS: readonly (readonly [words: RegExp, ...pip: string[]])[] = [
  [/Installed humanize 4\.9\.0/, 'install', 'humanize==4.9.0'],
  [/Installed tabulate/, 'install', 'tabulate', 'toolz']
];

/** As many pixels as the other pictures have, and room for the table. */
const LOOK = { viewport: { width: 1075, height: 775 }, deviceScaleFactor: 1.6 };

/** Takes a picture of the install log, into `path`. */
export async function takeLogPicture(browser: Browser, path: string): Promise<void> {
  const state = mkdtempSync(join(tmpdir(), 'labkeeper-pictures-'));
  const demo = spawn('.venv/bin/python', ['-m', 'dev.start', '--port', '27000', '--state', state], {
    env: { ...process.env, LABKEEPER_PASSWORD: PASSWORD },
    stdio: ['ignore', 'pipe', 'inherit']
  });
  const ended = new Promise(resolve => demo.once('exit', resolve));
  try {
    let said = '';
    await new Promise<void>((resolve, reject) => {
      demo.stdout.setEncoding('utf8').on('data', text => {
        said += String(text);
        if (said.includes('Ctrl-C')) resolve();
      });
      demo.once('exit', () => reject(new Error(`The demo ended: ${said}`)));
    });
    const [hub = '', pages = ''] = said.match(/http:\/\/[\d.:]+/g) ?? [];
    const researcher = await signedIn(browser, hub, 'researcher');
    await researcher.waitForURL('**/user/researcher/lab**', { timeout: 120_000 });
    const page = await signedIn(browser, pages, 'support');
    await page.waitForURL(`${pages}/**`);
    await see(page, /Found on disk/);
    const home = join(state, 'home/researcher');
    for (const [words, ...pip] of INSTALLS) {
      installOwn(home, pip);
      await see(page, words);
    }
    await page.screenshot({ path });
  } finally {
    demo.kill();
    await ended;
    rmSync(state, { recursive: true, force: true });
  }
}

async function signedIn(browser: Browser, address: string, user: string): Promise<Page> {
  const page = await (await browser.newContext(LOOK)).newPage();
  await page.goto(address);
  await page.getByLabel('Username').fill(user);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  return page;
}

/** Runs pip on the packages that lie in a home; they are looked at once a minute at the latest. */
function installOwn(home: string, pip: readonly string[]): void {
  const env = { ...process.env, HOME: home };
  const python = '.venv/bin/python';
  const say = 'import site; print(site.getusersitepackages())';
  const target = execFileSync(python, ['-c', say], { env, encoding: 'utf8' }).trim();
  const how = ['--target', target, '--no-deps', '--quiet'];
  execFileSync(python, ['-m', 'pip', ...pip, ...how], { env, stdio: 'inherit' });
}

/** Looks again until the newest records say something. */
async function see(page: Page, words: RegExp): Promise<void> {
  const endMs = Date.now() + 120_000;
  while (!words.test((await page.locator('main').innerText()).replaceAll(/\s+/g, ' '))) {
    if (Date.now() > endMs) throw new Error(`The install log never said ${words}.`);
    await page.waitForTimeout(3000);
    await page.goto(`${new URL(page.url()).origin}/log`);
  }
}
