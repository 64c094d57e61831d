import { ReactWidget } from '@jupyterlab/apputils';
import type { Message } from '@lumino/messaging';
import type { DocumentGuard } from './document-guard.js';
import type { IRedraw } from './redraw.js';
import { Light } from './view/light.js';
import type { SaveWords } from './words.js';

export interface ILightItemOptions {
  /** The document whose light is shown; null = none at the moment. */
  readonly guard: () => DocumentGuard | null;
  readonly redraw: IRedraw;
  readonly words: SaveWords;
  readonly onClick: () => void;
}

/** A light in a toolbar or in the status bar. */
export class LightItem extends ReactWidget {
  constructor(private readonly options: ILightItemOptions) {
    super();
    this.addClass('lk-LightItem');
    options.redraw.due.connect(this.redraw, this);
  }

  override dispose(): void {
    this.options.redraw.due.disconnect(this.redraw, this);
    super.dispose();
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.update();
  }

  protected override render(): JSX.Element | null {
    const guard = this.options.guard();
    return guard && <Light light={guard.light} words={this.options.words} onClick={this.options.onClick} />;
  }

  private redraw(): void {
    if (this.isVisible) {
      this.update();
    }
  }
}
