// start.first, first.verdict: a clone in an empty folder, empty home, empty caches; a script follows the README.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from '@playwright/test';
import { BROWSER } from './lib/browser.mts';
import { record } from './lib/result.mts';

const folder = mkdtempSync(join(tmpdir(), 'labkeeper-first-'));
const clone = join(folder, 'labkeeper');
const home = join(folder, 'home');
mkdirSync(home);
execFileSync('git', ['clone', '--quiet', process.cwd(), clone]);
// Nothing of this machine's own set-up but its programs; no cache of any package manager.
const environment: NodeJS.ProcessEnv = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(npm_|VIRTUAL_ENV|NODE_OPTIONS|LABKEEPER_|XDG_|HOME$|PATH$|INIT_CWD)/.test(name)
  )
);
const path = (process.env['PATH'] ?? '')
  .split(':')
  .filter(part => !part.includes('.venv') && !part.includes('node_modules'));
Object.assign(environment, {
  HOME: home,
  PATH: path.join(':'),
  PIP_NO_CACHE_DIR: '1',
  UV_NO_CACHE: '1',
  npm_config_cache: join(home, 'npm')
});
const start = performance.now();
const hub = spawn('npm', ['start', '--', '--port', '21500'], {
  cwd: clone,
  env: environment,
  stdio: ['ignore', 'pipe', 'inherit']
});
const steps: string[] = [];
try {
  const text = await new Promise<string>((resolve, reject) => {
    let all = '';
    hub.stdout.on('data', data => {
      all += String(data);
      steps.push(...(String(data).match(/labkeeper: .* took .* s/g) ?? []));
      if (/stop\s+Ctrl-C/.test(all)) resolve(all);
    });
    hub.on('exit', code => reject(new Error(`npm start ended with ${code}: ${all}`)));
  });
  const startSeconds = (performance.now() - start) / 1000;
  const url = /Labkeeper is at\s+(\S+)/.exec(text)?.[1] ?? '';
  const password = /password\s+(\S+)/.exec(text)?.[1] ?? '';
  const browser = await chromium.launch(BROWSER);
  let headline = '';
  let verdictSeconds = Number.NaN;
  try {
    const page = await browser.newPage();
    await page.goto(url);
    await page.getByLabel('Username').fill('researcher');
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.locator('.jp-NotebookPanel .jp-CodeCell').first().waitFor({ timeout: 120_000 });
    // What is run before the kernel is there is answered by Lab with a question.
    await page
      .locator('.jp-NotebookPanel .jp-Toolbar-kernelName', { hasText: 'Python 3' })
      .waitFor({ timeout: 120_000 });
    await page
      .locator('.jp-NotebookPanel .jp-Notebook-ExecutionIndicator[data-status="idle"]')
      .waitFor({ timeout: 120_000 });
    // A person reads and clicks: the first code cell, then the memory cell.
    for (const cellText of ['def memory_limit_bytes', 'rows.append']) {
      await page
        .locator('.jp-NotebookPanel .jp-CodeCell', { hasText: cellText })
        .first()
        .locator('.cm-content')
        .click();
      await page.keyboard.press('ControlOrMeta+Enter');
    }
    const dialog = page.locator('.jp-Dialog', { has: page.locator('.lk-Explain, .lk-Explanation') });
    await dialog.waitFor({ timeout: 120_000 });
    verdictSeconds = (performance.now() - start) / 1000;
    headline = await dialog.locator('.jp-Dialog-header').innerText();
  } finally {
    await browser.close();
  }
  if (!headline.startsWith('Memory limit exceeded')) throw new Error(`the first verdict says "${headline}"`);
  record(
    {
      id: 'start.first',
      what: 'First `npm start` in a clone, empty home and caches, until the URL is printed',
      unit: 's',
      value: startSeconds,
      n: 1,
      samples: steps
    },
    'first'
  );
  record(
    {
      id: 'first.verdict',
      what: 'Until a script that follows the README has seen the first real verdict',
      unit: 's',
      value: verdictSeconds,
      n: 1,
      samples: { headline }
    },
    'first'
  );
} finally {
  if (hub.exitCode === null) {
    const ended = new Promise(resolve => hub.once('exit', resolve));
    hub.kill('SIGTERM');
    await ended;
  }
  rmSync(folder, { recursive: true, force: true });
}
