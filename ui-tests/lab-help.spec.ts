// "What leaves this container", "Get help" and "Was this right?" on a real Lab, with a real companion and hub service.
import AxeBuilder from '@axe-core/playwright';
import { type Locator, type Page, expect, test } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { TEST_PASSWORD } from '../playwright.config.ts';
import { command, newNotebook, runCode, whenLabIsUp } from '../bench/lib/lab.mts';

test.describe.configure({ mode: 'serial' });

let page: Page;
/** Nobody else's: other tests stop the servers of the researcher and the approver. */
const USER = 'support';

test.beforeAll(async ({ browser, baseURL }) => {
  test.setTimeout(180_000);
  page = await (await browser.newContext({ baseURL })).newPage();
  await page.goto(`${baseURL}/hub/login?next=/hub/spawn`);
  await page.getByLabel('Username').fill(USER);
  await page.getByLabel('Password').fill(TEST_PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(`**/user/${USER}/lab**`, { timeout: 120_000 });
  await page.goto(`${baseURL}/user/${USER}/lab/workspaces/help`);
  await whenLabIsUp(page);
});

test.afterAll(async () => {
  await page.context().close();
});

test.afterEach(async ({}, info) => {
  if (info.status !== info.expectedStatus) await page.screenshot({ path: info.outputPath('page.png') });
});

const outgoing = () => page.locator('#labkeeper-outgoing');
const help = () => page.locator('#labkeeper-help');
const dialog = () => page.locator('.jp-Dialog.lk-Explain');

/** Looks at a part of the page in both themes, in a narrow window, and for faults of accessibility. */
async function looksRight(part: Locator, selector: string, name: string): Promise<void> {
  for (const theme of ['JupyterLab Light', 'JupyterLab Dark']) {
    await command(page, 'apputils:change-theme', { theme });
    await expect(page.locator('body')).toHaveAttribute('data-jp-theme-name', theme);
    const { violations } = await new AxeBuilder({ page }).include(selector).analyze();
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(node => node.html).join(' ')}`)).toEqual([]);
    await page.screenshot({ path: `test-results/${name}-${theme.endsWith('Dark') ? 'dark' : 'light'}.png` });
  }
  await command(page, 'apputils:change-theme', { theme: 'JupyterLab Light' });
  // On a narrow screen people close what is beside it.
  for (const side of ['left', 'right']) await command(page, `application:toggle-${side}-area`);
  await page.setViewportSize({ width: 480, height: 700 });
  await page.screenshot({ path: `test-results/${name}-narrow.png` });
  expect(await part.evaluate(node => node.scrollWidth - node.clientWidth)).toBeLessThanOrEqual(0);
  await page.setViewportSize({ width: 1280, height: 800 });
  for (const side of ['left', 'right']) await command(page, `application:toggle-${side}-area`);
}

test('shows what leaves this container by the messages that were really sent', async () => {
  await command(page, 'labkeeper:show-install-log');
  await page
    .locator('#labkeeper-install-log')
    .getByRole('button', { name: 'What leaves this container' })
    .click();
  const records = outgoing().locator('[data-class="records"]');
  await expect(records).toContainText(/\d+ messages?/, { timeout: 40_000 });
  await expect(records).toContainText('127.0.0.1');
  await expect(records).toContainText('Never in it');
  await records.getByText('The last one, as it was sent').click();
  await expect(records.locator('pre')).toContainText('POST /services/labkeeper/api/v1/records');
  await expect(records.locator('pre')).toContainText('labkeeper.install/1');
  await expect(records.locator('pre')).toContainText('authorization: Bearer …');
  await outgoing().locator('[data-class="ticket"]').getByText('The last one, as it was sent').click();
  await expect(outgoing().locator('[data-class="ticket"] pre')).toContainText('authorization: token …');
  // Of every class it is said why, and what is never in it.
  const classes = await outgoing().locator('[data-class]').count();
  expect(classes).toBeGreaterThan(6);
  await expect(outgoing().getByText('Never in it')).toHaveCount(classes);
  await expect(outgoing()).toBeVisible();
  await looksRight(outgoing(), '#labkeeper-outgoing', 'lab-outgoing');
  await command(page, 'labkeeper:show-outgoing');
  await expect(outgoing()).toBeFocused();
});

test('asks once whether a verdict was right, and says where the answer is', async () => {
  test.setTimeout(120_000);
  await newNotebook(page);
  await runCode(page, 'import os; os.kill(os.getpid(), 11)');
  await expect(dialog()).toContainText('segmentation fault', { timeout: 30_000 });
  const question = dialog().getByRole('group', { name: 'Was this right?' });
  await question.getByRole('button', { name: 'No' }).click();
  await question.getByLabel('What was it really?').selectOption({ label: 'I did it myself' });
  await question.getByLabel('Note (not required)').fill('A test.');
  await page.screenshot({ path: 'test-results/lab-feedback.png' });
  const { violations } = await new AxeBuilder({ page }).include('.jp-Dialog.lk-Explain').analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(node => node.html).join(' ')}`)).toEqual([]);
  await question.getByRole('button', { name: 'Send' }).click();
  await expect(question).toContainText('Your answer is at the hub.', { timeout: 20_000 });
  await expect(question.getByRole('button')).toHaveCount(0);
  // "Get help…" closes the dialog, which would hide the page.
  await dialog().getByRole('button', { name: 'Get help…' }).click();
  await expect(dialog()).toHaveCount(0);
  await expect(help()).toBeVisible();
  await page.reload();
  await whenLabIsUp(page);
  await command(page, 'labkeeper:show-resources');
  const event = page.locator('#labkeeper-resources .lk-Event').filter({ hasText: 'segmentation fault' });
  await expect(event).toContainText('Thank you.', { timeout: 30_000 });
  await page.screenshot({ path: 'test-results/lab-feedback-panel.png' });
});

test('puts together what support needs, and takes with it only what is left ticked', async () => {
  // By key: a notification of JupyterLab's may cover it.
  await page.locator('#labkeeper-resources').getByRole('button', { name: 'Get help…' }).press('Enter');
  await expect(help().getByRole('group', { name: 'What happened' })).toContainText(/20\d\d-/);
  await expect(help().getByRole('group', { name: 'Versions' })).toContainText('Python');
  await expect(
    help().getByRole('group', { name: 'Last installs' }).getByRole('checkbox').first()
  ).toBeChecked();
  const died = help().getByRole('group', { name: 'What happened' });
  await expect(died.getByRole('textbox').first()).toHaveValue(/segmentation fault/);
  await help().getByLabel('What do you need help with?').fill('My kernel dies.');
  await help().getByRole('checkbox', { name: 'Browser' }).uncheck();
  await help().getByLabel('Memory: text').fill('a lot of memory');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    help().getByRole('button', { name: 'Save as file' }).click()
  ]);
  const text = readFileSync(await download.path(), 'utf8');
  expect(text).toMatch(/^My kernel dies\.\n/);
  expect(text).toContain('segmentation fault');
  expect(text).toContain('Memory: a lot of memory');
  expect(text).not.toContain('Mozilla');
  await looksRight(help(), '#labkeeper-help', 'lab-help');
});

test('sends it, says its number, lists it with its state, and takes it back', async () => {
  await expect(help()).toContainText('You have asked for nothing yet.', { timeout: 20_000 });
  await help().getByRole('button', { name: 'Send to support' }).click();
  await expect(help()).toContainText(/Sent\. It is request [0-9a-f]{8}\./, { timeout: 20_000 });
  const request = help().locator('.lk-Requests-row').filter({ hasText: 'My kernel dies.' });
  await expect(request).toContainText('Waiting for an answer');
  await request.getByRole('button', { name: /^Show/ }).click();
  await request.getByLabel('Your answer').fill('It is the segmentation fault.');
  await request.getByRole('button', { name: 'Send answer' }).click();
  await expect(request.locator('.lk-Requests-thread')).toContainText('It is the segmentation fault.');
  await page.screenshot({ path: 'test-results/lab-help-requests.png' });
  // What was unticked did not leave this container, and what left it is shown.
  await command(page, 'labkeeper:show-outgoing');
  const sent = outgoing().locator('[data-class="request"]');
  await sent.getByText('The last one, as it was sent').click();
  await expect(sent.locator('pre')).toContainText('a lot of memory');
  await expect(sent.locator('pre')).not.toContainText('Mozilla');
  await expect(outgoing().locator('[data-class="feedback"]')).toContainText('1 message');
  await command(page, 'labkeeper:get-help');
  await request.getByRole('button', { name: 'Withdraw' }).click();
  await request.getByRole('button', { name: 'Withdraw it for good' }).click();
  await expect(request).toContainText('Withdrawn', { timeout: 20_000 });
});
