import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { Contents } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CompareTabs } from '../compare/compare-tabs.js';
import type { DocumentGuard } from '../document-guard.js';
import type { GuardManager } from '../guard-manager.js';
import type { IKeptCopy, KeptCopies } from './kept-copies.js';

export interface IKeptActions {
  readonly compareKept: (copy: IKeptCopy) => void;
  readonly keep: (copy: IKeptCopy) => void;
  readonly remove: (copy: IKeptCopy) => void;
}

/** What the list of kept versions does. */
export function keptActions(options: {
  readonly kept: KeptCopies;
  readonly compareTabs: CompareTabs;
  readonly trans: TranslationBundle;
}): IKeptActions {
  const { kept, compareTabs, trans } = options;
  const keep = ({ copyPath }: IKeptCopy): void => kept.keep(copyPath);
  const remove = ({ copyPath }: IKeptCopy): Promise<void> => kept.remove(copyPath);
  const askAndRemove = async (copy: IKeptCopy): Promise<void> => {
    if (!(await confirmed(copy, trans))) {
      return;
    }
    try {
      await remove(copy);
    } catch (error) {
      console.warn('Labkeeper: a kept version could not be deleted.', error);
      Notification.warning(trans.__('“%1” could not be deleted.', copy.copyPath));
    }
  };
  return {
    compareKept: copy =>
      void compareTabs.open({
        path: copy.path,
        otherPath: copy.copyPath,
        other: 'changed-elsewhere',
        decide: decision => (decision === 'keep' ? Promise.resolve(keep(copy)) : remove(copy))
      }),
    keep,
    remove: copy => void askAndRemove(copy)
  };
}

/**
 * Finds kept versions beside documents that are opened, and when a save has kept one; and lets a document forget the one
 * that is there no more, or is decided about.
 *
 * @param contents - tells of files that were deleted or renamed in this page.
 */
export function followKept(
  manager: GuardManager,
  kept: KeptCopies,
  contents: Pick<Contents.IManager, 'fileChanged'>
): void {
  const known = new WeakMap<DocumentGuard, string | null>();
  manager.changed.connect(() => {
    for (const guard of manager.guards) {
      const { context, kept: copyPath } = guard;
      const before = known.get(guard);
      if (before !== copyPath) {
        known.set(guard, copyPath);
        const isOpened = before === undefined && copyPath === null;
        void (isOpened ? kept.beside(context.path) : kept.look(PathExt.dirname(copyPath ?? context.path)));
      }
    }
  });
  kept.changed.connect(() => {
    for (const guard of manager.guards) {
      // The light says "kept twice" as long as there is something to decide.
      const isOpen = kept.all.some(({ path }) => path === guard.context.path);
      if (guard.kept !== null && !isOpen && kept.isSettled(guard.kept)) {
        guard.forgetKept();
      }
    }
  });
  contents.fileChanged.connect((_, { type, oldValue }) => {
    const path = oldValue?.path;
    if (type !== 'new' && path !== undefined && manager.guards.some(guard => guard.kept === path)) {
      void kept.look(PathExt.dirname(path));
    }
  });
  void kept.restore();
}

async function confirmed({ copyPath }: IKeptCopy, trans: TranslationBundle): Promise<boolean> {
  const { button } = await showDialog({
    title: trans.__('Delete the other version?'),
    body: trans.__('“%1” is deleted. Your document stays as it is.', copyPath),
    buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: trans.__('Delete') })],
    defaultButton: 0
  });
  return button.accept;
}
