import { ReactWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { MessageLoop } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import { ReclaimBanner } from '../view/reclaim-banner.js';
import type { LossWords } from './loss-words.js';
import type { ReclaimModel } from './reclaim-model.js';
import type { ReclaimWords } from './reclaim-words.js';

/** Below this width headline, progress and buttons do not fit into one row. */
const NARROW_PX = 900;

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

  protected override onResize(message: Widget.ResizeMessage): void {
    super.onResize(message);
    this.fitRows();
  }

  private redraw(): void {
    this.setHidden(this.options.model.reclaim === null);
    this.fitRows();
    this.update();
  }

  /** A second row for what kernels hold, or for what a narrow window has no room for in the first. */
  private fitRows(): void {
    const isNarrow = this.node.clientWidth > 0 && this.node.clientWidth < NARROW_PX;
    const isTall = isNarrow || this.options.model.losses.length > 0;
    this.toggleClass('lk-mod-narrow', isNarrow);
    if (this.hasClass('lk-mod-tall') !== isTall) {
      this.toggleClass('lk-mod-tall', isTall);
      if (this.parent) {
        // Its layout reads the smallest height of its widgets only when asked to.
        MessageLoop.postMessage(this.parent, Widget.Msg.FitRequest);
      }
    }
  }
}
