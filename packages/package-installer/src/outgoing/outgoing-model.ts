import type { ICompanion } from '@labkeeper/labkit';
import { encode, outgoingKnown, outgoingWanted, Receiver, type OutgoingKnown } from '@labkeeper/protocol';
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';

/** What leaves this container, as the companion tells it while somebody looks. */
export class OutgoingModel implements IDisposable {
  constructor(readonly companion: ICompanion) {
    this.listening = companion.listen(
      new Receiver().on(outgoingKnown, known => {
        this._known = known;
        this._changed.emit();
      })
    );
    companion.stateChanged.connect(this.onConnection, this);
  }

  /** null = the companion has not said it. */
  get known(): OutgoingKnown | null {
    return this._known;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Whether somebody looks. */
  set shown(isShown: boolean) {
    if (isShown !== this.isShown) {
      this.isShown = isShown;
      this.tell();
    }
  }

  get isDisposed(): boolean {
    return this.listening.isDisposed;
  }

  dispose(): void {
    this.shown = false;
    this.listening.dispose();
    Signal.disconnectReceiver(this);
    Signal.clearData(this);
  }

  private onConnection(): void {
    if (this.companion.state === 'connected' && this.isShown) {
      this.tell();
    }
    this._changed.emit();
  }

  private tell(): void {
    // Without a connection nothing is lost: it is said again when there is one.
    this.companion.send(encode(outgoingWanted, { wanted: this.isShown }));
  }

  private readonly listening: IDisposable;
  private _known: OutgoingKnown | null = null;
  private isShown = false;
  private readonly _changed = new Signal<this, void>(this);
}
