import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { IEditorTracker } from '@jupyterlab/fileeditor';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { DocumentGuard } from './document-guard.js';
import type { GuardManager } from './guard-manager.js';
import { followExecutions } from './running-cells.js';
import { NotebookObserver } from './observe/notebook-observer.js';
import { TextObserver } from './observe/text-observer.js';
import type { RunningCells } from './resume/running-in-documents.js';
import { isFile, isNotebook } from './shared-kinds.js';

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
  try {
    await context.ready;
  } catch {
    // JupyterLab has told why. A crash in the middle of a save leaves such files, and something beside them.
    manager.failedToOpen(context);
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
