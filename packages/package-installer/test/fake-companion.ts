import type { CompanionState, ICompanion } from '@labkeeper/labkit';
import {
  encode,
  Receiver,
  type Death,
  type IDeclaration,
  type Kernel,
  type Notice,
  type Sample
} from '@labkeeper/protocol';
import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

/** A companion whose messages a test speaks. */
export class FakeCompanion implements ICompanion {
  state: CompanionState = 'connected';
  reason = '';
  /** Frames that the page sent while connected. */
  readonly sent: string[] = [];
  readonly info = null;
  readonly sample = null;
  readonly recent = null;
  readonly day = null;
  readonly kernels: readonly Kernel[] = [];
  readonly deaths: readonly Death[] = [];
  readonly notices: readonly Notice[] = [];
  readonly badFrames = 0;
  readonly waitingBytes = 0;
  readonly clockAheadMs = 0;
  readonly stateChanged: Signal<ICompanion, CompanionState> = new Signal<ICompanion, CompanionState>(this);
  readonly sampleTaken: Signal<ICompanion, Sample> = new Signal<ICompanion, Sample>(this);
  readonly historyChanged: Signal<ICompanion, void> = new Signal<ICompanion, void>(this);
  readonly kernelsChanged: Signal<ICompanion, readonly Kernel[]> = new Signal<ICompanion, readonly Kernel[]>(
    this
  );
  readonly deathSeen: Signal<ICompanion, Death> = new Signal<ICompanion, Death>(this);
  readonly deathsKnown: Signal<ICompanion, readonly Death[]> = new Signal<ICompanion, readonly Death[]>(this);
  readonly noticeGiven: Signal<ICompanion, Notice> = new Signal<ICompanion, Notice>(this);
  readonly noticesKnown: Signal<ICompanion, readonly Notice[]> = new Signal<ICompanion, readonly Notice[]>(
    this
  );

  isDisabled(): boolean {
    return false;
  }

  reconnect(): void {
    // A test says itself when the connection is back.
  }

  send(frame: string): boolean {
    if (this.state === 'connected') {
      this.sent.push(frame);
    }
    return this.state === 'connected';
  }

  listen(receiver: Receiver): IDisposable {
    const leave = this.receiver.join(receiver);
    return new DisposableDelegate(leave);
  }

  hold(): IDisposable {
    return new DisposableDelegate(() => undefined);
  }

  /** The companion says something. */
  say(declaration: IDeclaration, params: unknown): void {
    this.receiver.receive(encode(declaration, params));
  }

  become(state: CompanionState, reason = ''): void {
    this.state = state;
    this.reason = reason;
    this.stateChanged.emit(state);
  }

  private readonly receiver = new Receiver();
}
