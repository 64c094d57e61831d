// Open documents, their lights, and what is on the disk.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Page, expect } from '@playwright/test';
import { command, whenLabIsUp } from '../../bench/lib/lab.mts';
import type { IServer } from '../../bench/lib/server.mts';

/** The light of the document in front: in the status bar, for that in the toolbar goes into its menu where it is narrow. */
export const light = (page: Page) => page.locator('#jp-main-statusbar .lk-Light');
/** The row of a document in the panel. */
export const row = (page: Page, file: string) =>
  page.locator('#labkeeper-saves .lk-Saves-row.lk-mod-document', { hasText: file });
/** What the light of a document says when it is saved; a busy machine's disk may be slow besides. */
export const IN_FILE = /^Everything is in the file\.(?! Autosave)/;
export const dialogs = (page: Page) => page.locator('.jp-Dialog');

const editor = (page: Page) =>
  page.locator('.jp-NotebookPanel:visible .jp-Cell .cm-content, .jp-FileEditor:visible .cm-content').first();

/** Types at the end of the first cell, or of the text. */
export async function type(page: Page, text: string): Promise<void> {
  await editor(page).click();
  await page.keyboard.press('ControlOrMeta+End');
  await page.keyboard.type(text);
}

const inWork = (server: IServer, file: string): string => server.inside(join(server.home, 'work', file));
export const filesOf = (server: IServer, folder = ''): string[] => readdirSync(inWork(server, folder));
export const workPath = inWork;

/** The text of a file. */
export const textOnDisk = (server: IServer, file: string): string =>
  readFileSync(inWork(server, file), 'utf8');

/** The source of the first cell of a notebook's file. */
export function sourceOnDisk(server: IServer, file: string): string {
  const notebook: { cells: { source: string | string[] }[] } = JSON.parse(textOnDisk(server, file));
  return [notebook.cells[0]?.source ?? ''].flat().join('');
}

/** The source of the first cell of the notebook in front, as it is in the page. */
export const sourceInPage = (page: Page): Promise<string> =>
  page.evaluate(() => {
    interface INotebookModel {
      cells: { get(index: number): { sharedModel: { source: string } } };
    }
    const { model } = window.jupyterapp.shell.currentWidget.context as unknown as { model: INotebookModel };
    return model.cells.get(0).sharedModel.source;
  });

export const isDirty = (page: Page): Promise<boolean> =>
  page.evaluate(() => window.jupyterapp.shell.currentWidget.context.model.dirty);

/** Saves everything that is not saved; what fails is told by the lights. */
export const saveAll = (page: Page): Promise<void> => command(page, 'labkeeper:save-all');

/** Opens JupyterLab with one document, by its address. */
export async function openLab(
  page: Page,
  server: Pick<IServer, 'url' | 'token'>,
  file: string
): Promise<void> {
  const path = file.split('/').map(encodeURIComponent).join('/');
  await page.goto(`${server.url}/lab/tree/${path}?token=${server.token}&reset`);
  await whenLabIsUp(page);
  await expect(light(page)).toBeVisible({ timeout: 30_000 });
}

/** The light and the panel say this sentence, and no dialog does. */
export async function expectSentence(page: Page, file: string, sentence: string | RegExp): Promise<void> {
  await expect(light(page)).toHaveAttribute(
    'title',
    sentence instanceof RegExp ? sentence : new RegExp(escaped(sentence)),
    {
      timeout: 45_000
    }
  );
  await command(page, 'labkeeper:show-saves');
  await expect(row(page, file)).toContainText(sentence);
  // JupyterLab has dialogs of its own, of a folder that is gone for example; none may be about saving.
  for (const text of await dialogs(page).allTextContents()) expect(text).not.toMatch(/sav/i);
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
