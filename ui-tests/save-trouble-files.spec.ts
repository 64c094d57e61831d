// Files that others change, take away or damage, and files with odd names: nothing of either side is lost.
import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { type Page, expect, test } from '@playwright/test';
import { command } from '../bench/lib/lab.mts';
import { type IServer, startServer } from '../bench/lib/server.mts';
import {
  dialogs,
  expectSentence,
  filesOf,
  light,
  openLab,
  saveAll,
  sourceOnDisk,
  textOnDisk,
  type,
  workPath
} from './lib/documents.ts';
import { openNotebook } from './lib/page-parts.ts';

const KEPT =
  'The file was changed by somebody else too. Both versions are kept; yours is under the name it had.';

let server: IServer;
let page: Page;

test.beforeAll(async () => {
  server = await startServer({ memory: '700M' });
});
test.afterAll(() => server.stop());
test.beforeEach(async ({ browser }) => {
  for (const file of filesOf(server)) rmSync(workPath(server, file), { recursive: true, force: true });
  page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
});
test.afterEach(async ({}, info) => {
  if (info.status !== info.expectedStatus) await page.screenshot({ path: info.outputPath('page.png') });
  await page.context().close();
});

for (const file of ['a.py', 'notes.md']) {
  test(`${file}, changed in a terminal, is kept twice and saving goes on`, async () => {
    writeFileSync(workPath(server, file), 'first\n');
    await openLab(page, server, file);
    await type(page, 'mine');
    writeFileSync(workPath(server, file), 'theirs\n');
    await saveAll(page);
    await expect(light(page)).toHaveText(/^◆Kept twice$/, { timeout: 30_000 });
    await expect(page.getByRole('status').filter({ hasText: `${file}: Kept twice.` })).toHaveCount(1);
    await expectSentence(page, file, KEPT);
    await type(page, ' and more');
    await saveAll(page);
    expect(textOnDisk(server, file)).toBe('first\nmine and more');
    const kept = filesOf(server).filter(name => name.includes('(changed elsewhere'));
    expect(kept).toHaveLength(1);
    expect(textOnDisk(server, kept[0] ?? '')).toBe('theirs\n');
    const other = page.locator('#labkeeper-saves .lk-Saves-row', { hasText: kept[0] ?? '' });
    await other.getByRole('button', { name: 'Keep both' }).click();
    await expect(light(page)).toHaveText(/^●Safe$/, { timeout: 30_000 });
    expect(await dialogs(page).count()).toBe(0);
  });
}

test('a file changed by git checkout is kept twice', async () => {
  const git = (...args: string[]): void => {
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], {
      cwd: workPath(server, ''),
      stdio: 'ignore'
    });
  };
  writeFileSync(workPath(server, 'a.py'), 'on main\n');
  git('init', '-b', 'main');
  git('add', '.');
  git('commit', '-m', 'main');
  git('checkout', '-b', 'other');
  writeFileSync(workPath(server, 'a.py'), 'on other\n');
  git('commit', '-am', 'other');
  git('checkout', 'main');
  await openLab(page, server, 'a.py');
  await type(page, 'mine');
  git('checkout', 'other');
  await saveAll(page);
  await expectSentence(page, 'a.py', KEPT);
  expect(textOnDisk(server, 'a.py')).toBe('on main\nmine');
  const kept = filesOf(server).filter(name => name.includes('(changed elsewhere'));
  expect(kept.map(name => textOnDisk(server, name))).toEqual(['on other\n']);
});

test('a file that was deleted or renamed elsewhere is written anew', async () => {
  await openNotebook(page, server, '/lab/tree/', 'a.ipynb');
  await type(page, 'one');
  rmSync(workPath(server, 'a.ipynb'));
  await saveAll(page);
  expect(sourceOnDisk(server, 'a.ipynb')).toBe('one');
  await type(page, ' two');
  renameSync(workPath(server, 'a.ipynb'), workPath(server, 'renamed.ipynb'));
  await saveAll(page);
  expect(sourceOnDisk(server, 'a.ipynb')).toBe('one two');
  expect(sourceOnDisk(server, 'renamed.ipynb')).toBe('one');
  await expect(light(page)).toHaveText(/^●Safe$/, { timeout: 30_000 });
  expect(await dialogs(page).count()).toBe(0);
});

test('a folder that is gone is said, and saved to when it is there again', async () => {
  mkdirSync(workPath(server, 'folder'));
  writeFileSync(workPath(server, 'folder/a.py'), '');
  await openLab(page, server, 'folder/a.py');
  await type(page, 'text');
  renameSync(workPath(server, 'folder'), workPath(server, 'gone'));
  await saveAll(page);
  await expect(light(page)).toHaveText(/^◒Safe in the journal only$/, { timeout: 30_000 });
  await expectSentence(
    page,
    'folder/a.py',
    'The folder of the file does not exist any more. Save the document in another folder.'
  );
  renameSync(workPath(server, 'gone'), workPath(server, 'folder'));
  await expect.poll(() => textOnDisk(server, 'folder/a.py'), { timeout: 40_000 }).toBe('text');
  await expect(light(page)).toHaveText(/^●Safe$/, { timeout: 30_000 });
});

test('a notebook that becomes no JSON while it is open is kept, and ours written', async () => {
  await openNotebook(page, server, '/lab/tree/', 'a.ipynb');
  await type(page, 'mine');
  writeFileSync(workPath(server, 'a.ipynb'), '<<<<<<< HEAD\n{"cells": [');
  await saveAll(page);
  await expectSentence(page, 'a.ipynb', KEPT);
  expect(sourceOnDisk(server, 'a.ipynb')).toBe('mine');
  const kept = filesOf(server).filter(name => name.includes('(changed elsewhere'));
  expect(kept.map(name => textOnDisk(server, name))).toEqual(['<<<<<<< HEAD\n{"cells": [']);
});

const NAMES = [
  '<img src=x onerror="window.hacked=1">.md',
  `it's "quoted" & <b>bold<b>.md`,
  '\u202Etxt.\u2066exe.md',
  'new\nline.md',
  // The longest that JupyterLab opens without an error: its checkpoint has eleven bytes more.
  `${'ä'.repeat(120)}.md`,
  'a..b?.md',
  '%2e%2e%2f#100%.md'
];

test('files with hostile names are saved, kept and named as they are', async () => {
  test.setTimeout(240_000);
  for (const name of NAMES) writeFileSync(workPath(server, name), 'first\n');
  writeFileSync(workPath(server, 'plain.md'), '');
  await openLab(page, server, 'plain.md');
  for (const name of NAMES) {
    await command(page, 'docmanager:open', { path: name, factory: 'Editor' });
    await expect(page.locator('.jp-FileEditor:visible .cm-content')).toContainText('first');
    await type(page, 'mine');
    writeFileSync(workPath(server, name), 'theirs\n');
    await saveAll(page);
    await expect(light(page)).toHaveText(/^◆Kept twice$/, { timeout: 30_000 });
    expect(textOnDisk(server, name)).toBe('first\nmine');
  }
  await command(page, 'labkeeper:show-saves');
  const shown = await page.locator('#labkeeper-saves .lk-Saves-path').allTextContents();
  for (const name of NAMES) expect(shown).toContain(name);
  const kept = filesOf(server).filter(name => name.includes('(changed elsewhere'));
  expect(kept).toHaveLength(NAMES.length);
  for (const name of kept) expect(textOnDisk(server, name)).toBe('theirs\n');
  expect(await page.evaluate(() => 'hacked' in window)).toBe(false);
  expect(await page.locator('#labkeeper-saves img').count()).toBe(0);
  expect(await dialogs(page).count()).toBe(0);
});
