import type { IClock, IPageVisibility } from '@labkeeper/labkit';
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import type { GuardManager } from './guard-manager.js';

/** When lights are to be drawn again. */
export interface IRedraw {
  readonly due: ISignal<IRedraw, void>;
}

const SOON_MS = 100;
const SECOND_MS = 1000;

/**
 * Says when lights are to be drawn again: shortly after something changed, and each second while something is not safe.
 * Never while nobody sees the page.
 */
export class Redraw implements IRedraw {
  constructor(
    private readonly manager: GuardManager,
    private readonly visibility: IPageVisibility,
    private readonly clock: IClock
  ) {
    manager.changed.connect(() => this.within(SOON_MS));
    visibility.changed.connect(() => this.within(0));
  }

  get due(): ISignal<this, void> {
    return this._due;
  }

  private within(waitMs: number): void {
    const atMs = this.clock.now() + waitMs;
    if (this.visibility.hidden || (this.timer && this.atMs <= atMs)) {
      return;
    }
    this.timer?.dispose();
    this.atMs = atMs;
    this.timer = this.clock.after(waitMs, () => {
      this.timer = null;
      this._due.emit();
      if (this.manager.guards.some(guard => guard.needsTending)) {
        this.within(SECOND_MS);
      }
    });
  }

  private timer: IDisposable | null = null;
  private atMs = 0;
  private readonly _due = new Signal<this, void>(this);
}
