// Disks that take nothing: full, read-only, of the documents and of the home.
import { execFileSync } from 'node:child_process';
import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Page, expect, test } from '@playwright/test';
import { type IServer, startServer } from '../bench/lib/server.mts';
import {
  dialogs,
  expectSentence,
  filesOf,
  isDirty,
  light,
  saveAll,
  sourceOnDisk,
  type
} from './lib/documents.ts';
import { openNotebook } from './lib/page-parts.ts';

const FILE = 'a.ipynb';
const FULL = 'The disk is full. Delete something, and saving goes on by itself.';
const READ_ONLY = 'The folder can only be read. Save the document in another folder.';

const MORE = ' more'.repeat(4000);

/** Fills the file system of a path to the last byte. */
function fill(path: string): void {
  const { bfree, bsize } = statfsSync(path);
  writeFileSync(join(path, 'filler'), Buffer.alloc(Number(bfree) * Number(bsize) + 1024 * 1024));
}

// Each part has a server of its own, so that workers can share them.
test.describe.configure({ mode: 'parallel' });

for (const where of ['documents', 'home'] as const) {
  test.describe(`8 MB for the ${where}`, () => {
    test.describe.configure({ mode: 'default' });
    let home: string;
    let server: IServer;
    let page: Page;

    test.beforeAll(async () => {
      home = mkdtempSync(join(tmpdir(), 'labkeeper-small-'));
      const mounts =
        where === 'documents'
          ? [`mount -t tmpfs -o size=8m tmpfs '${home}/work'`]
          : [`mount -t tmpfs -o size=8m tmpfs '${home}'`, `mkdir '${home}/work'`];
      server = await startServer({ memory: '700M', home, inside: mounts });
    });
    test.afterAll(async () => {
      await server.stop();
      rmSync(home, { recursive: true, force: true });
    });
    test.beforeEach(async ({ browser }) => {
      page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
      await server.fetch(`/api/contents/${FILE}`, { method: 'DELETE' });
      await openNotebook(page, server, '/lab/tree/', FILE);
      await expect(light(page)).toHaveText(/^●Safe$/, { timeout: 30_000 });
    });
    test.afterEach(async ({}, info) => {
      if (info.status !== info.expectedStatus) await page.screenshot({ path: info.outputPath('page.png') });
      await page.context().close();
    });

    const disk = (): string => server.inside(where === 'documents' ? join(home, 'work') : home);

    test('full', async () => {
      test.setTimeout(150_000);
      await type(page, 'before');
      try {
        fill(disk());
      } catch (error) {
        // The last write is the one that does not fit.
        expect(String(error)).toContain('ENOSPC');
      }
      await saveAll(page);
      await type(page, ' during');
      // More than what is left of the last block of the journal's file.
      await page.keyboard.insertText(MORE);
      if (where === 'documents') {
        await expect(light(page)).toHaveText(/^◒Safe in the journal only$/, { timeout: 40_000 });
      } else {
        // Neither file nor journal: the browser has it.
        await expect(light(page)).toHaveText(/■Safe in this browser only: \d+ s/, { timeout: 60_000 });
      }
      await expectSentence(page, FILE, FULL);
      await page.waitForTimeout(12_000);
      await expectSentence(page, FILE, FULL);
      expect(sourceOnDisk(server, FILE)).toBe('');
      rmSync(join(disk(), 'filler'));
      await expect.poll(() => sourceOnDisk(server, FILE), { timeout: 60_000 }).toBe(`before during${MORE}`);
      await expect(light(page)).toHaveText(/^●Safe$/, { timeout: 30_000 });
      expect(await isDirty(page)).toBe(false);
      expect(filesOf(server).filter(name => name.startsWith('.~') || name.endsWith('.saving'))).toEqual([]);
      expect(await dialogs(page).count()).toBe(0);
    });

    // The journal's own file is open in the home, which keeps it from being made read-only: see journal-trouble.test.ts.
    if (where === 'home') return;

    test('read-only', async () => {
      test.setTimeout(150_000);
      const remount = (how: 'ro' | 'rw'): void => {
        const path = join(home, 'work');
        execFileSync('nsenter', ['-t', String(server.pid), '-m', 'mount', '-o', `remount,${how}`, path]);
      };
      await type(page, 'before');
      remount('ro');
      try {
        await saveAll(page);
        await type(page, ' during');
        await expect(light(page)).toHaveText(/^◒Safe in the journal only$/, { timeout: 60_000 });
        await expectSentence(page, FILE, READ_ONLY);
        await page.waitForTimeout(12_000);
        await expectSentence(page, FILE, READ_ONLY);
      } finally {
        remount('rw');
      }
      await expect.poll(() => sourceOnDisk(server, FILE), { timeout: 60_000 }).toBe('before during');
      await expect(light(page)).toHaveText(/^●Safe$/, { timeout: 30_000 });
    });
  });
}
