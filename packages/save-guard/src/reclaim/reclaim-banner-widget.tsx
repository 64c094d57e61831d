import { ReactWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReclaimBanner } from '../view/reclaim-banner.js';
import type { LossWords } from './loss-words.js';
import type { ReclaimModel } from './reclaim-model.js';
import type { ReclaimWords } from './reclaim-words.js';

export interface IReclaimBannerOptions {
  readonly model: ReclaimModel;
  readonly words: ReclaimWords;
  readonly lossWords: LossWords;
  readonly trans: TranslationBundle;
  readonly onDocuments: () => void;
  readonly onLosses: () => void;
  readonly onEndTrial: () => void;
}

/** Holds the countdown; hidden as long as there is no notice. */
export class ReclaimBannerWidget extends ReactWidget {
  constructor(private readonly options: IReclaimBannerOptions) {
    super();
    this.id = 'labkeeper-reclaim';
    this.addClass('lk-ReclaimWidget');
    this.hide();
    options.model.changed.connect(this.redraw, this);
  }

  override dispose(): void {
    this.options.model.changed.disconnect(this.redraw, this);
    super.dispose();
  }

  protected override render(): JSX.Element | null {
    const { model, ...rest } = this.options;
    const { reclaim, documents, unsafe, losses, nowMs } = model;
    return reclaim && <ReclaimBanner {...{ reclaim, documents, unsafe, losses, nowMs }} {...rest} />;
  }

  private redraw(): void {
    this.setHidden(this.options.model.reclaim === null);
    this.update();
  }
}
