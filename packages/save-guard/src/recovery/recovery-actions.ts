import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import type { IDocumentManager } from '@jupyterlab/docmanager';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Recovery } from '@labkeeper/protocol';
import type { GuardManager } from '../guard-manager.js';
import type { Decision } from '../view/recoveries.js';
import { RecoveryWords } from './recovery-words.js';
import { RestoredDocuments } from './restored-documents.js';

export interface IRecoveryActionsOptions {
  readonly manager: GuardManager;
  readonly documents: IDocumentManager;
  readonly trans: TranslationBundle;
}

/** What the list of recovered work does. */
export function recoveryActions({ manager, documents, trans }: IRecoveryActionsOptions): {
  readonly recoveryWords: RecoveryWords;
  readonly compare: (recovery: Recovery) => void;
  readonly decide: (recovery: Recovery, decision: Decision) => void;
} {
  const decide = async (recovery: Recovery, decision: Decision): Promise<void> => {
    if (decision === 'discard' && !(await confirmed(recovery, trans))) {
      return;
    }
    if (!manager.decide(recovery.id, decision)) {
      Notification.warning(trans.__('There is no connection to the companion at the moment. Try again.'));
    }
  };
  const restored = new RestoredDocuments(manager, documents);
  return {
    recoveryWords: new RecoveryWords(trans),
    // Original and copy side by side.
    compare: ({ path, copyPath }) => {
      const original = documents.openOrReveal(path);
      if (copyPath !== null) {
        documents.openOrReveal(copyPath, 'default', undefined, {
          mode: 'split-right',
          ref: original?.id ?? null
        });
      }
    },
    decide: (recovery, decision) => {
      restored.decided(recovery, decision);
      void decide(recovery, decision);
    }
  };
}

/** Says once for each that there is recovered work. */
export function tellRecoveries(manager: GuardManager, trans: TranslationBundle, show: () => void): void {
  const told = new Set<string>();
  manager.recovered.connect((_, recoveries) => {
    const news = recoveries.filter(({ id }) => !told.has(id));
    news.forEach(({ id }) => told.add(id));
    const tell = (text: string): void =>
      void Notification.emit(text, 'info', {
        autoClose: false,
        actions: [{ label: trans.__('Show'), callback: show, displayType: 'accent' }]
      });
    const ofPages = news.filter(({ sameServer }) => sameServer).length;
    const ofServers = news.length - ofPages;
    if (ofServers > 0) {
      tell(
        trans._n(
          'A document held more than its file when the last server or a save ended. Its work is recovered.',
          '%1 documents held more than their files when the last server or a save ended. Their work is recovered.',
          ofServers
        )
      );
    }
    if (ofPages > 0) {
      tell(
        trans._n(
          'A document held more than its file when its page went away. Its work is recovered.',
          '%1 documents held more than their files when their pages went away. Their work is recovered.',
          ofPages
        )
      );
    }
  });
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
