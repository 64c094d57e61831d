import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator } from '@jupyterlab/translation';
import { ICompanion, PageVisibility, Quantities, TRANSLATION_DOMAIN } from '@labkeeper/labkit';
import { addCommands, SHOW_OUTGOING } from '../commands.js';
import { InstallLogPanel } from '../install-log-panel.js';
import { InstallLogModel } from '../model.js';
import { readSettings } from '../settings.js';

const ID = '@labkeeper/labextension:install-log';

/** Shows the researcher what is on record about her own server. */
export const installLog: JupyterFrontEndPlugin<void> = {
  id: ID,
  description: 'Lists what was installed on this server, and whether the hub has it on record.',
  autoStart: true,
  requires: [ICompanion, ITranslator],
  optional: [ICommandPalette, ISettingRegistry],
  activate: (
    app: JupyterFrontEnd,
    companion: ICompanion,
    translator: ITranslator,
    palette: ICommandPalette | null,
    registry: ISettingRegistry | null
  ): void => {
    if (companion.isDisabled('audit')) {
      return;
    }
    const trans = translator.load(TRANSLATION_DOMAIN);
    const model = new InstallLogModel(companion);
    const visibility = new PageVisibility();
    let panel: InstallLogPanel | null = null;
    // Where nothing is recorded, most servers without a hub, there is no tab, and only the command says why.
    const add = (): InstallLogPanel => {
      if (panel === null) {
        panel = new InstallLogPanel({
          ...{ model, translator, trans, visibility },
          onOutgoing: () => void app.commands.execute(SHOW_OUTGOING)
        });
        app.shell.add(panel, 'right', { rank: 902 });
      }
      return panel;
    };
    model.changed.connect(() => model.isKept && void add());
    addCommands({
      ...{ palette, trans },
      commands: app.commands,
      show: () => app.shell.activateById(add().id),
      read: async () => {
        const [{ InstallWords }, { lastInstalls }] = await Promise.all([
          import('../words.js'),
          import('../last-installs.js')
        ]);
        const words = new InstallWords(trans, new Quantities(translator));
        return lastInstalls(await model.read()).map(record => words.line(record));
      }
    });
    if (registry) {
      void followSettings(registry, model);
    }
  }
};

async function followSettings(registry: ISettingRegistry, model: InstallLogModel): Promise<void> {
  try {
    const settings = await registry.load(ID);
    const read = (): void => void (model.showRecording = readSettings(settings.composite).showRecording);
    read();
    settings.changed.connect(read);
  } catch (error) {
    // The schema is missing or the server does not answer: the defaults hold, and whoever looks finds the reason.
    console.warn('Labkeeper: its settings for the install log could not be read.', error);
  }
}
