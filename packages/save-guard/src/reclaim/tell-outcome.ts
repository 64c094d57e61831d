import { Notification } from '@jupyterlab/apputils';
import type { IDocumentManager } from '@jupyterlab/docmanager';
import type { Contents } from '@jupyterlab/services';
import type { ITranslator } from '@jupyterlab/translation';
import { Quantities, TRANSLATION_DOMAIN } from '@labkeeper/labkit';
import type { Receipt } from '@labkeeper/protocol';
import type { ReclaimModel } from './reclaim-model.js';
import { ReclaimWords } from './reclaim-words.js';

export interface IOutcomeOptions {
  readonly model: ReclaimModel;
  readonly translator: ITranslator;
  readonly documents: IDocumentManager;
  readonly contents: Contents.IManager;
}

/** Says what came of notices: at the end of a trial, after a true end, and when one was withdrawn. */
export function tellOutcomes(options: IOutcomeOptions): void {
  const { model, translator } = options;
  const trans = translator.load(TRANSLATION_DOMAIN);
  model.trialEnded.connect((_, receipt) => void tellTrial(receipt, options));
  model.withdrawn.connect((_, { memoryKept }) => {
    if (memoryKept !== true) {
      Notification.info(trans.__('The notice is withdrawn: the server goes on.'), { autoClose: 20_000 });
    }
  });
  let shown: { readonly of: string; readonly notification: string } | null = null;
  const tellEnd = (receipt: Receipt | null): void => {
    // It comes again with every connection.
    if (shown?.of === receipt?.reclaim.id) {
      return;
    }
    if (shown !== null) {
      Notification.dismiss(shown.notification);
    }
    shown = receipt && { of: receipt.reclaim.id, notification: tellLastEnd(receipt, options) };
  };
  model.lastEndKnown.connect((_, receipt) => tellEnd(receipt));
  tellEnd(model.lastEnd);
}

/** Writes the report of a trial beside the user's files, and says so. */
async function tellTrial(receipt: Receipt, options: IOutcomeOptions): Promise<void> {
  const trans = options.translator.load(TRANSLATION_DOMAIN);
  const lost = receipt.documents.filter(({ lostMs }) => lostMs > 0).length;
  const sentence =
    lost === 0
      ? trans.__('The trial is over: no change to a document would have been lost.')
      : trans._n(
          'The trial is over: %1 document would have lost changes.',
          'The trial is over: %1 documents would have lost changes.',
          lost
        );
  const path = await write(receipt, trans.__('Reclaim trial'), options);
  if (path === null) {
    Notification.warning(`${sentence} ${trans.__('Its report could not be written to your files.')}`);
    return;
  }
  Notification.emit(sentence, lost === 0 ? 'success' : 'warning', {
    autoClose: false,
    actions: [
      { label: trans.__('Open the report'), callback: () => void options.documents.openOrReveal(path) }
    ]
  });
}

/** Offers the receipt of the end before this start. @returns the notification. */
function tellLastEnd(receipt: Receipt, options: IOutcomeOptions): string {
  const trans = options.translator.load(TRANSLATION_DOMAIN);
  const lost = receipt.documents.filter(({ lostMs }) => lostMs > 0).length;
  const sentence = new ReclaimWords(trans).lastEnd(
    lost,
    new Quantities(options.translator).moment(receipt.atMs)
  );
  const read = async (): Promise<void> => {
    const path = await write(receipt, trans.__('Reclaim receipt'), options);
    if (path === null) {
      Notification.warning(trans.__('The receipt could not be written to your files.'));
      return;
    }
    options.model.forgetLastEnd(receipt);
    options.documents.openOrReveal(path);
  };
  return Notification.emit(sentence, lost === 0 ? 'info' : 'warning', {
    autoClose: false,
    actions: [
      { label: trans.__('Read the receipt'), displayType: 'accent', callback: () => void read() },
      { label: trans.__('Dismiss'), callback: () => options.model.forgetLastEnd(receipt) }
    ]
  });
}

/** Writes it as Markdown beside the user's files. @returns where; null = it could not be written. */
async function write(receipt: Receipt, name: string, options: IOutcomeOptions): Promise<string | null> {
  const { translator, contents } = options;
  const moment = new Date(receipt.atMs).toISOString().slice(0, 19).replace('T', ' ').replaceAll(':', '.');
  const path = `${name} ${moment}.md`;
  try {
    const { ReportWords } = await import('./report-words.js');
    const words = new ReportWords(translator.load(TRANSLATION_DOMAIN), new Quantities(translator));
    await contents.save(path, { type: 'file', format: 'text', content: words.report(receipt) });
    return path;
  } catch (error) {
    console.warn('Labkeeper: a report of a reclaim could not be written.', error);
    return null;
  }
}
