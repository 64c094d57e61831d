// Documents that several people edit at once (jupyter-collaboration): the server's room saves them, never we.
// It needs a JupyterLab with jupyter-collaboration in a virtual environment of its own, because that changes every document.
import { rmSync } from 'node:fs';
import { type Page, expect, test } from '@playwright/test';
import { type IServer, startServer } from '../bench/lib/server.mts';
import {
  dialogs,
  expectSentence,
  filesOf,
  light,
  openLab,
  saveAll,
  sourceOnDisk,
  type,
  workPath
} from './lib/documents.ts';
import { type IFaultProxy, startFaultProxy } from './lib/fault-proxy.ts';
import { openNotebook } from './lib/page-parts.ts';

const FILE = 'a.ipynb';
const ROOM = 'The shared room saves this document; the journal keeps your changes too.';

let server: IServer;
let proxy: IFaultProxy;
let page: Page;

test.beforeAll(async () => {
  server = await startServer({
    memory: '1G',
    venv: '.venv-rooms',
    // Rooms save by themselves only when they are asked.
    args: ['--YDocExtension.document_save_delay=None']
  });
  proxy = await startFaultProxy(server.port);
});
test.afterAll(async () => {
  await proxy.close();
  await server.stop();
});
test.beforeEach(async ({ browser }) => {
  for (const file of filesOf(server)) rmSync(workPath(server, file), { recursive: true, force: true });
  page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
});
test.afterEach(async ({}, info) => {
  proxy.fault = { kind: 'none' };
  if (info.status !== info.expectedStatus) await page.screenshot({ path: info.outputPath('page.png') });
  await page.context().close();
});

test('the room is asked to save, and the light says that it does', async ({ browser }) => {
  test.setTimeout(180_000);
  await openNotebook(page, server, '/lab/tree/', FILE);
  await type(page, 'mine');
  await expectSentence(page, FILE, ROOM);
  await expect(light(page)).toHaveText(/^●Safe$/, { timeout: 40_000 });
  expect(sourceOnDisk(server, FILE)).toBe('');
  // With nobody asking.
  await expect.poll(() => sourceOnDisk(server, FILE), { timeout: 60_000 }).toBe('mine');
  const other = await (await browser.newContext()).newPage();
  await openLab(other, server, FILE);
  await type(other, ' and theirs');
  await expect(page.locator('.jp-NotebookPanel:visible .cm-content').first()).toContainText(
    'mine and theirs'
  );
  await saveAll(page);
  await expect.poll(() => sourceOnDisk(server, FILE)).toBe('mine and theirs');
  expect(filesOf(server).filter(name => !name.startsWith('.'))).toEqual([FILE]);
  expect(await dialogs(page).count()).toBe(0);
  await other.context().close();
});

test('a room that cannot be reached is said, and the journal has the work', async () => {
  test.setTimeout(180_000);
  await openNotebook(page, { ...server, url: proxy.url }, '/lab/tree/', FILE);
  await expect(light(page)).toHaveText(/^●Safe$/, { timeout: 30_000 });
  // Only the room's own connection is gone.
  proxy.fault = { kind: 'answer', status: 502, only: /api\/collaboration/ };
  proxy.drop(/api\/collaboration/);
  await type(page, 'mine');
  await saveAll(page);
  await expect(light(page)).toHaveText(/^◒Safe in the journal only$/, { timeout: 60_000 });
  await expectSentence(page, FILE, 'The shared document has not been written to disk by the server yet.');
  expect(sourceOnDisk(server, FILE)).toBe('');
  proxy.fault = { kind: 'none' };
  await expect.poll(() => sourceOnDisk(server, FILE), { timeout: 90_000 }).toBe('mine');
  await expect(light(page)).toHaveText(/^●Safe$/, { timeout: 30_000 });
});
