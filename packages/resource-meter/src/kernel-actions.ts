import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Dialog, showDialog, showErrorMessage } from '@jupyterlab/apputils';
import type { IConsoleTracker } from '@jupyterlab/console';
import type { INotebookTracker } from '@jupyterlab/notebook';
import type { ServiceManager } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Widget } from '@lumino/widgets';
import type { IKernelRow } from './kernel-rows.js';

export interface IKernelActionsOptions {
  readonly shell: JupyterFrontEnd.IShell;
  readonly commands: JupyterFrontEnd['commands'];
  readonly services: ServiceManager.IManager;
  readonly notebooks: INotebookTracker | null;
  readonly consoles: IConsoleTracker | null;
  readonly trans: TranslationBundle;
}

/** What a row of the kernel list can do. */
export class KernelActions {
  constructor(private readonly options: IKernelActionsOptions) {}

  /** Whether a click on the kernel's title leads anywhere. */
  canShow(row: IKernelRow): boolean {
    return this.find(row) !== null || this.canOpen(row);
  }

  /** Brings the document or console of the kernel to the front, and opens the document if it is closed. */
  async show(row: IKernelRow): Promise<void> {
    const widget = this.find(row);
    if (widget) {
      this.options.shell.activateById(widget.id);
    } else if (this.canOpen(row)) {
      try {
        await this.options.commands.execute('docmanager:open', { path: row.path });
      } catch (error) {
        await this.tell(this.options.trans.__('%1 could not be opened', row.title), error);
      }
    }
  }

  /** Shuts the kernel down; asks first when it is busy. */
  async shutDown(row: IKernelRow): Promise<void> {
    const { trans, services } = this.options;
    if (row.state === 'busy' && !(await this.confirm(row))) {
      return;
    }
    try {
      const session = [...services.sessions.running()].find(({ kernel }) => kernel?.id === row.kernelId);
      if (session) {
        await services.sessions.shutdown(session.id);
      } else {
        await services.kernels.shutdown(row.kernelId);
      }
    } catch (error) {
      await this.tell(trans.__('The kernel of %1 could not be shut down', row.title), error);
    }
  }

  private async confirm(row: IKernelRow): Promise<boolean> {
    const { trans } = this.options;
    const { button } = await showDialog({
      title: trans.__('Shut down the kernel of %1?', row.title),
      body: trans.__('It is busy. What it computes now, and all its variables, will be lost.'),
      buttons: [
        Dialog.cancelButton({ label: trans.__('Cancel') }),
        Dialog.warnButton({ label: trans.__('Shut down') })
      ]
    });
    return button.accept;
  }

  private async tell(title: string, error: unknown): Promise<void> {
    await showErrorMessage(title, error instanceof Error ? error.message : String(error));
  }

  private canOpen(row: IKernelRow): boolean {
    return (
      row.owner === 'notebook' && row.path !== null && this.options.commands.hasCommand('docmanager:open')
    );
  }

  private find(row: IKernelRow): Widget | null {
    const { notebooks, consoles } = this.options;
    return (
      notebooks?.find(({ sessionContext }) => sessionContext.session?.kernel?.id === row.kernelId) ??
      consoles?.find(({ sessionContext }) => sessionContext.session?.kernel?.id === row.kernelId) ??
      null
    );
  }
}
