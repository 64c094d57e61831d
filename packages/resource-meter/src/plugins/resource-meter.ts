import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, IThemeManager, Notification } from '@jupyterlab/apputils';
import { IConsoleTracker } from '@jupyterlab/console';
import { PageConfig } from '@jupyterlab/coreutils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStateDB } from '@jupyterlab/statedb';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, type TranslationBundle } from '@jupyterlab/translation';
import { ICompanion, PageVisibility, Quantities, TRANSLATION_DOMAIN } from '@labkeeper/labkit';
import { addCommands } from '../commands.js';
import { IEventWords } from '../events.js';
import { GET_HELP } from '../help/get-help.js';
import { KernelActions } from '../kernel-actions.js';
// The meter is what people see of us from the first moment.
// eslint-disable-next-line jupyter/prefer-lazy-imports
import { MeterItem } from '../meter-item.js';
import { IMeter, MeterModel } from '../model.js';
import { ResourcesPanel } from '../resources-panel.js';
import { readSettings } from '../settings.js';

const ID = '@labkeeper/labextension:resource-meter';
/** It is said once ever, so there is time to read it. */
const TOLD_FOR_MS = 20_000;
const TOLD_REPLACED = `${ID}:told-replaced`;

/** The meter in the status bar (JupyterLab) or top area (Notebook), and the Resources panel. */
export const resourceMeter: JupyterFrontEndPlugin<IMeter> = {
  id: ID,
  description: 'Shows what the container uses, against its real limits.',
  autoStart: true,
  provides: IMeter,
  requires: [ICompanion, ITranslator],
  optional: [
    IStatusBar,
    ISettingRegistry,
    ICommandPalette,
    INotebookTracker,
    IConsoleTracker,
    IEventWords,
    IThemeManager,
    IStateDB
  ],
  activate: (
    app: JupyterFrontEnd,
    companion: ICompanion,
    translator: ITranslator,
    statusBar: IStatusBar | null,
    registry: ISettingRegistry | null,
    palette: ICommandPalette | null,
    notebooks: INotebookTracker | null,
    consoles: IConsoleTracker | null,
    words: IEventWords | null,
    themes: IThemeManager | null,
    state: IStateDB | null
  ): IMeter => {
    const trans = translator.load(TRANSLATION_DOMAIN);
    const say = new Quantities(translator);
    const visibility = new PageVisibility();
    const model = new MeterModel(companion);
    if (companion.state === 'disabled' || model.isDisabled) {
      return model;
    }
    const services = app.serviceManager;
    const actions = new KernelActions({
      shell: app.shell,
      commands: app.commands,
      services,
      notebooks,
      consoles,
      trans
    });
    const panel = new ResourcesPanel({
      ...{ model, actions, words, visibility, say, trans },
      onHelp: () => void app.commands.execute(GET_HELP)
    });
    app.shell.add(panel, 'right', { rank: 900 });
    themes?.themeChanged.connect(() => panel.readTheme());
    const onClick = () => app.shell.activateById(panel.id);
    const item = new MeterItem({ model, visibility, say, trans, onClick });
    item.id = 'labkeeper-meter';
    if (statusBar) {
      statusBar.registerStatusItem(ID, { item, align: 'left', rank: 2, priority: 1 });
    } else {
      app.shell.add(item, 'top', { rank: 900 });
    }
    addCommands({
      commands: app.commands,
      palette,
      trans,
      show: onClick,
      reconnect: () => companion.reconnect()
    });
    if (registry) {
      void followSettings(registry, model, trans);
    }
    if (state && PageConfig.getOption('labkeeperReplaced')) {
      void tellOnce(state, trans);
    }
    return model;
  }
};

async function followSettings(
  registry: ISettingRegistry,
  model: MeterModel,
  trans: TranslationBundle
): Promise<void> {
  try {
    const settings = await registry.load(ID);
    const read = () => {
      const { settings: values, thresholdsSwapped } = readSettings(settings.composite);
      model.settings = values;
      if (thresholdsSwapped) {
        Notification.warning(
          trans.__(
            'The warning threshold of the resource meter must be below its danger threshold; 0.8 and 0.9 are used.'
          )
        );
      }
    };
    read();
    settings.changed.connect(read);
  } catch (error) {
    // The schema is missing or the server does not answer: the defaults hold, and whoever looks finds the reason.
    console.warn('Labkeeper: its settings could not be read.', error);
  }
}

/** Says once ever that the meter of another extension was switched off in favour of ours. */
async function tellOnce(state: IStateDB, trans: TranslationBundle): Promise<void> {
  // Notebook forgets its state with each page.
  if ((await state.fetch(TOLD_REPLACED)) || localStorage.getItem(TOLD_REPLACED)) {
    return;
  }
  await state.save(TOLD_REPLACED, true);
  localStorage.setItem(TOLD_REPLACED, 'true');
  Notification.info(
    trans.__(
      'Labkeeper’s meter takes the place of the one by jupyter-resource-usage: it shows the container’s real limits.'
    ),
    { autoClose: TOLD_FOR_MS }
  );
}
