import type { Page } from '@playwright/test';

/** What the tests use of the page's own JupyterLab (`--LabApp.expose_app_in_browser`). */
interface ILab {
  readonly restored: Promise<unknown>;
  readonly shell: {
    readonly currentWidget: {
      readonly context: {
        readonly path: string;
        readonly ready: Promise<void>;
        readonly model: { readonly dirty: boolean };
      };
      readonly sessionContext: {
        readonly ready: Promise<void>;
        readonly session: { readonly kernel: { readonly info: Promise<unknown> } | null } | null;
      };
    };
  };
  readonly serviceManager: {
    readonly contents: {
      readonly serverSettings: unknown;
      readonly defaultDrive: { readonly constructor: new (options: object) => unknown };
      addDrive(drive: unknown): void;
    };
  };
  readonly commands: { execute(id: string, args?: Record<string, unknown>): Promise<unknown> };
}
declare global {
  interface Window {
    readonly jupyterapp: ILab;
  }
}

/** Waits until Lab is up, through the reload with which a second tab gets a workspace of its own. */
export async function whenLabIsUp(page: Page, patienceMs = 60_000): Promise<void> {
  await page.waitForFunction(
    () => 'jupyterapp' in window && window.jupyterapp.restored.then(() => true),
    undefined,
    { timeout: patienceMs }
  );
}

/** Runs one of Lab's commands. */
export async function command(page: Page, id: string, args: Record<string, unknown> = {}): Promise<void> {
  await page.evaluate(async ([id, args]) => void (await window.jupyterapp.commands.execute(id, args)), [
    id,
    args
  ] as const);
}

/** Opens a new notebook with a running kernel. */
export async function newNotebook(page: Page): Promise<void> {
  await command(page, 'notebook:create-new', { kernelName: 'python3' });
  // What is run before the kernel has answered is dropped.
  await page.evaluate(async () => {
    const { sessionContext } = window.jupyterapp.shell.currentWidget;
    await sessionContext.ready;
    await sessionContext.session?.kernel?.info;
  });
}

/** Types code into the active notebook's selected cell and runs it, without waiting for it. */
export async function runCode(page: Page, code: string): Promise<void> {
  const cell = page.locator('.jp-NotebookPanel:visible .jp-Cell.jp-mod-selected .cm-content');
  await cell.click();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.insertText(code);
  await page.keyboard.press('ControlOrMeta+Enter');
}
