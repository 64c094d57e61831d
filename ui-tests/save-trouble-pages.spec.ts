// Who saves: one of two tabs, one of two browsers, JupyterLab or nobody; and a page whose clock jumps.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { type BrowserContext, type Page, expect, test } from '@playwright/test';
import { command, whenLabIsUp } from '../bench/lib/lab.mts';
import { type IServer, startServer } from '../bench/lib/server.mts';
import {
  IN_FILE,
  dialogs,
  expectSentence,
  filesOf,
  isDirty,
  light,
  openLab,
  row,
  saveAll,
  sourceOnDisk,
  textOnDisk,
  type,
  workPath
} from './lib/documents.ts';
import { startFaultProxy } from './lib/fault-proxy.ts';
import { openNotebook } from './lib/page-parts.ts';
import { PROCESSOR } from './lib/processor.ts';

const FILE = 'a.ipynb';

// Each worker that takes some of them has a server of its own.
test.describe.configure({ mode: 'parallel' });

let server: IServer;
let contexts: BrowserContext[];

test.beforeAll(async () => {
  server = await startServer({ memory: '1G' });
});
test.afterAll(() => server.stop());
test.beforeEach(() => {
  contexts = [];
  for (const file of filesOf(server)) rmSync(workPath(server, file), { recursive: true, force: true });
});
test.afterEach(async ({}, info) => {
  for (const [index, page] of contexts.flatMap(context => context.pages()).entries())
    if (info.status !== info.expectedStatus) await page.screenshot({ path: info.outputPath(`${index}.png`) });
  for (const context of contexts) await context.close();
});

/** A page of a browser of its own. */
const newBrowser = async (browser: import('@playwright/test').Browser): Promise<Page> => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  contexts.push(context);
  return context.newPage();
};

/** Somebody else, in a terminal, writes the notebook. */
function writeElsewhere(source: string): void {
  const notebook: { cells: { source: string }[] } = JSON.parse(textOnDisk(server, FILE));
  notebook.cells.forEach(cell => (cell.source = source));
  writeFileSync(workPath(server, FILE), JSON.stringify(notebook));
}

/** A second page on the document that another page has open. */
async function openToo(page: Page): Promise<void> {
  await openLab(page, server, FILE);
}

for (const [where, sentence] of [
  ['tab', 'Another tab of yours saves this document; what you type here is in the journal.'],
  ['browser', 'A page in another browser saves this document; what you type here is in the journal.']
] as const) {
  test(`the first ${where} saves; the second one says so, keeps a journal, and takes over`, async ({
    browser
  }) => {
    test.setTimeout(180_000);
    const first = await newBrowser(browser);
    await openNotebook(first, server, '/lab/tree/', FILE);
    await expect(light(first)).toHaveText(/^●Safe$/, { timeout: 30_000 });
    const second = where === 'tab' ? await first.context().newPage() : await newBrowser(browser);
    await openToo(second);
    await type(second, 'second');
    await saveAll(second);
    await expect(light(second)).toHaveText(/^◒Safe in the journal only$/, { timeout: 40_000 });
    await expectSentence(second, FILE, sentence);
    expect(sourceOnDisk(server, FILE)).toBe('');
    await type(first, 'first');
    await saveAll(first);
    expect(sourceOnDisk(server, FILE)).toBe('first');
    await expect(light(first)).toHaveAttribute('title', IN_FILE);
    await first.close();
    await expect.poll(() => sourceOnDisk(server, FILE), { timeout: 60_000 }).toBe('second');
    const kept = filesOf(server).filter(name => name.includes('(changed elsewhere'));
    expect(kept.map(name => sourceOnDisk(server, name))).toEqual(['first']);
    expect(await dialogs(second).count()).toBe(0);
  });
}

test('with autosave switched off only the journal works, and the light says so', async ({ browser }) => {
  test.setTimeout(120_000);
  const page = await newBrowser(browser);
  await openNotebook(page, server, '/lab/tree/', FILE);
  await command(page, 'docmanager:toggle-autosave');
  try {
    await expect(light(page)).toHaveAttribute(
      'title',
      /^Everything is in the file\. Autosave is switched off: only the journal keeps your changes\./
    );
    await type(page, 'mine');
    await expect(light(page)).toHaveText(/^◒Safe in the journal only$/, { timeout: 40_000 });
    await expectSentence(page, FILE, 'Autosave is switched off: only the journal keeps your changes.');
    await page.waitForTimeout(40_000);
    expect(sourceOnDisk(server, FILE)).toBe('');
    await saveAll(page);
    expect(sourceOnDisk(server, FILE)).toBe('mine');
  } finally {
    await command(page, 'docmanager:toggle-autosave');
  }
  await expect(light(page)).toHaveAttribute('title', IN_FILE);
});

test('one answer that is not right leaves the document to JupyterLab, said once and in the light', async ({
  browser
}) => {
  test.setTimeout(120_000);
  const proxy = await startFaultProxy(server.port);
  try {
    const page = await newBrowser(browser);
    await openNotebook(page, { ...server, url: proxy.url }, '/lab/tree/', FILE);
    await type(page, 'mine');
    proxy.fault = {
      kind: 'forge',
      only: /^PUT \/labkeeper\/contents\//,
      change: answer => ({ ...answer, path: 'other.ipynb' })
    };
    await saveAll(page);
    const sentence =
      'JupyterLab saves this document, because the answer to a save of Labkeeper was not right; the journal keeps your changes too.';
    await expectSentence(page, FILE, sentence);
    await expect(page.locator('.Toastify__toast', { hasText: 'was not right' })).toHaveCount(1);
    await type(page, ' and more');
    await saveAll(page);
    expect(sourceOnDisk(server, FILE)).toBe('mine and more');
    // JupyterLab compares and asks, as it always does.
    writeElsewhere('theirs');
    await type(page, ' again');
    void saveAll(page);
    await page.locator('.jp-Dialog').getByRole('button', { name: 'Overwrite' }).click({ timeout: 30_000 });
    await expect.poll(() => sourceOnDisk(server, FILE), { timeout: 30_000 }).toBe('mine and more again');
    await expect.poll(() => isDirty(page)).toBe(false);
    await expectSentence(page, FILE, sentence);
    await expect(page.locator('.Toastify__toast', { hasText: 'was not right' })).toHaveCount(1);
  } finally {
    await proxy.close();
  }
});

test('a document on a second drive is opened and saved by JupyterLab, and the light says so', async ({
  browser
}) => {
  test.setTimeout(120_000);
  const page = await newBrowser(browser);
  await openNotebook(page, server, '/lab/tree/', FILE);
  writeFileSync(workPath(server, 'b.py'), 'first\n');
  await page.evaluate(() => {
    const { contents } = window.jupyterapp.serviceManager;
    const Drive = contents.defaultDrive.constructor;
    contents.addDrive(new Drive({ name: 'Second', serverSettings: contents.serverSettings }));
  });
  await command(page, 'docmanager:open', { path: 'Second:b.py', factory: 'Editor' });
  await expect(page.locator('.jp-FileEditor:visible .cm-content')).toContainText('first');
  await expect(page.locator('.jp-NotebookPanel:visible')).toHaveCount(0);
  await type(page, 'mine');
  await expectSentence(
    page,
    'Second:b.py',
    'JupyterLab saves this document, because it is on another drive; the journal keeps your changes too.'
  );
  await saveAll(page);
  expect(textOnDisk(server, 'b.py')).toBe('first\nmine');
  await expect(light(page)).toHaveText(/^●Safe$/, { timeout: 30_000 });
});

test('a clock that jumps changes no age and delays no save', async ({ browser }) => {
  test.setTimeout(120_000);
  const page = await newBrowser(browser);
  await openNotebook(page, server, '/lab/tree/', FILE);
  const jump = (hours: number): Promise<void> =>
    page.evaluate(ms => {
      const now = Date.now.bind(Date);
      Date.now = () => now() + ms;
    }, hours * 3_600_000);
  await type(page, 'one');
  await jump(-48);
  await expect(light(page)).toHaveText(/^●Safe$/, { timeout: 40_000 });
  await expect.poll(() => sourceOnDisk(server, FILE), { timeout: 45_000 }).toBe('one');
  await jump(96);
  await type(page, ' two');
  await expect(light(page)).toHaveText(/^●Safe as of \d+ s ago$/);
  await expect.poll(() => sourceOnDisk(server, FILE), { timeout: 45_000 }).toBe('one two');
  await expect(light(page)).toHaveText(/^●Safe$/, { timeout: 30_000 });
});

test('what a crash left of a save is found when the document is opened, and restored', async ({
  browser
}) => {
  test.setTimeout(180_000);
  // JupyterLab's server puts the copy in the place of a notebook that it cannot read; of text it does not know that.
  mkdirSync(workPath(server, 'f'));
  writeFileSync(workPath(server, 'f/a.py'), 'first = 1\nsec');
  writeFileSync(workPath(server, 'f/.~a.py'), 'first = 1\nsecond = 2\n');
  const page = await newBrowser(browser);
  // A minute after it was left it is nobody's any more, and looked at again by then.
  await openLab(page, server, 'f/a.py');
  await expect(page.locator('.Toastify')).toContainText('A document held more than its file', {
    timeout: 90_000
  });
  await page.locator('.Toastify').getByRole('button', { name: 'Show' }).click();
  const card = page.locator('.lk-Recoveries');
  await expect(card).toContainText('A save did not end. This copy is the file as it was before.');
  await page.screenshot({ path: 'test-results/left-copy.png' });
  await card.getByRole('button', { name: 'Restore' }).click();
  await expect(card).toHaveCount(0);
  expect(textOnDisk(server, 'f/a.py')).toBe('first = 1\nsecond = 2\n');
  expect(filesOf(server, 'f').some(name => name.startsWith('a (before recovery'))).toBe(true);
  expect(filesOf(server, 'f')).not.toContain('.~a.py');
});

test('an empty notebook that cannot be opened: its last checkpoint is found, and restored', async ({
  browser
}) => {
  test.setTimeout(120_000);
  const checkpoint = JSON.stringify({
    ...{ metadata: {}, nbformat: 4, nbformat_minor: 5 },
    cells: [
      { cell_type: 'code', id: 'a', metadata: {}, source: 'kept = 1', outputs: [], execution_count: null }
    ]
  });
  mkdirSync(workPath(server, 'g/.ipynb_checkpoints'), { recursive: true });
  writeFileSync(workPath(server, 'g/a.ipynb'), '');
  writeFileSync(workPath(server, 'g/.ipynb_checkpoints/a-checkpoint.ipynb'), checkpoint);
  const page = await newBrowser(browser);
  await page.goto(`${server.url}/lab/tree/g/a.ipynb?token=${server.token}&reset`);
  await whenLabIsUp(page);
  await page.locator('.jp-Dialog', { hasText: 'File Load Error' }).getByRole('button').click();
  await expect(page.locator('.Toastify')).toContainText('A document held more than its file', {
    timeout: 30_000
  });
  // JupyterLab asks whether the empty notebook that it shows is to be saved, before it closes it.
  const stock = page.locator('.jp-Dialog', { hasText: 'Save your work' });
  await stock.getByRole('button', { name: 'Discard' }).click();
  await page.locator('.Toastify').getByRole('button', { name: 'Show' }).click();
  const card = page.locator('.lk-Recoveries');
  await page.screenshot({ path: 'test-results/left-checkpoint.png' });
  await card.getByRole('button', { name: 'Restore' }).click();
  await expect(card).toHaveCount(0);
  expect(sourceOnDisk(server, 'g/a.ipynb')).toBe('kept = 1');
});

test(
  'two hundred open documents cost little, and each has its own light',
  {
    lock: PROCESSOR
  },
  async ({ browser }) => {
    test.setTimeout(600_000);
    const names = Array.from({ length: 200 }, (_, index) => `d${index}.md`);
    for (const name of names) writeFileSync(workPath(server, name), `${name}\n`);
    const page = await newBrowser(browser);
    await openLab(page, server, 'd0.md');
    const session = await page.context().newCDPSession(page);
    // CPU time of the page's thread: other programs on a busy machine do not count.
    await session.send('Performance.enable', { timeDomain: 'threadTicks' });
    const measure = async (): Promise<{ heapMb: number; taskS: number }> => {
      await session.send('HeapProfiler.collectGarbage');
      const { metrics } = await session.send('Performance.getMetrics');
      const of = (name: string): number => metrics.find(metric => metric.name === name)?.value ?? NaN;
      return { heapMb: of('JSHeapUsedSize') / 1024 / 1024, taskS: of('TaskDuration') };
    };
    const before = await measure();
    await page.evaluate(async names => {
      for (const path of names)
        await window.jupyterapp.commands.execute('docmanager:open', {
          path,
          factory: 'Editor',
          options: { activate: false }
        });
    }, names);
    await command(page, 'labkeeper:show-saves');
    await expect(page.locator('#labkeeper-saves .lk-Saves-row')).toHaveCount(200, { timeout: 60_000 });
    const last = names.at(-1) ?? '';
    await command(page, 'docmanager:open', { path: last, factory: 'Editor' });
    await type(page, 'mine');
    await expect(light(page)).toHaveText(/^●Safe$/, { timeout: 60_000 });
    await expect(row(page, last)).toContainText('Safe');
    // What JupyterLab does after opening them is over.
    await page.waitForTimeout(20_000);
    const idle = await measure();
    await page.waitForTimeout(10_000);
    const after = await measure();
    console.log(
      `heap ${before.heapMb.toFixed(0)} → ${after.heapMb.toFixed(0)} MB, ${((after.taskS - idle.taskS) * 100).toFixed(0)} ms of tasks a second`
    );
    // Editors of JupyterLab take most of it.
    expect(after.heapMb - before.heapMb).toBeLessThan(400);
    expect((after.taskS - idle.taskS) / 10).toBeLessThan(0.25);
    await expect.poll(() => textOnDisk(server, last), { timeout: 60_000 }).toBe(`${last}\nmine`);
    expect(textOnDisk(server, 'd7.md')).toBe('d7.md\n');
  }
);
