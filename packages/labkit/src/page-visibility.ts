import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';

/** Whether anybody can see the page. A hidden page does nothing but listen for deaths. */
export interface IPageVisibility {
  readonly hidden: boolean;
  /** Emitted with the new value of `hidden`. */
  readonly changed: ISignal<IPageVisibility, boolean>;
}

/** `document.hidden`, as long as it is not disposed. */
export class PageVisibility implements IPageVisibility, IDisposable {
  constructor(private readonly page: Document = document) {
    this.onChange = () => this._changed.emit(this.page.hidden);
    page.addEventListener('visibilitychange', this.onChange);
  }

  get hidden(): boolean {
    return this.page.hidden;
  }

  get changed(): ISignal<IPageVisibility, boolean> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    this.page.removeEventListener('visibilitychange', this.onChange);
    Signal.clearData(this);
  }

  private readonly onChange: () => void;
  private readonly _changed = new Signal<IPageVisibility, boolean>(this);
  private _isDisposed = false;
}
