// Saving: what stock JupyterLab loses, and what it is with Labkeeper, in the same JupyterLab.
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import { type Page, expect, test } from '@playwright/test';
import { command, whenLabIsUp } from '../bench/lib/lab.mts';
import { type IServer, startServer } from '../bench/lib/server.mts';
import { dismiss, openNotebook } from './lib/page-parts.ts';

const FILE = 'a.ipynb';
/** The name of a version that somebody else wrote and we kept. */
const KEPT = /^a \(changed elsewhere [0-9a-f]{6}\)\.ipynb$/;

const light = (page: Page) => page.locator('.jp-NotebookPanel-toolbar:visible .lk-Light');

async function type(page: Page, text: string): Promise<void> {
  // These tests use Playwright without Galata.
  // eslint-disable-next-line jupyter/galata-prefer-notebook-cell-helper
  await page.locator('.jp-NotebookPanel:visible .jp-Cell .cm-content').first().click();
  await page.keyboard.press('ControlOrMeta+End');
  await page.keyboard.type(text);
}

/** The source of the first cell in the file. */
function onDisk(server: IServer, file = FILE): string {
  const notebook: { cells: { source: string | string[] }[] } = JSON.parse(
    readFileSync(server.inside(join(server.home, 'work', file)), 'utf8')
  );
  return [notebook.cells[0]?.source ?? ''].flat().join('');
}

const filesOf = (server: IServer) => readdirSync(server.inside(join(server.home, 'work')));
const isDirty = (page: Page) =>
  page.evaluate(() => window.jupyterapp.shell.currentWidget.context.model.dirty);

/** Somebody else, in a terminal, writes the file. */
function writeElsewhere(server: IServer, source: string): void {
  const path = server.inside(join(server.home, 'work', FILE));
  const notebook: { cells: { source: string }[] } = JSON.parse(readFileSync(path, 'utf8'));
  notebook.cells.forEach(cell => (cell.source = source));
  writeFileSync(path, JSON.stringify(notebook));
}

/** Makes each save take `ms`, as a slow network does. */
async function slowSaves(page: Page, ms: number): Promise<void> {
  await page.route(/\/(api|labkeeper)\/contents\//, async route => {
    if (route.request().method() === 'PUT') await new Promise(resolve => setTimeout(resolve, ms));
    await route.continue();
  });
}

// Each part has a server of its own, so that workers can share them.
test.describe.configure({ mode: 'parallel' });

for (const ours of [false, true]) {
  test.describe(ours ? 'with Labkeeper' : 'stock JupyterLab', () => {
    test.describe.configure({ mode: 'default' });
    let server: IServer;
    let page: Page;

    test.beforeAll(async () => {
      server = await startServer({
        memory: '700M',
        environment: ours ? {} : { LABKEEPER_DISABLE: 'save-guard' }
      });
    });
    test.afterAll(() => server.stop());
    test.beforeEach(async ({ browser }) => {
      page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
      await server.fetch(`/api/contents/${FILE}`, { method: 'DELETE' });
      for (const file of filesOf(server).filter(name => KEPT.test(name)))
        await server.fetch(`/api/contents/${encodeURIComponent(file)}`, { method: 'DELETE' });
      await openNotebook(page, server, '/lab/tree/', FILE);
    });
    test.afterEach(async ({}, info) => {
      if (info.status !== info.expectedStatus) await page.screenshot({ path: info.outputPath('page.png') });
      await page.context().close();
    });

    test(
      ours
        ? 'an edit during a slow save stays unsaved, and is saved'
        : 'an edit during a slow save counts as saved',
      async () => {
        await slowSaves(page, 1500);
        await type(page, 'one');
        const saving = command(page, 'docmanager:save');
        await page.waitForTimeout(500);
        await type(page, 'two');
        await saving;
        expect(onDisk(server)).toBe('one');
        expect(await isDirty(page)).toBe(ours);
        if (ours) await expect.poll(() => onDisk(server), { timeout: 60_000 }).toBe('onetwo');
      }
    );

    test(
      ours
        ? 'a file changed elsewhere is kept twice, without a dialog'
        : 'a file changed elsewhere stops saving with a dialog',
      async () => {
        await type(page, 'mine');
        writeElsewhere(server, 'theirs');
        const saving = command(page, 'docmanager:save');
        const dialog = page.locator('.jp-Dialog');
        if (!ours) {
          await expect(dialog).toContainText('has changed on disk');
          expect(onDisk(server)).toBe('theirs');
          await page.keyboard.press('Escape');
          await saving.catch(() => undefined);
          return;
        }
        await saving;
        expect(await dialog.count()).toBe(0);
        expect(onDisk(server)).toBe('mine');
        const kept = filesOf(server).filter(name => KEPT.test(name));
        expect(kept).toHaveLength(1);
        expect(onDisk(server, kept[0] ?? '')).toBe('theirs');
        await expect(light(page)).toHaveText(/Kept twice/);
      }
    );
  });
}

test.describe('the save guard', () => {
  test.describe.configure({ mode: 'default' });
  let server: IServer;
  let page: Page;

  test.beforeAll(async () => {
    server = await startServer({ memory: '700M' });
  });
  test.afterAll(() => server.stop());
  test.beforeEach(async ({ browser }) => {
    page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
    await server.fetch(`/api/contents/${FILE}`, { method: 'DELETE' });
    await openNotebook(page, server, '/lab/tree/', FILE);
  });
  test.afterEach(async ({}, info) => {
    if (info.status !== info.expectedStatus) await page.screenshot({ path: info.outputPath('page.png') });
    await page.context().close();
  });

  test('makes typed text safe within seconds and saves the file within half a minute, with nobody asking', async () => {
    await type(page, 'typed');
    await expect(light(page)).toHaveText(/Safe as of \d+ s ago/);
    await expect(light(page)).toHaveText(/^●Safe$/, { timeout: 10_000 });
    // In the journal; the file is still as it was.
    expect(onDisk(server)).toBe('');
    await expect.poll(() => onDisk(server), { timeout: 40_000 }).toBe('typed');
    expect(await isDirty(page)).toBe(false);
  });

  test('says why nothing can be saved, without a dialog, and saves when it can', async () => {
    await page.route(/\/labkeeper\/contents\//, route => route.fulfill({ status: 413, body: 'too large' }));
    await type(page, 'big');
    await command(page, 'labkeeper:save-all');
    expect(await page.locator('.jp-Dialog').count()).toBe(0);
    await command(page, 'labkeeper:show-saves');
    await expect(page.locator('#labkeeper-saves')).toContainText(FILE);
    expect(await isDirty(page)).toBe(true);
    await page.unroute(/\/labkeeper\/contents\//);
    await command(page, 'labkeeper:save-all');
    expect(onDisk(server)).toBe('big');
    expect(await isDirty(page)).toBe(false);
  });

  test('keeps work in the browser while the server cannot be reached, and sends it on return', async () => {
    // Before JupyterLab's own words about its server, which would take the keys; nothing of it is sent yet.
    await type(page, 'offline');
    await page.context().setOffline(true);
    // A connection that is open stays open in this simulation: the companion's end of it is what is cut.
    const companion = server.companionPid();
    if (companion) process.kill(companion, 'SIGKILL');
    await expect(light(page)).toHaveText(/Safe in this browser only/, { timeout: 45_000 });
    // JupyterLab says itself that the server is away; nothing is said about saving.
    const dialogs = page.locator('.jp-Dialog');
    for (const text of await dialogs.allTextContents()) expect(text).not.toMatch(/sav/i);
    if ((await dialogs.count()) > 0) await page.keyboard.press('Escape');
    const stored = await page.evaluate(
      () =>
        new Promise<string>((resolve, reject) => {
          const opening = indexedDB.open('labkeeper');
          opening.onerror = () => reject(opening.error);
          opening.onsuccess = () => {
            const all = opening.result.transaction('runs').objectStore('runs').getAll();
            all.onsuccess = () => resolve(JSON.stringify(all.result));
          };
        })
    );
    expect(stored).toContain('offline');
    await page.context().setOffline(false);
    await expect(light(page)).toHaveText(/^●Safe$/, { timeout: 45_000 });
    await expect.poll(() => onDisk(server), { timeout: 60_000 }).toBe('offline');
  });

  test('keeps what a running cell puts out while no page is there', async () => {
    await type(page, 'import time\nfor i in range(12): print("number", i, flush=True); time.sleep(0.5)');
    await page.keyboard.press('ControlOrMeta+Enter');
    await expect(page.locator('.jp-OutputArea-output').first()).toContainText('number 2');
    await page.goto('about:blank');
    const folder = server.inside(join(server.home, '.local/share/labkeeper/journal/default'));
    const journal = () =>
      readdirSync(folder)
        .filter(name => name.endsWith('.journal'))
        .map(name => readFileSync(join(folder, name), 'latin1'))
        .join('');
    await expect.poll(journal, { timeout: 20_000 }).toContain('number 11');
    await openNotebook(page, server, '/lab/tree/', 'b.ipynb');
  });

  test('a trial counts down, ends with a report, and nothing would have been lost', async () => {
    await type(page, 'x = 1');
    await command(page, 'labkeeper:simulate-reclaim-1');
    await expect(page.locator('.lk-Reclaim')).toContainText('Trial: this machine would be reclaimed');
    await expect(page.locator('.Toastify')).toContainText('no change to a document would have been lost', {
      timeout: 15_000
    });
    expect(filesOf(server).filter(name => name.startsWith('Reclaim trial'))).toHaveLength(1);
    await expect(page.locator('.lk-Reclaim')).toHaveCount(0, { timeout: 30_000 });
  });

  test('light, panel and countdown are accessible, in both themes', async () => {
    await command(page, 'labkeeper:show-saves');
    await expect(page.locator('#labkeeper-saves')).toContainText(FILE);
    await command(page, 'labkeeper:simulate-reclaim-120');
    await expect(page.locator('.lk-Reclaim')).toBeVisible();
    for (const theme of ['JupyterLab Light', 'JupyterLab Dark']) {
      await command(page, 'apputils:change-theme', { theme });
      await page.waitForTimeout(1000);
      await page.screenshot({ path: `test-results/saves-${theme.endsWith('Dark') ? 'dark' : 'light'}.png` });
      const { violations } = await new AxeBuilder({ page })
        .include('#labkeeper-saves')
        .include('.lk-Light')
        .include('.lk-Reclaim')
        .analyze();
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(node => node.html).join(' ')}`)).toEqual(
        []
      );
    }
    await page.locator('.lk-Reclaim').getByRole('button', { name: 'End the trial' }).click();
    await expect(page.locator('.lk-Reclaim')).toHaveCount(0, { timeout: 20_000 });
  });
});

test('what was safe in the journal when the server was killed is recovered, compared and restored', async ({
  browser
}) => {
  test.setTimeout(120_000);
  const home = mkdtempSync(join(tmpdir(), 'labkeeper-recovery-'));
  const first = await startServer({ home, memory: '700M' });
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
  try {
    await openNotebook(page, first, '/lab/tree/', FILE);
    await type(page, 'precious');
    await expect(light(page)).toHaveText(/Safe as of/);
    await expect(light(page)).toHaveText(/^●Safe$/, { timeout: 10_000 });
    expect(onDisk(first)).toBe('');
    const companion = first.companionPid();
    process.kill(first.pid, 'SIGKILL');
    if (companion) process.kill(companion, 'SIGKILL');
    await page.goto('about:blank');
    await first.stop();

    const second = await startServer({ home, memory: '700M' });
    try {
      await page.goto(`${second.url}/lab?token=${second.token}&reset`);
      await whenLabIsUp(page);
      await expect(page.locator('.Toastify')).toContainText('A document held more than its file', {
        timeout: 40_000
      });
      // Why the server vanished is told first.
      await dismiss(page);
      await page.locator('.Toastify').getByRole('button', { name: 'Show' }).click();
      // With what was open, or by itself where the server was gone before that had been noted.
      const card = page.locator('.lk-Resume, .lk-Recoveries').first();
      await expect(card).toContainText(FILE);
      await expect(card).toContainText('1 cell differs from the file.');
      await page.screenshot({ path: 'test-results/recovered.png' });
      const copy = filesOf(second).find(name => name.startsWith('a (recovered'));
      expect(onDisk(second, copy)).toBe('precious');
      expect(onDisk(second)).toBe('');
      await card.getByRole('button', { name: 'Compare' }).click();
      await expect(page.locator('.lk-Compare')).toContainText('1 difference, 1 undecided');
      await page.screenshot({ path: 'test-results/compared.png' });
      await card.getByRole('button', { name: 'Restore' }).click();
      await expect(card.locator('.lk-Recovery')).toHaveCount(0);
      await expect.poll(() => onDisk(second)).toBe('precious');
      expect(filesOf(second).filter(name => name.startsWith('a (before recovery'))).toHaveLength(1);
    } finally {
      await second.stop();
    }
  } finally {
    await page.context().close();
    rmSync(home, { recursive: true, force: true });
  }
});
