import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, MainAreaWidget } from '@jupyterlab/apputils';
import { ITranslator } from '@jupyterlab/translation';
import { listIcon } from '@jupyterlab/ui-components';
import { ICompanion, PageVisibility, TRANSLATION_DOMAIN } from '@labkeeper/labkit';
import { SHOW_OUTGOING } from '../commands.js';
import { OutgoingModel } from '../outgoing/outgoing-model.js';

/** The page "What leaves this container". */
export const outgoing: JupyterFrontEndPlugin<void> = {
  id: '@labkeeper/labextension:outgoing',
  description: 'Shows, by example, everything that the hub is told about this container.',
  autoStart: true,
  requires: [ICompanion, ITranslator],
  optional: [ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    companion: ICompanion,
    translator: ITranslator,
    palette: ICommandPalette | null
  ): void => {
    if (companion.state === 'disabled') {
      return;
    }
    const trans = translator.load(TRANSLATION_DOMAIN);
    const model = new OutgoingModel(companion);
    const visibility = new PageVisibility();
    let page: MainAreaWidget | null = null;
    app.commands.addCommand(SHOW_OUTGOING, {
      label: trans.__('What Leaves This Container'),
      describedBy: { args: { type: 'object', properties: {} } },
      execute: async () => {
        if (page === null || page.isDisposed) {
          const { OutgoingView } = await import('../outgoing/outgoing-view.js');
          page = new MainAreaWidget({
            content: new OutgoingView({ model, visibility, translator, trans })
          });
          page.title.label = trans.__('What leaves this container');
          page.title.icon = listIcon;
          page.title.closable = true;
          page.id = 'labkeeper-outgoing-page';
        }
        if (!page.isAttached) {
          app.shell.add(page, 'main');
        }
        app.shell.activateById(page.id);
      }
    });
    palette?.addItem({ command: SHOW_OUTGOING, category: trans.__('Labkeeper') });
    // Its entry in the Help menu is in the schema of its settings.
  }
};
