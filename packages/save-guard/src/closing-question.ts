import { Dialog, type IWidgetTracker } from '@jupyterlab/apputils';
import type { IDocumentWidget } from '@jupyterlab/docregistry';
import { type Message, MessageLoop } from '@lumino/messaging';
import type { GuardManager } from './guard-manager.js';

/** JupyterLab asks in the turn in which somebody wants to close a document; where nothing has come by then, it asks nothing. */
const ASKED_MS = 1000;

/** Follows who closes documents: "Save" in JupyterLab's question is a user's wish, though no command tells of it. */
export function followClosing(
  manager: GuardManager,
  trackers: readonly (IWidgetTracker<IDocumentWidget> | null)[]
): void {
  const follow = (widget: IDocumentWidget): void =>
    MessageLoop.installMessageHook(widget, (_, message: Message) => {
      if (message.type === 'close-request') {
        manager.of(widget.context)?.closing(nextQuestion());
      }
      return true;
    });
  for (const tracker of trackers) {
    tracker?.forEach(follow);
    tracker?.widgetAdded.connect((_, widget) => follow(widget));
  }
}

/** Resolves when the next dialog is gone, or soon where none comes. */
function nextQuestion(): Promise<void> {
  return new Promise(resolve => {
    const onDialog = (_: unknown, dialog: Dialog<unknown>): void => {
      stop();
      dialog.disposed.connect(() => resolve());
    };
    const stop = (): void => {
      clearTimeout(timer);
      Dialog.tracker.widgetAdded.disconnect(onDialog);
    };
    const timer = setTimeout(() => {
      stop();
      resolve();
    }, ASKED_MS);
    Dialog.tracker.widgetAdded.connect(onDialog);
  });
}
