// The researcher sees in Lab what is on record about her own server, and that it is alive.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import { type Page, expect, test } from '@playwright/test';
import { TEST_PASSWORD } from '../playwright.config.ts';
import { command, newNotebook, runCode, whenLabIsUp } from '../bench/lib/lab.mts';

let page: Page;
const wheels = mkdtempSync(join(tmpdir(), 'labkeeper-wheels-'));
/** As a distribution; a folder cannot have hyphens. */
const NAME = 'labkeeper-tiny';
const FOLDER = 'labkeeper_tiny';

test.beforeAll(async ({ browser, baseURL }) => {
  execFileSync('.venv/bin/python', ['companion/test/installed/make_wheel.py', wheels, FOLDER, '1.0']);
  page = await (await browser.newContext({ baseURL })).newPage();
  await page.goto(`${baseURL}/hub/login`);
  // Not the researcher: hub.spec.ts stops her server, perhaps at the same time.
  await page.getByLabel('Username').fill('approver');
  await page.getByLabel('Password').fill(TEST_PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL('**/user/approver/lab**', { timeout: 120_000 });
  // Without the tour, which may open after the notebook of a test and hide it.
  await page.goto(`${baseURL}/user/approver/lab/workspaces/install-log`);
  await whenLabIsUp(page);
});

test.afterAll(async () => {
  await page.context().close();
  rmSync(wheels, { recursive: true });
});

test.afterEach(async ({}, info) => {
  if (info.status !== info.expectedStatus) await page.screenshot({ path: info.outputPath('page.png') });
});

const panel = () => page.locator('#labkeeper-install-log');
const rows = () => panel().locator('.lk-InstallLog-row');

test('lists what lies on the disk, with the receipt of the hub', async () => {
  await command(page, 'labkeeper:show-install-log');
  await expect(panel().getByRole('heading', { name: 'Install log' })).toBeVisible();
  const pip = rows()
    .filter({ hasText: /Found on disk: .+/ })
    .first();
  await expect(pip).toContainText(/Recorded, receipt \d+-[0-9a-f]{8}/, { timeout: 40_000 });
  await expect(panel()).toContainText(/Everything is recorded at the hub\. Last receipt: \d+-[0-9a-f]{8}/);
});

test('lists what is installed meanwhile, as soon as it is on record', async () => {
  // The folder is new, and new folders are looked for once a minute.
  test.setTimeout(150_000);
  await newNotebook(page);
  const wheel = join(wheels, `${FOLDER}-1.0-py3-none-any.whl`);
  // Where `pip install --user` installs, which this environment does not allow.
  await runCode(
    page,
    [
      'import site, subprocess, sys',
      "pip = [sys.executable, '-m', 'pip', 'install', '--no-index', '--no-deps', '--target']",
      `subprocess.run([*pip, site.getusersitepackages(), ${JSON.stringify(wheel)}], check=True)`
    ].join('\n')
  );
  const row = rows().filter({ hasText: `Installed ${NAME} 1.0` });
  await expect(row).toBeVisible({ timeout: 90_000 });
  await expect(row).toContainText('pip');
  await expect(row).toContainText(/Recorded, receipt \d+-[0-9a-f]{8}/, { timeout: 30_000 });
  expect(await row.count()).toBe(1);
});

test('has no accessibility faults in light and dark, takes the focus, and fits a narrow window', async () => {
  for (const theme of ['JupyterLab Light', 'JupyterLab Dark']) {
    await command(page, 'apputils:change-theme', { theme });
    await expect(page.locator('body')).toHaveAttribute('data-jp-theme-name', theme);
    const { violations } = await new AxeBuilder({ page }).include('#labkeeper-install-log').analyze();
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(node => node.html).join(' ')}`)).toEqual([]);
    await page.screenshot({
      path: `test-results/lab-install-log-${theme.endsWith('Dark') ? 'dark' : 'light'}.png`
    });
  }
  await command(page, 'apputils:change-theme', { theme: 'JupyterLab Light' });
  await command(page, 'labkeeper:show-install-log');
  await expect(panel()).toBeFocused();
  // However few records there are, they do not fit.
  await page.setViewportSize({ width: 1280, height: 360 });
  await page.keyboard.press('End');
  await expect.poll(() => panel().evaluate(node => node.scrollTop)).toBeGreaterThan(0);
  await page.setViewportSize({ width: 600, height: 700 });
  await page.screenshot({ path: 'test-results/lab-install-log-narrow.png' });
  expect(await panel().evaluate(node => node.scrollWidth - node.clientWidth)).toBeLessThanOrEqual(0);
  await page.setViewportSize({ width: 1280, height: 800 });
});
