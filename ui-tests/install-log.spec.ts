import { type Page, expect, test } from '@playwright/test';
import { TEST_PASSWORD } from '../playwright.config.ts';

/** The pages of the demo hub: another host, four ports on (`dev/install_log.py`). */
const pagesOf = (hub: string) => `http://127.0.0.2:${Number(new URL(hub).port) + 4}`;

async function signIn(page: Page, user: string): Promise<void> {
  await page.getByLabel('Username').fill(user);
  await page.getByLabel('Password').fill(TEST_PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

test('support staff open the install log through one login at the hub', async ({ page, baseURL }) => {
  const pages = pagesOf(baseURL ?? '');
  await page.goto(pages);
  expect(new URL(page.url()).origin).toBe(baseURL);
  await signIn(page, 'support');
  await page.waitForURL(`${pages}/**`);
  await expect(page.getByRole('heading', { name: 'Install log' })).toBeVisible();
  await expect(page.getByText('Signed in as support')).toBeVisible();
});

test('who is not asked to read the log is told so by the hub, and gets no page', async ({
  page,
  baseURL
}) => {
  await page.goto(pagesOf(baseURL ?? ''));
  await signIn(page, 'researcher');
  await expect(page.getByText('403')).toBeVisible();
  expect(new URL(page.url()).origin).toBe(baseURL);
});

test('who decides on requests and does not read the log is led to the requests', async ({
  page,
  baseURL
}) => {
  const pages = pagesOf(baseURL ?? '');
  await page.goto(pages);
  await signIn(page, 'approver');
  await expect(page.getByText('custom:labkeeper:audit is missing')).toBeVisible();
  await page.getByRole('link', { name: 'Go to the requests' }).click();
  await expect(page).toHaveURL(`${pages}/requests`);
  await expect(page.getByRole('heading', { name: 'Requests' })).toBeVisible();
});
