import { Signal } from '@lumino/signaling';
import type { IPageVisibility } from '../src/page-visibility.js';

/** A page that is looked at, or not, as a test says. */
export class FakeVisibility implements IPageVisibility {
  hidden = false;
  readonly changed: Signal<this, boolean> = new Signal<this, boolean>(this);

  set(hidden: boolean): void {
    this.hidden = hidden;
    this.changed.emit(hidden);
  }
}
