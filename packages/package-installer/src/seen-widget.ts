import { ReactWidget } from '@jupyterlab/apputils';
import type { IPageVisibility } from '@labkeeper/labkit';
import type { Message } from '@lumino/messaging';
import { Signal, type ISignal } from '@lumino/signaling';

/** What a widget shows; the companion is asked only while it is shown. */
export interface IShownModel {
  shown: boolean;
  readonly changed: ISignal<unknown, void>;
}

/** A widget that tells its model whether it is seen, and is drawn only then. */
export abstract class SeenWidget extends ReactWidget {
  constructor(private readonly seen: { readonly model: IShownModel; readonly visibility: IPageVisibility }) {
    super();
    seen.model.changed.connect(this.redraw, this);
    seen.visibility.changed.connect(this.look, this);
  }

  override dispose(): void {
    this.seen.model.shown = false;
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

  private get isSeen(): boolean {
    return this.isVisible && !this.seen.visibility.hidden;
  }

  private look(): void {
    this.seen.model.shown = this.isSeen;
    this.redraw();
  }

  private redraw(): void {
    if (this.isSeen) {
      this.update();
    }
  }
}
