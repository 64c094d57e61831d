import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { PageConfig } from '@jupyterlab/coreutils';
import { ITranslator } from '@jupyterlab/translation';
import { CompanionClient, ICompanion, PageVisibility } from '@labkeeper/labkit';

/** What this bundle calls itself in a hello. */
const BUILD = '0.1.0';
const NOTEBOOK = 'Jupyter Notebook';

/** The link of this page to its companion. */
export const companion: JupyterFrontEndPlugin<ICompanion> = {
  id: '@labkeeper/labextension:companion',
  description: 'Hears from the companion what the container uses and what happened to kernels.',
  autoStart: true,
  provides: ICompanion,
  requires: [ITranslator],
  activate: (app: JupyterFrontEnd, translator: ITranslator): ICompanion =>
    new CompanionClient({
      serverSettings: app.serviceManager.serverSettings,
      translator,
      visibility: new PageVisibility(),
      client: app.name === NOTEBOOK ? 'notebook' : 'lab',
      build: BUILD,
      disable: PageConfig.getOption('labkeeperDisable')
    })
};
