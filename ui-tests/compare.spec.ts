// Two versions of a document: compared, chosen piece by piece, saved; and what a killed server's successor tells.
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import { type Locator, type Page, expect, test } from '@playwright/test';
import { command, whenLabIsUp } from '../bench/lib/lab.mts';
import { type IServer, startServer } from '../bench/lib/server.mts';
import { dismiss, openNotebook } from './lib/page-parts.ts';
import { PROCESSOR } from './lib/processor.ts';

interface ICell {
  readonly id: string;
  readonly source: string;
  readonly outputs?: readonly unknown[];
}

const inWork = (server: IServer, file: string) => server.inside(join(server.home, 'work', file));
const filesOf = (server: IServer) => readdirSync(server.inside(join(server.home, 'work')));
const KEPT = /\(changed elsewhere [0-9a-f]{6}\)/;

function notebook(cells: readonly ICell[]): string {
  return JSON.stringify({
    metadata: { kernelspec: { name: 'python3', display_name: 'Python 3', language: 'python' } },
    nbformat: 4,
    nbformat_minor: 5,
    cells: cells.map(cell => ({
      cell_type: 'code',
      metadata: {},
      outputs: [],
      execution_count: null,
      ...cell
    }))
  });
}

/** The sources of the cells in the file. */
function sourcesIn(server: IServer, file: string): string[] {
  const { cells }: { cells: { source: string | string[] }[] } = JSON.parse(
    readFileSync(inWork(server, file), 'utf8')
  );
  return cells.map(({ source }) => [source].flat().join(''));
}

async function open(page: Page, server: IServer, file: string, reset = true): Promise<void> {
  await page.goto(
    `${server.url}/lab/tree/${encodeURIComponent(file)}?token=${server.token}${reset ? '&reset' : ''}`
  );
  await whenLabIsUp(page);
  await expect(page.locator('.jp-Document:visible .cm-content').first()).toBeVisible({
    timeout: 60_000
  });
}

/** Types at the end of the first cell or of the text. */
async function type(page: Page, text: string): Promise<void> {
  // These tests use Playwright without Galata.

  await page.locator('.jp-Document:visible .cm-content').first().click();
  await page.keyboard.press('ControlOrMeta+End');
  await page.keyboard.type(text);
}

const saves = (page: Page) => page.locator('#labkeeper-saves');
const view = (page: Page) => page.locator('.lk-Compare');
const difference = (page: Page, name: RegExp | string): Locator => view(page).getByRole('region', { name });
const choose = (page: Page, name: RegExp, choice: string) =>
  difference(page, name).getByRole('radio', { name: choice }).check();

async function axe(page: Page, part: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).include(part).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(node => node.html).join(' ')}`)).toEqual([]);
}

// Each part has a server of its own, so that workers can share them.
test.describe.configure({ mode: 'parallel' });

test.describe('two versions', () => {
  test.describe.configure({ mode: 'default', timeout: 180_000 });
  let server: IServer;
  let page: Page;

  test.beforeAll(async () => {
    server = await startServer({ memory: '1G' });
  });
  test.afterAll(() => server.stop());
  test.beforeEach(async ({ browser }) => {
    page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
    for (const file of filesOf(server)) rmSync(inWork(server, file), { recursive: true });
  });
  test.afterEach(async ({}, info) => {
    if (info.status !== info.expectedStatus) await page.screenshot({ path: info.outputPath('page.png') });
    await page.context().close();
  });

  /** Makes a conflict: the document is changed here and elsewhere. @returns the name of the kept version. */
  async function conflict(file: string, mine: string, theirs: string): Promise<string> {
    await type(page, mine);
    writeFileSync(inWork(server, file), theirs);
    await command(page, 'docmanager:save');
    await command(page, 'labkeeper:show-saves');
    await expect(saves(page).locator('.lk-Kept')).toContainText(KEPT, { timeout: 30_000 });
    return filesOf(server).find(name => KEPT.test(name)) ?? '';
  }

  test('of a notebook are compared cell by cell, later, and the file is what was chosen', async () => {
    const cells = ['load()', 'a = 1', 'b = 2', 'plot(a)', 'same', 'the end'].map((source, at) => ({
      id: `c${at}`,
      source
    }));
    writeFileSync(inWork(server, 'n.ipynb'), notebook(cells));
    await open(page, server, 'n.ipynb');
    const theirs = cells.map(cell => ({
      ...cell,
      source: cell.source.replace('1', '10').replace('plot(a)', 'plot(b)')
    }));
    theirs.splice(2, 0, { id: 'new', source: 'new = True' });
    theirs.pop();
    const kept = await conflict('n.ipynb', ' # mine', notebook(theirs));

    // Another page, later.
    await open(page, server, 'n.ipynb');
    await command(page, 'labkeeper:show-saves');
    const list = saves(page).locator('.lk-Kept');
    await expect(list).toContainText(kept);
    await list.getByRole('button', { name: 'Compare' }).click();
    await expect(view(page)).toContainText('5 differences, 5 undecided');
    await expect(view(page)).toContainText('1 equal cell');
    const save = view(page).getByRole('button', { name: 'Save the result' });
    await expect(save).toBeDisabled();
    await choose(page, /^Difference 1 of 5/, 'This document');
    await choose(page, /^Difference 2 of 5/, 'Changed elsewhere');
    await choose(page, /^Difference 3 of 5.*only in the other/, 'Take it');
    await choose(page, /^Difference 4 of 5/, 'Both');
    await choose(page, /^Difference 5 of 5.*only in this/, 'Leave it out');
    await page.screenshot({ path: 'test-results/compare-chosen.png' });
    await save.click();
    await expect(view(page)).toContainText('The result is saved in “n.ipynb”');
    const chosen = ['load() # mine', 'a = 10', 'new = True', 'b = 2', 'plot(a)', 'plot(b)', 'same'];
    expect(sourcesIn(server, 'n.ipynb')).toEqual(chosen);
    await page.screenshot({ path: 'test-results/compare-saved.png' });
    await view(page).getByRole('button', { name: 'Delete it' }).click();
    await expect(view(page)).toHaveCount(0);
    await expect(list).toHaveCount(0);
    expect(filesOf(server).filter(name => KEPT.test(name))).toEqual([]);

    // An edit as any other.
    await command(page, 'notebook:undo-cell-action');
    await command(page, 'docmanager:save');
    expect(sourcesIn(server, 'n.ipynb')).toEqual([
      'load() # mine',
      'a = 1',
      'b = 2',
      'plot(a)',
      'same',
      'the end'
    ]);
  });

  test('of a text are compared by lines, and one that is kept is not asked about again', async () => {
    const lines = Array.from({ length: 30 }, (_, at) => `line ${at}\n`);
    writeFileSync(inWork(server, 't.txt'), lines.join(''));
    await open(page, server, 't.txt');
    const theirs = lines.map(line => line.replace('line 3\n', 'theirs 3\n').replace('line 20\n', ''));
    const kept = await conflict('t.txt', 'mine', theirs.join(''));
    await saves(page).locator('.lk-Kept').getByRole('button', { name: 'Compare' }).click();
    await expect(view(page)).toContainText('3 differences, 3 undecided');
    await choose(page, /^Difference 1/, 'Both');
    await choose(page, /^Difference 2/, 'Leave it out');
    await choose(page, /^Difference 3/, 'Keep it');
    await view(page).getByRole('button', { name: 'Save the result' }).click();
    await expect(view(page)).toContainText('The result is saved');
    const chosen = lines.join('').replace('line 3\n', 'line 3\ntheirs 3\n').replace('line 20\n', '');
    expect(readFileSync(inWork(server, 't.txt'), 'utf8')).toBe(`${chosen}mine`);
    await view(page).getByRole('button', { name: 'Keep it beside the document' }).click();
    await expect(saves(page).locator('.lk-Kept')).toHaveCount(0);
    expect(readFileSync(inWork(server, kept), 'utf8')).toBe(theirs.join(''));
    await open(page, server, 't.txt', false);
    await command(page, 'labkeeper:show-saves');
    await expect(saves(page)).toContainText('t.txt');
    await page.waitForTimeout(1500);
    await expect(saves(page).locator('.lk-Kept')).toHaveCount(0);
  });

  test('of a text with the line endings of Windows differ where they differ, and it keeps its endings', async () => {
    writeFileSync(inWork(server, 'w.txt'), 'one\r\ntwo\r\nthree\r\n');
    await open(page, server, 'w.txt');
    const theirs = 'one\r\nTWO\r\nthree\r\n';
    await conflict('w.txt', 'mine', theirs);
    await saves(page).locator('.lk-Kept').getByRole('button', { name: 'Compare' }).click();
    await expect(view(page)).toContainText('2 differences, 2 undecided');
    await view(page).getByRole('button', { name: 'Take all of the other version' }).click();
    await view(page).getByRole('button', { name: 'Save the result' }).click();
    await expect(view(page)).toContainText('The result is saved');
    expect(readFileSync(inWork(server, 'w.txt'), 'utf8')).toBe(theirs);
  });

  test('are chosen by keys, run nothing of what they hold, and are accessible in both themes and narrow', async () => {
    const pixel =
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
    const hostile = '<img src=x onerror="window.hacked = 1"><script>window.hacked = 1</script>';
    const outputs = (word: string) => [
      { output_type: 'stream', name: 'stdout', text: `\u001b[31m${word}\u001b[0m\nsecond` },
      { output_type: 'display_data', metadata: {}, data: { 'text/html': hostile } },
      {
        output_type: 'display_data',
        metadata: {},
        data: { 'image/png': word === 'mine' ? pixel : '"onerror=' }
      },
      { output_type: 'error', ename: 'ValueError', evalue: word, traceback: [] }
    ];
    const cells = (word: string) => [
      { id: 'a', source: 'first' },
      {
        id: 'b',
        source: `for epoch in range(100):\n    train(${word})\n    print(epoch)`,
        outputs: outputs(word)
      },
      { id: 'c', source: 'c' },
      { id: 'd', source: `${hostile} ${word}` }
    ];
    writeFileSync(inWork(server, 'k.ipynb'), notebook(cells('mine')));
    await open(page, server, 'k.ipynb');
    await conflict('k.ipynb', '', notebook(cells('theirs')));
    await saves(page).locator('.lk-Kept').getByRole('button', { name: 'Compare' }).click();
    await expect(view(page)).toContainText('2 differences, 2 undecided');
    await expect(view(page)).toContainText('The outputs differ:');
    await expect(view(page)).toContainText('Shown only in the notebook: text/html');
    await expect(view(page).locator('img')).toHaveCount(1);
    await expect(view(page).locator('.lk-Compare-text').first()).toHaveText('mine\nsecond');

    for (const theme of ['JupyterLab Light', 'JupyterLab Dark']) {
      await command(page, 'apputils:change-theme', { theme });
      await page.waitForTimeout(1000);
      await page.screenshot({
        path: `test-results/compare-${theme.endsWith('Dark') ? 'dark' : 'light'}.png`
      });
      await axe(page, '.lk-Compare');
      await axe(page, '#labkeeper-saves');
    }
    await page.setViewportSize({ width: 1600, height: 900 });
    await page.waitForTimeout(500);
    await page.screenshot({ path: 'test-results/compare-wide.png' });
    await page.setViewportSize({ width: 820, height: 800 });
    await page.waitForTimeout(500);
    await page.screenshot({ path: 'test-results/compare-narrow.png' });
    expect(await view(page).evaluate(element => element.scrollWidth <= element.clientWidth)).toBe(true);
    await page.setViewportSize({ width: 1280, height: 800 });

    // The keys work in the tab as it was opened.
    await page.keyboard.press('Shift+N');
    await expect(difference(page, /^Difference 1 of 2/)).toBeFocused();
    await page.keyboard.press('2');
    await page.keyboard.press('n');
    await expect(difference(page, /^Difference 2 of 2/)).toBeFocused();
    await page.keyboard.press('3');
    await expect(view(page)).toContainText('2 differences, 0 undecided');
    await view(page).getByRole('button', { name: 'Save the result' }).click();
    await expect(view(page)).toContainText('The result is saved');
    expect(sourcesIn(server, 'k.ipynb')).toEqual([
      'first',
      'for epoch in range(100):\n    train(theirs)\n    print(epoch)',
      'c',
      `${hostile} mine`,
      `${hostile} theirs`
    ]);
    expect(await page.evaluate(() => 'hacked' in window)).toBe(false);
  });

  test('that change while they are compared: what was decided holds, what is new is asked', async () => {
    writeFileSync(
      inWork(server, 'm.ipynb'),
      notebook([
        { id: 'a', source: 'a' },
        { id: 'b', source: 'b' }
      ])
    );
    await open(page, server, 'm.ipynb');
    await conflict(
      'm.ipynb',
      '1',
      notebook([
        { id: 'a', source: 'x' },
        { id: 'b', source: 'b' }
      ])
    );
    await saves(page).locator('.lk-Kept').getByRole('button', { name: 'Compare' }).click();
    await expect(view(page)).toContainText('1 difference, 1 undecided');
    await view(page).getByRole('button', { name: 'Take all of the other version' }).click();
    await command(page, 'docmanager:open', { path: 'm.ipynb' });

    await page.locator('.jp-NotebookPanel:visible .cm-content').nth(1).click();
    await page.keyboard.press('ControlOrMeta+End');
    await page.keyboard.type('2');
    await page.locator('.lm-TabBar-tab', { hasText: 'Compare m.ipynb' }).click();
    const save = view(page).getByRole('button', { name: 'Save the result' });
    await save.click();
    await expect(view(page)).toContainText('The document changed meanwhile');
    await expect(view(page)).toContainText('2 differences, 1 undecided');
    await choose(page, /^Difference 2/, 'This document');
    await save.click();
    await expect(view(page)).toContainText('The result is saved');
    expect(sourcesIn(server, 'm.ipynb')).toEqual(['x', 'b2']);
  });

  test('of 20 MB are compared without the page standing still', { lock: PROCESSOR }, async () => {
    test.setTimeout(300_000);
    const text = 'x'.repeat(79);
    const cells = (word: string) =>
      Array.from({ length: 2000 }, (_, at) => ({
        id: `c${at}`,
        source: `cell = ${at}${at % 20 === 0 ? ` # ${word}` : ''}`,
        outputs: [
          {
            output_type: 'stream',
            name: 'stdout',
            text: Array.from({ length: 125 }, () => `${text}\n`).join('')
          }
        ]
      }));
    writeFileSync(inWork(server, 'big.ipynb'), notebook(cells('mine')));
    await open(page, server, 'big.ipynb');
    await conflict('big.ipynb', '', notebook(cells('theirs')));
    await page.evaluate(() => {
      const longest = { ms: 0 };
      new PerformanceObserver(list =>
        list.getEntries().forEach(({ duration }) => (longest.ms = Math.max(longest.ms, duration)))
      ).observe({ type: 'longtask' });
      Object.assign(window, { longest });
    });
    await saves(page).locator('.lk-Kept').getByRole('button', { name: 'Compare' }).click();
    await expect(view(page)).toContainText('100 differences, 100 undecided', { timeout: 30_000 });
    const loadMs = await page.evaluate(() => (window as unknown as { longest: { ms: number } }).longest.ms);
    await view(page).getByRole('button', { name: 'Take all of the other version' }).click();
    await view(page).getByRole('button', { name: 'Save the result' }).click();
    await expect(view(page)).toContainText('The result is saved', { timeout: 60_000 });
    const allMs = await page.evaluate(() => (window as unknown as { longest: { ms: number } }).longest.ms);
    test
      .info()
      .annotations.push({ type: 'longest task', description: `${loadMs} ms, with saving ${allMs} ms` });
    console.log(`longest task of comparing 20 MB: ${loadMs} ms; with saving: ${allMs} ms`);
    expect(loadMs).toBeLessThan(2000);
    expect(sourcesIn(server, 'big.ipynb')[20]).toBe('cell = 20 # theirs');
  });
});

test('a server that is killed in the middle of a cell: the next one tells what was open and what ran', async ({
  browser
}) => {
  test.setTimeout(300_000);
  const home = mkdtempSync(join(tmpdir(), 'labkeeper-resume-'));
  const first = await startServer({ home, memory: '700M' });
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
  try {
    writeFileSync(inWork(first, 'notes.txt'), 'notes');
    await openNotebook(page, first, '/lab/tree/', 'a.ipynb');
    await command(page, 'docmanager:open', { path: 'notes.txt' });
    await command(page, 'docmanager:open', { path: 'a.ipynb' });
    await expect(page.locator('.jp-NotebookPanel:visible .jp-Cell').first()).toBeVisible();
    await type(page, '\nimport time\ntime.sleep(600)');
    await page.keyboard.press('ControlOrMeta+Enter');
    await expect(page.locator('.jp-InputPrompt', { hasText: '[*]' })).toBeVisible();
    const noted = inWork(first, '../.local/share/labkeeper/journal/default.session');
    await expect.poll(() => readNoted(noted), { timeout: 20_000 }).toContain('import time');
    await expect(page.locator('.jp-NotebookPanel-toolbar:visible .lk-Light')).toHaveText(/^●Safe$/, {
      timeout: 30_000
    });
    const companion = first.companionPid();
    process.kill(first.pid, 'SIGKILL');
    if (companion) process.kill(companion, 'SIGKILL');
    await page.goto('about:blank');
    await first.stop();

    const second = await startServer({ home, memory: '700M' });
    try {
      await page.goto(`${second.url}/lab?token=${second.token}&reset`);
      await whenLabIsUp(page);
      const told = page.locator('.Toastify', { hasText: 'The last server ended unexpectedly' });
      await expect(told).toContainText('2 documents were open', { timeout: 40_000 });
      await expect(told).toContainText('A cell of a.ipynb was running: import time');
      await dismiss(page);
      await told.getByRole('button', { name: 'Show' }).click();
      const card = page.locator('.lk-Resume');
      await expect(card).toContainText('notes.txt');
      await expect(card).toContainText(/A cell was running since \d+:\d+.*import time/);
      // The journal has what was typed.
      await expect(card.locator('.lk-Recovery')).toContainText('1 cell differs from the file.', {
        timeout: 40_000
      });
      await page.screenshot({ path: 'test-results/resume-card.png' });
      await axe(page, '#labkeeper-saves');
      await card.getByRole('button', { name: 'Compare' }).click();
      await expect(view(page)).toContainText('1 difference, 1 undecided');
      await view(page).getByRole('button', { name: 'Take all of the other version' }).click();
      await view(page).getByRole('button', { name: 'Save the result' }).click();
      await expect(view(page)).toContainText('The result is saved');
      expect(sourcesIn(second, 'a.ipynb')).toEqual(['\nimport time\ntime.sleep(600)']);
      await view(page).getByRole('button', { name: 'Delete it' }).click();
      await expect(card.locator('.lk-Recovery')).toHaveCount(0);
      expect(filesOf(second).filter(name => name.includes('recovered'))).toEqual([]);
      await card.getByRole('button', { name: 'Open all again' }).click();
      await expect(page.locator('.lm-TabBar-tab', { hasText: 'notes.txt' })).toHaveCount(1);
      await card.getByRole('button', { name: 'Dismiss' }).click();
      await expect(card).toHaveCount(0);
      // Once, and not with every page.
      await page.goto(`${second.url}/lab?token=${second.token}&reset`);
      await whenLabIsUp(page);
      await command(page, 'labkeeper:show-saves');
      await page.waitForTimeout(3000);
      await expect(card).toHaveCount(0);
      await expect(told).toHaveCount(0);
    } finally {
      await second.stop();
    }
  } finally {
    await page.context().close();
    rmSync(home, { recursive: true, force: true });
  }
});

test('a server that was stopped in order with everything saved is told in the panel only', async ({
  browser
}) => {
  test.setTimeout(120_000);
  const home = mkdtempSync(join(tmpdir(), 'labkeeper-resume-'));
  const first = await startServer({ home, memory: '700M' });
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
  try {
    await openNotebook(page, first, '/lab/tree/', 'a.ipynb');
    const noted = inWork(first, '../.local/share/labkeeper/journal/default.session');
    await command(page, 'docmanager:save');
    await expect.poll(() => readNoted(noted), { timeout: 20_000 }).toContain('a.ipynb');
    await page.goto('about:blank');
    await first.stop();
    const second = await startServer({ home, memory: '700M' });
    try {
      await page.goto(`${second.url}/lab?token=${second.token}&reset`);
      await whenLabIsUp(page);
      await command(page, 'labkeeper:show-saves');
      await expect(page.locator('.lk-Resume')).toContainText('It was stopped at');
      await expect(page.locator('.lk-Resume')).toContainText('a.ipynb');
      expect(await page.locator('.Toastify').textContent()).not.toContain('last server');
      await axe(page, '#labkeeper-saves');
    } finally {
      await second.stop();
    }
  } finally {
    await page.context().close();
    rmSync(home, { recursive: true, force: true });
  }
});

/** What the companion noted of what is open; empty while there is nothing. */
function readNoted(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Not written yet.
    return '';
  }
}
