import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Clipboard, ICommandPalette, IToolbarWidgetRegistry, Notification } from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import type { DocumentRegistry, IDocumentWidget } from '@jupyterlab/docregistry';
import { IEditorTracker, IEditorWidgetFactory } from '@jupyterlab/fileeditor';
import { INotebookTracker, INotebookWidgetFactory } from '@jupyterlab/notebook';
import type { Contents } from '@jupyterlab/services';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, type TranslationBundle } from '@jupyterlab/translation';
import {
  browserClock,
  ICompanion,
  PageVisibility,
  Quantities,
  steadyClock,
  TRANSLATION_DOMAIN
} from '@labkeeper/labkit';
import { UUID } from '@lumino/coreutils';
import type { Widget } from '@lumino/widgets';
import { followClosing } from '../closing-question.js';
import { addCommands } from '../commands.js';
import { CompareTabs } from '../compare/compare-tabs.js';
// Documents are guarded from the moment they are opened, so these are needed at once.
/* eslint-disable jupyter/prefer-lazy-imports */
import { BrowserStore } from '../browser-store/browser-store.js';
import { GuardedContents, PROVIDER_ID } from '../contents/guarded-contents.js';
import { leaveOtherDrivesAlone } from '../contents/other-drives.js';
import type { DocumentGuard } from '../document-guard.js';
import { GuardManager, IGuards } from '../guard-manager.js';
import { followKept, keptActions } from '../kept/kept-actions.js';
import { KeptCopies } from '../kept/kept-copies.js';
import { LightAnnouncer } from '../light-announcer.js';
import { LightItem } from '../light-item.js';
import { guardOpenDocuments } from '../open-documents.js';
import { PagePulse } from '../page-pulse.js';
import { askRoom } from '../room-saves.js';
import { Redraw } from '../redraw.js';
import { SavesPanel } from '../saves-panel.js';
import { recoveryActions } from '../recovery/recovery-actions.js';
import { EarlierSessionModel } from '../resume/earlier-session-model.js';
import { resumeActions } from '../resume/resume-actions.js';
import { ResumeWords } from '../resume/resume-words.js';
import { RunningCells } from '../resume/running-in-documents.js';
import { OpenDocumentsTeller } from '../resume/tell-documents.js';
import { tellResume } from '../resume/tell-resume.js';
import { readSettings } from '../settings.js';
import { SaveWords } from '../words.js';
/* eslint-enable jupyter/prefer-lazy-imports */

const ID = '@labkeeper/labextension:save-guard';
const LIGHT = 'labkeeper-light';
/** The provider of jupyter-collaboration and jupyter-server-documents. */
const ROOM_PROVIDER = 'rtc';
/** Commands by which people ask for a save. */
const SAVES = /^(docmanager:save|notebook:export-to-format$|notebook:trust$)/;

/** Keeps open notebooks and text files safe, and says how safe they are. */
export const saveGuard: JupyterFrontEndPlugin<IGuards> = {
  id: ID,
  description:
    'Keeps open documents safe: a journal of changes, saves in time, and a light that tells the truth.',
  autoStart: true,
  provides: IGuards,
  requires: [ICompanion, ITranslator, IDocumentManager],
  optional: [
    INotebookTracker,
    INotebookWidgetFactory,
    IEditorTracker,
    IEditorWidgetFactory,
    IToolbarWidgetRegistry,
    IStatusBar,
    ISettingRegistry,
    ICommandPalette
  ],
  // The tokens of the two factories have no interface of their name.
  // eslint-disable-next-line jupyter/plugin-activation-args
  activate: (
    app: JupyterFrontEnd,
    companion: ICompanion,
    translator: ITranslator,
    documents: IDocumentManager,
    notebooks: INotebookTracker | null,
    notebookFactory: DocumentRegistry.WidgetFactory | null,
    editors: IEditorTracker | null,
    editorFactory: DocumentRegistry.WidgetFactory | null,
    toolbars: IToolbarWidgetRegistry | null,
    statusBar: IStatusBar | null,
    registry: ISettingRegistry | null,
    palette: ICommandPalette | null
  ): IGuards => {
    if (companion.isDisabled('save-guard')) {
      return { manager: null, show: () => undefined };
    }
    const trans = translator.load(TRANSLATION_DOMAIN);
    const say = new Quantities(translator);
    const words = new SaveWords(trans, say);
    const contents = new GuardedContents(app.serviceManager.serverSettings);
    // When all plugins are there and before the first document: a provider can be chosen only once, and those of real-time
    // collaboration, who know better who writes, choose theirs without looking.
    void app.started.then(() =>
      provideContents(app.serviceManager.contents, contents, [notebookFactory, editorFactory])
    );
    const server = app.serviceManager.serverSettings.baseUrl;
    const browser = new BrowserStore(server, UUID.uuid4());
    browser.liveOn();
    const manager = new GuardManager({
      ...{ companion, contents, browser, server },
      clock: steadyClock,
      pulse: new PagePulse(),
      lab: {
        driveOf: path => app.serviceManager.contents.driveName(path),
        autosaves: () => documents.autosave
      },
      askRoom: context => askRoom(context, app.serviceManager.contents, ROOM_PROVIDER)
    });
    documents.stateChanged.connect(() => manager.refresh());
    contents.say = reason => words.reason(reason);
    contents.broke.connect((_, path) => tellBroken(trans, path));
    app.commands.commandExecuted.connect((_, { id }) => SAVES.test(id) && contents.asked());
    const redraw = new Redraw(manager, new PageVisibility(), steadyClock);
    const running = new RunningCells();
    guardOpenDocuments(manager, notebooks, editors, running);
    followClosing(manager, [notebooks, editors]);
    new OpenDocumentsTeller({ manager, running, companion, clock: browserClock });
    const kept = new KeptCopies(app.serviceManager.contents, server, localStorage);
    followKept(manager, kept, app.serviceManager.contents);
    window.addEventListener('storage', () => kept.reread());
    const earlier = new EarlierSessionModel(companion);
    const resumeWords = new ResumeWords(trans, say);
    const compareTabs = new CompareTabs({
      ...{ app, documents, trans },
      asked: () => contents.asked(),
      kindOf: path => manager.guards.find(guard => guard.context.path === path)?.kind ?? null
    });

    const panel = new SavesPanel({
      ...{ manager, redraw, words, say, trans },
      open: path => void documents.openOrReveal(path),
      copy: text => Clipboard.copyToSystem(text),
      ...{ kept, earlier, resumeWords },
      ...recoveryActions({ manager, documents, compareTabs, trans }),
      keptActions: keptActions({ kept, compareTabs, trans }),
      resumeActions: resumeActions({
        ...{ earlier, documents, trans },
        contents: app.serviceManager.contents
      })
    });
    app.shell.add(panel, 'right', { rank: 901 });
    const onClick = (): void => app.shell.activateById(panel.id);
    tellResume({ manager, earlier, trans, words: resumeWords, clock: browserClock, show: onClick });

    const lightOf = (widget: Widget): LightItem =>
      new LightItem({ ...{ redraw, words, onClick }, guard: () => guardOf(manager, documents, widget) });
    for (const factory of ['Notebook', 'Editor']) {
      toolbars?.addFactory(factory, LIGHT, lightOf);
    }
    const item = new LightItem({
      ...{ redraw, words, onClick },
      guard: () => guardOf(manager, documents, app.shell.currentWidget)
    });
    statusBar?.registerStatusItem(ID, { item, align: 'left', rank: 3, priority: 1 });
    const announcer = new LightAnnouncer({
      ...{ redraw, words, trans },
      current: () => {
        const guard = guardOf(manager, documents, app.shell.currentWidget);
        return guard && { path: guard.context.path, light: guard.light };
      }
    });
    document.body.append(announcer.node);
    (app.shell.currentChanged as typeof app.shell.currentChanged | undefined)?.connect(() => {
      item.update();
      announcer.look();
    });

    addCommands({
      ...{ palette, trans, show: onClick },
      commands: app.commands,
      saveAll: () => manager.saveAll(true)
    });
    window.addEventListener('pagehide', () => manager.flush());
    document.addEventListener('visibilitychange', () => document.hidden && manager.flush());
    if (registry) {
      void followSettings(registry, values => {
        manager.mode = values.mode;
        item.setHidden(!values.showLight);
      });
    }
    return { manager, show: onClick };
  }
};

/** Lets notebooks and text files be read and written through Labkeeper, where nothing else is chosen already. */
function provideContents(
  manager: Contents.IManager,
  contents: GuardedContents,
  factories: readonly (DocumentRegistry.WidgetFactory | null)[]
): void {
  const drive = (manager as Contents.IManager & { defaultDrive?: Contents.IDrive }).defaultDrive;
  const providers = drive?.contentProviderRegistry;
  if (!providers) {
    return;
  }
  providers.register(PROVIDER_ID, contents);
  leaveOtherDrivesAlone(providers);
  for (const factory of factories) {
    if (factory && factory.contentProviderId === undefined) {
      factory.contentProviderId = PROVIDER_ID;
    }
  }
}

/** Said once for each document; the light goes on to say it. */
function tellBroken(trans: TranslationBundle, path: string): void {
  Notification.warning(
    trans.__(
      'The answer to a save of “%1” was not right. JupyterLab saves it in its own way from now on; the journal goes on.',
      path
    ),
    { autoClose: false }
  );
}

function guardOf(
  manager: GuardManager,
  documents: IDocumentManager,
  widget: Widget | null
): DocumentGuard | null {
  const context = widget && (documents.contextForWidget(widget) ?? (widget as IDocumentWidget).context);
  return (context && manager.of(context)) ?? null;
}

async function followSettings(
  registry: ISettingRegistry,
  apply: (values: ReturnType<typeof readSettings>) => void
): Promise<void> {
  try {
    const settings = await registry.load(ID);
    const read = (): void => apply(readSettings(settings.composite));
    read();
    settings.changed.connect(read);
  } catch (error) {
    // The schema is missing or the server does not answer: the defaults hold, and whoever looks finds the reason.
    console.warn('Labkeeper: its settings for saving could not be read.', error);
  }
}
