// The inbox of requests in a real browser: layout, accessibility, and a decision without any script.
import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page, test } from '@playwright/test';
import { type IBundledServer, startBundled } from './lib/bundled-server.ts';

const idOf = (at: number): string => `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`;
let service: IBundledServer;
let pagesUrl: string;

test.beforeAll(async () => {
  service = await startBundled('ui-tests/lib/hub-pages-server.ts', 'test-results/requests-server.mjs');
  ({ pagesUrl } = service.said as { pagesUrl: string });
});

test.afterAll(() => service.stop());

const VIEWS = [
  { name: 'inbox', path: '/requests' },
  { name: 'filtered', path: '/requests?kind=package&state=denied' },
  { name: 'none', path: '/requests?user=nobody' },
  { name: 'wrong', path: '/requests?kind=root' },
  { name: 'package', path: `/requests/${idOf(2)}` },
  { name: 'help', path: `/requests/${idOf(3)}` },
  { name: 'odd', path: `/requests/${idOf(4)}` },
  { name: 'own', path: `/requests/${idOf(5)}` }
];

async function fits(page: Page, name: string, suffix: string): Promise<void> {
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(overflow, `${name} is wider than the window`).toBeLessThanOrEqual(0);
  await page.screenshot({ path: `test-results/requests-${name}-${suffix}.png`, fullPage: true });
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => [name, id, nodes.map(({ html }) => html)])).toEqual([]);
}

for (const [colorScheme, width] of [
  ['light', 1280],
  ['dark', 360]
] as const) {
  test(`requests are accessible and fit, ${colorScheme}, ${width} px`, async ({ browser }) => {
    const context = await browser.newContext({ colorScheme, viewport: { width, height: 800 } });
    const page = await context.newPage();
    // axe looks at each of eight pages: a busy machine needs more than the usual minute.
    test.slow();
    const said: string[] = [];
    page.on('console', message => said.push(message.text()));
    for (const { name, path } of VIEWS) {
      await page.goto(`${pagesUrl}${path}`);
      await fits(page, name, `${colorScheme}-${width}`);
    }
    expect(said.filter(text => !/status of 40[04]/.test(text))).toEqual([]);
    await context.close();
  });
}

test('a request is answered and denied without scripts; two tabs cannot both decide', async ({ browser }) => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const [page, other] = [await context.newPage(), await context.newPage()];
  await page.goto(`${pagesUrl}/requests?kind=package&state=requested`);
  await page.getByRole('row', { name: /alice/ }).getByRole('link').click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Package: torch 2.9.1');
  await expect(page.getByText('Use the CPU build that is approved.')).toBeVisible();
  await page.getByRole('form', { name: 'Answer' }).getByRole('textbox').fill('Would the CPU build do?');
  await page.getByRole('button', { name: 'Send the answer' }).click();
  await expect(page.getByRole('cell', { name: 'Would the CPU build do?' })).toBeVisible();
  await other.goto(page.url());
  for (const tab of [page, other]) {
    await tab.getByRole('form', { name: 'Decide' }).getByRole('textbox').fill('The CPU build is enough.');
  }
  await page.getByRole('button', { name: 'Deny' }).click();
  await expect(page.getByText('Denied', { exact: true }).first()).toBeVisible();
  await expect(page.getByRole('form', { name: 'Decide' })).toHaveCount(0);
  await other.getByRole('button', { name: 'Approve' }).click();
  await expect(other.getByText(/Somebody else did something with this request meanwhile/)).toBeVisible();
  await page.goto(`${pagesUrl}/requests/${idOf(5)}`);
  await expect(page.getByText('This is a request of your own')).toBeVisible();
  await expect(page.getByRole('form', { name: 'Decide' })).toHaveCount(0);
  await context.close();
});
