// In a language that is nobody's: what is not translated shows, and so does what is too narrow for longer words.
import { type Locator, expect, test } from '@playwright/test';
import { command, runCode } from '../bench/lib/lab.mts';
import { type IServer, startServer } from '../bench/lib/server.mts';
import { type } from './lib/documents.ts';
import { dialog, meter, openNotebook, panel } from './lib/page-parts.ts';
import { speakPseudo } from './lib/pseudo-locale.ts';

/** Words that are no language of ours: names of the user's files, kernels and tools, of signals, and dates, which the browser writes. */
const DATA =
  /^((a|b|gone)\.ipynb|python3|Python 3.*|\/dev\/shm|pip ·|[A-Z][a-z]{2} \d+, \d{4}, [\d:]+\s[AP]M|[A-Z][a-z]{2} [\d:]+\s[AP]M)$/;

let server: IServer;

test.beforeAll(async () => {
  server = await startServer({ memory: '700M', cpu: 1 });
});
test.afterAll(() => server.stop());

/** Texts with words in them that are not in our language. */
async function untranslated(part: Locator): Promise<string[]> {
  const texts = await part.evaluate(element => {
    const found: string[] = [];
    for (const inner of [element, ...element.querySelectorAll('*')]) {
      for (const name of ['title', 'aria-label']) found.push(inner.getAttribute(name) ?? '');
      for (const node of inner.childNodes)
        if (node.nodeType === Node.TEXT_NODE) found.push(node.textContent ?? '');
    }
    return found;
  });
  // What is left when everything translated is taken out; sentences stand in sentences.
  let left = texts;
  for (let depth = 0; depth < 4; depth++) left = left.map(text => text.replaceAll(/⟦[^⟦⟧]*⟧/g, ''));
  return left.map(text => text.trim()).filter(text => /\p{L}{3,}/u.test(text) && !DATA.test(text));
}

/** Elements whose content is wider than they are, and would be cut or scroll sideways. */
async function tooNarrow(part: Locator): Promise<string[]> {
  return part.evaluate(element =>
    [element, ...element.querySelectorAll('*')]
      .filter(
        inner =>
          inner instanceof HTMLElement &&
          inner.scrollWidth > inner.clientWidth + 1 &&
          getComputedStyle(inner).display !== 'inline' &&
          getComputedStyle(inner).textOverflow !== 'ellipsis'
      )
      .map(inner => `${inner.className}: ${inner.textContent?.slice(0, 60) ?? ''}`)
  );
}

test('meter, panel and dialog speak the language of the page, and have room for it', async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 800 });
  await speakPseudo(page);
  await openNotebook(page, server, '/lab/tree/', 'a.ipynb');
  await expect(meter(page)).toContainText('700', { timeout: 30_000 });
  expect(await untranslated(meter(page))).toEqual([]);
  expect(await tooNarrow(meter(page))).toEqual([]);
  await command(page, 'labkeeper:show-resources');
  await expect(panel(page)).toContainText('a.ipynb');
  expect(await untranslated(panel(page))).toEqual([]);
  expect(await tooNarrow(panel(page))).toEqual([]);
  await page.screenshot({ path: 'test-results/pseudo-panel.png' });
  await runCode(page, "rows = []\nwhile True: rows.append(b'x' * 8_000_000)");
  await expect(dialog(page)).toBeVisible({ timeout: 30_000 });
  await page.screenshot({ path: 'test-results/pseudo-dialog.png' });
  expect(await untranslated(dialog(page).locator('.lk-Explanation'))).toEqual([]);
  await expect(dialog(page).locator('.jp-Dialog-header')).toContainText('⟦');
  expect(await tooNarrow(dialog(page))).toEqual([]);
});

test('light, list of saves and countdown speak the language of the page, and have room for it', async ({
  page
}) => {
  test.setTimeout(120_000);
  await page.setViewportSize({ width: 1280, height: 800 });
  await speakPseudo(page);
  // A page leaves work that is offered: of that the list says most.
  const gone = await page.context().newPage();
  await openNotebook(gone, server, '/lab/tree/', 'gone.ipynb');
  await type(gone, 'left = 1');
  const its = gone.locator('#jp-main-statusbar .lk-Light');
  await expect(its).toHaveText(/Safe as of/);
  await expect(its).toHaveText(/^●Safe$/, { timeout: 20_000 });
  await gone.close();
  await openNotebook(page, server, '/lab/tree/', 'b.ipynb');
  const light = page.locator('#jp-main-statusbar .lk-Light');
  await expect(light).toContainText('⟦');
  await command(page, 'labkeeper:show-saves');
  const saves = page.locator('#labkeeper-saves');
  await expect(saves).toContainText('b.ipynb');
  await command(page, 'docmanager:open', { path: 'gone.ipynb', options: { activate: false } });
  await expect(saves.locator('.lk-Recovery').first()).toBeVisible({ timeout: 60_000 });
  await command(page, 'labkeeper:simulate-reclaim-15');
  const banner = page.locator('.lk-Reclaim');
  await expect(banner).toBeVisible();
  await page.screenshot({ path: 'test-results/pseudo-saves.png' });
  for (const part of [light, saves, banner]) {
    expect(await untranslated(part)).toEqual([]);
  }
  expect(await tooNarrow(light)).toEqual([]);
  expect(await tooNarrow(saves)).toEqual([]);
  // Its buttons can be reached whatever the length of the sentences.
  await expect(banner.getByRole('button')).toHaveCount(3);
  for (const button of await banner.getByRole('button').all()) await expect(button).toBeInViewport();
  await banner.getByRole('button').last().click();
  await expect(banner).toHaveCount(0, { timeout: 20_000 });
});

test('the install log speaks the language of the page, and has room for it', async ({ page }) => {
  const recording = await startServer({ environment: { LABKEEPER_AUDIT: '1' } });
  try {
    await speakPseudo(page);
    await openNotebook(page, recording, '/lab/tree/', 'a.ipynb');
    await command(page, 'labkeeper:show-install-log');
    const log = page.locator('#labkeeper-install-log');
    await expect(log.locator('.lk-InstallLog-row').first()).toBeVisible({ timeout: 30_000 });
    await page.screenshot({ path: 'test-results/pseudo-install-log.png' });
    expect(await untranslated(log)).toEqual([]);
    expect(await tooNarrow(log)).toEqual([]);
  } finally {
    await recording.stop();
  }
});
