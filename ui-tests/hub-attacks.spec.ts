// Pages of another user, on the hub's host, beside it and elsewhere, against a reader of the install log in a real browser.
// Each attack is played against a naive page first, where it succeeds; so it is one.
import { type APIRequestContext, type Browser, expect, type Page, test } from '@playwright/test';
import { byElements, byFetch, byForm, byFrame, byPopup, byWorker, type ITarget } from './lib/attacks.ts';
import { type IBundledServer, startBundled } from './lib/bundled-server.ts';

let server: IBundledServer;
/** The hub, where mallory's server is too; the pages; mallory's server on a host beside them; and on a quite different one. */
let [hubUrl, pagesUrl, siblingUrl, foreignUrl] = ['', '', '', ''];
let naive: ITarget;
let ours: ITarget;

/** How a page of another user comes to the hub's own host (facts of November 2026). */
const ON_THE_HUB = {
  'a lab extension’s static file': '/user/mallory/lab/extensions/evil/static/page.html',
  'a handler without login': '/user/mallory/open/page',
  'a proxied page': '/user/mallory/proxy/8000/page'
};
const PAGE = '/user/mallory/open/page';

test.beforeAll(async () => {
  server = await startBundled('ui-tests/lib/hub-attacks-server.ts', 'test-results/hub-attacks-server.mjs');
  ({ hubUrl, pagesUrl, siblingUrl, foreignUrl } = server.said as Record<string, string> & {
    hubUrl: string;
    pagesUrl: string;
    siblingUrl: string;
    foreignUrl: string;
  });
  naive = { page: `${hubUrl}/services/naive/`, act: `${hubUrl}/services/naive/approve` };
  ours = { page: `${pagesUrl}/log`, act: `${pagesUrl}/logout` };
});

test.afterAll(() => server.stop());

interface IState {
  readonly approved: readonly string[];
  readonly signedOut: readonly string[];
  readonly opened: readonly string[];
  readonly stolen: readonly string[];
  readonly looks: readonly { readonly kind: string; readonly reader: string }[];
}

/** What both pages believe, and what mallory has. */
async function stateOf(request: APIRequestContext): Promise<IState> {
  return (await request.get(`${foreignUrl}/state`)).json();
}

/** A browser that has signed in to both pages. */
async function reader(browser: Browser): Promise<Page> {
  const context = await browser.newContext();
  await context.addCookies([{ name: 'hub-user', value: 'lead', url: hubUrl }]);
  const page = await context.newPage();
  await page.goto(ours.page);
  await expect(page.getByText('secret-user')).toBeVisible();
  await page.goto(`${naive.page}sign-in?user=lead`);
  await expect(page.getByText('naive-secret')).toBeVisible();
  return page;
}

async function session(page: Page): Promise<string | undefined> {
  const cookies = await page.context().cookies(pagesUrl);
  return cookies.find(({ name }) => name === 'labkeeper-session')?.value;
}

/** The reader is still signed in, by the session that she had: no new one was made for her. */
async function expectSession(page: Page, before: string | undefined): Promise<void> {
  await page.goto(ours.page);
  await expect(page.getByText('Signed in as lead')).toBeVisible();
  expect(before).toBeDefined();
  expect(await session(page)).toBe(before);
}

for (const [name, path] of Object.entries(ON_THE_HUB)) {
  test(`fetch with the reader’s cookies, from ${name}`, async ({ browser, request }) => {
    const page = await reader(browser);
    const [mine, before] = [await session(page), await stateOf(request)];
    await page.goto(`${hubUrl}${path}`);
    expect(await page.evaluate(byFetch, naive)).toContain('naive-secret');
    expect((await stateOf(request)).approved.length).toBeGreaterThan(before.approved.length);

    for (const origin of [hubUrl, siblingUrl, foreignUrl]) {
      await page.goto(`${origin}${path}`);
      expect(await page.evaluate(byFetch, ours)).toBe('');
    }
    // Not even a look in the reader's name.
    expect((await stateOf(request)).looks).toEqual(before.looks);
    await expectSession(page, mine);
    await page.context().close();
  });
}

test('pictures, scripts, frames and objects', async ({ browser, request }) => {
  const page = await reader(browser);
  const before = await stateOf(request);
  await page.goto(`${siblingUrl}${PAGE}`);
  await page.evaluate(byElements, naive);
  expect((await stateOf(request)).opened.length).toBeGreaterThan(before.opened.length);
  for (const address of ['/log', '/log/0', '/looks', '/export?format=csv']) {
    await page.evaluate(byElements, { page: `${pagesUrl}${address}`, act: '' });
  }
  expect((await stateOf(request)).looks).toEqual(before.looks);
  await page.context().close();
});

test('a framed page', async ({ browser, request }) => {
  const page = await reader(browser);
  const [mine, before] = [await session(page), await stateOf(request)];
  await page.goto(`${hubUrl}${PAGE}`);
  expect(await page.evaluate(byFrame, naive)).toContain('naive-secret');
  expect((await stateOf(request)).approved.length).toBe(before.approved.length + 1);

  for (const origin of [hubUrl, siblingUrl, foreignUrl]) {
    await page.goto(`${origin}${PAGE}`);
    expect(await page.evaluate(byFrame, ours)).toBe('');
    expect(page.frames()[1]?.url()).toMatch(/^chrome-error:/);
  }
  expect((await stateOf(request)).looks).toEqual(before.looks);
  await expectSession(page, mine);
  await page.context().close();
});

test('a popup', async ({ browser, request }) => {
  const page = await reader(browser);
  const [mine, before] = [await session(page), await stateOf(request)];
  await page.goto(`${hubUrl}${PAGE}`);
  const first = page.waitForEvent('popup');
  expect(await page.evaluate(byPopup, naive)).toContain('naive-secret');
  await (await first).close();
  expect((await stateOf(request)).approved.length).toBe(before.approved.length + 1);

  for (const origin of [hubUrl, foreignUrl]) {
    await page.goto(`${origin}${PAGE}`);
    const opened = page.waitForEvent('popup');
    expect(await page.evaluate(byPopup, ours)).toBe('');
    const popup = await opened;
    // It is open, and neither of the two can reach the other.
    await expect(popup.getByText('secret-user')).toBeVisible();
    expect(await popup.evaluate(() => window.opener === null)).toBe(true);
    expect(await page.evaluate(() => window.open('', 'popup')?.location.href)).toBe('about:blank');
    await popup.close();
  }
  await expectSession(page, mine);
  await page.context().close();
});

test('a service worker of the whole hub host, with navigation preload', async ({ browser, request }) => {
  const page = await reader(browser);
  const [mine, before] = [await session(page), await stateOf(request)];
  await page.goto(`${hubUrl}${PAGE}`);
  expect(await page.evaluate(byWorker)).toBe(true);
  // The reader types the right address.
  const swapped = await page.goto(naive.page);
  expect(swapped?.fromServiceWorker()).toBe(true);
  await expect(page.getByText('swapped by a worker')).toBeVisible();
  const after = await stateOf(request);
  expect(after.stolen.at(-1)).toContain('naive-secret');
  expect(after.approved.length).toBe(before.approved.length + 1);

  for (const origin of [siblingUrl, foreignUrl]) {
    await page.goto(`${origin}${PAGE}`);
    expect(await page.evaluate(byWorker)).toBe(true);
  }
  const whole = await page.goto(ours.page);
  expect(whole?.fromServiceWorker()).toBe(false);
  await expect(page.getByText('secret-user')).toBeVisible();
  await expectSession(page, mine);
  expect((await stateOf(request)).stolen.join()).not.toContain('secret-user');
  // On our own host there is nothing that could be one.
  const refused = await page.evaluate(() =>
    navigator.serviceWorker.register('/user/mallory/worker.js').catch((error: unknown) => String(error))
  );
  expect(String(refused)).toMatch(/^(Security|Type)Error/);
  await page.context().close();
});

test('a form from another host', async ({ browser, request }) => {
  const page = await reader(browser);
  const mine = await session(page);
  await page.goto(`${siblingUrl}${PAGE}`);
  await page.evaluate(byForm, { act: `${naive.page}sign-out`, fields: {} });
  await expect(page.getByText('Done.')).toBeVisible();
  expect((await stateOf(request)).signedOut).toEqual(['lead']);

  for (const origin of [hubUrl, siblingUrl, foreignUrl]) {
    for (const token of [null, 'guess', '']) {
      await page.goto(`${origin}${PAGE}`);
      const fields: Record<string, string> = token === null ? {} : { form: token };
      await page.evaluate(byForm, { act: ours.act, fields });
      await expect(page.getByText('so nothing was changed')).toBeVisible();
    }
  }
  await expectSession(page, mine);
  await page.context().close();
});

test('a cookie that a sibling host plants', async ({ browser, request }) => {
  const page = await reader(browser);
  const [mine, before] = [await session(page), await stateOf(request)];
  const plant = (cookie: string): Promise<void> =>
    page.evaluate(text => void (document.cookie = text), `${cookie}; Domain=lab.localhost`);
  await page.goto(`${siblingUrl}${PAGE}`);
  await plant('naive-csrf=planted; Path=/');
  await page.evaluate(byForm, { act: `${naive.page}approve-by-cookie`, fields: { csrf: 'planted' } });
  await expect(page.getByText('Done.')).toBeVisible();
  expect((await stateOf(request)).approved.slice(before.approved.length)).toEqual(['lead by cookie']);

  // Mallory's own session and the token that belongs to it: it is hers that ends, not the reader's.
  const mallory = await browser.newContext();
  await mallory.addCookies([{ name: 'hub-user', value: 'mallory', url: hubUrl }]);
  const hers = await mallory.newPage();
  await hers.goto(ours.page);
  const token = (await hers.locator('input[name=form]').first().getAttribute('value')) ?? '';
  for (const value of ['planted', (await session(hers)) ?? '']) {
    for (const fields of [{ form: 'planted' }, { form: token }]) {
      await page.goto(`${siblingUrl}${PAGE}`);
      await plant(`labkeeper-session=${value}; Path=/logout`);
      await plant(`form=${fields.form}; Path=/`);
      await page.evaluate(byForm, { act: ours.act, fields });
      await page.waitForURL(`${pagesUrl}/**`);
    }
  }
  await page.context().clearCookies({ domain: '.lab.localhost' });
  await expectSession(page, mine);
  await mallory.close();
  await page.context().close();
});

test('mallory’s own sign-in, in the reader’s browser', async ({ browser, request }) => {
  // She goes as far as the address that would end her sign-in, and keeps that for the reader.
  const step = async (url: string, cookie: string): Promise<string> => {
    const { host, port, pathname, search } = new URL(url);
    const headers = { host, cookie };
    const answer = await request.get(`http://127.0.0.1:${port}${pathname}${search}`, {
      headers,
      maxRedirects: 0
    });
    return answer.headers()['location'] ?? '';
  };
  const callback = await step(await step(`${pagesUrl}/login`, ''), 'hub-user=mallory');
  expect(callback).toContain(`${pagesUrl}/oauth_callback?code=`);

  const context = await browser.newContext();
  await context.addCookies([{ name: 'hub-user', value: 'lead', url: hubUrl }]);
  const page = await context.newPage();
  await page.goto(`${siblingUrl}${PAGE}`);
  await page.goto(`${naive.page}callback?code=mallory`);
  await expect(page.getByText('Signed in as mallory')).toBeVisible();

  await page.goto(`${siblingUrl}${PAGE}`);
  await page.evaluate(url => void (location.href = url), callback);
  await expect(page.getByText('began in another browser')).toBeVisible();
  expect(await session(page)).toBeUndefined();
  await page.goto(ours.page);
  await expect(page.getByText('Signed in as lead')).toBeVisible();
  await context.close();
});

test('a sign-in that is to end at mallory’s', async ({ browser }) => {
  const page = await reader(browser);
  const evil = `${foreignUrl}/user/mallory/open/fake-login`;
  await page.goto(`${naive.page}sign-in?user=lead&next=${encodeURIComponent(evil)}`);
  expect(page.url()).toBe(evil);

  const rest = evil.slice('http:'.length);
  const nexts = [
    evil,
    rest,
    rest.replace('//', '/\\'),
    `/\t${rest}`,
    `\n${evil}`,
    `/log@${rest}`,
    `/..${rest}`
  ];
  for (const next of [...nexts, `javascript:location='${evil}'`, `/export?format=csv`, `/logout`]) {
    await page.goto(`${pagesUrl}/login?next=${encodeURIComponent(next)}`);
    expect([next, page.url()]).toEqual([next, ours.page]);
  }
  await page.context().close();
});

test('a link that takes the log away', async ({ browser, request }) => {
  const page = await reader(browser);
  const before = await stateOf(request);
  await page.goto(`${siblingUrl}${PAGE}`);
  await page.evaluate(url => void (location.href = url), naive.page);
  await expect(page.getByText('naive-secret')).toBeVisible();

  for (const origin of [hubUrl, siblingUrl, foreignUrl]) {
    await page.goto(`${origin}${PAGE}`);
    await page.evaluate(url => void (location.href = url), `${pagesUrl}/export?format=csv`);
    await expect(page.getByText('Exports are opened from a page of the install log')).toBeVisible();
  }
  expect((await stateOf(request)).looks).toEqual(before.looks);
  // From our own page it is a file.
  await page.goto(ours.page);
  const download = page.waitForEvent('download');
  await page.evaluate(url => void (location.href = url), '/export?format=csv');
  expect((await download).suggestedFilename()).toMatch(/\.csv$/);
  await page.context().close();
});
