import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { ITranslator } from '@jupyterlab/translation';
// A live region has to be there before there is anything to say.
/* eslint-disable jupyter/prefer-lazy-imports */
import { PageVisibility, Quantities, steadyClock, TRANSLATION_DOMAIN } from '@labkeeper/labkit';
import { IGuards } from '../guard-manager.js';
import { LightAnnouncer } from '../light-announcer.js';
import { Redraw } from '../redraw.js';
import { SaveWords } from '../words.js';
/* eslint-enable jupyter/prefer-lazy-imports */

/** Tells screen readers when the light of the document in front turns red or amber. */
export const announceLight: JupyterFrontEndPlugin<void> = {
  id: '@labkeeper/labextension:announce-light',
  description: 'Tells screen readers when the work in the document in front is not safe.',
  autoStart: true,
  requires: [IGuards, ITranslator, IDocumentManager],
  activate: (
    app: JupyterFrontEnd,
    guards: IGuards,
    translator: ITranslator,
    documents: IDocumentManager
  ): void => {
    const { manager } = guards;
    if (manager === null) {
      return;
    }
    const trans = translator.load(TRANSLATION_DOMAIN);
    const announcer = new LightAnnouncer({
      current: () => {
        const widget = app.shell.currentWidget;
        const context = widget && documents.contextForWidget(widget);
        const guard = context && manager.of(context);
        return guard ? { path: guard.context.path, light: guard.light } : null;
      },
      redraw: new Redraw(manager, new PageVisibility(), steadyClock),
      words: new SaveWords(trans, new Quantities(translator)),
      trans
    });
    document.body.append(announcer.node);
    (app.shell.currentChanged as typeof app.shell.currentChanged | undefined)?.connect(() =>
      announcer.look()
    );
  }
};
