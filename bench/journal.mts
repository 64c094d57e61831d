// journal.bytes, journal.cpu: a burst of typing in a small and in a large cell, in a real browser. Bytes are those of the
// journal's files, CPU that of the companion beyond what it takes when nobody types, in pairs of equal length.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Page } from '@playwright/test';
import { BROWSER } from './lib/browser.mts';
import { newNotebook, whenLabIsUp } from './lib/lab.mts';
import { record } from './lib/result.mts';
import { type IServer, startServer } from './lib/server.mts';
import { median } from './lib/statistics.mts';
import { times } from './lib/trial.mts';

const CHARACTERS = 200;
/** A fast typist: ten a second. */
const KEY_MS = 100;
const BURSTS = times(6, 1);
/** From the last key until everything is in the journal. */
const SETTLED_MS = 5000;

/** CPU of a process since its start, in ms, by the scheduler's own clock (proc(5), schedstat). */
const cpuMs = (pid: number): number =>
  readdirSync(`/proc/${pid}/task`)
    .map(task => Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]))
    .reduce((sum, ns) => sum + ns, 0) / 1e6;

function journalBytes(server: IServer): number {
  const folder = join(server.home, '.local/share/labkeeper/journal/default');
  return readdirSync(folder)
    .filter(name => name.endsWith('.journal'))
    .reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}

async function fill(page: Page, bytes: number): Promise<void> {
  await page.evaluate(bytes => {
    const { context } = window.jupyterapp.shell.currentWidget as unknown as {
      context: { model: { cells: { get(i: number): { sharedModel: { setSource(text: string): void } } } } };
    };
    context.model.cells.get(0).sharedModel.setSource('x = 1  # filler\n'.repeat(Math.ceil(bytes / 16)));
  }, bytes);
}

const server = await startServer({ memory: '2G', cpu: 2 });
const browser = await chromium.launch(BROWSER);
try {
  const page = await browser.newPage();
  await page.goto(`${server.url}/lab?token=${server.token}`);
  await whenLabIsUp(page);
  await newNotebook(page);
  // The file is left alone, so that only the journal is measured.
  await page.evaluate(() =>
    (
      window.jupyterapp as unknown as {
        serviceManager: { settings: { save(id: string, raw: string): Promise<void> } };
      }
    ).serviceManager.settings.save('@labkeeper/labextension:save-guard', '{ "mode": "journal" }')
  );
  await page.goto(`${server.url}/lab/tree/Untitled.ipynb?token=${server.token}`);
  await whenLabIsUp(page);
  await page.waitForSelector('.jp-NotebookPanel .cm-content');
  const pid = server.companionPid();
  if (pid === null) throw new Error('there is no companion');
  const rows: { cellBytes: number; bytes: number; typingMs: number; idleMs: number }[] = [];
  for (const cellBytes of [1000, 50_000]) {
    await fill(page, cellBytes);
    await page.waitForTimeout(SETTLED_MS);
    for (let burst = 0; burst < BURSTS; burst++) {
      const lastsMs = CHARACTERS * KEY_MS + SETTLED_MS;
      let from = cpuMs(pid);
      await page.waitForTimeout(lastsMs);
      const idleMs = cpuMs(pid) - from;
      await page
        .locator('.jp-NotebookPanel:visible .cm-content')
        .first()
        .click({ position: { x: 40, y: 8 } });
      const bytes = journalBytes(server);
      from = cpuMs(pid);
      const begin = Date.now();
      await page.keyboard.type('a'.repeat(CHARACTERS), { delay: KEY_MS });
      await page.waitForTimeout(Math.max(0, lastsMs - (Date.now() - begin)));
      rows.push({ cellBytes, bytes: journalBytes(server) - bytes, typingMs: cpuMs(pid) - from, idleMs });
    }
  }
  const worst = (value: (row: (typeof rows)[number]) => number): number =>
    Math.max(...[1000, 50_000].map(size => median(rows.filter(row => row.cellBytes === size).map(value))));
  record(
    {
      id: 'journal.bytes',
      what: `Bytes written per byte typed, ${CHARACTERS} characters at ${1000 / KEY_MS} a second, the worse of a 1 kB and a 50 kB cell`,
      unit: 'B/B',
      value: worst(row => row.bytes / CHARACTERS),
      n: rows.length,
      samples: rows
    },
    'journal'
  );
  record(
    {
      id: 'journal.cpu',
      what: `CPU of the companion for ${CHARACTERS} characters beyond that of as long without typing, the worse of both cells`,
      unit: 'ms',
      value: worst(row => row.typingMs - row.idleMs),
      n: rows.length,
      samples: rows
    },
    'journal'
  );
} finally {
  await browser.close();
  await server.stop();
}
