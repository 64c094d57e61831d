import { Dialog, Notification } from '@jupyterlab/apputils';
import type { IDisposable } from '@lumino/disposable';
import { ExplanationDialog, type IDialogDeeds } from './dialog.js';
import type { Speech } from './speech.js';
import { type ITold, Telling } from './telling.js';

/** The open dialogs, one for each subject (a kernel, a notice). */
export class FrontDesk implements IDisposable {
  constructor(
    private readonly speech: Speech,
    private readonly deeds: () => IDialogDeeds
  ) {}

  get isDisposed(): boolean {
    return this.disposed;
  }

  /** Updates the dialog of a subject, if it is open. */
  update(subject: string, told: ITold): void {
    this.open.get(subject)?.telling.tell(told);
  }

  /** Opens the dialog of a subject, or updates the open one. */
  show(subject: string, told: ITold): void {
    if (this.disposed) {
      return;
    }
    const current = this.open.get(subject);
    if (current !== undefined) {
      current.telling.tell(told);
      return;
    }
    // Lab shows dialogs one after the other: with one open, ours waits unseen, so a notification tells it meanwhile.
    const waits = Dialog.tracker.size > 0;
    const dialog = new ExplanationDialog(new Telling(told), this.deeds(), this.speech);
    this.open.set(subject, dialog);
    const notification = waits
      ? Notification.error(`${told.explanation.headline}\n${told.explanation.lead}`, { autoClose: false })
      : null;
    void dialog.open().finally(() => {
      this.open.delete(subject);
      if (notification !== null) {
        Notification.dismiss(notification);
      }
    });
  }

  dispose(): void {
    this.disposed = true;
    for (const dialog of [...this.open.values()]) {
      dialog.dispose();
    }
  }

  private readonly open = new Map<string, ExplanationDialog>();
  private disposed = false;
}
