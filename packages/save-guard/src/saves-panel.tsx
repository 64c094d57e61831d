import { ReactWidget } from '@jupyterlab/apputils';
import { saveIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Quantities } from '@labkeeper/labkit';
import type { Recovery } from '@labkeeper/protocol';
import type { Message } from '@lumino/messaging';
import type { GuardManager } from './guard-manager.js';
import type { IKeptActions } from './kept/kept-actions.js';
import type { KeptCopies } from './kept/kept-copies.js';
import type { IRedraw } from './redraw.js';
import { supportText } from './support-text.js';
import type { RecoveryWords } from './recovery/recovery-words.js';
import type { EarlierSessionModel } from './resume/earlier-session-model.js';
import type { IResumeActions } from './resume/resume-actions.js';
import type { ResumeWords } from './resume/resume-words.js';
import { Kept } from './view/kept.js';
import type { Decision } from './view/recoveries.js';
import { Resume } from './view/resume.js';
import { Saves, type ISaveRow } from './view/saves.js';
import type { SaveWords } from './words.js';

export interface ISavesPanelOptions {
  readonly manager: GuardManager;
  readonly redraw: IRedraw;
  readonly words: SaveWords;
  readonly say: Quantities;
  readonly trans: TranslationBundle;
  readonly open: (path: string) => void;
  readonly copy: (text: string) => void;
  readonly recoveryWords: RecoveryWords;
  readonly compare: (recovery: Recovery) => void;
  readonly decide: (recovery: Recovery, decision: Decision) => void;
  readonly kept: KeptCopies;
  readonly keptActions: IKeptActions;
  readonly earlier: EarlierSessionModel;
  readonly resumeWords: ResumeWords;
  readonly resumeActions: IResumeActions;
}

/** The right side panel that lists open documents and how they are kept. */
export class SavesPanel extends ReactWidget {
  constructor(private readonly options: ISavesPanelOptions) {
    super();
    const { trans, redraw } = options;
    this.id = 'labkeeper-saves';
    this.addClass('lk-SavesPanel');
    this.title.icon = saveIcon;
    this.title.caption = trans.__('Saves');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('Saves'));
    for (const { changed } of [options.kept, options.earlier]) {
      changed.connect(() => this.isVisible && this.update());
    }
    redraw.due.connect(() => this.isVisible && this.update());
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    // What happened while it was hidden was not drawn.
    this.update();
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    this.node.tabIndex = -1;
    this.node.focus();
  }

  protected override render(): JSX.Element {
    const { manager, words, recoveryWords, say, trans, open, copy, compare, decide } = this.options;
    const { kept, keptActions, earlier, resumeWords, resumeActions } = this.options;
    const rows = this.rows();
    const nowMs = Date.now();
    return (
      <>
        <Resume
          {...{ nowMs, say, trans, recoveryWords, resumeWords }}
          session={earlier.session}
          recoveries={manager.recoveries}
          onOpen={open}
          onOpenAll={resumeActions.openAll}
          onDismiss={resumeActions.dismiss}
          onCompare={compare}
          onDecide={decide}
        />
        <Kept
          {...{ nowMs, say, trans }}
          copies={kept.all}
          onOpen={open}
          onCompareKept={keptActions.compareKept}
          onKeep={keptActions.keep}
          onRemove={keptActions.remove}
        />
        <Saves
          {...{ rows, words, say, trans, nowMs }}
          journal={manager.journal.state}
          onOpen={open}
          onSaveAll={() => void manager.saveAll(true)}
          onCopyDetails={() => copy(supportText(rows, manager.journal.state))}
        />
      </>
    );
  }

  private rows(): ISaveRow[] {
    return this.options.manager.guards.map(({ context, light, savedAtMs, kept, failureDetail }) => ({
      path: context.path,
      light,
      savedAtMs,
      kept,
      detail: failureDetail
    }));
  }
}
