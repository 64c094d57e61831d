import { type Page, expect } from '@playwright/test';
import type { IServer } from '../../bench/lib/server.mts';
import { whenLabIsUp } from '../../bench/lib/lab.mts';

const NOTEBOOK = {
  metadata: { kernelspec: { name: 'python3', display_name: 'Python 3', language: 'python' } },
  nbformat: 4,
  nbformat_minor: 5,
  cells: [{ cell_type: 'code', id: 'a', metadata: {}, source: '', outputs: [], execution_count: null }]
};

/** Our dialog about a death or a notice. */
export const dialog = (page: Page) => page.locator('.jp-Dialog.lk-Explain');
/** JupyterLab's own dialog about a death. */
export const stock = (page: Page) => page.locator('.jp-Dialog', { hasText: 'Kernel Restarting' });
export const meter = (page: Page) => page.locator('.lk-Meter');
export const panel = (page: Page) => page.locator('#labkeeper-resources');

/** Closes our dialog; nothing may be behind it. */
export async function dismiss(page: Page): Promise<void> {
  await dialog(page).getByRole('button', { name: 'OK' }).click();
  await expect(dialog(page)).toHaveCount(0);
  expect(await stock(page).count()).toBe(0);
}

/** Makes a notebook with one empty cell, opens it by its address and waits for its kernel. */
export async function openNotebook(page: Page, server: IServer, path: string, file: string): Promise<void> {
  const made = await server.fetch(`/api/contents/${encodeURIComponent(file)}`, {
    method: 'PUT',
    body: JSON.stringify({ type: 'notebook', content: NOTEBOOK })
  });
  expect(made.status).toBe(201);
  await page.goto(`${server.url}${path}${encodeURIComponent(file)}?token=${server.token}`);
  await whenLabIsUp(page);
  await whenInFront(page, file);
  await expect(page.locator('.jp-NotebookPanel:visible .jp-Cell').first()).toBeVisible();
  await whenKernelAnswers(page);
}

/** Waits until a document is in front: first come those that were open when the last page of the server was closed. */
export async function whenInFront(page: Page, file: string): Promise<void> {
  await page.waitForFunction(
    file => {
      const { currentWidget } = window.jupyterapp.shell;
      return currentWidget !== null && 'context' in currentWidget && currentWidget.context.path === file;
    },
    file,
    { timeout: 30_000 }
  );
}

/** Waits until the kernel of the active document answers: what is run before is dropped. */
export async function whenKernelAnswers(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const { context, sessionContext } = window.jupyterapp.shell.currentWidget;
    // The kernel may be there before the file is read; what is typed until then is lost.
    await context.ready;
    await sessionContext.ready;
    await sessionContext.session?.kernel?.info;
  });
}
