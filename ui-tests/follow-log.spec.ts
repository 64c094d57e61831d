// The page that follows the install log, in a real browser: what arrives, and what stays as the reader has it.
import { AxeBuilder } from '@axe-core/playwright';
import { type Browser, type BrowserContextOptions, expect, type Page, test } from '@playwright/test';
import { type IBundledServer, startBundled } from './lib/bundled-server.ts';

let service: IBundledServer;
let pagesUrl: string;
let hubUrl: string;

test.beforeAll(async () => {
  service = await startBundled('ui-tests/lib/hub-pages-server.ts', 'test-results/follow-log-server.mjs');
  ({ pagesUrl, hubUrl } = service.said as { pagesUrl: string; hubUrl: string });
});

test.afterAll(() => service.stop());

const arrives = async (page: Page, user: string): Promise<void> => {
  await page.request.get(`${hubUrl}/add?user=${user}`);
};

/** The page that follows the log, and what the browser complained about. */
async function follows(
  browser: Browser,
  options: BrowserContextOptions = {}
): Promise<{ page: Page; said: string[] }> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  const said: string[] = [];
  // Browsers look for a picture of the host.
  page.on('console', message => {
    if (!/status of 404/.test(message.text())) {
      said.push(message.text());
    }
  });
  page.on('pageerror', error => said.push(error.message));
  await page.goto(`${pagesUrl}/log`);
  await page.getByRole('link', { name: 'Show records as they arrive' }).click();
  await expect(page.getByRole('status')).toHaveText('New records appear here as they arrive.');
  return { page, said };
}

const firstRow = (page: Page) => page.locator('tbody tr').first();

test('new records come on top, marked, without a new page', async ({ browser }) => {
  const { page, said } = await follows(browser);
  const before = await page.locator('tbody tr').count();
  await page.evaluate(() => document.body.setAttribute('data-same', ''));
  await arrives(page, 'zoe');
  await expect(firstRow(page)).toContainText('zoe');
  await expect(firstRow(page)).toContainText('new');
  await arrives(page, 'yves');
  await expect(firstRow(page)).toContainText('yves');
  await expect(page.getByRole('status')).toHaveText('2 records came since this page was opened.');
  expect(await page.locator('tbody tr').count()).toBe(before + 2);
  await expect(page.locator('body[data-same]')).toHaveCount(1);
  await expect(page.getByRole('button', { name: /new$/ })).toBeHidden();
  await page.screenshot({ path: 'test-results/follow-log-top-light-1280.png' });
  // Both are one look on record, and the page itself one.
  await page.goto(`${pagesUrl}/looks`);
  const kinds = page.locator('tbody td:nth-child(3)');
  await expect(kinds.nth(1)).toHaveText('New records of a list, for up to an hour');
  await expect(kinds.nth(2)).toHaveText('A list of records');
  await expect(kinds.nth(3)).toHaveText('A list of records');
  expect(said).toEqual([]);
  await page.context().close();
});

for (const [colorScheme, width] of [
  ['light', 1280],
  ['dark', 1280],
  ['dark', 360]
] as const) {
  test(`what she reads, has marked and stands on stays as it is, ${colorScheme}, ${width} px`, async ({
    browser
  }) => {
    const { page, said } = await follows(browser, { colorScheme, viewport: { width, height: 800 } });
    const link = page.locator('tbody tr').nth(25).getByRole('link');
    await link.focus();
    const name = await link.textContent();
    const marked = await page.evaluate(() => {
      const cell = document.querySelectorAll('tbody tr')[26];
      getSelection()?.selectAllChildren(cell ?? document.body);
      return getSelection()?.toString();
    });
    const place = await link.boundingBox();
    for (const user of ['uma', 'vera', 'wim']) {
      await arrives(page, user);
    }
    const offered = page.getByRole('button', { name: '3 new' });
    await expect(offered).toBeInViewport();
    await expect(page.getByRole('status')).toHaveText(
      '3 records came since this page was opened. 3 new above.'
    );
    // What stands above may need one line more: browsers scroll by whole pixels.
    expect(Math.abs(((await link.boundingBox())?.y ?? NaN) - (place?.y ?? NaN))).toBeLessThan(1.5);
    await expect(page.locator(':focus')).toHaveText(name ?? '');
    expect(await page.evaluate(() => getSelection()?.toString())).toBe(marked);
    await page.screenshot({ path: `test-results/follow-log-away-${colorScheme}-${width}.png` });
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(overflow).toBeLessThanOrEqual(0);
    // By keyboard: the button stands before the list, and leads to the newest.
    await offered.focus();
    await page.keyboard.press('Enter');
    await expect(firstRow(page)).toContainText('wim');
    await expect(firstRow(page).getByRole('link')).toBeFocused();
    await expect(firstRow(page)).toBeInViewport();
    await expect(offered).toBeHidden();
    expect(said).toEqual([]);
    await page.context().close();
  });
}

test('a hidden tab asks nothing, and learns the rest when it is seen', async ({ browser }) => {
  const { page } = await follows(browser);
  const hide = (isHidden: boolean): Promise<void> =>
    page.evaluate(is => {
      Object.defineProperty(document, 'hidden', { configurable: true, get: () => is });
      document.dispatchEvent(new Event('visibilitychange'));
    }, isHidden);
  await hide(true);
  let asked = 0;
  page.on('request', request => (asked += request.url().includes('/log/news') ? 1 : 0));
  await arrives(page, 'tess');
  // Longer than a question waits here.
  await page.waitForTimeout(4000);
  expect(asked).toBe(0);
  await expect(firstRow(page)).not.toContainText('tess');
  await hide(false);
  await expect(firstRow(page)).toContainText('tess');
  await page.context().close();
});

test('it ends with the session, and leads to a new one', async ({ browser }) => {
  const { page } = await follows(browser);
  await page.context().clearCookies();
  await expect(page.getByRole('status')).toHaveText('Your session has ended, so nothing more arrives.', {
    timeout: 15_000
  });
  await page.getByRole('link', { name: 'Sign in' }).click();
  await expect(page).toHaveURL(`${pagesUrl}/log?live=360`);
  await expect(page.getByRole('status')).toHaveText('New records appear here as they arrive.');
  await page.context().close();
});

test('it says when the service is away, and goes on when it is back', async ({ browser }) => {
  const { page } = await follows(browser);
  await page.route('**/log/news?*', route => route.fulfill({ status: 503, headers: { 'retry-after': '1' } }));
  await expect(page.getByRole('status')).toHaveText(
    'The service does not answer; what is shown may be old. It is asked again in a moment.',
    { timeout: 15_000 }
  );
  await page.unroute('**/log/news?*');
  await arrives(page, 'sven');
  await expect(firstRow(page)).toContainText('sven');
  await page.context().close();
});

test('an empty list begins with its first record', async ({ browser }) => {
  const { page } = await follows(browser);
  await page.goto(`${pagesUrl}/log?user=nobody-yet&live=360`);
  await expect(page.getByText('No record matches all of these filters.')).toBeVisible();
  await arrives(page, 'nobody-yet');
  await expect(firstRow(page)).toContainText('nobody-yet');
  await page.context().close();
});
