// save.lost: an edit that is made while a save is on its way. Stock JupyterLab marks the document as saved when that save
// ends, with the edit on no disk; the next autosave then has nothing to do. Both in one run, each on its own server.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from '@playwright/test';
import { BROWSER } from './lib/browser.mts';
import { newNotebook, whenLabIsUp } from './lib/lab.mts';
import { record } from './lib/result.mts';
import { type IServer, startServer } from './lib/server.mts';
import { times } from './lib/trial.mts';

const RUNS = times(1000, 5);
/** How long a save takes on its way; the edit is made in the middle of it. */
const SLOW_MS = 120;

interface IRun {
  /** The document says that everything is saved. */
  readonly clean: boolean;
  readonly edit: string;
  readonly onDisk: string;
}

/** One edit, a save that takes its time, another edit meanwhile: what the page says, and what the disk has. */
async function provoke(page: Page, server: IServer, run: number): Promise<IRun> {
  const edit = `edit ${run} during the save`;
  const clean = await page.evaluate(
    async ([run, edit, waitMs]) => {
      const { context } = window.jupyterapp.shell.currentWidget as unknown as {
        context: {
          model: {
            dirty: boolean;
            cells: { get(i: number): { sharedModel: { setSource(text: string): void } } };
          };
          save(): Promise<void>;
        };
      };
      const cell = context.model.cells.get(0).sharedModel;
      cell.setSource(`edit ${run} before the save`);
      const saving = context.save();
      await new Promise(resolve => setTimeout(resolve, waitMs));
      cell.setSource(edit);
      await saving;
      return !context.model.dirty;
    },
    [run, edit, SLOW_MS / 2] as const
  );
  return { clean, edit, onDisk: sourceOnDisk(server) };
}

function sourceOnDisk(server: IServer): string {
  const file = readFileSync(join(server.home, 'work', 'Untitled.ipynb'), 'utf8');
  const { cells }: { cells: { source: string | string[] }[] } = JSON.parse(file);
  return [cells[0]?.source ?? ''].flat().join('');
}

async function measure(browser: Browser, environment: Record<string, string>) {
  const server = await startServer({ memory: '1G', environment });
  try {
    const page = await (await browser.newContext()).newPage();
    await page.goto(`${server.url}/lab?token=${server.token}`);
    await whenLabIsUp(page);
    await newNotebook(page);
    await page.route(/\/(api|labkeeper)\/contents\//, async route => {
      if (route.request().method() === 'PUT') await new Promise(resolve => setTimeout(resolve, SLOW_MS));
      await route.continue();
    });
    const runs: IRun[] = [];
    for (let run = 0; run < RUNS; run++) runs.push(await provoke(page, server, run));
    const last = runs.at(-1)?.edit ?? '';
    // What is not lost reaches the disk by itself.
    const deadline = Date.now() + 70_000;
    while (sourceOnDisk(server) !== last && Date.now() < deadline)
      await new Promise(resolve => setTimeout(resolve, 500));
    const lost = runs.filter(({ clean, edit, onDisk }) => clean && onDisk !== edit).length;
    return { lost, lastReached: sourceOnDisk(server) === last, runs: runs.length };
  } finally {
    await server.stop();
  }
}

const browser = await chromium.launch(BROWSER);
try {
  const [ours, stock] = await Promise.all([
    measure(browser, {}),
    measure(browser, { LABKEEPER_DISABLE: 'save-guard' })
  ]);
  record(
    {
      id: 'save.lost',
      what: `Edits made during a save of ${SLOW_MS} ms that count as saved and are on no disk`,
      unit: 'edits',
      value: ours.lost + (ours.lastReached ? 0 : 1),
      n: ours.runs,
      peer: { name: 'JupyterLab', value: stock.lost },
      samples: { ours, stock }
    },
    'lost'
  );
} finally {
  await browser.close();
}
