// What is in the way of a save on its way to the server: one sentence, no dialog, nothing lost.
import { type Page, expect, test } from '@playwright/test';
import { type IServer, startServer } from '../bench/lib/server.mts';
import {
  IN_FILE,
  dialogs,
  expectSentence,
  isDirty,
  light,
  saveAll,
  sourceInPage,
  sourceOnDisk,
  type
} from './lib/documents.ts';
import { type IFaultProxy, startFaultProxy } from './lib/fault-proxy.ts';
import { openNotebook } from './lib/page-parts.ts';

const FILE = 'a.ipynb';
const SAVES = /^PUT \/(labkeeper|api)\/contents\//;

let server: IServer;
let proxy: IFaultProxy;
let page: Page;

test.beforeAll(async () => {
  server = await startServer({ memory: '700M' });
  proxy = await startFaultProxy(server.port);
});
test.afterAll(async () => {
  await proxy.close();
  await server.stop();
});
test.beforeEach(async ({ browser }) => {
  proxy.fault = { kind: 'none' };
  page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
  await server.fetch(`/api/contents/${FILE}`, { method: 'DELETE' });
  await openNotebook(page, { ...server, url: proxy.url }, '/lab/tree/', FILE);
  await expect(light(page)).toHaveText(/^●Safe$/, { timeout: 30_000 });
});
test.afterEach(async ({}, info) => {
  proxy.fault = { kind: 'none' };
  if (info.status !== info.expectedStatus) await page.screenshot({ path: info.outputPath('page.png') });
  await page.context().close();
});

/** After the trouble everything reaches the file, with nobody asking. */
async function expectSaved(source: string): Promise<void> {
  await expect.poll(() => sourceOnDisk(server, FILE), { timeout: 60_000 }).toBe(source);
  await expect(light(page)).toHaveText(/^●Safe$/, { timeout: 10_000 });
  await expect(light(page)).toHaveAttribute('title', IN_FILE);
  expect(await isDirty(page)).toBe(false);
}

const ANSWERS = [
  [
    413,
    'The document is too large for a proxy on the way to the server. Clear large outputs, or ask support to raise its limit.'
  ],
  [401, 'The server does not know this page any more. Log in again in another tab.'],
  [502, 'A proxy on the way to the server answers in its place. It is tried again.'],
  // A page of the proxy that looks like success.
  [200, 'A proxy on the way to the server answers in its place. It is tried again.']
] as const;

for (const [status, sentence] of ANSWERS) {
  test(`a proxy that answers ${status}`, async () => {
    await type(page, 'before');
    proxy.fault = { kind: 'answer', status, only: SAVES };
    await saveAll(page);
    await expect(light(page)).toHaveText(/^◒Safe in the journal only$/, { timeout: 30_000 });
    await expectSentence(page, FILE, sentence);
    const tries = proxy.refused.length;
    await type(page, ' during');
    // It is tried again by itself, and still no dialog.
    await expect.poll(() => proxy.refused.length, { timeout: 40_000 }).toBeGreaterThan(tries + 1);
    await expectSentence(page, FILE, sentence);
    expect(sourceOnDisk(server, FILE)).toBe('');
    proxy.fault = { kind: 'none' };
    await expectSaved('before during');
  });
}

test('a proxy that never answers', async () => {
  test.setTimeout(180_000);
  await type(page, 'before');
  proxy.fault = { kind: 'hang', only: SAVES };
  void saveAll(page);
  await expect(light(page)).toHaveText(/Saving/);
  await expectSentence(page, FILE, 'Saving takes longer than it should.');
  await type(page, ' during');
  await expect(light(page)).toHaveAttribute('title', /The server does not answer\. It is tried again\./, {
    timeout: 40_000
  });
  await expectSentence(page, FILE, 'The server does not answer. It is tried again.');
  proxy.fault = { kind: 'none' };
  await expectSaved('before during');
});

test('a network that is cut', async () => {
  test.setTimeout(150_000);
  await type(page, 'before');
  proxy.fault = { kind: 'cut' };
  await saveAll(page);
  await type(page, ' during');
  await expect(light(page)).toHaveText(/■Safe in this browser only: \d+ s/, { timeout: 60_000 });
  await expect(light(page)).toHaveAttribute(
    'title',
    'The server cannot be reached. Keep this page open: everything is sent when it is back.'
  );
  proxy.fault = { kind: 'none' };
  await closeLabsOwn();
  // JupyterLab's own word about its server may have taken a key.
  const source = await sourceInPage(page);
  expect(source).toMatch(/^before ?during$/);
  await expectSaved(source);
});

test('a network that is silent', async () => {
  test.setTimeout(180_000);
  await type(page, 'before');
  proxy.fault = { kind: 'silent' };
  await expect(light(page)).toHaveText(/■Safe in this browser only: \d+ s/, { timeout: 70_000 });
  await expect(light(page)).toHaveAttribute(
    'title',
    /(does not answer|cannot be reached|longer than it should)/
  );
  await closeLabsOwn();
  await type(page, ' during');
  proxy.fault = { kind: 'none' };
  await closeLabsOwn();
  await expectSaved('before during');
});

/** JupyterLab says once that its server is away; nothing is said about saving. */
async function closeLabsOwn(): Promise<void> {
  for (const text of await dialogs(page).allTextContents()) expect(text).not.toMatch(/sav/i);
  // A key that comes while the dialog is still being drawn goes nowhere.
  await expect(async () => {
    if ((await dialogs(page).count()) > 0) await page.keyboard.press('Escape');
    await expect(dialogs(page)).toHaveCount(0, { timeout: 1000 });
  }).toPass({ timeout: 10_000 });
}
