// Recovered copies of documents whose files somebody changed while no server ran.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { command, whenLabIsUp } from '../bench/lib/lab.mts';
import { startServer } from '../bench/lib/server.mts';
import { filesOf, light, openLab, sourceOnDisk, textOnDisk, type, workPath } from './lib/documents.ts';

const FILE = 'a.ipynb';

test('of edits whose file was changed while no server ran, a text is recovered whole; a cell is, when its file is back', async ({
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
  const files = { 'b.py': 'one\n', [FILE]: notebook };
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
    writeFileSync(join(home, 'work', FILE), notebook.replace('old', 'theirs'));

    const second = await nextServer();
    await expect(rowOf('b.py')).toContainText('compare before you restore');
    const copy = filesOf(second).find(name => name.startsWith('b (recovered')) ?? '';
    expect(textOnDisk(second, copy)).toBe('one\nmine');
    await expect(rowOf(FILE)).toContainText('bring the earlier version of the file back');
    await page.screenshot({ path: 'test-results/recovered-changed.png' });
    await second.stop();

    writeFileSync(join(home, 'work', FILE), notebook);
    const third = await nextServer();
    await expect(rowOf(FILE)).toContainText('1 cell differs from the file.');
    const made = filesOf(third).find(name => name.startsWith('a (recovered')) ?? '';
    expect(sourceOnDisk(third, made)).toBe('oldmine');
    await third.stop();
  } finally {
    await page.context().close();
    rmSync(home, { recursive: true, force: true });
  }
});
