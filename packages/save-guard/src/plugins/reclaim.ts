import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, Notification } from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator } from '@jupyterlab/translation';
import { browserClock, ICompanion, Quantities, TRANSLATION_DOMAIN } from '@labkeeper/labkit';
import { IGuards } from '../guard-manager.js';
import { followCheckpoints } from '../reclaim/checkpoint-cells.js';
import { LossWords } from '../reclaim/loss-words.js';
import { LossesPanel } from '../reclaim/losses-panel.js';
import { ReclaimBannerWidget } from '../reclaim/reclaim-banner-widget.js';
// A notice, or the receipt of the last one, may be there already, and nothing waits for it.
/* eslint-disable jupyter/prefer-lazy-imports */
import { ReclaimModel } from '../reclaim/reclaim-model.js';
import { ReclaimWords } from '../reclaim/reclaim-words.js';
import { tellOutcomes } from '../reclaim/tell-outcome.js';
/* eslint-enable jupyter/prefer-lazy-imports */

const ID = '@labkeeper/labextension:reclaim';
const NOTEBOOK = 'Jupyter Notebook';
/** What clouds and JupyterHub give: AWS, Azure and Google Cloud, GKE, KubeSpawner. */
const TRIALS_S = [120, 30, 15, 1];
/** Commands by which people end their server, or go where they can. */
const ENDS = new Set([
  'filemenu:shutdown',
  'filemenu:logout',
  'hub:control-panel',
  'hub:logout',
  'hub:restart'
]);
/** A trial that also runs the user's checkpoint cells, which take their time. */
const CHECKPOINT_TRIAL_S = 120;

/** Counts down to the end of the machine or the server, says what will be lost, and proves by a trial what is safe. */
export const reclaim: JupyterFrontEndPlugin<void> = {
  id: ID,
  description:
    'Shows when the machine or the server is about to end, what is safe by then, and what is lost.',
  autoStart: true,
  requires: [ICompanion, IGuards, ITranslator, IDocumentManager],
  optional: [INotebookTracker, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    companion: ICompanion,
    guards: IGuards,
    translator: ITranslator,
    documents: IDocumentManager,
    notebooks: INotebookTracker | null,
    palette: ICommandPalette | null
  ): void => {
    if (companion.isDisabled('reclaim') || guards.manager === null) {
      return;
    }
    const { manager } = guards;
    // Before the question whether she is sure: what comes after it may be the end of the page's connection.
    app.commands.commandExecuted.connect((_, { id }) => ENDS.has(id) && void manager.saveAll(false));
    const trans = translator.load(TRANSLATION_DOMAIN);
    const lossWords = new LossWords(trans, new Quantities(translator));
    const model = new ReclaimModel(manager, companion, browserClock);
    const trial = (seconds: number, checkpoints = false): void => {
      if (!model.askTrial(seconds, checkpoints)) {
        Notification.warning(
          trans.__('There is no connection to the companion at the moment, so nothing can be tried.')
        );
      }
    };

    let panel: LossesPanel | null = null;
    const showLosses = (): void => {
      if (panel === null) {
        panel = new LossesPanel({ model, words: lossWords, trans });
        app.shell.add(panel, 'right', { rank: 902 });
      }
      app.shell.activateById(panel.id);
    };
    model.changed.connect(() => {
      if (model.reclaim === null) {
        panel?.dispose();
        panel = null;
      }
    });
    const banner = new ReclaimBannerWidget({
      ...{ model, lossWords, trans },
      words: new ReclaimWords(trans),
      onDocuments: () => guards.show(),
      onLosses: showLosses,
      onEndTrial: () => trial(0)
    });
    app.shell.add(banner, app.name === NOTEBOOK ? 'top' : 'header', { rank: 1 });
    tellOutcomes({ model, translator, documents, contents: app.serviceManager.contents });
    if (notebooks) {
      followCheckpoints(notebooks, companion, browserClock, (path, count) =>
        Notification.warning(lossWords.leftOut(path, count))
      );
    }

    const add = (command: string, label: string, execute: () => void): void => {
      app.commands.addCommand(command, {
        ...{ label, execute },
        describedBy: { args: { type: 'object', properties: {} } }
      });
      palette?.addItem({ command, category: trans.__('Labkeeper') });
    };
    for (const seconds of TRIALS_S) {
      add(`labkeeper:simulate-reclaim-${seconds}`, trans.__('Simulate Reclaim in %1 s', seconds), () =>
        trial(seconds)
      );
    }
    add(
      'labkeeper:simulate-reclaim-with-checkpoints',
      trans.__('Simulate Reclaim in %1 s and Run Checkpoint Cells', CHECKPOINT_TRIAL_S),
      () => trial(CHECKPOINT_TRIAL_S, true)
    );
  }
};
