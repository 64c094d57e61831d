// The hub service's pages in a real browser, without a hub: layout, accessibility, and what only browsers enforce.
import { AxeBuilder } from '@axe-core/playwright';
import { type Browser, type BrowserContextOptions, expect, type Page, test } from '@playwright/test';
import { type IBundledServer, startBundled } from './lib/bundled-server.ts';

let service: IBundledServer;
let pagesUrl: string;
let hubUrl: string;
/** Number of the record of an offboarding. */
let offboarded: number;

test.beforeAll(async () => {
  service = await startBundled('ui-tests/lib/hub-pages-server.ts', 'test-results/hub-pages-server.mjs');
  ({ pagesUrl, hubUrl, offboarded } = service.said as {
    pagesUrl: string;
    hubUrl: string;
    offboarded: number;
  });
});

test.afterAll(() => service.stop());

/** A page that has signed in, and what the browser complained about. */
async function signedIn(
  browser: Browser,
  options: BrowserContextOptions
): Promise<{ page: Page; said: string[] }> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const said: string[] = [];
  page.on('console', message => said.push(message.text()));
  page.on('pageerror', error => said.push(error.message));
  await page.goto(`${pagesUrl}/log`);
  await expect(page).toHaveURL(`${pagesUrl}/log`);
  return { page, said };
}

const VIEWS = [
  { name: 'log', path: '/log' },
  { name: 'filtered', path: '/log?user=bob&grade=confirmed&action=install' },
  { name: 'none', path: '/log?user=nobody' },
  { name: 'wrong', path: '/log?from=2026-12-01&until=2026-11-01' },
  { name: 'record', path: '/log/63' },
  { name: 'odd-record', path: '/log/193' },
  { name: 'gap', path: '/log/192' },
  { name: 'looks', path: '/looks' },
  { name: 'status', path: '/status' },
  { name: 'missing', path: '/log/9999' },
  { name: 'signed-out', path: '/signed-out' }
];

/** Who has a package; deaths; holds and erasure. */
const HOLD_VIEWS = [
  { name: 'holders', path: '/holders?package=polars&at=2026-11-26' },
  { name: 'holders-none', path: '/holders?package=nothing' },
  { name: 'holders-empty', path: '/holders' },
  { name: 'deaths', path: '/deaths' },
  { name: 'deaths-wrong', path: '/deaths?days=0' },
  { name: 'verdicts', path: '/verdicts' },
  { name: 'holds', path: '/holds' }
];

/** Nothing is wider than the window, and axe finds nothing. */
async function fits(page: Page, name: string, view: string, suffix: string): Promise<void> {
  await page.goto(`${pagesUrl}${view}`);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(overflow, `${name} is wider than the window`).toBeLessThanOrEqual(0);
  const path = `test-results/hub-pages-${name}-${suffix}.png`;
  await page.screenshot({ path, fullPage: name !== 'log' });
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => [name, id, nodes.map(({ html }) => html)])).toEqual([]);
}

for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [1280, 1071, 900, 360]) {
    // All once, wide and light; those that differ most once narrow and dark; the list each way.
    const names =
      width === 360 && colorScheme === 'dark' ? ['log', 'odd-record', 'looks', 'status'] : ['log'];
    const views =
      width === 1280 && colorScheme === 'light' ? VIEWS : VIEWS.filter(({ name }) => names.includes(name));
    test(`pages are accessible and fit, ${colorScheme}, ${width} px`, async ({ browser }) => {
      test.setTimeout(120_000);
      const { page, said } = await signedIn(browser, { colorScheme, viewport: { width, height: 800 } });
      for (const { name, path: view } of views) {
        await fits(page, name, view, `${colorScheme}-${width}`);
      }
      expect(said.filter(text => !/status of 40[04]/.test(text))).toEqual([]);
      await page.context().close();
    });
  }
}

for (const [colorScheme, width] of [
  ['light', 1280],
  ['dark', 360]
] as const) {
  test(`who has it, and holds, are accessible and fit, ${colorScheme}, ${width} px`, async ({ browser }) => {
    const { page } = await signedIn(browser, { colorScheme, viewport: { width, height: 800 } });
    for (const { name, path } of HOLD_VIEWS) {
      await fits(page, name, path, `${colorScheme}-${width}`);
    }
    await page.context().close();
  });
}

for (const [colorScheme, width] of [
  ['light', 1280],
  ['dark', 360]
] as const) {
  test(`the story of an offboarding fits, and its receipt leads to it, ${colorScheme}, ${width} px`, async ({
    browser
  }) => {
    const { page } = await signedIn(browser, { colorScheme, viewport: { width, height: 800 } });
    await fits(page, 'offboarding', `/log/${offboarded}`, `${colorScheme}-${width}`);
    await expect(page.getByText('not all of it could be')).toBeVisible();
    await expect(page.getByRole('row', { name: /Tokens/ })).toContainText(
      'JupyterHub did not answer in time.'
    );
    const receipt = await page
      .locator('code', { hasText: new RegExp(`^${offboarded}-[0-9a-f]{8}$`) })
      .innerText();
    await page.goto(`${pagesUrl}/log`);
    if (width < 700) {
      await page.getByText('Receipt or record number').first().click();
    }
    await page.getByRole('search', { name: 'Receipt or record number' }).getByRole('textbox').fill(receipt);
    await page.getByRole('button', { name: 'Find' }).click();
    await expect(page.getByRole('status')).toContainText(`The receipt ${receipt} vouches for this record`);
    await fits(page, 'receipt', `/receipt?of=${receipt}`, `${colorScheme}-${width}`);
    await fits(page, 'unknown-receipt', '/receipt?of=99999-8c1f04aa', `${colorScheme}-${width}`);
    await fits(page, 'unknown-filter', '/log?usr=alice', `${colorScheme}-${width}`);
    await fits(page, 'requests', '/requests', `${colorScheme}-${width}`);
    await page.context().close();
  });
}

for (const colorScheme of ['light', 'dark'] as const) {
  test(`on a phone what was found is seen at once, and filters are taken away one by one, ${colorScheme}`, async ({
    browser
  }) => {
    const phone = { width: 390, height: 844 };
    const { page } = await signedIn(browser, { colorScheme, viewport: phone, javaScriptEnabled: false });
    const picture = (name: string) =>
      page.screenshot({ path: `test-results/hub-pages-phone-${name}-${colorScheme}.png` });
    await picture('first');
    await expect(page.getByLabel('User', { exact: true })).toBeVisible();
    await page.goto(`${pagesUrl}/log?user=alice&grade=corroborated&action=install`);
    await expect(page.getByLabel('User', { exact: true })).toBeHidden();
    const first = await page.locator('tbody tr').first().boundingBox();
    expect(first?.y).toBeLessThan(phone.height * 0.6);
    await picture('found');
    await page.getByText('Filters: 3 set', { exact: true }).click();
    await expect(page.getByLabel('User', { exact: true })).toHaveValue('alice');
    await page.getByText('More filters: 2 set').click();
    await expect(page.locator('select[name=grade]')).toHaveValue('corroborated');
    await picture('open');
    await page.getByRole('link', { name: 'Remove the filter Evidence' }).click();
    await expect(page).toHaveURL(`${pagesUrl}/log?user=alice&action=install`);
    await expect(page.getByText('Filters: 2 set', { exact: true })).toBeVisible();
    await page.context().close();
  });
}

test('with room the filters stay open', async ({ browser }) => {
  const { page } = await signedIn(browser, { viewport: { width: 1280, height: 800 } });
  await page.goto(`${pagesUrl}/log?user=bob&grade=confirmed`);
  await expect(page.getByLabel('User', { exact: true })).toHaveValue('bob');
  await expect(page.getByText('Filters: 2 set', { exact: true })).toBeHidden();
  await expect(page.getByText('More filters: 1 set')).toBeVisible();
  await page.context().close();
});

test('without scripts: filter, go to the older ones, open a record, sign out', async ({ browser }) => {
  const { page } = await signedIn(browser, { javaScriptEnabled: false });
  await page.getByLabel('User', { exact: true }).fill('alice');
  await page.getByRole('button', { name: 'Show' }).click();
  await expect(page).toHaveURL(/\/log\?text=&user=alice/);
  await expect(page.locator('tbody tr').first()).toContainText('alice');
  await page.getByRole('link', { name: 'Older' }).click();
  await expect(page).toHaveURL(/after=/);
  await page.locator('tbody tr a').first().click();
  await expect(page.getByRole('heading', { level: 2 }).first()).toHaveText('What happened');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page).toHaveURL(`${pagesUrl}/signed-out`);
  await page.context().close();
});

test('without scripts: a view gets a name, and the list follows the log until it is told to stop', async ({
  browser
}) => {
  test.setTimeout(90_000);
  const { page } = await signedIn(browser, {
    javaScriptEnabled: false,
    viewport: { width: 360, height: 800 }
  });
  await page.goto(`${pagesUrl}/log?user=alice`);
  await page.getByText('Save this view').click();
  await page.getByLabel('Name').fill('What Alice did');
  await page.getByLabel('for everybody who reads the log').check();
  await page.screenshot({ path: 'test-results/hub-pages-save-view-light-360.png' });
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  const named = page.getByRole('link', { name: 'What Alice did' });
  await expect(named).toHaveAttribute('aria-current', 'page');
  await page.getByRole('link', { name: 'Show records as they arrive' }).click();
  await expect(page).toHaveURL(/user=alice&live=360$/);
  // The browser looks again by itself.
  await expect(page).toHaveURL(/user=alice&live=359&since=\d+$/, { timeout: 20_000 });
  await page.getByRole('link', { name: 'Stop' }).click();
  await expect(page).toHaveURL(`${pagesUrl}/log?user=alice`);
  await page.getByRole('button', { name: 'Remove the view What Alice did' }).click();
  await expect(named).toHaveCount(0);
  await page.context().close();
});

test('without scripts: set a hold, be refused an erasure, lift it, erase', async ({ browser }) => {
  const { page } = await signedIn(browser, { javaScriptEnabled: false });
  const erase = async (): Promise<void> => {
    const form = page.getByRole('form', { name: 'Erase a person' });
    await form.getByLabel('User').fill('alice');
    await form.getByLabel('The name again').fill('alice');
    await form.getByLabel('Reason, without the name').fill('request 44');
    await form.getByRole('button', { name: 'Erase for ever' }).click();
  };
  await page.getByRole('link', { name: 'Holds', exact: true }).click();
  const set = page.getByRole('form', { name: 'Set a hold' });
  await set.getByLabel('Case').fill('Case 7');
  await set.getByLabel('Reason').fill('court');
  await set.getByRole('button', { name: 'Set the hold' }).click();
  await expect(page).toHaveURL(`${pagesUrl}/holds`);
  await expect(page.locator('tbody tr').first()).toContainText('everybody');
  await erase();
  await expect(page.getByText('Nobody was erased, because hold 1 for the case Case 7')).toBeVisible();
  await page.getByRole('link', { name: 'Back to holds' }).click();
  await page.getByLabel('Why hold 1 is lifted').fill('over');
  await page.getByRole('button', { name: 'Lift' }).click();
  await expect(page.getByText('No hold is on.')).toBeVisible();
  await erase();
  await expect(page.getByRole('heading', { name: 'Erased' })).toBeVisible();
  await page.context().close();
});

test('by keyboard: the first stop skips to the content', async ({ browser }) => {
  const { page } = await signedIn(browser, {});
  await page.keyboard.press('Tab');
  const skip = page.getByRole('link', { name: 'Skip to the content' });
  await expect(skip).toBeFocused();
  await expect(skip).toBeInViewport();
  await page.keyboard.press('Enter');
  await expect(page.locator('main')).toBeFocused();
  await page.context().close();
});

test('a filter that is sent after the session’s end signs in again and is kept', async ({
  browser,
  request
}) => {
  const { page } = await signedIn(browser, {});
  await request.get(`${hubUrl}/revoke`);
  await page.context().clearCookies({ name: 'labkeeper-session' });
  await page.getByLabel('User', { exact: true }).fill('bob');
  await page.getByRole('button', { name: 'Show' }).click();
  await expect(page).toHaveURL(/\/log\?text=&user=bob/);
  await expect(page.locator('tbody tr').first()).toContainText('bob');
  await page.context().close();
});

test('another host cannot frame them', async ({ browser }) => {
  const page = await browser.newPage();
  await page.goto(`${hubUrl}/frame`);
  await expect.poll(() => page.frames()[1]?.url()).toMatch(/^chrome-error:/);
  await page.close();
});

test('on paper', async ({ browser }) => {
  const { page } = await signedIn(browser, { colorScheme: 'dark' });
  await page.emulateMedia({ media: 'print' });
  for (const path of ['/log', '/log/63']) {
    await page.goto(`${pagesUrl}${path}`);
    await expect(page.getByRole('search')).toBeHidden();
    expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe(
      'rgb(255, 255, 255)'
    );
    await page.screenshot({ path: `test-results/hub-pages-print-${path.length}.png` });
  }
  await page.context().close();
});
