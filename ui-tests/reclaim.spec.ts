// The end is near: what will be lost, the user's checkpoint cells, the receipt afterwards, and what a countdown is by.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import { type Browser, type Page, expect, test } from '@playwright/test';
import { command, whenLabIsUp } from '../bench/lib/lab.mts';
import { type IServer, startServer } from '../bench/lib/server.mts';
import { dismiss, whenKernelAnswers } from './lib/page-parts.ts';

// Each test has a server of its own, some have two, and the deadlines are real.
test.describe.configure({ mode: 'parallel', timeout: 180_000 });

const FILE = 'a.ipynb';
const code = (id: string, source: string, tags: string[] = []) => ({
  ...{ cell_type: 'code', id, source, outputs: [], execution_count: null },
  metadata: tags.length > 0 ? { tags } : {}
});
const VARIABLES = 'prices = bytearray(50_000_000)\nname = "x"';
/** Each run leaves a line. */
const CHECKPOINT = 'with open("runs.txt", "a") as file:\n    file.write(f"{len(prices)}\\n")';

/** The companion asks what a kernel holds a second after its last cell; what comes sooner is of the cell itself. */
const ASKED_AFTER_MS = 700;

const banner = (page: Page) => page.locator('.lk-Reclaim');
const losses = (page: Page) => page.locator('#labkeeper-losses');
const toasts = (page: Page) => page.locator('.Toastify');

/** A server that watches a file for notices, a notebook with a checkpoint cell, and a page that has it open. */
class Scene {
  static async start(
    browser: Browser,
    options: { home?: string; clockAheadMs?: number } = {}
  ): Promise<Scene> {
    const home = options.home ?? mkdtempSync(join(tmpdir(), 'labkeeper-reclaim-'));
    const notice = join(home, 'reclaim');
    const server = await startServer({
      home,
      memory: '900M',
      environment: { LABKEEPER_RECLAIM_FILE: notice }
    });
    const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
    await page.addInitScript(aheadMs => {
      const { now } = Date;
      Date.now = () => now() + aheadMs;
    }, options.clockAheadMs ?? 0);
    return new Scene(server, page, home, notice);
  }

  private constructor(
    readonly server: IServer,
    readonly page: Page,
    readonly home: string,
    readonly noticeFile: string
  ) {
    page.on('websocket', socket =>
      socket.on('framesent', ({ payload }) => {
        this.hasToldCells ||= String(payload).includes('"reclaim/checkpoints"');
      })
    );
  }

  async open(checkpoint = CHECKPOINT): Promise<void> {
    const cells = [
      code('a', VARIABLES),
      code('b', checkpoint, ['labkeeper-checkpoint']),
      code('c', 'import time; time.sleep(12); late = 1')
    ];
    const kernelspec = { name: 'python3', display_name: 'Python 3', language: 'python' };
    const made = await this.server.fetch(`/api/contents/${FILE}`, {
      method: 'PUT',
      body: JSON.stringify({
        type: 'notebook',
        content: { metadata: { kernelspec }, nbformat: 4, nbformat_minor: 5, cells }
      })
    });
    expect(made.status).toBe(201);
    const { url, token } = this.server;
    await this.page.goto(`${url}/lab/tree/${FILE}?token=${token}`);
    await whenLabIsUp(this.page);
    await expect(this.page.locator('.jp-NotebookPanel:visible .jp-Cell').first()).toBeVisible({
      timeout: 30_000
    });
    await whenKernelAnswers(this.page);
  }

  /** Runs the cell with this number, and waits for its end unless it is told not to. */
  async run(index: number, wait = true): Promise<void> {
    const cell = this.page.locator('.jp-NotebookPanel:visible .jp-CodeCell').nth(index);
    await cell.locator('.cm-content').click();
    await this.page.keyboard.press('ControlOrMeta+Enter');
    if (wait) {
      await expect(cell.locator('.jp-InputPrompt')).toHaveText(/\[\d+\]/);
      this.ranAtMs = Date.now();
    }
  }

  /** Waits until the companion knows of the checkpoint cell and, where one has run, what the idle kernel holds. */
  async whenKnown(): Promise<void> {
    await expect.poll(() => this.hasToldCells, { timeout: 30_000 }).toBe(true);
    const kernel = async (): Promise<string> => {
      const kernels: { last_activity: string; execution_state: string }[] = await (
        await this.server.fetch('/api/kernels')
      ).json();
      const [{ last_activity, execution_state } = { last_activity: '', execution_state: '' }] = kernels;
      // Its question, a second after the cell, is something that the kernel does.
      return Date.parse(last_activity) > this.ranAtMs + ASKED_AFTER_MS ? execution_state : 'not asked';
    };
    await expect.poll(kernel, { timeout: 60_000 }).toBe('idle');
    await this.page.waitForTimeout(500);
  }

  notice(text: string): void {
    writeFileSync(this.noticeFile, text);
  }

  withdraw(): void {
    rmSync(this.noticeFile, { force: true });
  }

  /** What each run of the checkpoint cell left. */
  get runs(): string[] {
    const path = join(this.home, 'work', 'runs.txt');
    return existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [];
  }

  get files(): string[] {
    return readdirSync(join(this.home, 'work'));
  }

  async stop(): Promise<void> {
    await this.page.context().close();
    await this.server.stop();
    rmSync(this.home, { recursive: true, force: true });
  }

  private hasToldCells = false;
  private ranAtMs = 0;
}

test.describe('a notice in a file', () => {
  let scene: Scene;

  test.beforeEach(async ({ browser }) => {
    scene = await Scene.start(browser);
    await scene.open();
    await scene.run(0);
    await scene.whenKnown();
  });
  test.afterEach(async ({}, info) => {
    if (info.status !== info.expectedStatus) {
      await scene.page.screenshot({ path: info.outputPath('page.png') });
      console.log(scene.server.log().slice(-3000));
    }
    await scene.stop();
  });

  test('is counted down with what will be lost; the checkpoint cell runs once; it is withdrawn', async () => {
    const { page } = scene;
    scene.notice('90');
    await expect(banner(page)).toContainText('This machine will be reclaimed in 1:', { timeout: 15_000 });
    await expect(banner(page)).toContainText('Checkpoint cell of a.ipynb: done at', { timeout: 15_000 });
    await expect(banner(page)).toContainText(
      /The variables of one kernel will be lost: prices 48 MB, name \d+ B(, …)? \(as of (\d+ s ago|just now)\)/
    );
    expect(scene.runs).toEqual(['50000000']);

    await banner(page).getByRole('button', { name: 'What will be lost' }).click();
    await expect(losses(page)).toContainText(/a\.ipynb\s*idle, \d+ MB of memory; \d+ variables as of/);
    await expect(losses(page).getByRole('row', { name: /prices bytearray 48 MB/ })).toBeVisible();
    for (const theme of ['JupyterLab Light', 'JupyterLab Dark']) {
      await command(page, 'apputils:change-theme', { theme });
      await page.waitForTimeout(1000);
      const name = theme.endsWith('Dark') ? 'dark' : 'light';
      await page.screenshot({ path: `test-results/reclaim-${name}.png` });
      const { violations } = await new AxeBuilder({ page })
        .include('.lk-Reclaim')
        .include('#labkeeper-losses')
        .analyze();
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(node => node.html).join(' ')}`)).toEqual(
        []
      );
    }
    await page.setViewportSize({ width: 700, height: 800 });
    await page.waitForTimeout(500);
    await page.screenshot({ path: 'test-results/reclaim-narrow.png' });
    await expect(banner(page).getByRole('button', { name: 'What will be lost' })).toBeInViewport();
    await page.setViewportSize({ width: 1280, height: 800 });

    // An earlier end is the same event, and no reason to run it again; the cell's number is not used up.
    scene.notice('30');
    await expect(banner(page)).toContainText('in 0:', { timeout: 15_000 });
    await scene.run(0);
    await expect(page.locator('.jp-CodeCell').first().locator('.jp-InputPrompt')).toHaveText('[2]:');
    expect(scene.runs).toHaveLength(1);

    scene.withdraw();
    await expect(toasts(page)).toContainText('The notice is withdrawn: the server goes on.', {
      timeout: 15_000
    });
    await expect(banner(page)).toHaveCount(0);
    await expect(losses(page)).toHaveCount(0);
  });

  test('finds a kernel busy: its variables are of its last idle moment, the checkpoint cell waits', async () => {
    const { page } = scene;
    await scene.run(2, false);
    await page.waitForTimeout(500);
    scene.notice('90');
    await expect(banner(page)).toContainText(
      'Checkpoint cell of a.ipynb: waiting for the kernel, which is busy',
      { timeout: 10_000 }
    );
    await expect(banner(page)).toContainText(/prices 48 MB.* \(as of \d+ s ago\)/);
    await page.screenshot({ path: 'test-results/reclaim-busy.png' });
    expect(scene.runs).toEqual([]);
    await expect(banner(page)).toContainText('Checkpoint cell of a.ipynb: done at', { timeout: 30_000 });
    expect(scene.runs).toEqual(['50000000']);
    await banner(page).getByRole('button', { name: 'What will be lost' }).click();
    await expect(losses(page).getByRole('row', { name: /late int 28 B/ })).toBeVisible({ timeout: 15_000 });
  });

  test('that keeps memory says so, and runs nothing', async () => {
    const { page } = scene;
    scene.notice('{"deadline": 60, "kind": "maintenance", "memoryKept": true}');
    await expect(banner(page)).toContainText('and stands still for a moment. Memory is kept.', {
      timeout: 15_000
    });
    await page.waitForTimeout(2000);
    await expect(banner(page).getByRole('button', { name: 'What will be lost' })).toHaveCount(0);
    expect(scene.runs).toEqual([]);
    // A true end that comes later counts more.
    scene.notice('{"deadline": 80, "kind": "reclaim"}');
    await expect(banner(page)).toContainText('This machine will be reclaimed in 1:', { timeout: 15_000 });
  });

  test('in a trial runs checkpoint cells only when asked to, and the report has it all', async () => {
    const { page } = scene;
    await command(page, 'labkeeper:simulate-reclaim-1');
    await expect(toasts(page)).toContainText('no change to a document would have been lost', {
      timeout: 15_000
    });
    const report = scene.files.find(name => name.startsWith('Reclaim trial')) ?? '';
    const text = readFileSync(join(scene.home, 'work', report), 'utf8');
    expect(text).toContain('| prices | bytearray | 48 MB |');
    expect(text).toContain('Checkpoint cell of a.ipynb: not run.');
    expect(scene.runs).toEqual([]);
    await expect(banner(page)).toHaveCount(0, { timeout: 20_000 });
    await command(page, 'labkeeper:simulate-reclaim-with-checkpoints');
    await expect(banner(page)).toContainText('Checkpoint cell of a.ipynb: done at', { timeout: 15_000 });
    expect(scene.runs).toHaveLength(1);
    await banner(page).getByRole('button', { name: 'End the trial' }).click();
    await expect(banner(page)).toHaveCount(0, { timeout: 20_000 });
  });
});

test('a page whose clock is ten minutes ahead counts down to the right moment', async ({ browser }) => {
  const scene = await Scene.start(browser, { clockAheadMs: 600_000 });
  try {
    await scene.open();
    scene.notice('100');
    await expect(banner(scene.page)).toContainText(/reclaimed in 1:[23]\d\./, { timeout: 8000 });
  } finally {
    await scene.stop();
  }
});

test('after a machine that vanished there is a receipt, once', async ({ browser }) => {
  const first = await Scene.start(browser);
  await first.open('raise OSError("no | space")');
  await first.run(0);
  await first.whenKnown();
  first.notice('60');
  for (const seen of ['Checkpoint cell of a.ipynb: failed: OSError: no | space', 'prices 48 MB'])
    await expect(banner(first.page)).toContainText(seen, { timeout: 15_000 });
  await expect(banner(first.page)).toHaveClass(/lk-mod-safe/, { timeout: 15_000 });
  // What was seen is on the home within two seconds.
  await first.page.waitForTimeout(3000);
  const companion = first.server.companionPid();
  process.kill(first.server.pid, 'SIGKILL');
  if (companion) process.kill(companion, 'SIGKILL');
  await first.page.context().close();
  await first.server.stop();
  first.withdraw();

  const second = await Scene.start(browser, { home: first.home });
  const { page, server } = second;
  try {
    await page.goto(`${server.url}/lab?token=${server.token}&reset`);
    await whenLabIsUp(page);
    await expect(toasts(page)).toContainText(
      /The server before this one ended after a notice\. Nothing was unsafe at .*\d+:\d+:\d+/,
      { timeout: 40_000 }
    );
    // Why the server vanished is told first.
    await dismiss(page);
    await page.screenshot({ path: 'test-results/reclaim-receipt-offered.png' });
    await toasts(page).getByRole('button', { name: 'Read the receipt' }).click();
    await expect(page.locator('.jp-MarkdownViewer, .jp-FileEditor')).toBeVisible();
    await page.screenshot({ path: 'test-results/reclaim-receipt.png' });
    const file = second.files.find(name => name.startsWith('Reclaim receipt')) ?? '';
    const text = readFileSync(join(second.home, 'work', file), 'utf8');
    expect(text).toContain('It came from: file.');
    expect(text).toMatch(/\| a\.ipynb \| nothing \| in the (file|journal) \|/);
    expect(text).toContain('| prices | bytearray | 48 MB |');
    expect(text).toContain('Checkpoint cell of a.ipynb: failed: OSError: no \\| space.');
    await expect(toasts(page)).not.toContainText('ended after a notice');
    await page.reload();
    await whenLabIsUp(page);
    await page.waitForTimeout(3000);
    await expect(toasts(page)).not.toContainText('ended after a notice');
  } finally {
    await second.stop();
  }
});

test('File > Shut Down loses nothing that was typed just before', async ({ browser }) => {
  const first = await Scene.start(browser);
  await first.open();
  const { page } = first;
  // These tests use Playwright without Galata.
  // eslint-disable-next-line jupyter/galata-prefer-notebook-cell-helper
  await page.locator('.jp-CodeCell').first().locator('.cm-content').click();
  await page.keyboard.press('ControlOrMeta+End');
  await page.keyboard.type('\nlast = 1');
  void command(page, 'filemenu:shutdown').catch(() => {
    // The page may be gone before the command is over.
  });
  await page.locator('.jp-Dialog').getByRole('button', { name: 'Shut Down' }).click();
  await expect(page.locator('body')).toContainText('Server stopped', { timeout: 20_000 });
  await page.screenshot({ path: 'test-results/shut-down.png' });
  await expect.poll(() => first.server.exitCode(), { timeout: 20_000 }).not.toBeNull();
  await page.context().close();
  await first.server.stop();
  const second = await startServer({ home: first.home, memory: '900M' });
  try {
    await expect
      .poll(
        () =>
          readdirSync(join(first.home, 'work'))
            .filter(name => name.endsWith('.ipynb'))
            .some(name => readFileSync(join(first.home, 'work', name), 'utf8').includes('last = 1')),
        { timeout: 20_000 }
      )
      .toBe(true);
  } finally {
    await second.stop();
    rmSync(first.home, { recursive: true, force: true });
  }
});
