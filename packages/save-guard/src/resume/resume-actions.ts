import { Notification } from '@jupyterlab/apputils';
import type { IDocumentManager } from '@jupyterlab/docmanager';
import type { Contents } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { EarlierSession } from '@labkeeper/protocol';
import type { EarlierSessionModel } from './earlier-session-model.js';

export interface IResumeActions {
  readonly openAll: (paths: readonly string[]) => void;
  readonly dismiss: (session: EarlierSession) => void;
}

/** What the card about the last server does. */
export function resumeActions(options: {
  readonly earlier: EarlierSessionModel;
  readonly documents: IDocumentManager;
  readonly contents: Contents.IManager;
  readonly trans: TranslationBundle;
}): IResumeActions {
  const { earlier, documents, contents, trans } = options;
  const openAll = async (paths: readonly string[]): Promise<void> => {
    const there = await Promise.all(paths.map(path => isThere(contents, path)));
    for (const path of paths.filter((_, at) => there[at])) {
      documents.openOrReveal(path);
    }
    const gone = paths.filter((_, at) => !there[at]);
    if (gone.length > 0) {
      Notification.warning(trans.__('Not opened, because it cannot be found any more: %1', gone.join(', ')));
    }
  };
  return {
    openAll: paths => void openAll(paths),
    dismiss: ({ id }) => {
      if (!earlier.dismiss(id)) {
        Notification.warning(trans.__('There is no connection to the companion at the moment. Try again.'));
      }
    }
  };
}

async function isThere(contents: Contents.IManager, path: string): Promise<boolean> {
  try {
    await contents.get(path, { content: false });
    return true;
  } catch {
    // Deleted or renamed since, or the server does not answer: it is named instead of opened.
    return false;
  }
}
