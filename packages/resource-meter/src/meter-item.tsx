import { ReactWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IPageVisibility, Quantities } from '@labkeeper/labkit';
import { Signal } from '@lumino/signaling';
import type { MeterModel } from './model.js';
import { Meter } from './view/meter.js';
import { offWords } from './view/off-words.js';

export interface IMeterItemOptions {
  readonly model: MeterModel;
  readonly visibility: IPageVisibility;
  readonly say: Quantities;
  readonly trans: TranslationBundle;
  readonly onClick: () => void;
}

/** The meter of the status bar (JupyterLab) or the top area (Notebook). Drawn only while the page is seen. */
export class MeterItem extends ReactWidget {
  constructor(private readonly options: IMeterItemOptions) {
    super();
    this.addClass('lk-MeterItem');
    options.model.changed.connect(this.redraw, this);
    options.visibility.changed.connect(this.redraw, this);
  }

  override dispose(): void {
    Signal.disconnectReceiver(this);
    super.dispose();
  }

  protected override render(): JSX.Element {
    const { model, say, trans, onClick } = this.options;
    const { sample } = model.companion;
    const { readings, worst, isDisabled } = model;
    // Switched off while the page is open, the meter stays in its place and says so.
    const state = isDisabled ? 'disabled' : model.companion.state;
    const reason = isDisabled ? offWords(model.companion, trans) : model.companion.reason;
    return <Meter {...{ state, reason, sample, readings, worst, say, trans, onClick }} />;
  }

  private redraw(): void {
    if (!this.options.visibility.hidden) {
      this.update();
    }
  }
}
