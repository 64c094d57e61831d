import AxeBuilder from '@axe-core/playwright';
import { type Page, type Request, expect, test } from '@playwright/test';
import { TEST_PASSWORD } from '../playwright.config.ts';
import { ownToken } from '../bench/lib/hub.mts';
import { command, newNotebook, runCode, whenLabIsUp } from '../bench/lib/lab.mts';

/** One browser tab of the researcher, kept for all tests of this file: her server starts once. */
let page: Page;

test.beforeAll(async ({ browser, baseURL }) => {
  page = await (await browser.newContext({ baseURL })).newPage();
  await logIn(page, 'researcher', `${baseURL}/hub/login`);
  await page.waitForURL('**/user/researcher/lab**', { timeout: 120_000 });
  await whenLabIsUp(page);
});

async function logIn(page: Page, user: string, address: string): Promise<void> {
  await page.goto(address);
  await page.getByLabel('Username').fill(user);
  await page.getByLabel('Password').fill(TEST_PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

test.afterAll(async () => page.context().close());

test.afterEach(async ({}, info) => {
  if (info.status !== info.expectedStatus) await page.screenshot({ path: info.outputPath('page.png') });
});

const meter = () => page.locator('.lk-Meter');
const dialog = () => page.locator('.jp-Dialog.lk-Explain');
const stock = () => page.locator('.jp-Dialog', { hasText: 'Kernel Restarting' });

/** Runs code that ends the kernel and waits for our dialog. */
async function die(code: string): Promise<void> {
  await newNotebook(page);
  await runCode(page, code);
  await expect(dialog()).toBeVisible({ timeout: 30_000 });
  expect(await stock().count()).toBe(0);
}

async function dismiss(): Promise<void> {
  await dialog().getByRole('button', { name: 'OK' }).click();
  await expect(dialog()).toHaveCount(0);
  expect(await stock().count()).toBe(0);
}

test('Lab opens with the tour', async () => {
  await expect(page.locator('.jp-NotebookPanel', { hasText: 'Labkeeper in five minutes' })).toBeVisible({
    timeout: 60_000
  });
});

test('the meter shows memory against the limit of the cgroup, and CPU against the quota', async () => {
  await expect(meter()).toContainText(/[\d.]+ (of|\/) 700 MB/, { timeout: 30_000 });
  await expect(meter()).toContainText(/CPU/);
  await expect(meter()).toHaveAttribute('title', /limit/i);
});

test('the meter opens the panel, by mouse and by keyboard, and the panel has no accessibility faults', async () => {
  // The notebook takes the focus when its kernel is up; the key goes to the meter all the same.
  await meter().press('Enter');
  const panel = page.locator('#labkeeper-resources');
  await expect(panel).toBeVisible();
  for (const heading of ['Memory', 'CPU', 'Kernels', 'Events']) {
    await expect(panel.getByRole('heading', { name: heading, exact: true })).toBeVisible();
  }
  await expect(panel.locator('.lk-Chart canvas').first()).toBeVisible();
  await expect(panel.getByRole('button', { name: /Shut down the kernel of labkeeper-tour/ })).toBeVisible();
  for (const theme of ['JupyterLab Light', 'JupyterLab Dark']) {
    await command(page, 'apputils:change-theme', { theme });
    await expect(page.locator('body')).toHaveAttribute('data-jp-theme-name', theme);
    const { violations } = await new AxeBuilder({ page })
      .include('#labkeeper-resources')
      .include('.lk-Meter')
      .analyze();
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(node => node.html).join(' ')}`)).toEqual([]);
    await page.screenshot({ path: `test-results/panel-${theme.endsWith('Dark') ? 'dark' : 'light'}.png` });
  }
  await command(page, 'apputils:change-theme', { theme: 'JupyterLab Light' });
});

test('a death by the memory limit is explained by one dialog with its proof, and the cell is marked', async () => {
  await die("rows = []\nwhile True: rows.append(b'x' * 8_000_000)");
  await expect(dialog().locator('.jp-Dialog-header')).toContainText('Memory limit exceeded: 700 MB');
  for (const proof of [/700 MB/, /out-of-memory/, /signal 9/, /This kernel held/]) {
    await expect(dialog()).toContainText(proof);
  }
  await page.screenshot({ path: 'test-results/dialog-light.png' });
  const { violations } = await new AxeBuilder({ page }).include('.lk-Explain').analyze();
  expect(violations.map(({ id }) => id)).toEqual([]);
  await dismiss();
  await expect(page.locator('.jp-NotebookPanel:visible .lk-CellMark')).toBeVisible();
  await expect(page.locator('#labkeeper-resources .lk-Event').first()).toContainText(
    /Memory limit exceeded/i
  );
});

test('a segmentation fault is told apart, and said not to be memory', async () => {
  await die('import ctypes; ctypes.string_at(0)');
  await expect(dialog().locator('.jp-Dialog-header')).toContainText('segmentation fault');
  await expect(dialog()).toContainText(/not memory/i);
  await dismiss();
});

test('a kernel that ends itself is told apart', async () => {
  await die('import os; os._exit(3)');
  await expect(dialog().locator('.jp-Dialog-header')).toContainText('code 3');
  await dismiss();
});

test('a restart that the user asked for shows nothing', async () => {
  await newNotebook(page);
  await runCode(page, 'x = 1');
  // The command ends when the dialog is answered.
  const restarted = command(page, 'kernelmenu:restart');
  await page.locator('.jp-Dialog').getByRole('button', { name: 'Confirm Kernel Restart' }).click();
  await restarted;
  await page.waitForTimeout(4000);
  expect(await dialog().count()).toBe(0);
  expect(await stock().count()).toBe(0);
});

test('the page makes no request to the companion by itself: frames from the page keep servers alive', async () => {
  // What the tests before have typed goes to its files by such requests.
  await expect
    .poll(
      async () => {
        await command(page, 'docmanager:save-all');
        return unsavedDocuments();
      },
      { timeout: 30_000 }
    )
    .toEqual([]);
  const sent: string[] = [];
  const note = (request: Request): void => {
    if (request.url().includes('/labkeeper/')) sent.push(`${request.method()} ${request.url()}`);
  };
  page.on('request', note);
  await page.waitForTimeout(5000);
  page.off('request', note);
  expect(sent).toEqual([]);
});

/** Paths of open documents whose files lack something. */
function unsavedDocuments(): Promise<string[]> {
  return page.evaluate(() => {
    interface IShell {
      widgets(area: string): Iterable<{ context?: { path: string; model: { dirty: boolean } } }>;
    }
    const shell = window.jupyterapp.shell as unknown as IShell;
    return [...shell.widgets('main')].flatMap(({ context }) =>
      context?.model.dirty === true ? [context.path] : []
    );
  });
}

test('another user of the hub is refused, with her real token and with her session', async ({
  browser,
  baseURL
}) => {
  const path = '/user/researcher/labkeeper/health';
  const context = await browser.newContext({ baseURL });
  try {
    const other = await context.newPage();
    await logIn(other, 'approver', `${baseURL}/hub/login?next=%2Fhub%2Fhome`);
    await other.waitForURL('**/hub/home');
    const token = await ownToken(other, { url: baseURL ?? '' }, 'approver');
    const withToken = await fetch(`${baseURL}${path}`, {
      headers: { Authorization: `token ${token}` },
      redirect: 'manual'
    });
    expect(withToken.status).toBe(403);
    expect((await context.request.get(path)).status()).toBe(403);
  } finally {
    await context.close();
  }
  // The same question of the server's owner is answered, so that it was the person who was refused.
  expect((await page.context().request.get(path)).status()).toBe(200);
});

test('a narrow window still shows the worst of the meter', async () => {
  await page.setViewportSize({ width: 600, height: 700 });
  await expect(meter().locator('.lk-mod-worst')).toBeVisible();
  await expect(meter().locator('.lk-Meter-part:visible')).toHaveCount(1);
  await page.screenshot({ path: 'test-results/narrow.png' });
  await page.setViewportSize({ width: 1280, height: 800 });
});

test('a server that was stopped in order is not reported as a vanished container', async () => {
  const hub = await page.context().newPage();
  await hub.goto('/hub/home');
  await hub.getByRole('button', { name: /Stop My Server/ }).click();
  await expect(hub.getByRole('button', { name: /Start My Server/ })).toBeVisible({ timeout: 40_000 });
  await hub.goto('/hub/spawn/researcher');
  await hub.waitForURL('**/user/researcher/lab**', { timeout: 60_000 });
  await whenLabIsUp(hub);
  await expect(hub.locator('.lk-Meter')).toContainText(/700 MB/, { timeout: 30_000 });
  // The list of past deaths came with the connection, before the first sample. Those that were known before stay.
  await command(hub, 'labkeeper:show-resources');
  const events = hub.locator('#labkeeper-resources .lk-Event');
  await expect(events.first()).toBeVisible();
  expect((await events.allInnerTexts()).filter(text => /container/i.test(text))).toEqual([]);
});
