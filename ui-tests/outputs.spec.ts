// What kernels print while no page is open: stock JupyterLab loses it, Labkeeper puts it into the document.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, type Page, chromium, expect, test } from '@playwright/test';
import { command, whenLabIsUp } from '../bench/lib/lab.mts';
import { type IServer, startServer } from '../bench/lib/server.mts';
import { openNotebook, whenInFront } from './lib/page-parts.ts';

/** Text that grows, a display that is updated, and an error at the end. */
const code = (lines: number) => [
  'import time',
  'from IPython.display import display',
  'shown = display("step 0", display_id=True)',
  `for i in range(1, ${lines + 1}):`,
  '    print("line", i, flush=True)',
  '    shown.update(f"step {i}")',
  '    time.sleep(0.3)',
  '1 / 0'
];
const printed = (lines: number) =>
  Array.from({ length: lines }, (_, index) => `line ${index + 1}\n`).join('');

interface IOutput {
  readonly output_type: string;
  readonly text?: string | readonly string[];
  readonly data?: Readonly<Record<string, string | readonly string[]>>;
  readonly ename?: string;
}

const light = (page: Page) => page.locator('.jp-NotebookPanel-toolbar:visible .lk-Light');
const outputs = (page: Page) => page.locator('.jp-NotebookPanel:visible .jp-Cell .jp-OutputArea-output');
const filesOf = (server: IServer) =>
  readdirSync(server.inside(join(server.home, 'work'))).filter(name => !name.startsWith('.'));

async function type(page: Page, lines: readonly string[]): Promise<void> {
  const cell = page.locator('.jp-NotebookPanel:visible .jp-Cell .cm-content').first();
  // A page that has just come up may take the focus away once more.
  await expect(async () => {
    // These tests use Playwright without Galata.
    // eslint-disable-next-line jupyter/galata-prefer-notebook-cell-helper
    await cell.click();
    await expect(page.locator('.jp-Notebook:visible.jp-mod-editMode')).toHaveCount(1, { timeout: 500 });
    await expect(cell).toBeFocused({ timeout: 500 });
  }).toPass({ timeout: 15_000 });
  await page.keyboard.press('ControlOrMeta+End');
  await page.keyboard.insertText(lines.join('\n'));
  await expect(cell).toContainText(lines[0] ?? '');
}

function firstCell(
  server: IServer,
  file: string
): { source: string; outputs: IOutput[]; count: number | null } {
  const notebook: {
    cells: { source: string | string[]; outputs: IOutput[]; execution_count: number | null }[];
  } = JSON.parse(readFileSync(server.inside(join(server.home, 'work', file)), 'utf8'));
  const [cell] = notebook.cells;
  return {
    source: [cell?.source ?? ''].flat().join(''),
    outputs: cell?.outputs ?? [],
    count: cell?.execution_count ?? null
  };
}

const text = (value: string | readonly string[] | undefined) => [value ?? ''].flat().join('');

/** All of it, once, as JupyterLab would have saved it. */
function expectWhole({ outputs, count }: ReturnType<typeof firstCell>, lines: number): void {
  expect(outputs.map(({ output_type }) => output_type)).toEqual(['display_data', 'stream', 'error']);
  expect(text(outputs[0]?.data?.['text/plain'])).toBe(`'step ${lines}'`);
  expect(text(outputs[1]?.text)).toBe(printed(lines));
  expect(outputs[2]?.ename).toBe('ZeroDivisionError');
  expect(count).toBe(1);
}

async function newPage(browser: Browser): Promise<Page> {
  return (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
}

/** Opens a file that is there, as somebody does who comes back. */
async function reopen(page: Page, server: IServer, file: string): Promise<void> {
  await page.goto(`${server.url}/lab/tree/${file}?token=${server.token}`);
  await whenLabIsUp(page);
  await whenInFront(page, file);
  await expect(page.locator('.jp-NotebookPanel:visible .jp-Cell').first()).toBeVisible();
}

/** Opens a notebook, runs its code, which is saved before or not, and closes the page in the middle. */
async function runAndLeave(
  browser: Browser,
  server: IServer,
  file: string,
  lines: number,
  saved: boolean
): Promise<void> {
  const page = await newPage(browser);
  await openNotebook(page, server, '/lab/tree/', file);
  await type(page, code(lines));
  if (saved) await command(page, 'docmanager:save');
  await page.keyboard.press('ControlOrMeta+Enter');
  await expect(outputs(page).nth(1)).toContainText('line 5\n');
  await page.context().close();
}

/** Waits until the kernel of a notebook has nothing to do. */
async function whenIdle(server: IServer): Promise<void> {
  await expect
    .poll(
      async () => {
        const kernels: { execution_state: string }[] = await (await server.fetch('/api/kernels')).json();
        return kernels.every(({ execution_state }) => execution_state === 'idle');
      },
      { timeout: 30_000 }
    )
    .toBe(true);
}

async function stopKernels(server: IServer): Promise<void> {
  const sessions: { id: string }[] = await (await server.fetch('/api/sessions')).json();
  for (const { id } of sessions) await server.fetch(`/api/sessions/${id}`, { method: 'DELETE' });
}

// Each part has a server of its own, so that workers can share them.
test.describe.configure({ mode: 'parallel' });

for (const ours of [false, true]) {
  test.describe(ours ? 'with Labkeeper' : 'stock JupyterLab', () => {
    test.describe.configure({ mode: 'default' });
    let server: IServer;

    test.beforeAll(async () => {
      server = await startServer({
        memory: '700M',
        environment: ours ? {} : { LABKEEPER_DISABLE: 'save-guard' }
      });
    });
    test.afterAll(() => server.stop());

    test(
      ours
        ? 'what a cell put out while no page was open is there, once, and is saved'
        : 'what a cell put out while no page was open is lost',
      async ({ browser }, info) => {
        test.setTimeout(120_000);
        const file = 'closed.ipynb';
        const lines = 30;
        await runAndLeave(browser, server, file, lines, true);
        await whenIdle(server);
        const page = await newPage(browser);
        await reopen(page, server, file);
        if (!ours) {
          // Long enough for everything that is on its way.
          await page.waitForTimeout(10_000);
          expect(await outputs(page).allTextContents()).not.toContainEqual(
            expect.stringContaining(`line ${lines}`)
          );
          await page.context().close();
          return;
        }
        await expect(outputs(page).nth(1)).toContainText(`line ${lines}\n`, { timeout: 15_000 });
        await expect(outputs(page)).toHaveCount(3);
        await page.screenshot({ path: info.outputPath('outputs.png') });
        await expect.poll(() => firstCell(server, file).count, { timeout: 30_000 }).toBe(1);
        expectWhole(firstCell(server, file), lines);
        expect(filesOf(server)).toEqual([file]);
        await page.context().close();
        await stopKernels(server);
      }
    );
  });
}

test.describe('the save guard', () => {
  test.describe.configure({ mode: 'default' });
  let server: IServer;

  test.beforeAll(async () => {
    server = await startServer({ memory: '700M' });
  });
  test.afterAll(() => server.stop());
  test.afterEach(() => stopKernels(server));

  test('a page that is opened while a cell still runs shows all of it, and nothing twice', async ({
    browser
  }) => {
    test.setTimeout(120_000);
    const file = 'running.ipynb';
    // Some 40 s: a page needs several of them to open.
    const lines = 130;
    await runAndLeave(browser, server, file, lines, false);
    expect(firstCell(server, file).source).toBe('');
    const page = await newPage(browser);
    await reopen(page, server, file);
    await expect(page.locator('.jp-NotebookPanel:visible .jp-InputPrompt').first()).toHaveText('[*]:', {
      timeout: 15_000
    });
    await expect(outputs(page).nth(1)).toContainText(`line ${lines}\n`, { timeout: 60_000 });
    await expect(outputs(page)).toHaveCount(3);
    await expect(page.locator('.jp-NotebookPanel:visible .jp-InputPrompt').first()).toHaveText('[1]:');
    await expect.poll(() => firstCell(server, file).count, { timeout: 40_000 }).toBe(1);
    expectWhole(firstCell(server, file), lines);
    expect(firstCell(server, file).source).toBe(code(lines).join('\n'));
    expect(filesOf(server).filter(name => name.includes('recovered'))).toEqual([]);
    await page.context().close();
  });

  test('an edit that only the journal holds when the browser is killed is offered, and restored', async ({
    browser
  }, info) => {
    test.setTimeout(120_000);
    const file = 'killed.ipynb';
    const doomed = await chromium.launch();
    const first = await newPage(doomed);
    await openNotebook(first, server, '/lab/tree/', file);
    await type(first, ['precious']);
    await expect(light(first)).toHaveText(/Safe as of/);
    await expect(light(first)).toHaveText(/^●Safe$/, { timeout: 10_000 });
    expect(firstCell(server, file).source).toBe('');
    await doomed.close();

    const page = await newPage(browser);
    await reopen(page, server, file);
    await expect(page.locator('.Toastify')).toContainText(
      'A document held more than its file when its page went away',
      { timeout: 20_000 }
    );
    await page.locator('.Toastify').getByRole('button', { name: 'Show' }).click();
    const card = page.locator('.lk-Recoveries');
    await expect(card).toContainText('1 cell differs from the file.');
    await page.screenshot({ path: info.outputPath('offered.png') });
    await card.getByRole('button', { name: 'Restore' }).click();
    await expect(card).toHaveCount(0);
    expect(firstCell(server, file).source).toBe('precious');
    // The open document is what the file is now.
    await expect(page.locator('.jp-NotebookPanel:visible .jp-Cell .cm-content').first()).toHaveText(
      'precious'
    );
    expect(filesOf(server).filter(name => name.startsWith('killed (before recovery'))).toHaveLength(1);
    await page.context().close();
  });

  test('a page that loses its companion for a while keeps its own outputs: nothing twice, nothing offered', async ({
    browser
  }) => {
    test.setTimeout(120_000);
    const file = 'cut.ipynb';
    const lines = 60;
    const page = await newPage(browser);
    let cut = (): Promise<void> => Promise.resolve();
    let isCut = false;
    await page.routeWebSocket(/\/labkeeper\/ws/, async socket => {
      if (isCut) {
        await socket.close();
        return;
      }
      const server = socket.connectToServer();
      cut = async () => {
        isCut = true;
        await server.close();
        await socket.close();
      };
    });
    await openNotebook(page, server, '/lab/tree/', file);
    await type(page, code(lines));
    await command(page, 'docmanager:save');
    await page.keyboard.press('ControlOrMeta+Enter');
    await expect(outputs(page).nth(1)).toContainText('line 5\n');
    await cut();
    await expect(outputs(page).nth(1)).toContainText('line 40\n', { timeout: 30_000 });
    isCut = false;
    await expect(outputs(page)).toHaveCount(3, { timeout: 40_000 });
    await expect(light(page)).toHaveText(/^●Safe$/, { timeout: 45_000 });
    await expect.poll(() => firstCell(server, file).count, { timeout: 60_000 }).toBe(1);
    expectWhole(firstCell(server, file), lines);
    await command(page, 'labkeeper:show-saves');
    await expect(page.locator('#labkeeper-saves')).toContainText(file);
    expect(await page.locator('.lk-Recoveries').count()).toBe(0);
    expect(filesOf(server).filter(name => name.includes('recovered'))).toEqual([]);
    await page.context().close();
  });

  test('a cell that is run again in the page that was opened keeps its own outputs', async ({ browser }) => {
    test.setTimeout(120_000);
    const file = 'again.ipynb';
    const first = await newPage(browser);
    await openNotebook(first, server, '/lab/tree/', file);
    await type(first, [
      'import time',
      'for i in range(60):',
      '    print("of run", len(In) - 1, i, flush=True)',
      '    time.sleep(0.3)'
    ]);
    await command(first, 'docmanager:save');
    await first.keyboard.press('ControlOrMeta+Enter');
    await expect(outputs(first).first()).toContainText('of run 1 3\n');
    const page = await newPage(browser);
    await reopen(page, server, file);
    // These tests use Playwright without Galata.
    // eslint-disable-next-line jupyter/galata-prefer-notebook-cell-helper
    await page.locator('.jp-NotebookPanel:visible .jp-Cell .cm-content').first().click();
    // eslint-disable-next-line jupyter/galata-prefer-notebook-cell-helper
    await page.keyboard.press('ControlOrMeta+Enter');
    await first.context().close();
    await expect(outputs(page).first()).toContainText('of run 2 59\n', { timeout: 60_000 });
    expect(await outputs(page).first().textContent()).not.toContain('of run 1');
    await expect.poll(() => firstCell(server, file).count, { timeout: 40_000 }).toBe(2);
    expect(JSON.stringify(firstCell(server, file).outputs)).not.toContain('of run 1');
    expect(filesOf(server).filter(name => name.includes('recovered'))).toEqual([]);
    await page.context().close();
  });
});
