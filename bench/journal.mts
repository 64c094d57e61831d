// journal.bytes, journal.cpu: a burst of typing in a small and in a large cell, in a real browser. Bytes are those of the
// journal's files. CPU is that of the companion beyond the same burst in the prompt of a console beside the notebook, which
// no journal keeps. What else the companion does is switched off, as far as it can be: samples cost now more and now less,
// whatever is typed where, and by more than the journal does. Both bursts of a pair are of equal length, and their order
// changes from pair to pair.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Locator, type Page } from '@playwright/test';
import { BROWSER } from './lib/browser.mts';
import { cpuMs } from './lib/cpu.mts';
import { command, newNotebook, whenLabIsUp } from './lib/lab.mts';
import { whenQuiet } from './lib/machine.mts';
import { record } from './lib/result.mts';
import { type IServer, startServer } from './lib/server.mts';
import { median } from './lib/statistics.mts';
import { times } from './lib/trial.mts';

const CHARACTERS = 200;
/** A fast typist: ten a second. */
const KEY_MS = 100;
const BURSTS = times(6, 1);
/** From the last key until everything is in the journal, and its page knows. */
const SETTLED_MS = 7000;
/** A burst may take so much longer than its keys: a browser is no clockwork. */
const SLACK = 1.2;

function journalBytes(server: IServer): number {
  const folder = join(server.home, '.local/share/labkeeper/journal/default');
  return readdirSync(folder)
    .filter(name => name.endsWith('.journal'))
    .reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}

async function configure(page: Page, plugin: string, settings: object): Promise<void> {
  await page.evaluate(
    ([plugin, raw]) =>
      (
        window.jupyterapp as unknown as {
          serviceManager: { settings: { save(id: string, raw: string): Promise<void> } };
        }
      ).serviceManager.settings.save(plugin, raw),
    [plugin, JSON.stringify(settings)] as const
  );
}

async function fill(page: Page, bytes: number): Promise<void> {
  await page.evaluate(bytes => {
    const { context } = window.jupyterapp.shell.currentWidget as unknown as {
      context: { model: { cells: { get(i: number): { sharedModel: { setSource(text: string): void } } } } };
    };
    context.model.cells.get(0).sharedModel.setSource('x = 1  # filler\n'.repeat(Math.ceil(bytes / 16)));
  }, bytes);
}

const server = await startServer({
  ...{ memory: '2G', cpu: 2 },
  environment: { LABKEEPER_DISABLE: 'meter,deaths,notices,oom-score,flight-recorder,gpu,reclaim' }
});
const browser = await chromium.launch(BROWSER);
try {
  const page = await browser.newPage();
  await page.goto(`${server.url}/lab?token=${server.token}`);
  await whenLabIsUp(page);
  await newNotebook(page);
  // The file is left alone, so that only the journal is measured.
  await configure(page, '@labkeeper/labextension:save-guard', { mode: 'journal' });
  await configure(page, '@jupyterlab/docmanager-extension:plugin', { autosave: false });
  await page.goto(`${server.url}/lab/tree/Untitled.ipynb?token=${server.token}`);
  await whenLabIsUp(page);
  await page.waitForSelector('.jp-NotebookPanel .cm-content');
  const pid = server.companionPid();
  if (pid === null) throw new Error('there is no companion');
  const notebook = page.locator('.jp-NotebookPanel .cm-content').first();
  await command(page, 'console:create', {
    path: 'console',
    kernelPreference: { name: 'python3' },
    insertMode: 'split-right'
  });
  const prompt = page.locator('.jp-CodeConsole-promptCell .cm-content');
  await prompt.waitFor();

  /** Types at the beginning of an editor. */
  const burst = async (editor: Locator): Promise<{ bytes: number; cpuMs: number }> => {
    await editor.click({ position: { x: 40, y: 8 } });
    await page.keyboard.press('ControlOrMeta+Home');
    await page.waitForTimeout(SETTLED_MS);
    const [bytes, cpu, begin] = [journalBytes(server), cpuMs(pid), Date.now()];
    await page.keyboard.type('a'.repeat(CHARACTERS), { delay: KEY_MS });
    const restMs = begin + CHARACTERS * KEY_MS * SLACK - Date.now();
    if (restMs < 0) throw new Error('the machine is too busy to type at this speed');
    await page.waitForTimeout(restMs + SETTLED_MS);
    return { bytes: journalBytes(server) - bytes, cpuMs: cpuMs(pid) - cpu };
  };
  const rows: { cellBytes: number; bytes: number; typingMs: number; elsewhereMs: number }[] = [];
  for (const cellBytes of [1000, 50_000]) {
    await notebook.click();
    await fill(page, cellBytes);
    await page.waitForTimeout(SETTLED_MS);
    await whenQuiet();
    for (let pair = 0; pair < BURSTS; pair++) {
      const isFirst = pair % 2 === 0;
      const before = isFirst ? null : await burst(prompt);
      const typing = await burst(notebook);
      const elsewhere = before ?? (await burst(prompt));
      if (elsewhere.bytes > 0) throw new Error('typing elsewhere wrote to the journal');
      const row = { cellBytes, bytes: typing.bytes, typingMs: typing.cpuMs, elsewhereMs: elsewhere.cpuMs };
      rows.push(row);
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
      what: `CPU of the companion for ${CHARACTERS} characters beyond that of the same typing where no journal is kept, meter and notices switched off, the worse of both cells`,
      unit: 'ms',
      value: worst(row => row.typingMs - row.elsewhereMs),
      n: rows.length,
      samples: rows
    },
    'journal'
  );
} finally {
  await browser.close();
  await server.stop();
}
