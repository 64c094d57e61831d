import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { IEditorTracker } from '@jupyterlab/fileeditor';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { PromiseDelegate } from '@lumino/coreutils';
import type { DocumentGuard } from './document-guard.js';
import type { GuardManager } from './guard-manager.js';
import { followExecutions } from './running-cells.js';
import { NotebookObserver } from './observe/notebook-observer.js';
import { TextObserver } from './observe/text-observer.js';
import type { RunningCells } from './resume/running-in-documents.js';
import { isFile, isNotebook } from './shared-kinds.js';

/** A document that is not read after this long may never be. */
const UNREAD_MS = 3000;

/** Guards notebooks and text files as they are opened. */
export function guardOpenDocuments(
  manager: GuardManager,
  notebooks: INotebookTracker | null,
  editors: IEditorTracker | null,
  running: RunningCells
): void {
  const follow = (tracker: INotebookTracker | IEditorTracker | null): void => {
    tracker?.forEach(({ context }) => void guard(manager, context));
    tracker?.widgetAdded.connect(
      (_: unknown, { context }: { context: DocumentRegistry.Context }) => void guard(manager, context)
    );
  };
  follow(notebooks);
  follow(editors);
  const followKernel = async ({ context, sessionContext }: NotebookPanel): Promise<void> => {
    const guarded = await guard(manager, context);
    if (guarded && !sessionContext.isDisposed && !context.model.collaborative) {
      followExecutions(sessionContext, guarded, running.follower(context));
      manager.shown.follow(sessionContext, guarded);
    }
  };
  notebooks?.forEach(panel => void followKernel(panel));
  notebooks?.widgetAdded.connect((_, panel) => void followKernel(panel));
}

async function guard(
  manager: GuardManager,
  context: DocumentRegistry.Context
): Promise<DocumentGuard | null> {
  const { path } = context;
  // JupyterLab tells why a document cannot be read, and may ask before it closes it. A crash in the middle of a save
  // leaves such files, and something beside them.
  const late = manager.clock.after(UNREAD_MS, () => manager.failedToOpen(path));
  const isRead = await isReadBeforeClosed(context);
  late.dispose();
  if (!isRead) {
    manager.failedToOpen(path);
    return null;
  }
  if (context.isDisposed) {
    return null;
  }
  const shared: unknown = context.model.sharedModel;
  if (isNotebook(shared)) {
    return manager.add(context, 'notebook', () => new NotebookObserver(shared));
  }
  if (isFile(shared)) {
    return manager.add(context, 'text', () => new TextObserver(shared));
  }
  return null;
}

/** @returns false where the document is closed before: `ready` never settles then. */
async function isReadBeforeClosed(context: DocumentRegistry.Context): Promise<boolean> {
  if (context.isDisposed) {
    return context.isReady;
  }
  const closed = new PromiseDelegate<false>();
  const onDisposed = (): void => closed.resolve(false);
  context.disposed.connect(onDisposed);
  const isReady = context.ready.then(
    () => true,
    () => false
  );
  const result = await Promise.race([isReady, closed.promise]);
  context.disposed.disconnect(onDisposed);
  return result;
}
