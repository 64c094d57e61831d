import { existsSync, readFileSync } from 'node:fs';
import { join, parse } from 'node:path';
import type { Page } from '@playwright/test';
import { sleep } from './cpu.mts';
import { markOf } from './disk-watch.mts';
import { command, runCode, whenLabIsUp } from './lab.mts';
import type { IServer } from './server.mts';
import type { WorkAges } from './work-ages.mts';

/** Opening a notebook of a hundred megabytes takes its time on a busy machine. */
const OPENS_MS = 180_000;
/** A new cell is begun after so many lines. */
const LINES = 50;

/**
 * Opens a document by its address in a workspace of its own, so that nothing else is in the page; waits until it is there
 * and its kernel answers, and goes to its first cell.
 */
export async function openDocument(page: Page, url: string, token: string, file: string): Promise<void> {
  await page.goto(`${url}/lab/workspaces/${parse(file).name}/tree/${file}?token=${token}`);
  await whenLabIsUp(page);
  const cell = page.locator('.jp-NotebookPanel:visible .jp-Cell .cm-content').first();
  await cell.waitFor({ timeout: OPENS_MS });
  await page.evaluate(async () => {
    const { sessionContext } = window.jupyterapp.shell.currentWidget;
    await sessionContext.ready;
    await sessionContext.session?.kernel?.info;
  });
  await cell.click();
  await whenInCell(page);
}

/** Writes numbered lines into the document by the keyboard until `untilMs`, with a new cell now and then. */
export async function keepTyping(
  page: Page,
  { tag, ages, everyMs, untilMs }: { tag: string; ages: WorkAges; everyMs: number; untilMs: number }
): Promise<void> {
  await command(page, 'notebook:enter-edit-mode');
  await whenInCell(page);
  for (let due = Date.now(); due < untilMs; due += everyMs) {
    await sleep(Math.max(0, due - Date.now()));
    if (ages.next > 0 && ages.next % LINES === 0) {
      await command(page, 'notebook:insert-cell-below');
      await command(page, 'notebook:enter-edit-mode');
      await whenInCell(page);
    }
    const number = ages.next;
    // The time before: an edit is never taken for younger than it is.
    ages.made(Date.now());
    await page.keyboard.insertText(`# ${markOf(tag, number)}\n`);
  }
  const lost = await missing(
    page,
    Array.from({ length: ages.next }, (_, number) => markOf(tag, number))
  );
  if (lost.length > 0) throw new Error(`typed and not in the document: ${lost.join(' ')}`);
}

/** Waits until what is typed goes into a cell. */
async function whenInCell(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const focused = document.activeElement;
    return focused?.closest('.cm-content') && focused.closest('.jp-NotebookPanel .jp-Cell.jp-mod-active');
  });
}

/** Which of the marks are in no cell's source. */
function missing(page: Page, marks: readonly string[]): Promise<string[]> {
  return page.evaluate(marks => {
    const { context } = window.jupyterapp.shell.currentWidget as unknown as {
      context: { model: { cells: Iterable<{ sharedModel: { getSource(): string } }> } };
    };
    const sources = [...context.model.cells].map(({ sharedModel }) => sharedModel.getSource()).join('\n');
    return marks.filter(mark => !sources.includes(mark));
  }, marks);
}

/** Lets the selected cell print numbered lines for so long. What it printed when is in a file of its own. */
export async function startPrinting(
  page: Page,
  { tag, everyMs, lastsMs }: { tag: string; everyMs: number; lastsMs: number }
): Promise<void> {
  const lines = Math.round(lastsMs / everyMs);
  await runCode(
    page,
    [
      'import time',
      `truth = open('${tag}.truth', 'w', buffering=1); begin = time.time()`,
      `for i in range(${lines}):`,
      `    time.sleep(max(0, begin + i * ${everyMs / 1000} - time.time()))`,
      "    truth.write(f'{time.time()}\\n')",
      `    print(f'${markOf(tag, 0).replace('0>', '{i}>')}', flush=True)`
    ].join('\n')
  );
}

/** When each line was printed, until now. */
export function readPrinted(server: IServer, tag: string, ages: WorkAges): void {
  const path = server.inside(join(server.home, 'work', `${tag}.truth`));
  if (!existsSync(path)) throw new Error(`the cell of ${tag} printed nothing`);
  const times = readFileSync(path, 'latin1').split('\n').slice(0, -1).map(Number);
  for (const time of times.slice(ages.next)) ages.made(time * 1000);
}
