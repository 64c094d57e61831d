import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import { Quantities, type IPageVisibility } from '@labkeeper/labkit';
import type { InstallLogModel } from './model.js';
import { InstallLog } from './view/install-log.js';
import { InstallWords } from './words.js';
import { SeenWidget } from './seen-widget.js';

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
export class InstallLogView extends SeenWidget {
  constructor(private readonly options: IInstallLogViewOptions) {
    super(options);
    const { translator, trans } = options;
    this.addClass('lk-InstallLog');
    this.say = new Quantities(translator);
    this.words = new InstallWords(trans, this.say);
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

  private readonly say: Quantities;
  private readonly words: InstallWords;
}
