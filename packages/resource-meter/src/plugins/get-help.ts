import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, MainAreaWidget } from '@jupyterlab/apputils';
import { ITranslator } from '@jupyterlab/translation';
import { infoIcon } from '@jupyterlab/ui-components';
import { ICompanion, Quantities, TRANSLATION_DOMAIN } from '@labkeeper/labkit';
import { IEventWords } from '../events.js';
import { GET_HELP, READ_INSTALL_LOG } from '../help/get-help.js';
import { helpFacts, type IRecordLine } from '../help/help-facts.js';
import type { HelpView } from '../help/help-view.js';
import { RequestsLink } from '../help/requests-link.js';

/** The page "Get help": puts together what support needs, shows it to be trimmed, and sends it. */
export const getHelp: JupyterFrontEndPlugin<void> = {
  id: '@labkeeper/labextension:get-help',
  description: 'Asks support for help, with the facts that it needs.',
  autoStart: true,
  requires: [ICompanion, ITranslator],
  optional: [IEventWords, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    companion: ICompanion,
    translator: ITranslator,
    words: IEventWords | null,
    palette: ICommandPalette | null
  ): void => {
    if (companion.state === 'disabled') {
      return;
    }
    const { commands, shell } = app;
    const trans = translator.load(TRANSLATION_DOMAIN);
    const say = new Quantities(translator);
    const link = new RequestsLink(companion);
    const gather = async (about: readonly string[]) =>
      helpFacts({
        ...{ companion, words, about, say, trans },
        records: commands.hasCommand(READ_INSTALL_LOG)
          ? readLines(await commands.execute(READ_INSTALL_LOG))
          : [],
        application: `${app.name} ${app.version}`,
        browser: navigator.userAgent
      });
    let page: MainAreaWidget<HelpView> | null = null;
    commands.addCommand(GET_HELP, {
      label: trans.__('Get Help'),
      describedBy: {
        args: { type: 'object', properties: { about: { type: 'array', items: { type: 'string' } } } }
      },
      execute: async args => {
        const { about } = args;
        if (page === null || page.isDisposed) {
          const { HelpView } = await import('../help/help-view.js');
          page = new MainAreaWidget({ content: new HelpView({ link, translator, trans, gather }) });
          page.id = 'labkeeper-help-page';
          page.title.label = trans.__('Get help');
          page.title.icon = infoIcon;
          page.title.closable = true;
        }
        if (!page.isAttached) {
          shell.add(page, 'main');
        }
        shell.activateById(page.id);
        await page.content.about(
          Array.isArray(about) ? about.filter(event => typeof event === 'string') : []
        );
      }
    });
    palette?.addItem({ command: GET_HELP, category: trans.__('Labkeeper') });
  }
};

/** What the command of another extension gave. */
function readLines(value: unknown): IRecordLine[] {
  return (Array.isArray(value) ? value : []).flatMap((line: unknown) =>
    typeof line === 'object' &&
    line !== null &&
    'label' in line &&
    'text' in line &&
    typeof line.label === 'string' &&
    typeof line.text === 'string'
      ? [{ label: line.label, text: line.text }]
      : []
  );
}
