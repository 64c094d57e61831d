// Without a hub, in the newest and the oldest supported JupyterLab and Notebook.
import { type Page, expect, test } from '@playwright/test';
import { command, runCode } from '../bench/lib/lab.mts';
import { type IServer, startServer } from '../bench/lib/server.mts';
import { dialog, dismiss, openNotebook, stock } from './lib/page-parts.ts';

const APPLICATIONS = [
  { name: 'JupyterLab 4.4', venv: '.venv-oldest', app: 'jupyter-lab', path: '/lab/tree/' },
  { name: 'Notebook 7.4', venv: '.venv-oldest', app: 'jupyter-notebook', path: '/notebooks/' },
  { name: 'JupyterLab 4.6', venv: '.venv', app: 'jupyter-lab', path: '/lab/tree/' },
  { name: 'Notebook 7.6', venv: '.venv', app: 'jupyter-notebook', path: '/notebooks/' }
] as const;

// Each part has a server of its own, so that workers can share them.
test.describe.configure({ mode: 'parallel' });

for (const { name, venv, app, path } of APPLICATIONS) {
  test.describe(name, () => {
    test.describe.configure({ mode: 'default' });
    let server: IServer;
    let page: Page;

    test.beforeAll(async ({ browser }) => {
      server = await startServer({ memory: '700M', venv, app });
      page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
      await openNotebook(page, server, path, 'a.ipynb');
    });

    test.afterAll(async () => {
      await page.context().close();
      await server.stop();
    });

    test.afterEach(async ({}, info) => {
      if (info.status !== info.expectedStatus) await page.screenshot({ path: info.outputPath('page.png') });
    });

    test('is the version that this test is named for', async () => {
      const html = await (await server.fetch(app === 'jupyter-lab' ? '/lab' : '/tree')).text();
      const version = /"appVersion": *"([\d.]+)"/.exec(html)?.[1];
      expect(version).toMatch(new RegExp(`^${name.split(' ')[1]?.replace('.', '\\.')}\\.`));
    });

    test('the meter shows memory against the limit of the cgroup', async () => {
      const meter = page.locator(
        app === 'jupyter-lab' ? '#jp-main-statusbar .lk-Meter' : '#top-panel .lk-Meter'
      );
      await expect(meter).toContainText(/[\d.]+ (of|\/) 700 MB/, { timeout: 30_000 });
      await page.screenshot({ path: `test-results/meter-${name.replace(' ', '-')}.png` });
      await meter.press('Enter');
      const panel = page.locator('#labkeeper-resources');
      await expect(panel.getByRole('heading', { name: 'Memory', exact: true })).toBeVisible();
      await page.screenshot({ path: `test-results/panel-${name.replace(' ', '-')}.png` });
    });

    test('a death by the memory limit is explained once, the cell marked, the document left as it was', async () => {
      await runCode(page, "rows = []\nwhile True: rows.append(b'x' * 8_000_000)");
      await expect(dialog(page)).toBeVisible({ timeout: 30_000 });
      await expect(dialog(page).locator('.jp-Dialog-header')).toContainText('Memory limit exceeded: 700 MB');
      expect(await stock(page).count()).toBe(0);
      await page.screenshot({ path: `test-results/dialog-${name.replace(' ', '-')}.png` });
      await dismiss(page);
      const mark = page.locator('.jp-NotebookPanel:visible .lk-CellMark');
      await expect(mark).toBeVisible();
      // The mark is of the page, not of the document.
      // What the restarted kernel still changes during a save stays unsaved, and goes with the next.
      await expect
        .poll(async () => {
          await command(page, 'docmanager:save');
          return page.evaluate(() => window.jupyterapp.shell.currentWidget.context.model.dirty);
        })
        .toBe(false);
      await expect(mark).toBeVisible();
    });

    if (app === 'jupyter-lab') {
      test('a console gets the same', async () => {
        await command(page, 'console:create', { kernelPreference: { name: 'python3' }, activate: true });
        const prompt = page.locator('.jp-ConsolePanel:visible .jp-CodeConsole-promptCell .cm-content');
        await prompt.click();
        await expect(page.locator('.jp-ConsolePanel:visible .jp-CodeConsole-banner')).toContainText('Python');
        await page.keyboard.insertText('import os; os._exit(3)');
        await page.keyboard.press('Shift+Enter');
        await expect(dialog(page).locator('.jp-Dialog-header')).toContainText('code 3', { timeout: 20_000 });
        expect(await stock(page).count()).toBe(0);
        await dismiss(page);
      });
    }
  });
}

test.describe('LABKEEPER_DISABLE=1', () => {
  test('leaves a JupyterLab as if Labkeeper were not there', async ({ page }) => {
    const server = await startServer({ memory: '700M', environment: { LABKEEPER_DISABLE: '1' } });
    try {
      await openNotebook(page, server, '/lab/tree/', 'a.ipynb');
      expect(server.companionPid()).toBeNull();
      await runCode(page, 'import os; os._exit(3)');
      await expect(stock(page)).toBeVisible({ timeout: 20_000 });
      expect(await page.locator('.lk-Meter').count()).toBe(0);
      expect(await dialog(page).count()).toBe(0);
      expect(await page.locator('.lk-CellMark').count()).toBe(0);
      await page.screenshot({ path: 'test-results/disabled.png' });
    } finally {
      await server.stop();
    }
  });
});
