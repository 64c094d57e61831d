// Saving a large notebook: the companion puts what changed into the file, and nothing of its size is sent.
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Page, expect, test } from '@playwright/test';
import { command, whenLabIsUp } from '../bench/lib/lab.mts';
import { type IServer, startServer } from '../bench/lib/server.mts';
import { PROCESSOR } from './lib/processor.ts';

const MB = 1024 * 1024;
const FILE = 'large.ipynb';
const CELLS = 30;

interface INotebook {
  cells: { source: string | string[]; metadata: object; outputs?: { data?: Record<string, unknown> }[] }[];
}

/** A notebook with an image of a megabyte in each cell, as nbformat writes it. */
function notebook(): string {
  const cells = Array.from({ length: CELLS }, (_, index) => ({
    cell_type: 'code',
    execution_count: index + 1,
    id: `cell-${index}`,
    metadata: {},
    outputs: [
      {
        data: { 'image/png': `${'iVBORw0KGgo'.repeat(MB / 11)}\n`, 'text/plain': ['<Figure>'] },
        metadata: {},
        output_type: 'display_data'
      }
    ],
    source: [`plot(${index})`]
  }));
  const metadata = { kernelspec: { display_name: 'Python 3', language: 'python', name: 'python3' } };
  return `${JSON.stringify({ cells, metadata, nbformat: 4, nbformat_minor: 5 }, null, 1)}\n`;
}

test.describe('a notebook of 30 MB', { lock: PROCESSOR }, () => {
  // Tens of megabytes are read, drawn and written, several times.
  test.describe.configure({ timeout: 180_000 });
  let server: IServer;
  let page: Page;
  let sentBytes = 0;
  const work = (): string => server.inside(join(server.home, 'work'));
  const onDisk = (): INotebook => JSON.parse(readFileSync(join(work(), FILE), 'utf8'));
  const sourceOf = (index: number): string => [onDisk().cells[index]?.source ?? ''].flat().join('');

  test.beforeAll(async () => {
    server = await startServer({ memory: '1500M' });
    mkdirSync(work(), { recursive: true });
  });
  test.afterAll(() => server.stop());
  test.beforeEach(async ({ browser }) => {
    writeFileSync(join(work(), FILE), notebook());
    page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
    sentBytes = 0;
    page.on('request', request => {
      if (request.method() === 'PUT' && request.url().includes('contents'))
        sentBytes += request.postDataBuffer()?.length ?? 0;
    });
    await page.goto(`${server.url}/lab/tree/${FILE}?token=${server.token}`);
    await whenLabIsUp(page);
    await whenRead();
  });
  test.afterEach(async ({}, info) => {
    if (info.status !== info.expectedStatus) await page.screenshot({ path: info.outputPath('page.png') });
    await page.context().close();
  });

  /** Before it is read, the page shows one empty cell. */
  async function whenRead(): Promise<void> {
    await page.waitForSelector('.jp-NotebookPanel:visible .jp-Cell .cm-content');
    await expect.poll(async () => (await trust()).length, { timeout: 60_000 }).toBe(CELLS);
  }
  const trust = () =>
    page.evaluate(() => {
      const { context } = window.jupyterapp.shell.currentWidget as unknown as {
        context: { model: { cells: Iterable<{ trusted: boolean }> } };
      };
      return [...context.model.cells].map(cell => cell.trusted);
    });

  async function type(text: string): Promise<void> {
    // These tests use Playwright without Galata.
    // eslint-disable-next-line jupyter/galata-prefer-notebook-cell-helper
    await page.locator('.jp-NotebookPanel:visible .jp-Cell .cm-content').first().click();
    await page.keyboard.press('ControlOrMeta+End');
    await page.keyboard.type(text);
  }

  test('is saved by itself and by hand, and is never sent', async () => {
    const untouched = onDisk().cells[CELLS - 1];
    await type('  # one');
    await expect.poll(() => sourceOf(0), { timeout: 90_000 }).toBe('plot(0)  # one');
    await type(' two');
    await command(page, 'docmanager:save');
    expect(sourceOf(0)).toBe('plot(0)  # one two');
    expect(await page.evaluate(() => window.jupyterapp.shell.currentWidget.context.model.dirty)).toBe(false);
    expect(onDisk().cells[CELLS - 1]).toEqual(untouched);
    expect(sentBytes).toBe(0);
    expect(readdirSync(work()).filter(name => name.includes('labkeeper'))).toEqual([]);
  });

  test('is kept twice when somebody else wrote it, and nothing is lost', async () => {
    await type('  # mine');
    const theirs = onDisk();
    if (theirs.cells[1]) theirs.cells[1].source = 'theirs';
    writeFileSync(join(work(), FILE), JSON.stringify(theirs));
    await command(page, 'docmanager:save');
    expect(sourceOf(0)).toBe('plot(0)  # mine');
    expect(sourceOf(1)).toBe('plot(1)');
    const kept = readdirSync(work()).filter(name => name.startsWith('large (changed elsewhere'));
    expect(kept).toHaveLength(1);
    expect(readFileSync(join(work(), kept[0] ?? ''), 'utf8')).toContain('"theirs"');
    // From then on it goes in place again.
    sentBytes = 0;
    await type('!');
    await command(page, 'docmanager:save');
    expect(sourceOf(0)).toBe('plot(0)  # mine!');
    expect(sentBytes).toBe(0);
  });

  test('is as trusted when it is opened again as it was', async () => {
    expect(await trust()).not.toContain(true);
    await page.evaluate(() => void window.jupyterapp.commands.execute('notebook:trust'));
    await page.locator('.jp-Dialog').getByRole('button', { name: 'Trust' }).click();
    await expect.poll(trust).not.toContain(false);
    await type('  # trusted');
    await command(page, 'docmanager:save');
    expect(sourceOf(0)).toBe('plot(0)  # trusted');
    expect(sentBytes).toBe(0);
    await page.reload();
    await whenLabIsUp(page);
    await whenRead();
    expect(await trust()).toEqual(Array.from({ length: CELLS }, () => true));
  });
});
