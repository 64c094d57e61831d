import { Dialog } from '@jupyterlab/apputils';
import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

/** How long JupyterLab's dialog is held back for a verdict. The restarter's poll usually leaves a second more. */
export const HOLD_MS = 1500;

export interface IStockDialogsOptions {
  /** How the label of the dialog about a death begins, in the language of the page. */
  readonly title: string;
  /** The kernel that a dialog with this label is about; null = not to be told. */
  readonly kernelOf: (label: string) => string | null;
  /** Whether our dialog has told, just now, that this kernel died. */
  readonly isTold: (kernelId: string) => boolean;
  /** Whether ours is to appear instead at all. */
  readonly isOn: () => boolean;
}

/**
 * Replaces JupyterLab's "Kernel Restarting" dialog by ours: its launch waits for a verdict, and goes on unchanged
 * when none comes.
 *
 * `Dialog.tracker` announces a dialog at the end of its constructor, before `launch()` is called on it, so a launch
 * of the instance's own comes first.
 */
export class StockDialogs implements IDisposable {
  constructor(private readonly options: IStockDialogsOptions) {
    Dialog.tracker.widgetAdded.connect(this.onDialog, this);
  }

  get isDisposed(): boolean {
    return this.disposed;
  }

  dispose(): void {
    this.disposed = true;
    Signal.disconnectReceiver(this);
    for (const held of [...this.held]) {
      held.letGo();
    }
  }

  /** A verdict came: the dialogs that wait for it never appear, one that has appeared is closed. */
  verdictCame(kernelId: string): void {
    for (const held of [...this.held]) {
      if (held.kernelId === kernelId) {
        held.swallow();
      }
    }
    this.shown.get(kernelId)?.reject();
  }

  private onDialog(_: unknown, dialog: Dialog<unknown>): void {
    // The header is still empty in the document here; the label holds title and text.
    const label = dialog.node.ariaLabel ?? '';
    if (!label.startsWith(this.options.title) || !this.options.isOn()) {
      return;
    }
    const kernelId = this.options.kernelOf(label);
    if (kernelId === null) {
      return;
    }
    const launch = dialog.launch.bind(dialog);
    dialog.launch = () => this.replaceLaunch(dialog, kernelId, launch);
  }

  private replaceLaunch(
    dialog: Dialog<unknown>,
    kernelId: string,
    launch: () => Promise<Dialog.IResult<unknown>>
  ): Promise<Dialog.IResult<unknown>> {
    return new Promise((resolve, reject) => {
      const swallow = (): void => {
        end();
        // It never was launched: nothing is attached, and nothing waits behind it.
        dialog.dispose();
        resolve({ button: Dialog.okButton(), isChecked: null, value: null });
      };
      const letGo = (): void => {
        end();
        this.shown.set(kernelId, dialog);
        launch()
          .finally(() => this.shown.delete(kernelId))
          .then(resolve, reject);
      };
      const timer = setTimeout(letGo, HOLD_MS);
      const held: IHeld = { kernelId, swallow, letGo };
      const end = (): void => {
        clearTimeout(timer);
        this.held.delete(held);
      };
      this.held.add(held);
      if (this.options.isTold(kernelId)) {
        swallow();
      }
    });
  }

  private readonly held = new Set<IHeld>();
  private readonly shown = new Map<string, Dialog<unknown>>();
  private disposed = false;
}

interface IHeld {
  readonly kernelId: string;
  swallow(): void;
  letGo(): void;
}
