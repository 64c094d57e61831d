import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import type { IDocumentManager } from '@jupyterlab/docmanager';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Recovery } from '@labkeeper/protocol';
import type { CompareTabs } from '../compare/compare-tabs.js';
import type { GuardManager } from '../guard-manager.js';
import type { Decision } from '../view/recoveries.js';
import { RecoveryWords } from './recovery-words.js';
import { RestoredDocuments } from './restored-documents.js';

export interface IRecoveryActionsOptions {
  readonly manager: GuardManager;
  readonly documents: IDocumentManager;
  readonly compareTabs: CompareTabs;
  readonly trans: TranslationBundle;
}

/** What the list of recovered work does. */
export function recoveryActions({ manager, documents, compareTabs, trans }: IRecoveryActionsOptions): {
  readonly recoveryWords: RecoveryWords;
  readonly compare: (recovery: Recovery) => void;
  readonly decide: (recovery: Recovery, decision: Decision) => void;
} {
  const noConnection = (): string =>
    trans.__('There is no connection to the companion at the moment. Try again.');
  const decide = async (recovery: Recovery, decision: Decision): Promise<void> => {
    if (decision === 'discard' && !(await confirmed(recovery, trans))) {
      return;
    }
    if (!manager.decide(recovery.id, decision)) {
      Notification.warning(noConnection());
    }
  };
  const compare = ({ id, path, copyPath }: Recovery): void => {
    if (copyPath !== null) {
      void compareTabs.open({
        path,
        otherPath: copyPath,
        other: 'recovered',
        decide: decision =>
          manager.decide(id, decision === 'keep' ? 'keep-both' : 'discard')
            ? Promise.resolve()
            : Promise.reject(new Error('There is no connection to the companion.'))
      });
    }
  };
  const restored = new RestoredDocuments(manager, documents);
  return {
    recoveryWords: new RecoveryWords(trans),
    compare,
    decide: (recovery, decision) => {
      restored.decided(recovery, decision);
      void decide(recovery, decision);
    }
  };
}

async function confirmed({ path }: Recovery, trans: TranslationBundle): Promise<boolean> {
  const { button } = await showDialog({
    title: trans.__('Discard recovered work?'),
    body: trans.__('The recovered changes of “%1” are removed. The file stays as it is.', path),
    buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: trans.__('Discard') })],
    defaultButton: 0
  });
  return button.accept;
}
