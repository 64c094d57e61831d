import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CompareTabs } from '../compare/compare-tabs.js';
import type { GuardManager } from '../guard-manager.js';
import type { IKeptCopy, KeptCopies } from './kept-copies.js';

export interface IKeptActions {
  readonly compareKept: (copy: IKeptCopy) => void;
  readonly keep: (copy: IKeptCopy) => void;
  readonly remove: (copy: IKeptCopy) => void;
}

/** What the list of kept versions does. */
export function keptActions(options: {
  readonly manager: GuardManager;
  readonly kept: KeptCopies;
  readonly compareTabs: CompareTabs;
  readonly trans: TranslationBundle;
}): IKeptActions {
  const { manager, kept, compareTabs, trans } = options;
  /** The light says "kept twice" as long as there is something to decide. */
  const seen = (path: string): void => {
    if (!kept.all.some(copy => copy.path === path)) {
      manager.guards.find(guard => guard.context.path === path)?.forgetKept();
    }
  };
  const keep = ({ path, copyPath }: IKeptCopy): void => {
    kept.keep(copyPath);
    seen(path);
  };
  const remove = async ({ path, copyPath }: IKeptCopy): Promise<void> => {
    await kept.remove(copyPath);
    seen(path);
  };
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

/** Finds kept versions beside documents that are opened, and when a save has kept one. */
export function followKept(manager: GuardManager, kept: KeptCopies): void {
  const known = new Map<string, string | null>();
  manager.changed.connect(() => {
    for (const { context, kept: copyPath } of manager.guards) {
      const { path } = context;
      if (known.get(path) !== copyPath) {
        const isNew = !known.has(path);
        known.set(path, copyPath);
        void (copyPath === null && isNew ? kept.beside(path) : kept.look(folderOf(copyPath ?? path)));
      }
    }
  });
  void kept.restore();
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
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
