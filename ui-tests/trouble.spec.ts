// What goes wrong around Labkeeper, and what a page says about it. JupyterLab without a hub.
import AxeBuilder from '@axe-core/playwright';
import { type Page, expect, test } from '@playwright/test';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command, newNotebook, runCode, whenLabIsUp } from '../bench/lib/lab.mts';
import { type IServer, startServer } from '../bench/lib/server.mts';
import { dialog, dismiss, meter, openNotebook, panel, stock, whenKernelAnswers } from './lib/page-parts.ts';

/** A name that would run if it were taken for markup. */
const MARKUP = '<img src=x onerror=window.pwned=1>.ipynb';
/** As long as JupyterLab's restarter takes to give up on a kernel that dies again and again. */
const GIVES_UP_MS = 60_000;

/** Outlives the server, which one test starts again. */
let home: string;
let server: IServer;
let page: Page;

test.beforeAll(async ({ browser }) => {
  home = mkdtempSync(join(tmpdir(), 'labkeeper-trouble-'));
  server = await startServer({ memory: '700M', cpu: 1, home });
  page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
  await openNotebook(page, server, '/lab/tree/', 'a.ipynb');
});

test.afterAll(async () => {
  await page.context().close();
  await server.stop();
  rmSync(home, { recursive: true });
});

test.afterEach(async ({}, info) => {
  if (info.status !== info.expectedStatus) await page.screenshot({ path: info.outputPath('page.png') });
});

const live = () => expect(meter(page)).toContainText(/[\d.]+ (of|\/) 700 MB/, { timeout: 30_000 });

/** Collects every text that `selector` shows from now on. */
async function watchText(selector: string): Promise<() => Promise<string[]>> {
  await page.evaluate(selector => {
    const said: string[] = [];
    Object.assign(window, { said });
    const look = () => {
      const text = document.querySelector(selector)?.textContent ?? '';
      if (text !== said.at(-1)) said.push(text);
    };
    new MutationObserver(look).observe(document.body, {
      childList: true,
      subtree: true,
      characterData: true,
      attributes: true
    });
    look();
  }, selector);
  return () => page.evaluate(() => (window as unknown as { said: string[] }).said);
}

test('beside jupyter-resource-usage there is one meter, and this is said once', async () => {
  const note = page.locator('.jp-toast, .Toastify__toast', { hasText: 'jupyter-resource-usage' });
  await expect(note).toBeVisible({ timeout: 20_000 });
  await live();
  // The other one shows itself with its first answer, which it asks for every 5 s.
  await page.waitForTimeout(6000);
  expect(await page.locator('#jp-main-statusbar', { hasText: 'Mem:' }).count()).toBe(0);
  await page.reload();
  await whenLabIsUp(page);
  await live();
  await page.waitForTimeout(2000);
  expect(await note.count()).toBe(0);
});

test('a killed companion is back within 3 s, and the panel says so meanwhile', async () => {
  await command(page, 'labkeeper:show-resources');
  await live();
  const said = await watchText('#labkeeper-resources .lk-Banner');
  const first = server.companionPid() ?? 0;
  const killedAt = Date.now();
  process.kill(first, 'SIGKILL');
  await expect(panel(page).locator('.lk-Banner')).toContainText('connection to the companion was lost');
  await expect(panel(page).locator('.lk-Banner')).toBeHidden({ timeout: 3000 });
  await live();
  expect(Date.now() - killedAt).toBeLessThan(3000);
  expect(server.companionPid()).not.toBe(first);
  expect(await said()).toContainEqual(expect.stringContaining('it is being made again'));
});

test('a server that was restarted is found again by the open page', async () => {
  await command(page, 'labkeeper:show-resources');
  await live();
  const { port, token } = server;
  await server.stop();
  await expect(panel(page).locator('.lk-Banner')).toContainText(/cannot be reached|is being made again/);
  await page.screenshot({ path: 'test-results/server-away.png' });
  server = await startServer({ memory: '700M', cpu: 1, home, port, token });
  await live();
  await expect(panel(page).locator('.lk-Banner')).toBeHidden();
  await page.goto(`${server.url}/lab?token=${server.token}&reset`);
  await whenLabIsUp(page);
  await live();
});

test('a hidden tab is sent no samples, and catches up when it is seen again', async () => {
  const frames: string[] = [];
  const usage = () => frames.filter(frame => frame.includes('"usage/'));
  page.on('websocket', socket => {
    if (socket.url().includes('/labkeeper/ws'))
      socket.on('framereceived', ({ payload }) => frames.push(String(payload).slice(0, 40)));
  });
  await page.reload();
  await whenLabIsUp(page);
  await live();
  // Headless Chromium calls every tab visible, so the page is told otherwise.
  const become = (hidden: boolean) =>
    page.evaluate(hidden => {
      Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
      Object.defineProperty(document, 'visibilityState', {
        configurable: true,
        get: () => (hidden ? 'hidden' : 'visible')
      });
      document.dispatchEvent(new Event('visibilitychange'));
    }, hidden);
  await become(true);
  await page.waitForTimeout(1500);
  frames.length = 0;
  await page.waitForTimeout(5000);
  // Of its documents it hears, and that time passes: it may have work that is not safe.
  expect(usage()).toEqual([]);
  expect(frames.length).toBeLessThan(8);
  await become(false);
  await expect.poll(() => frames.filter(frame => frame.includes('usage/sample')).length).toBeGreaterThan(1);
  expect(usage()[0]).toContain('usage/history');
});

test('markup in the name of a notebook stays a name, in panel and dialog', async () => {
  await openNotebook(page, server, '/lab/tree/', MARKUP);
  await command(page, 'labkeeper:show-resources');
  await expect(panel(page)).toContainText(MARKUP);
  await runCode(page, 'import os; os._exit(3)');
  await expect(dialog(page)).toContainText('code 3', { timeout: 20_000 });
  await expect(dialog(page)).toContainText(MARKUP);
  await page.screenshot({ path: 'test-results/markup.png' });
  expect(await page.locator('.lk-Explain img, #labkeeper-resources img').count()).toBe(0);
  expect(await page.evaluate(() => 'pwned' in window)).toBe(false);
  await dismiss(page);
});

test('the dialog has no accessibility faults in the dark either, and Escape closes it', async () => {
  await command(page, 'apputils:change-theme', { theme: 'JupyterLab Dark' });
  await newNotebook(page);
  await runCode(page, 'import os; os.abort()');
  await expect(dialog(page)).toBeVisible({ timeout: 20_000 });
  await page.screenshot({ path: 'test-results/dialog-dark.png' });
  const { violations } = await new AxeBuilder({ page }).include('.lk-Explain').analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(node => node.html).join(' ')}`)).toEqual([]);
  await page.keyboard.press('Escape');
  await expect(dialog(page)).toHaveCount(0);
  await command(page, 'apputils:change-theme', { theme: 'JupyterLab Light' });
});

test('a file editor with a console is told of its kernel’s death', async () => {
  const made = await server.fetch('/api/contents/script.py', {
    method: 'PUT',
    body: JSON.stringify({ type: 'file', format: 'text', content: 'import os; os._exit(4)\n' })
  });
  expect(made.status).toBe(201);
  await command(page, 'docmanager:open', { path: 'script.py', factory: 'Editor' });
  // What "Create Console for Editor" does, with the kernel named instead of asked for.
  await command(page, 'console:create', {
    path: 'script.py',
    kernelPreference: { name: 'python3' },
    insertMode: 'split-bottom'
  });
  await expect(page.locator('.jp-CodeConsole-banner').last()).toContainText('Python', { timeout: 20_000 });
  await page.locator('.jp-FileEditor:visible .cm-content').click();
  await page.keyboard.press('ControlOrMeta+a');
  await command(page, 'fileeditor:run-code');
  await expect(dialog(page)).toContainText('code 4', { timeout: 20_000 });
  expect(await stock(page).count()).toBe(0);
  await dismiss(page);
});

test('a cell that ends its kernel at once is marked, and the kernel is not said to have been idle', async () => {
  await newNotebook(page);
  for (const code of [
    'import os; os.abort()',
    'import ctypes; ctypes.string_at(0)',
    'import os; os._exit(3)'
  ]) {
    await newNotebook(page);
    await runCode(page, code);
    await expect(dialog(page)).toBeVisible({ timeout: 20_000 });
    await expect(dialog(page)).toContainText(/(Cell \[\d+\]|The marked cell) had run for/);
    await expect(dialog(page)).not.toContainText('idle');
    await dismiss(page);
    await expect(page.locator('.jp-NotebookPanel:visible .lk-CellMark')).toBeVisible();
  }
});

test('a kernel that dies again and again ends in one dialog, which says that it stays dead', async () => {
  test.setTimeout(GIVES_UP_MS + 60_000);
  await newNotebook(page);
  const startup = join(home, '.ipython', 'profile_default', 'startup');
  mkdirSync(startup, { recursive: true });
  writeFileSync(join(startup, '00-die.py'), 'import os, signal; os.kill(os.getpid(), signal.SIGKILL)\n');
  await runCode(page, 'import os; os._exit(3)');
  await expect(dialog(page)).toBeVisible({ timeout: 20_000 });
  await expect(dialog(page)).toContainText('It will not be restarted by itself', {
    timeout: GIVES_UP_MS
  });
  expect(await page.locator('.jp-Dialog').count()).toBe(1);
  await page.screenshot({ path: 'test-results/row-of-deaths.png' });
  writeFileSync(join(startup, '00-die.py'), '');
  await dismiss(page);
});

test('64 threads on a small quota are told after a while, with the variable to set', async ({ browser }) => {
  test.setTimeout(240_000);
  const small = await startServer({
    memory: '700M',
    cpu: 0.5,
    environment: { LABKEEPER_THROTTLE_MINUTES: '0.3' }
  });
  const tab = await (await browser.newContext()).newPage();
  try {
    await openNotebook(tab, small, '/lab/tree/', MARKUP);
    await runCode(
      tab,
      [
        'import hashlib, threading, time',
        'block, end = bytes(2**24), time.monotonic() + 60',
        'def work():',
        '    while time.monotonic() < end: hashlib.sha256(block).digest()',
        'threads = [threading.Thread(target=work) for _ in range(64)]',
        'for thread in threads: thread.start()',
        'for thread in threads: thread.join()'
      ].join('\n')
    );
    const note = tab.locator('.jp-toast, .Toastify__toast', { hasText: /throttled/i });
    // While other tests want the processors too, it is seldom the quota that holds the threads: it passes alone, at the end.
    await expect(note).toBeVisible({ timeout: 60_000 });
    await tab.screenshot({ path: 'test-results/throttled.png' });
    await expect(note).toContainText(/CPU throttled for \d\d s/);
    await note.getByRole('button').first().click();
    await expect(dialog(tab)).toContainText('OMP_NUM_THREADS');
    await expect(dialog(tab)).toContainText('more CPU');
    await expect(dialog(tab)).toContainText(MARKUP);
    await tab.screenshot({ path: 'test-results/throttled-dialog.png' });
    expect(await tab.evaluate(() => 'pwned' in window)).toBe(false);
  } finally {
    await tab.context().close();
    await small.stop();
  }
});

test('without Node the panel says what is missing and what to do, and Lab works as before', async ({
  browser
}) => {
  const bare = await startServer({
    memory: '700M',
    args: ['--Labkeeper.node_path=/nowhere/node'],
    awaitCompanion: false
  });
  const tab = await (await browser.newContext()).newPage();
  try {
    await openNotebook(tab, bare, '/lab/tree/', 'a.ipynb');
    await expect(meter(tab)).toContainText('not connected', { timeout: 20_000 });
    await meter(tab).press('Enter');
    await expect(panel(tab).locator('.lk-Banner')).toContainText(
      /companion is not running: .*\/nowhere\/node/
    );
    await tab.screenshot({ path: 'test-results/no-node.png' });
    // Nobody knows of kernels and events here, so nothing is said about them.
    await expect(panel(tab).getByRole('heading')).toHaveCount(0);
    await runCode(tab, 'import os; os._exit(3)');
    await expect(tab.locator('.jp-Dialog')).toBeVisible({ timeout: 20_000 });
    await tab.screenshot({ path: 'test-results/no-node-death.png' });
    await tab.locator('.jp-Dialog').getByRole('button', { name: /OK/i }).click();
    await expect(tab.locator('.jp-Dialog')).toHaveCount(0);
    await whenKernelAnswers(tab);
  } finally {
    await tab.context().close();
    await bare.stop();
  }
});
