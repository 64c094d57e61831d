import type { IConsoleTracker } from '@jupyterlab/console';
import type { INotebookTracker } from '@jupyterlab/notebook';
import type { ServiceManager } from '@jupyterlab/services';
import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import type { ITranslator } from '@jupyterlab/translation';
import type { ICompanion } from '@labkeeper/labkit';
import { DisposableSet, type IDisposable } from '@lumino/disposable';
import type { Widget } from '@lumino/widgets';
import type { IEventWords } from '../events.js';
import { FeedbackBook } from '../help/feedback-book.js';
import { RequestsLink } from '../help/requests-link.js';
import { DeathTeller } from './death-teller.js';
import { actAtServer, copyText } from './deeds.js';
import type { IDialogDeeds } from './dialog.js';
import { type IOpenDocument, OpenDocuments } from './documents.js';
import { eventLine, explainDeath, explainNotice, isDeath } from './explanation.js';
import { FrontDesk } from './front-desk.js';
import { LostConnection } from './lost-connection.js';
import { NoticeTeller } from './notice-teller.js';
import { PastDeaths } from './past-deaths.js';
import { type IKeep, RememberedIds } from './remembered-ids.js';
import { RunningCells } from './running-cells.js';
import { SilentEnd } from './silent-end.js';
import { Speech } from './speech.js';
import { StockDialogs } from './stock-dialogs.js';
import { StockWords } from './stock-words.js';
import { summaryText, supportText } from './support-text.js';
import { Switches } from './switches.js';
import type { ITold } from './telling.js';
import { unexplainedEnd } from './unexplained-end.js';

export interface IExplainDeathsOptions {
  readonly companion: ICompanion;
  readonly translator: ITranslator;
  readonly notebooks: INotebookTracker | null;
  readonly consoles: IConsoleTracker | null;
  readonly settings: ISettingRegistry | null;
  readonly services: ServiceManager.IManager;
  /** Brings a widget of the main area to the front. */
  readonly activate: (widget: Widget) => void;
  /** Name and version of the application, for support staff. */
  readonly application: string;
  readonly baseUrl: string;
  /** Opens the page "Get help" about an event. */
  readonly onHelp: (eventIds: readonly string[]) => void;
  /** Where it is kept what the user has been told; null = nowhere. */
  readonly storage: IKeep | null;
  /** Milliseconds since the epoch. */
  readonly epochNow: () => number;
  /** Milliseconds of a clock that does not jump. */
  readonly steadyNow: () => number;
}

/** Connects everything that tells deaths and notices. Disposing it leaves JupyterLab as it was. */
export function explainDeaths(options: IExplainDeathsOptions): IEventWords & IDisposable {
  const { companion, services } = options;
  const speech = new Speech(options.translator, options.epochNow);
  const stockWords = new StockWords(options.translator);
  const switches = new Switches(options.settings, part => companion.isDisabled(part));
  const documents = new OpenDocuments(options.notebooks, options.consoles);
  const runs = new RunningCells(documents, options.steadyNow);
  const told = new RememberedIds(options.storage, `@labkeeper/labextension:told:${options.baseUrl}`);

  const link = new RequestsLink(companion);
  const feedback = new FeedbackBook(
    link,
    options.storage,
    `@labkeeper/labextension:feedback:${options.baseUrl}`
  );

  const deeds: IDialogDeeds = {
    feedback,
    onHelp: options.onHelp,
    get runbookUrl() {
      return webAddress(companion.info?.runbookUrl ?? null);
    },
    act: (action, { event }) =>
      action.kind === 'start' ? startKernel(event, documents, speech) : actAtServer(action, services, speech),
    copy: async ({ event, explanation, cell }) => {
      const text = supportText(event, explanation, {
        info: companion.info,
        badFrames: companion.badFrames,
        application: options.application,
        cell
      });
      return (await copyText(text))
        ? speech.trans.__('Copied.')
        : speech.trans.__('The browser does not let this page use the clipboard.');
    }
  };
  const desk = new FrontDesk(speech, () => deeds);
  const teller: DeathTeller = new DeathTeller({
    companion,
    speech,
    desk,
    documents,
    runs,
    switches,
    told,
    now: options.steadyNow,
    onVerdict: kernelId => stock.verdictCame(kernelId),
    activate: ({ widget }) => options.activate(widget)
  });
  const stock = new StockDialogs({
    title: stockWords.title,
    kernelOf: label => kernelOf(label, documents, stockWords),
    isTold: kernelId => teller.isTold(kernelId),
    isOn: () => switches.showDeathDialog
  });
  const lost = new LostConnection({ companion, speech, switches, now: options.steadyNow });
  const notices = new NoticeTeller({ companion, speech, desk, switches, told });
  const past = new PastDeaths({
    companion,
    speech,
    teller,
    switches,
    told,
    onContainerEnd: () => lost.takeBack()
  });
  const silent = new SilentEnd({
    documents,
    isTold: kernelId => teller.isTold(kernelId) || !switches.showDeathDialog,
    onEnd: (kernelId, { name }) => desk.show(kernelId, unexplainedEnd(name, speech)),
    now: options.steadyNow
  });
  const parts = DisposableSet.from([
    past,
    notices,
    lost,
    silent,
    stock,
    teller,
    desk,
    runs,
    switches,
    documents,
    feedback,
    link
  ]);

  return {
    headline: event => eventLine(event.kind === 'death' ? event.death : event.notice, speech),
    summary: event =>
      event.kind === 'death'
        ? summaryText(event.death, explainDeath(event.death, null, false, speech))
        : summaryText(event.notice, explainNotice(event.notice, speech)),
    feedback,
    open: event => (event.kind === 'death' ? teller.open(event.death) : notices.open(event.notice)),
    get isDisposed() {
      return parts.isDisposed;
    },
    dispose: () => parts.dispose()
  };
}

/** The kernel that JupyterLab's dialog is about. It is made while the status of that kernel changes. */
function kernelOf(label: string, documents: OpenDocuments, words: StockWords): string | null {
  const candidates = documents.all.flatMap(({ sessionContext }) => {
    const { path, kernel } = sessionContext.session ?? {};
    return path !== undefined && kernel != null && label.includes(path)
      ? [{ path, kernelId: kernel.id }]
      : [];
  });
  const exact = candidates.find(({ path }) => label.endsWith(words.body(path)));
  // Where the sentence was changed by another version: the longest path, as "a.ipynb" is within "data.ipynb" too.
  const longest = candidates.sort((a, b) => b.path.length - a.path.length)[0];
  return (exact ?? longest)?.kernelId ?? null;
}

async function startKernel(
  event: ITold['event'],
  documents: OpenDocuments,
  { trans }: Speech
): Promise<string> {
  const document = event !== null && isDeath(event) ? documentOf(event.evidence.kernel, documents) : null;
  if (document === null || event === null || !isDeath(event)) {
    return trans.__('The document is no longer open.');
  }
  try {
    await document.sessionContext.changeKernel({ name: event.evidence.kernel.kernelName });
    return trans.__('A new kernel has started.');
  } catch (error) {
    return trans.__('The kernel did not start: %1', error instanceof Error ? error.message : String(error));
  }
}

function documentOf(
  { kernelId, path }: { readonly kernelId: string; readonly path: string | null },
  documents: OpenDocuments
): IOpenDocument | null {
  return documents.ofKernel(kernelId)[0] ?? (path === null ? [] : documents.ofPath(path))[0] ?? null;
}

/** The admin's address, if it is one that a browser can open without harm. */
function webAddress(url: string | null): string | null {
  return url !== null && /^https?:\/\//i.test(url) && URL.canParse(url) ? url : null;
}
