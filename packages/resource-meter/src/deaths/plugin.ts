import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IConsoleTracker } from '@jupyterlab/console';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator } from '@jupyterlab/translation';
import { ICompanion } from '@labkeeper/labkit';
import { IEventWords } from '../events.js';
import { GET_HELP } from '../help/get-help.js';
// A death may come before anything is opened, and JupyterLab's dialog must be held back by then.
// eslint-disable-next-line jupyter/prefer-lazy-imports
import { explainDeaths } from './explain-deaths.js';

/** Explains kernel deaths and notices. */
export const deaths: JupyterFrontEndPlugin<IEventWords> = {
  id: '@labkeeper/labextension:deaths',
  description: 'Says why a kernel died, with proof, in place of the stock dialog.',
  autoStart: true,
  provides: IEventWords,
  requires: [ICompanion, ITranslator],
  optional: [INotebookTracker, IConsoleTracker, ISettingRegistry],
  activate: (
    app: JupyterFrontEnd,
    companion: ICompanion,
    translator: ITranslator,
    notebooks: INotebookTracker | null,
    consoles: IConsoleTracker | null,
    settings: ISettingRegistry | null
  ): IEventWords =>
    explainDeaths({
      companion,
      translator,
      notebooks,
      consoles,
      settings,
      services: app.serviceManager,
      activate: widget => app.shell.activateById(widget.id),
      application: `${app.name} ${app.version}`,
      onHelp: about => void app.commands.execute(GET_HELP, { about: [...about] }),
      baseUrl: app.serviceManager.serverSettings.baseUrl,
      storage: window.localStorage,
      epochNow: () => Date.now(),
      steadyNow: () => performance.now()
    })
};
