// Recovered copies of documents whose files somebody changed while no server ran.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { command, whenLabIsUp } from '../bench/lib/lab.mts';
import { type IServer, startServer } from '../bench/lib/server.mts';
import { filesOf, light, openLab, sourceOnDisk, textOnDisk, type, workPath } from './lib/documents.ts';

const FILE = 'a.ipynb';
/** One without a checkpoint. */
const BARE = 'c.ipynb';

test('of edits whose file was changed while no server ran, texts are recovered, and cells from the checkpoint or when the file is back', async ({
  browser
}) => {
  test.setTimeout(180_000);
  const home = mkdtempSync(join(tmpdir(), 'labkeeper-changed-'));
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
  const cells = [
    { cell_type: 'code', id: 'a', source: 'old', metadata: {}, outputs: [], execution_count: null }
  ];
  const notebook = JSON.stringify({
    metadata: { kernelspec: { name: 'python3', display_name: 'Python 3', language: 'python' } },
    nbformat: 4,
    nbformat_minor: 5,
    cells
  });
  const files = { 'b.py': 'one\n', [FILE]: notebook, [BARE]: notebook };
  /** Starts a server with the home, and brings up the list of what is recovered. */
  const nextServer = async () => {
    const server = await startServer({ home, memory: '700M' });
    await page.goto(`${server.url}/lab?token=${server.token}&reset`);
    await whenLabIsUp(page);
    await command(page, 'labkeeper:show-saves');
    await expect(page.locator('.lk-Recovery').first()).toBeVisible({ timeout: 60_000 });
    return server;
  };
  const rowOf = (file: string) =>
    page.locator('.lk-Saves-row', { hasText: file, has: page.locator('.lk-Recovery') });
  try {
    const first = await startServer({ home, memory: '700M' });
    for (const [file, text] of Object.entries(files)) writeFileSync(workPath(first, file), text);
    for (const file of Object.keys(files)) {
      await openLab(page, first, file);
      await type(page, 'mine');
      await expect(light(page)).toHaveText(/Safe as of/);
      await expect(light(page)).toHaveText(/^●Safe$/, { timeout: 10_000 });
    }
    const companion = first.companionPid();
    process.kill(first.pid, 'SIGKILL');
    if (companion) process.kill(companion, 'SIGKILL');
    await page.goto('about:blank');
    await first.stop();
    writeFileSync(join(home, 'work', 'b.py'), 'theirs\n');
    for (const file of [FILE, BARE])
      writeFileSync(join(home, 'work', file), notebook.replace('old', 'theirs'));
    rmSync(join(home, 'work', '.ipynb_checkpoints', 'c-checkpoint.ipynb'));

    const second = await nextServer();
    const copyOf = (server: IServer, name: string) =>
      filesOf(server).find(file => file.startsWith(`${name} (recovered`)) ?? '';
    for (const file of ['b.py', FILE]) await expect(rowOf(file)).toContainText('compare before you restore');
    expect(textOnDisk(second, copyOf(second, 'b'))).toBe('one\nmine');
    expect(sourceOnDisk(second, copyOf(second, 'a'))).toBe('oldmine');
    await expect(rowOf(BARE)).toContainText('bring the earlier version of the file back');
    expect(copyOf(second, 'c')).toBe('');
    await page.screenshot({ path: 'test-results/recovered-changed.png' });
    await second.stop();

    writeFileSync(join(home, 'work', BARE), notebook);
    const third = await nextServer();
    await expect(rowOf(BARE)).toContainText('1 cell differs from the file.');
    expect(sourceOnDisk(third, copyOf(third, 'c'))).toBe('oldmine');
    await third.stop();
  } finally {
    await page.context().close();
    rmSync(home, { recursive: true, force: true });
  }
});
