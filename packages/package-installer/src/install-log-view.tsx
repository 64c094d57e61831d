import { ReactWidget } from '@jupyterlab/apputils';
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import { Quantities, type IPageVisibility } from '@labkeeper/labkit';
import type { Message } from '@lumino/messaging';
import { Signal } from '@lumino/signaling';
import type { InstallLogModel } from './model.js';
import { InstallLog } from './view/install-log.js';
import { InstallWords } from './words.js';

/** What the panel's content is made of. */
export interface IInstallLogViewOptions {
  readonly model: InstallLogModel;
  readonly visibility: IPageVisibility;
  readonly translator: ITranslator;
  readonly trans: TranslationBundle;
  /** Opens the page that shows what leaves this container. */
  readonly onOutgoing: () => void;
}

/** The content of the panel. Loaded when it is first seen; records are asked for only while it is seen. */
export class InstallLogView extends ReactWidget {
  constructor(private readonly options: IInstallLogViewOptions) {
    super();
    const { model, visibility, translator, trans } = options;
    this.addClass('lk-InstallLog');
    this.say = new Quantities(translator);
    this.words = new InstallWords(trans, this.say);
    model.changed.connect(this.redraw, this);
    visibility.changed.connect(this.look, this);
  }

  override dispose(): void {
    this.options.model.shown = false;
    Signal.disconnectReceiver(this);
    super.dispose();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this.look();
  }

  protected override onAfterShow(): void {
    this.look();
  }

  protected override onAfterHide(): void {
    this.look();
  }

  protected override render(): JSX.Element {
    const { model, trans, onOutgoing } = this.options;
    const { companion, state, list, records } = model;
    return (
      <InstallLog
        {...{ state, list, records, trans, onOutgoing }}
        link={companion.state}
        reason={companion.reason}
        // Times of records are this server's.
        nowMs={Date.now() - companion.clockAheadMs}
        say={this.say}
        words={this.words}
      />
    );
  }

  private get isSeen(): boolean {
    return this.isVisible && !this.options.visibility.hidden;
  }

  private look(): void {
    this.options.model.shown = this.isSeen;
    this.redraw();
  }

  private redraw(): void {
    if (this.isSeen) {
      this.update();
    }
  }

  private readonly say: Quantities;
  private readonly words: InstallWords;
}
