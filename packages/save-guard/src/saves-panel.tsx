import { ReactWidget } from '@jupyterlab/apputils';
import { saveIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Quantities } from '@labkeeper/labkit';
import type { Recovery } from '@labkeeper/protocol';
import type { Message } from '@lumino/messaging';
import type { GuardManager } from './guard-manager.js';
import type { IRedraw } from './redraw.js';
import { supportText } from './support-text.js';
import type { RecoveryWords } from './recovery/recovery-words.js';
import { Recoveries, type Decision } from './view/recoveries.js';
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
    const rows = this.rows();
    const nowMs = Date.now();
    return (
      <>
        <Recoveries
          {...{ nowMs, say, trans }}
          recoveries={manager.recoveries}
          words={recoveryWords}
          onCompare={compare}
          onDecide={decide}
        />
        <Saves
          {...{ rows, words, say, trans, nowMs }}
          journal={manager.journal.state}
          onOpen={open}
          onSaveAll={() => void manager.saveAll(true)}
          onCopyDetails={() => copy(supportText(rows, manager.journal.state))}
          onKeptSeen={path => manager.guards.find(guard => guard.context.path === path)?.forgetKept()}
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
