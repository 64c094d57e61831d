import { ReactWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Losses } from '../view/losses.js';
import type { LossWords } from './loss-words.js';
import type { ReclaimModel } from './reclaim-model.js';

export interface ILossesViewOptions {
  readonly model: ReclaimModel;
  readonly words: LossWords;
  readonly trans: TranslationBundle;
}

/** What will be lost, drawn anew when it changes and every second for the ages. */
export class LossesView extends ReactWidget {
  constructor(private readonly options: ILossesViewOptions) {
    super();
    options.model.changed.connect(this.redraw, this);
  }

  override dispose(): void {
    this.options.model.changed.disconnect(this.redraw, this);
    super.dispose();
  }

  protected override render(): JSX.Element {
    const { model, words, trans } = this.options;
    return <Losses {...{ words, trans }} losses={model.losses} nowMs={model.nowMs} />;
  }

  private redraw(): void {
    const { losses, nowMs } = this.options.model;
    const second = Math.floor(nowMs / 1000);
    if (losses !== this.losses || second !== this.second) {
      this.losses = losses;
      this.second = second;
      this.update();
    }
  }

  private losses: unknown = null;
  private second = 0;
}
