import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, Notification } from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import type { Contents } from '@jupyterlab/services';
import { ITranslator, type TranslationBundle } from '@jupyterlab/translation';
import { browserClock, ICompanion, Quantities, TRANSLATION_DOMAIN } from '@labkeeper/labkit';
import { IGuards } from '../guard-manager.js';
import { ReclaimBannerWidget } from '../reclaim/reclaim-banner-widget.js';
import { ReclaimModel } from '../reclaim/reclaim-model.js';
import { ReclaimWords } from '../reclaim/reclaim-words.js';
import type { IReceipt } from '../reclaim/receipt.js';

const ID = '@labkeeper/labextension:reclaim';
const NOTEBOOK = 'Jupyter Notebook';
/** What clouds and JupyterHub give: AWS, Azure and Google Cloud, GKE, KubeSpawner. */
const TRIALS_S = [120, 30, 15, 1];

/** Counts down to the end of the machine or the server, and proves by a trial that work survives it. */
export const reclaim: JupyterFrontEndPlugin<void> = {
  id: ID,
  description: 'Shows when the machine or the server is about to end, and what is safe by then.',
  autoStart: true,
  requires: [ICompanion, IGuards, ITranslator, IDocumentManager],
  optional: [ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    companion: ICompanion,
    guards: IGuards,
    translator: ITranslator,
    documents: IDocumentManager,
    palette: ICommandPalette | null
  ): void => {
    if (companion.isDisabled('reclaim') || guards.manager === null) {
      return;
    }
    const trans = translator.load(TRANSLATION_DOMAIN);
    const words = new ReclaimWords(trans, new Quantities(translator));
    const model = new ReclaimModel(guards.manager, browserClock);
    const trial = (seconds: number): void => {
      if (!model.askTrial(companion, seconds)) {
        Notification.warning(
          trans.__('There is no connection to the companion at the moment, so nothing can be tried.')
        );
      }
    };
    const banner = new ReclaimBannerWidget({
      ...{ model, words, trans },
      onDetails: () => guards.show(),
      onEndTrial: () => trial(0)
    });
    app.shell.add(banner, app.name === NOTEBOOK ? 'top' : 'header', { rank: 1 });
    model.trialEnded.connect((_, receipt) => {
      void report(receipt, { words, trans, documents, contents: app.serviceManager.contents });
    });
    for (const seconds of TRIALS_S) {
      const command = `labkeeper:simulate-reclaim-${seconds}`;
      app.commands.addCommand(command, {
        label: trans.__('Simulate Reclaim in %1 s', seconds),
        execute: () => trial(seconds),
        describedBy: { args: { type: 'object', properties: {} } }
      });
      palette?.addItem({ command, category: trans.__('Labkeeper') });
    }
  }
};

/** Writes the report of a trial beside the user's files, and says so. */
async function report(
  receipt: IReceipt,
  to: {
    readonly words: ReclaimWords;
    readonly trans: TranslationBundle;
    readonly documents: IDocumentManager;
    readonly contents: Contents.IManager;
  }
): Promise<void> {
  const { words, trans, documents, contents } = to;
  const lost = receipt.documents.filter(document => document.lostMs > 0).length;
  const sentence =
    lost === 0
      ? trans.__('The trial is over: no change to a document would have been lost.')
      : trans._n(
          'The trial is over: %1 document would have lost changes.',
          'The trial is over: %1 documents would have lost changes.',
          lost
        );
  const path = `${trans.__('Reclaim trial')} ${new Date(receipt.atMs).toISOString().slice(0, 19).replace('T', ' ').replaceAll(':', '.')}.md`;
  try {
    await contents.save(path, { type: 'file', format: 'text', content: words.report(receipt) });
    Notification.emit(sentence, lost === 0 ? 'success' : 'warning', {
      autoClose: false,
      actions: [{ label: trans.__('Open the report'), callback: () => void documents.openOrReveal(path) }]
    });
  } catch (error) {
    console.warn('Labkeeper: the report of the trial could not be written.', error);
    Notification.warning(`${sentence} ${trans.__('Its report could not be written to your files.')}`);
  }
}
