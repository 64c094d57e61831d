// Closing a document whose file does not hold it: "Save" in JupyterLab's question saves it, or the document stays.
import { rmSync, writeFileSync } from 'node:fs';
import { type BrowserContext, type Page, expect, test } from '@playwright/test';
import { command } from '../bench/lib/lab.mts';
import { type IServer, startServer } from '../bench/lib/server.mts';
import {
  IN_FILE,
  dialogs,
  filesOf,
  isDirty,
  light,
  openLab,
  saveAll,
  sourceOnDisk,
  textOnDisk,
  type,
  workPath
} from './lib/documents.ts';
import { type IFaultProxy, startFaultProxy } from './lib/fault-proxy.ts';
import { openNotebook } from './lib/page-parts.ts';

const FILE = 'a.ipynb';
const SAVES = /^PUT \/(labkeeper|api)\/contents\//;

let server: IServer;
let proxy: IFaultProxy;
let context: BrowserContext;
let page: Page;

test.beforeAll(async () => {
  server = await startServer({ memory: '1G' });
  proxy = await startFaultProxy(server.port);
});
test.afterAll(async () => {
  await proxy.close();
  await server.stop();
});
test.beforeEach(async ({ browser }) => {
  proxy.fault = { kind: 'none' };
  for (const file of filesOf(server)) rmSync(workPath(server, file), { recursive: true, force: true });
  context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  page = await context.newPage();
});
test.afterEach(async ({}, info) => {
  proxy.fault = { kind: 'none' };
  if (info.status !== info.expectedStatus) await page.screenshot({ path: info.outputPath('page.png') });
  await context.close();
});

const tabs = (page: Page, file: string) =>
  page.locator('#jp-main-dock-panel .lm-TabBar-tab', { hasText: file });

/** Closes the document in front, and answers JupyterLab's question. */
async function close(page: Page, answer: 'Save' | 'Discard'): Promise<void> {
  await command(page, 'application:close');
  await dialogs(page).locator('button', { hasText: answer }).click();
}

test('with “Save”, where nothing can be saved: it is told, the document stays, and is saved later', async () => {
  test.setTimeout(120_000);
  await openNotebook(page, { ...server, url: proxy.url }, '/lab/tree/', FILE);
  await expect(light(page)).toHaveText(/^●Safe$/, { timeout: 30_000 });
  await type(page, 'precious');
  proxy.fault = { kind: 'answer', status: 413, only: SAVES };
  void close(page, 'Save');
  await expect(dialogs(page)).toContainText('The document is too large for a proxy on the way', {
    timeout: 20_000
  });
  await page.keyboard.press('Escape');
  await expect(tabs(page, FILE)).toHaveCount(1);
  expect(await isDirty(page)).toBe(true);
  proxy.fault = { kind: 'none' };
  await expect.poll(() => sourceOnDisk(server, FILE), { timeout: 60_000 }).toBe('precious');
});

test('with “Save”, in a second tab: the file has it, and what the first one wrote is kept', async () => {
  test.setTimeout(120_000);
  await openNotebook(page, server, '/lab/tree/', FILE);
  await expect(light(page)).toHaveText(/^●Safe$/, { timeout: 30_000 });
  const second = await context.newPage();
  await openLab(second, server, FILE);
  await type(page, 'first');
  await saveAll(page);
  expect(sourceOnDisk(server, FILE)).toBe('first');
  await type(second, 'second');
  await close(second, 'Save');
  await expect(tabs(second, FILE)).toHaveCount(0);
  expect(sourceOnDisk(server, FILE)).toBe('second');
  const kept = filesOf(server).filter(name => name.includes('(changed elsewhere'));
  expect(kept.map(name => sourceOnDisk(server, name))).toEqual(['first']);
});

test('with “Discard” the journal is given up: nothing is offered afterwards', async () => {
  test.setTimeout(120_000);
  await openNotebook(page, server, '/lab/tree/', FILE);
  await expect(light(page)).toHaveText(/^●Safe$/, { timeout: 30_000 });
  await type(page, 'unwanted');
  await page.waitForTimeout(4000);
  await close(page, 'Discard');
  await expect(tabs(page, FILE)).toHaveCount(0);
  await page.close();
  page = await context.newPage();
  await openLab(page, server, FILE);
  await command(page, 'labkeeper:show-saves');
  await page.waitForTimeout(8000);
  expect(await page.locator('#labkeeper-saves').textContent()).not.toContain('recovered');
  expect(filesOf(server).filter(file => file !== '.ipynb_checkpoints')).toEqual([FILE]);
});

test('“Save As” is no save of the document: it stays unsaved, and the file follows', async () => {
  test.setTimeout(120_000);
  await openNotebook(page, server, '/lab/tree/', FILE);
  await expect(light(page)).toHaveText(/^●Safe$/, { timeout: 30_000 });
  await type(page, 'both');
  void command(page, 'docmanager:save-as');
  const name = dialogs(page).locator('input');
  await name.fill('b.ipynb');
  await page.keyboard.press('Enter');
  await expect.poll(() => filesOf(server), { timeout: 20_000 }).toContain('b.ipynb');
  expect(sourceOnDisk(server, 'b.ipynb')).toBe('both');
  await page.waitForTimeout(1000);
  // JupyterLab asks whether the original is to be saved before it is closed: she goes back to it.
  await page.keyboard.press('Escape');
  expect(await isDirty(page)).toBe(true);
  await expect.poll(() => sourceOnDisk(server, FILE), { timeout: 60_000 }).toBe('both');
});

test('one file, open as a notebook and as text: both are saved without a question, and nothing is lost', async () => {
  test.setTimeout(150_000);
  await openNotebook(page, server, '/lab/tree/', FILE);
  await expect(light(page)).toHaveText(/^●Safe$/, { timeout: 30_000 });
  await command(page, 'docmanager:open', { path: FILE, factory: 'Editor', options: { mode: 'split-right' } });
  await expect(page.locator('.jp-FileEditor:visible')).toHaveCount(1, { timeout: 20_000 });
  await type(page, 'in the notebook');
  await saveAll(page);
  await expect.poll(() => sourceOnDisk(server, FILE)).toBe('in the notebook');
  await page.locator('.jp-FileEditor .cm-content').click();
  await page.keyboard.press('ControlOrMeta+End');
  await page.keyboard.type(' ');
  await saveAll(page);
  await expect.poll(() => textOnDisk(server, FILE).endsWith(' '), { timeout: 20_000 }).toBe(true);
  expect(await dialogs(page).count()).toBe(0);
  const kept = filesOf(server).filter(file => file.includes('(changed elsewhere'));
  expect(kept.map(file => sourceOnDisk(server, file))).toEqual(['in the notebook']);
});

test('a text that is read anew is no edit', async () => {
  test.setTimeout(120_000);
  writeFileSync(workPath(server, 'a.py'), 'one = 1\n');
  await openLab(page, server, 'a.py');
  await expect(light(page)).toHaveText(/^●Safe$/, { timeout: 30_000 });
  writeFileSync(workPath(server, 'a.py'), 'two = 2\n');
  void command(page, 'docmanager:reload');
  await expect(page.locator('.jp-FileEditor .cm-content')).toContainText('two', { timeout: 20_000 });
  await page.waitForTimeout(30_000);
  await expect(light(page)).toHaveAttribute('title', IN_FILE);
  expect(filesOf(server).filter(file => file !== '.ipynb_checkpoints')).toEqual(['a.py']);
});
